"""One definition over the same rows, copied, asked in PostgreSQL and asked in MariaDB: the same values everywhere."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from performance.kpis import actions
from performance.kpis.models import Metric
from performance.kpis.queries import months
from performance.people.models import Period
from tests.conftest import Cast
from tests.kpis import live_places
from tests.kpis.live_places import kept, place_question, refresh
from tests.sources import stage
from tests.sources.real_data import Place

SINCE = datetime.date(2021, 1, 1)
WAYS = ("copied", "postgresql", "mariadb")


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


def both(contoso: Place, northwind: Place, table: str, postgres: str, mariadb: str) -> None:
    contoso.run(f"DROP TABLE IF EXISTS {table}")
    northwind.run(f"DROP TABLE IF EXISTS {table}")
    contoso.run(f"CREATE TABLE {table} ({postgres})")
    northwind.run(f"CREATE TABLE {table} ({mariadb})")


def fill(place: Place, table: str, rows: list[tuple[Any, ...]]) -> None:
    gaps = ", ".join(["%s"] * len(rows[0]))
    with place.connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} VALUES ({gaps})", rows)


@pytest.fixture
def places(contoso: Place, northwind: Place) -> dict[str, Place]:
    return {"copied": contoso, "postgresql": contoso, "mariadb": northwind}


@pytest.fixture
def odd(contoso: Place, northwind: Place) -> Iterator[str]:
    """Everything on which servers differ: case, spaces, accents, nothing, Chinese, instants near midnight, doubles."""
    both(
        contoso,
        northwind,
        "oddities",
        "id int primary key, day date, at timestamp, moment timestamptz, city text, code char(4), padded char(6), n int,"
        " price numeric(12,4), rate double precision, big bigint, ok boolean, note varchar(40)",
        "id int primary key, day date, at datetime(6), moment timestamp(6) null, city varchar(40), code char(4),"
        " padded char(6), n int, price decimal(12,4), rate double, big bigint unsigned, ok tinyint(1), note varchar(40)",
    )
    cities = [
        "Hangzhou",
        "hangzhou",
        "Hangzhou ",
        "HANGZHOU",
        "Zürich",
        "Zurich",
        "杭州",
        "杭州 ",
        "",
        None,
        "a'b\\c",
        '"x"',
        "%s {}",
    ]
    rows: list[tuple[Any, ...]] = []
    for number in range(1, 400):
        day = datetime.date(2025, 1, 1) + datetime.timedelta(days=number * 7 % 520)
        clock = datetime.time(number * 5 % 24, 30, number % 60)
        instant = datetime.datetime.combine(day, clock)
        rows.append(
            (
                number,
                None if number % 37 == 0 else day,
                instant,
                None if number % 41 == 0 else instant,
                cities[number % len(cities)],
                f"c{number % 3}-x",
                f"p{number % 3}",
                None if number % 11 == 0 else number % 9 - 3,
                None if number % 13 == 0 else Decimal(number * 7919 % 100000) / 10000,
                None if number % 17 == 0 else number / 7,
                number * 10**15,
                None if number % 5 == 0 else bool(number % 2),
                ["x", "X", "x ", None, "é", "e"][number % 6],
            )
        )
    with contoso.connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    northwind.run("SET time_zone = '+00:00'")
    fill(contoso, "oddities", rows)
    fill(northwind, "oddities", rows)
    yield "oddities"
    contoso.run("DROP TABLE oddities")
    northwind.run("DROP TABLE oddities")


def over(way: str, place: Place, table: str, time_zone: str = "Asia/Shanghai") -> Any:
    connection = stage.connected(place, name=f"{way} {table}")
    mode = "imported" if way == "copied" else "live"
    return live_places.dataset(
        connection, place_question(place, table), f"{table}_{way}", mode=mode, time_zone=time_zone
    )


#: key: aggregation, column or arithmetic, date that counts, missing policy, dimensions
WORDINGS: dict[str, tuple[str, str, str, str, str]] = {
    "amount": ("sum", "n * price", "day", "null", "city ok"),
    "amount_zero": ("sum", "n * price", "at", "zero", "city"),
    "amount_block": ("sum", "n * price", "moment", "block", "code"),
    "lines": ("count", "", "moment", "null", "city code ok"),
    "notes": ("count", "note", "day", "block", "n"),
    "padded": ("count", "", "day", "null", "padded"),
    "kinds": ("distinct", "note", "day", "null", "city ok"),
    "moments": ("distinct", "moment", "at", "null", ""),
    "numbers": ("distinct", "n", "at", "block", "city"),
    "least": ("min", "price - n", "day", "null", "city"),
    "most": ("max", "big * 3", "moment", "null", "city"),
    "mean": ("avg", "rate", "day", "null", "city"),
    "mean_zero": ("avg", "big", "day", "zero", "ok"),
    "mean_block": ("avg", "price", "at", "block", "city"),
    "balance": ("last", "price", "day", "null", "city code"),
    "balance_zero": ("last", "n + round(price, 1)", "moment", "zero", "city"),
    "doubles": ("sum", "rate * price", "day", "null", "city"),
    "functions": (
        "sum",
        "min(n, price) + max(abs(n), 2) - coalesce(price, 1.5) + coalesce(nullif(n, 3), 0)",
        "day",
        "null",
        "city",
    ),
}


def wording(key: str) -> dict[str, Any]:
    aggregation, expression, time_column, policy, dimensions = WORDINGS[key]
    return {
        "kind": "base",
        "unit": "number",
        "effective_from": months.first_of(SINCE),
        "aggregation": aggregation,
        "expression": expression,
        "time_column": time_column,
        "missing_policy": policy,
        "dimensions": {name: name for name in dimensions.split()},
    }


FILTERS: dict[str, list[dict[str, Any]]] = {
    "same": [{"column": "city", "op": "=", "value": "Hangzhou"}],
    "other": [{"column": "city", "op": "!=", "value": "hangzhou"}],
    "some": [{"column": "city", "op": "in", "value": ["杭州", "a'b\\c", '"x"', "%s {}"]}],
    "none_of": [{"column": "note", "op": "not_in", "value": ["x", "é"]}],
    "empty": [{"column": "city", "op": "is_null"}],
    "full": [{"column": "note", "op": "not_null"}, {"column": "n", "op": ">=", "value": "1"}],
    "less": [{"column": "price", "op": "<", "value": "4.2"}, {"column": "ok", "op": "=", "value": "yes"}],
    "unlike": [{"column": "n", "op": "!=", "value": "2"}, {"column": "ok", "op": "!=", "value": "true"}],
    "since": [{"column": "day", "op": ">", "value": "2025-03-04"}],
    "until": [{"column": "moment", "op": "<=", "value": "2025-06-01T05:30:00+08:00"}],
    "clock": [{"column": "at", "op": ">", "value": "2025-05-01T00:00:00"}],
}  # fmt: skip


def compared(keys: list[str], *, least: int = 2) -> None:
    for key in keys:
        copied = kept(f"{key}_copied")
        assert len(copied) >= least, key
        # MariaDB itself takes the spaces off a char(n); PostgreSQL hands them out, and a copy keeps them.
        for way in WAYS[1:] if key != "padded" else ["postgresql"]:
            assert kept(f"{key}_{way}") == copied, (key, way)


@pytest.fixture(autouse=True)
def _periods(here: Cast) -> None:
    for number, (start, end) in enumerate(
        [
            (datetime.date(2025, 1, 1), datetime.date(2025, 12, 31)),
            (datetime.date(2025, 2, 10), datetime.date(2025, 5, 9)),
        ]
    ):
        Period.objects.create(name_en=f"Own {number}", starts_on=start, ends_on=end, kind="custom")


#: In New York the clock is put forward and back, and its days begin in the afternoon of the sources.
IN_NEW_YORK = ["amount_block", "amount_zero", "balance_zero", "lines", "most"]
#: What is summed from months, what is counted for each quarter and combination, and what is of the last day.
IN_WEEKS = ["amount", "kinds", "balance", "mean_block"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zone", "keys", "pattern"),
    [
        pytest.param("Asia/Shanghai", list(WORDINGS), "months", marks=pytest.mark.long),
        ("America/New_York", IN_NEW_YORK, "months"),
        ("America/New_York", IN_WEEKS, "445"),
        pytest.param("Asia/Shanghai", IN_WEEKS, "13", marks=pytest.mark.long),
    ],
)
def test_every_aggregation_gives_the_same_values_wherever_the_rows_are(
    zone: str, keys: list[str], pattern: str, here: Cast, actor: Any, places: dict[str, Place], odd: str
) -> None:
    here.organisation.fiscal_pattern, here.organisation.fiscal_start_month = pattern, 2
    here.organisation.save()
    for way in WAYS:
        dataset = over(way, places[way], odd, zone)
        live_places.certified(
            here,
            actor,
            {f"{key}_{way}": actions.Definition(**wording(key), dataset=dataset) for key in keys},
        )
    refresh()
    assert not Metric.objects.exclude(problem="").exists()
    compared(keys)


@pytest.mark.slow
@pytest.mark.long
def test_every_filter_picks_the_same_rows_wherever_they_are(
    here: Cast, actor: Any, places: dict[str, Place], odd: str
) -> None:
    for way in WAYS:
        dataset = over(way, places[way], odd)
        live_places.certified(
            here,
            actor,
            {
                f"{key}_{way}": actions.Definition(**wording("amount"), dataset=dataset, filters=filters)
                for key, filters in FILTERS.items()
            },
        )
    refresh()
    assert not Metric.objects.exclude(problem="").exists()
    compared(list(FILTERS))
