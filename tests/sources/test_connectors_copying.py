"""What a database copies out: ours makes of it what value by value gives, or it is told to be odd."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database

from performance.sources import connectors
from performance.sources.actions import merging
from performance.sources.connectors import columns
from performance.sources.connectors.lines import MAX_KEY, Cell
from tests.sources.real_data import Place
from tests.sources.test_connectors_lines import CELLS

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORDS = [word for word in CELLS if "\x00" not in word] + [
    "a\n\\.\nb",
    "\\.",
    "carriage\r\nreturn",
    "odd\x01sign",
    "1\n",
    "\u5f20" * 30_000,
    "x" * 300_000,
]
#: Columns of the source → the types that read them, and their values between bars, as the source is told them.
NATIVES = {
    "whole int8": (("integer", "decimal", "text"), "0|-7|9223372036854775807|-9223372036854775808"),
    "exact numeric": (("decimal", "integer"), "0|12.50|7|7.0|1e29|1e40|1e-31|NaN|Infinity|-0.5"),
    "money numeric(12, 2)": (("decimal", "integer"), "12.50|7|NaN"),
    "real float4": (("decimal",), "0|0.25|1e-7|99999|123456|1234567|1e20|NaN|-Infinity|-0.001"),
    "double float8": (("decimal",), "0|0.1|1e-5|1e13|1e14|123456789012345|1e15|1e300|NaN|-1.5"),
    "day date": (
        ("date",),
        "0900-05-01|1799-12-31|1800-01-01|2024-02-29|2199-12-31|2200-06-01|9999-12-31",
    ),
    "wall timestamp": (
        ("timestamp",),
        "1999-12-31 23:59|2000-01-01|2024-05-01 10:00:00.123456|2099-12-31 23:59:59.999999|2100-01-01",
    ),
    "moment timestamptz": (
        ("timestamp",),
        "1850-01-01 00:00Z|1900-01-01 00:00+08:05:43|1973-01-01 00:00Z|2024-05-01 10:00+05:30|2199-12-31 00:00Z",
    ),
    "sure bool": (("boolean",), "true|false"),
    "padded char(6)": (columns.TYPES, "12|true||      |a  b|2024"),
    "short varchar(30)": (columns.TYPES, '12|no||2024-01-05|a, "b"'),
    "document jsonb": (("text",), '{"a": [1, 2]}|"x"|null'),
    "token uuid": (("text",), "00000000-0000-0000-0000-000000000001"),
}


@pytest.fixture(scope="module")
def copied(contoso: Place) -> Iterator[Place]:
    contoso.run("CREATE TABLE words (n int, word text)")
    with contoso.connection.cursor() as cursor:
        cursor.executemany("INSERT INTO words VALUES (%s, %s)", list(enumerate([*WORDS, None])))
        for number, (column, (_types, values)) in enumerate(NATIVES.items()):
            name, kind = column.split(" ", maxsplit=1)
            contoso.run(f"CREATE TABLE native_{number} (n serial, {column})")
            cursor.executemany(
                f"INSERT INTO native_{number} ({name}) VALUES (%s::text::{kind})",
                [(value,) for value in [*values.split("|"), None]],
            )
    yield contoso
    contoso.run("DROP TABLE words")
    for number in range(len(NATIVES)):
        contoso.run(f"DROP TABLE native_{number}")


def _stored(lines: list[connectors.Lines], type_: str) -> dict[int, Any]:
    """Number of the row → what our database makes of it."""
    with database.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [SHANGHAI.key])
        cursor.execute(f"CREATE TEMP TABLE told (row_no int, n int, one {merging.COPY_TYPES[type_]})")
        with cursor.copy("COPY told FROM STDIN (FORMAT CSV, FORCE_NULL (n, one))") as copy:
            copy.write("".join(piece.text for piece in lines))
        cursor.execute("SELECT set_config('TimeZone', 'UTC', true)")
        cursor.execute("SELECT row_no, one FROM told")
        found = dict(cursor.fetchall())
        cursor.execute("DROP TABLE told")
        return found


def _judged(value: Any, type_: str, *, is_key: bool) -> tuple[Any, bool]:
    """What becomes of a value, and whether it may stay."""
    try:
        found = columns.coercer(type_, zone=SHANGHAI)(value)
    except columns.Rejected:
        return None, False
    return found, not is_key or (found is not None and (not isinstance(found, str) or len(found) <= MAX_KEY))


def _same(place: Place, table: str, name: str, type_: str, *, is_key: bool) -> tuple[int, int]:
    """Holds both ways to each other, row by row. How many rows went as lines, and how many value by value."""
    cells = [Cell("integer", is_key=False), Cell(type_, is_key, is_steady=True)]
    question = connectors.Query(f"SELECT n, {name} FROM {table} ORDER BY n")
    with connectors.opened(place.kind, place.values, allow=place.allow) as source:
        assert isinstance(source, connectors.SqlConnector)
        by_values = [row for batch in source.read(question, ["n", name], None, 1) for row in batch.rows]
        pieces = list(source.read_lines(question, ["n", name], cells, None, 1))
    assert [len(piece) for piece in pieces] == [1] * len(by_values)
    stored = _stored([piece for piece in pieces if isinstance(piece, connectors.Lines)], type_)
    for number, ((_n, value), piece) in enumerate(zip(by_values, pieces, strict=True), start=1):
        expected = _judged(value, type_, is_key=is_key)
        if isinstance(piece, connectors.Lines):
            assert (stored[number], True) == expected, value
        else:
            ((_number, given),) = piece.rows
            assert piece.first_row == number
            assert _judged(given, type_, is_key=is_key) == expected, value
    return len(stored), len(pieces) - len(stored)


@pytest.mark.django_db
@pytest.mark.parametrize("type_", columns.TYPES)
@pytest.mark.parametrize("is_key", [False, True])
def test_a_text_is_copied_as_it_would_be_read_or_told_to_be_odd(
    copied: Place, type_: str, is_key: bool
) -> None:
    told, odd = _same(copied, "words", "word", type_, is_key=is_key)
    assert told > 3
    assert odd > 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "name", "type_"),
    [
        (number, column.split(" ", maxsplit=1)[0], type_)
        for number, (column, (types, _values)) in enumerate(NATIVES.items())
        for type_ in types
    ],
)
@pytest.mark.parametrize("is_key", [False, True])
def test_a_value_is_copied_as_it_would_be_read_or_told_to_be_odd(
    copied: Place, number: int, name: str, type_: str, is_key: bool
) -> None:
    told, odd = _same(copied, f"native_{number}", name, type_, is_key=is_key)
    assert told + odd > 1
    # Nothing is no key, and plain everywhere else.
    assert (odd if is_key else told) >= 1


@pytest.mark.parametrize(
    "value", ["date 'infinity'", "date '-infinity'", "date '10000-01-01'", "date '0044-03-15 BC'"]
)
def test_a_day_that_is_none_here_is_told_to_be_odd(contoso: Place, value: str) -> None:
    with connectors.opened(contoso.kind, contoso.values, allow=contoso.allow) as source:
        assert isinstance(source, connectors.SqlConnector)
        question = connectors.Query(f"SELECT {value} AS day, 'as it is' AS name")
        cells = [Cell("date", is_key=False), Cell("text", is_key=False)]
        (batch,) = source.read_lines(question, ["day", "name"], cells)
    assert isinstance(batch, connectors.Batch)
    assert [name for _day, name in batch.rows] == ["as it is"]
