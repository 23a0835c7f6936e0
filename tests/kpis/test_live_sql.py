"""What goes to a source: one statement that the judge of people's queries passes unchanged, whatever names and words
people have thought of; and numbers, words and days that mean there what they mean here."""

import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from performance.kpis import formulas, semantics
from performance.kpis.queries import months
from performance.kpis.semantics.calendars import PLAIN
from performance.kpis.semantics.live import LiveColumn, Place, arithmetic, asked, tongues, zones
from performance.sources.connectors import ConnectorRefused, reading_statement
from performance.sources.connectors.statements import MAX_LENGTH
from tests.kpis import reckoning
from tests.sources import real_data

KINDS = ("postgresql", "mysql")
HOSTILE = [
    'a"b',
    "a`b",
    "a'b",
    "a\\",
    'x"; DROP TABLE t; --',
    "a/*!50000 b*/",
    "a%sb",
    "日期",
    "x" * 128,
    " ",
]
SPANS = [
    (datetime.date(2025, 1, 5), datetime.date(2025, 3, 3)),
    (datetime.date(2024, 7, 1), datetime.date(2025, 6, 30)),
]
SERVER = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def place(kind: str, name: str = "at", zone: str = "Asia/Shanghai", **more: Any) -> Place:
    columns = {
        "day": LiveColumn(f"{name}d"[:128], "date", "date"),
        "at": LiveColumn(f"{name}t"[:128], "timestamp", "timestamptz"),
        "city": LiveColumn(name, "text", "text"),
        "n": LiveColumn(f"{name}n"[:128], "integer", "integer"),
        "price": LiveColumn(f"{name}p"[:128], "decimal", "float"),
        "ok": LiveColumn(f"{name}o"[:128], "boolean", "integer"),
    }
    given = {"schema": name, "table": name} | more
    return Place(kind, zone, columns, **given)


def wording(aggregation: str, expression: str = "n * price / (n - 1)", **more: Any) -> semantics.Definition:
    return semantics.Definition(
        kind="base",
        unit="number",
        effective_from=datetime.date(2026, 1, 1),
        aggregation=aggregation,
        expression="city" if aggregation in ("count", "distinct") else expression,
        time_column=more.pop("time_column", "at"),
        dimensions={"city": "city", "n": "n", "ok": "ok"},
        **more,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("aggregation", ["sum", "count", "distinct", "min", "max", "avg", "last"])
@pytest.mark.parametrize("name", HOSTILE)
def test_the_judge_passes_every_question_as_it_is(kind: str, aggregation: str, name: str) -> None:
    filters = [{"column": "city", "op": "in", "value": HOSTILE}, {"column": "ok", "op": "!=", "value": "no"}]
    question = asked(
        wording(aggregation, filters=filters, missing_policy="zero"),
        place(kind, name),
        grains=("month", "quarter", "period"),
        calendar=PLAIN,
        spans=SPANS,
    )
    assert reading_statement(question.text, dialect=kind) == question.text
    tree = sqlglot.parse_one(question.text, dialect="postgres" if kind == "postgresql" else "mysql")
    tables = {table.name for table in tree.find_all(exp.Table)}
    assert tables == {name, "accord_rows", "accord_spans"}


@pytest.mark.parametrize("pattern", ["months", "445", "13"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_largest_question_stays_within_the_caps(kind: str, pattern: str) -> None:
    """Three dimensions, counted for each combination, in a zone that puts its clock forward and back."""
    years = [(datetime.date(year, 7, 5), datetime.date(year + 1, 7, 4)) for year in range(2000, 2030)]
    question = asked(
        wording("distinct"),
        place(kind, zone="Europe/Berlin"),
        grains=("month", "quarter", "period"),
        calendar=months.calendar_of(pattern, 2),
        spans=years,
    )
    assert len(question.text) < MAX_LENGTH
    assert reading_statement(question.text, dialect=kind) == question.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT 1; DROP TABLE t", "query_not_one"),
        ("DELETE FROM t", "query_not_select"),
        ("SELECT SLEEP(9) AS city", "query_function"),
    ],
)
def test_a_query_under_a_metric_is_judged_again(kind: str, query: str, code: str) -> None:
    with pytest.raises(ConnectorRefused) as refused:
        asked(
            wording("sum"), place(kind, schema="", table="", query=query), grains=("month",), calendar=PLAIN
        )
    assert refused.value.code == code


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("type_", "native"), [("text", "numeric"), ("integer", "text"), ("date", "other")])
def test_a_column_that_only_copying_can_read_is_refused(kind: str, type_: str, native: str) -> None:
    found = place(kind)
    columns = {**found.columns, "price": LiveColumn("price", type_, native)}
    odd = Place(kind, found.zone, columns, table="t")
    filters = [{"column": "price", "op": "not_null"}]
    with pytest.raises(ConnectorRefused) as refused:
        asked(wording("count", filters=filters), odd, grains=("month",), calendar=PLAIN)
    assert (refused.value.code, refused.value.params) == ("live_type", {"column": "price"})


def _answer(server: real_data.Place, expression: exp.Expr) -> Any:
    """What the server makes of an expression, judged as a question is."""
    dialect = "postgres" if server.kind == "postgresql" else "mysql"
    text = reading_statement(f"SELECT {expression.sql(dialect=dialect)} AS x", dialect=server.kind)
    with server.connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchone()[0]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30) | st.sampled_from(
    HOSTILE
)


@SERVER
@given(text=TEXTS)
def test_words_reach_postgresql_as_they_are_whatever_it_makes_of_backslashes(contoso: Any, text: str) -> None:
    for setting in ("on", "off"):
        contoso.run(f"SET standard_conforming_strings = {setting}")
        assert _answer(contoso, tongues.PostgreSQL().text(text)) == text
    contoso.run("SET standard_conforming_strings = on")


@SERVER
@given(text=TEXTS)
def test_words_reach_mariadb_as_they_are_whatever_it_makes_of_backslashes(northwind: Any, text: str) -> None:
    for mode in ("", "NO_BACKSLASH_ESCAPES,ANSI_QUOTES"):
        northwind.run(f"SET sql_mode = '{mode}'")
        assert _answer(northwind, tongues.MySQL().text(text)) == text.encode()
    northwind.run("SET sql_mode = ''")


@given(
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Africa/Casablanca", "Asia/Kolkata"]
    ),
    second=st.integers(0, 2**31 - 1),
)
@settings(deadline=None)
def test_written_out_offsets_are_those_of_the_zone(zone: str, second: int) -> None:
    moment = datetime.datetime.fromtimestamp(second, datetime.UTC)
    offset = next(seconds for until, seconds in zones.offsets(zone) if moment < until)
    assert moment.astimezone(ZoneInfo(zone)).utcoffset() == datetime.timedelta(seconds=offset)


AMOUNTS = st.none() | st.decimals(Decimal(-(10**9)), Decimal(10**9), places=4)
FORMULAS = [
    "a * b - c",
    "a / b",
    "(a - b) / c * 100",
    "ratio(a, b + c)",
    "round(a * b, 2) + round(c)",
    "min(a, b, c) - max(a, 1.25)",
    "coalesce(a, b, 0) * abs(c)",
    "nullif(a, b) + (-c)",
    "a / 3 + b / 7",
]


@SERVER
@given(text=st.sampled_from(FORMULAS), a=AMOUNTS, b=AMOUNTS, c=AMOUNTS)
def test_arithmetic_of_mariadb_is_exact(
    northwind: Any, text: str, a: Decimal | None, b: Decimal | None, c: Decimal | None
) -> None:
    values = {"a": a, "b": b, "c": c}
    formula = formulas.parse(text, {key: key for key in values})
    tongue = tongues.MySQL()
    columns = {
        key: exp.Null() if value is None else tongues.cast(exp.Literal.string(str(value)), "decimal(14, 4)")
        for key, value in values.items()
    }
    found = _answer(northwind, arithmetic.computed(formula.root, columns, tongue))
    wanted = reckoning.value(formula, values)
    assert (found is None) == (wanted is None)
    if wanted is not None:
        assert abs(Decimal(found) - wanted) <= Decimal("1e-20")
