"""SQL connectors against real servers: what they read equals what the drivers read, and they only read."""

import resource
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from performance.sources import connectors
from performance.sources.connectors import dialects
from performance.sources.connectors.columns import TooLong
from tests.sources.real_data import Place


@pytest.fixture(params=["contoso", "northwind"])
def place(request: pytest.FixtureRequest) -> Place:
    return request.getfixturevalue(request.param)


def opened(place: Place, limits: connectors.Limits | None = None, **changes: Any) -> Any:
    return connectors.opened(place.kind, {**place.values, **changes}, allow=place.allow, limits=limits)


def read(place: Place, source: connectors.Source, names: list[str], **options: Any) -> list[tuple[Any, ...]]:
    with opened(place) as source_:
        return [row for batch in source_.read(source, names, **options) for row in batch.rows]


def sales(place: Place) -> connectors.Table:
    if place.kind == "postgresql":
        return connectors.Table("public", "sales")
    return connectors.Table(place.values["database"], "Order Details")


def test_check_tells_the_server_and_what_the_account_may_do(place: Place) -> None:
    with opened(place) as source:
        found = source.check()
    assert found.server.startswith(("PostgreSQL", "MariaDB"))
    assert found.tables == 3
    assert found.can_write is True
    assert found.encrypted is False
    assert found.milliseconds >= 0


def test_discover_gives_tables_with_types_and_keys(contoso: Place, northwind: Place) -> None:
    with opened(contoso) as source:
        tables = {table.name: table for table in source.discover()}
    assert set(tables) == {"sales", "store", "orders"}
    assert tables["sales"].primary_key == ("order_key", "line_number")
    types = {column.name: column.type for column in tables["sales"].columns}
    assert types["order_date"] == "date"
    assert types["net_price"] == "decimal"
    assert types["quantity"] == "integer"
    assert types["currency_code"] == "text"
    with opened(northwind) as source:
        tables = {table.name: table for table in source.discover()}
    assert tables["Order Details"].primary_key == ("OrderID", "ProductID")
    types = {column.name: column.type for column in tables["Products"].columns}
    assert types["Discontinued"] == "boolean"
    assert types["UnitPrice"] == "decimal"


def test_reading_equals_independent_sql(contoso: Place, northwind: Place) -> None:
    names = ["order_key", "line_number", "order_date", "net_price", "quantity"]
    assert sorted(read(contoso, sales(contoso), names)) == sorted(
        contoso.rows(f"SELECT {', '.join(names)} FROM sales")
    )
    names = ["OrderID", "ProductID", "UnitPrice", "Quantity"]
    found = read(northwind, sales(northwind), names)
    assert sorted(found) == sorted(
        northwind.rows("SELECT OrderID, ProductID, UnitPrice, Quantity FROM `Order Details`")
    )
    assert len(found) == 2155


def test_reading_comes_in_batches_of_the_asked_size(place: Place) -> None:
    key = "order_key" if place.kind == "postgresql" else "OrderID"
    with opened(place) as source:
        batches = list(source.read(sales(place), [key], batch_size=1000))
    assert [len(batch.rows) for batch in batches[:-1]] == [1000] * (len(batches) - 1)
    assert [batch.first_row for batch in batches] == [1 + 1000 * number for number in range(len(batches))]


def test_a_query_is_described_and_read(contoso: Place, northwind: Place) -> None:
    query = connectors.Query(
        "SELECT store_key, sum(net_price * quantity) AS revenue, max(order_date) AS last_on FROM sales"
        " WHERE currency_code LIKE '%' GROUP BY store_key -- by store"
    )
    with opened(contoso) as source:
        described = source.describe(query)
    assert [(column.name, column.type) for column in described] == [
        ("store_key", "integer"),
        ("revenue", "decimal"),
        ("last_on", "date"),
    ]
    found = dict(read(contoso, query, ["store_key", "revenue"]))
    assert found == dict(contoso.rows("SELECT store_key, sum(net_price * quantity) FROM sales GROUP BY 1"))
    query = connectors.Query("SELECT OrderID, sum(Quantity) AS pieces FROM `Order Details` GROUP BY OrderID")
    assert len(read(northwind, query, ["OrderID", "pieces"])) == 830


def test_texts_of_a_query_are_those_that_were_judged(contoso: Place) -> None:
    name = contoso.values["database"]
    query = connectors.Query("SELECT 'a\\nb' AS text")
    contoso.run(f'ALTER DATABASE "{name}" SET standard_conforming_strings = off')
    try:
        assert read(contoso, query, ["text"]) == [("a\\nb",)]
    finally:
        contoso.run(f'ALTER DATABASE "{name}" RESET standard_conforming_strings')


def test_a_cursor_reads_what_is_at_or_after_it(contoso: Place, northwind: Place) -> None:
    start = date(2024, 1, 1)
    found = read(contoso, sales(contoso), ["order_key"], cursor=connectors.Cursor("order_date", start))
    assert len(found) == contoso.rows("SELECT count(*) FROM sales WHERE order_date >= '2024-01-01'")[0][0]
    orders = connectors.Table(northwind.values["database"], "Orders")
    found = read(northwind, orders, ["OrderID"], cursor=connectors.Cursor("OrderID", 11000))
    assert sorted(found) == sorted(northwind.rows("SELECT OrderID FROM Orders WHERE OrderID >= 11000"))


@pytest.fixture
def moments(place: Place) -> Iterator[Place]:
    types = ("timestamptz", "timestamp") if place.kind == "postgresql" else ("timestamp", "datetime")
    place.run("DROP TABLE IF EXISTS moments")
    if place.kind == "mysql":
        place.run("SET time_zone = '+00:00'")
    place.run(f"CREATE TABLE moments (id int, instant {types[0]} NULL, wall {types[1]} NULL)")
    suffix = "+00" if place.kind == "postgresql" else ""
    place.run(f"INSERT INTO moments VALUES (1, '2026-05-13 16:30:00{suffix}', '2026-05-13 16:30:00')")
    yield place
    place.run("DROP TABLE moments")


def test_an_instant_keeps_its_zone_and_a_wall_clock_has_none(moments: Place) -> None:
    schema = "public" if moments.kind == "postgresql" else moments.values["database"]
    table = connectors.Table(schema, "moments")
    ((instant, wall),) = read(moments, table, ["instant", "wall"])
    assert instant == datetime(2026, 5, 13, 16, 30, tzinfo=UTC)
    assert wall == datetime(2026, 5, 13, 16, 30)  # noqa: DTZ001 - a wall clock
    for column, start in (("instant", instant), ("wall", wall)):
        assert len(read(moments, table, ["id"], cursor=connectors.Cursor(column, start))) == 1


def test_rows_and_bytes_are_capped(place: Place) -> None:
    key = "order_key" if place.kind == "postgresql" else "OrderID"
    for limits, code in (
        (connectors.Limits(max_rows=100), "too_many_rows"),
        (connectors.Limits(max_bytes=1000), "too_many_bytes"),
    ):
        with opened(place, limits) as source, pytest.raises(connectors.ConnectorRefused) as refused:
            list(source.read(sales(place), [key], batch_size=500))
        assert refused.value.code == code


@pytest.fixture
def till(place: Place) -> Iterator[tuple[Place, connectors.Table]]:
    """Ninety receipts with a long text each."""
    place.run("DROP TABLE IF EXISTS till")
    place.run("CREATE TABLE till (id int primary key, note text)")
    values = ", ".join(f"({number}, '{number:0100}')" for number in range(90))
    place.run(f"INSERT INTO till VALUES {values}")
    yield (
        place,
        connectors.Table("public" if place.kind == "postgresql" else place.values["database"], "till"),
    )
    place.run("DROP TABLE till")


def pages_of(numbers: range, size: int = 10) -> list[list[tuple[int]]]:
    return [[(number,) for number in numbers[at : at + size]] for at in range(0, len(numbers), size)]


def test_rows_sought_by_key_come_over_one_connection(
    till: tuple[Place, connectors.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, table = till
    dialect: Any = type(dialects.BY_KIND[place.kind])
    dialled: list[Any] = []
    dial = dialect.dial
    monkeypatch.setattr(dialect, "dial", lambda *given: dialled.append(given) or dial(*given))
    with opened(place) as source:
        # The last two pages name keys that nobody has.
        batches = list(source.read_keys(table, ["id", "note"], ["id"], pages_of(range(30, 110))))
        assert len(dialled) == 1
        assert not list(source.read_keys(table, ["id", "note"], ["id"], []))
        assert len(dialled) == 1, "without a key nobody has to be asked"
    assert sorted(row for batch in batches for row in batch.rows) == [
        (number, f"{number:0100}") for number in range(30, 90)
    ]
    assert [batch.first_row for batch in batches] == [1, 11, 21, 31, 41, 51]


def test_rows_sought_by_key_count_together_over_all_pages(till: tuple[Place, connectors.Table]) -> None:
    place, table = till
    for limits, code in (
        (connectors.Limits(max_rows=35), "too_many_rows"),
        (connectors.Limits(max_bytes=35 * 108), "too_many_bytes"),
    ):
        with opened(place, limits) as source:
            found = source.read_keys(table, ["id", "note"], ["id"], pages_of(range(30)))
            assert sum(len(batch) for batch in found) == 30
            with pytest.raises(connectors.ConnectorRefused) as refused:
                list(source.read_keys(table, ["id", "note"], ["id"], pages_of(range(90))))
        assert refused.value.code == code


def many(place: Place, expression: str, rows: int) -> connectors.Query:
    numbers = f"generate_series(1, {rows}) n" if place.kind == "postgresql" else "`Order Details` a, Orders b"
    return connectors.Query(f"SELECT {expression} AS a, 7 AS b FROM {numbers} LIMIT {rows}")


@pytest.mark.parametrize(
    ("letters", "rows"),
    [
        # Each far too long; then each within the bound, but not five thousand at once.
        (15_000_000, 60),
        (200_000, 5000),
    ],
)
def test_long_values_never_fill_our_memory(place: Place, letters: int, rows: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = long = 0
    with opened(place) as source:
        for batch in source.read(many(place, f"repeat('x', {letters})", rows), ["a", "b"]):
            assert all(row[1] == 7 for row in batch.rows)
            assert batch.first_row == seen + 1
            seen += len(batch.rows)
            long += sum(isinstance(row[0], TooLong) for row in batch.rows)
    assert seen == rows
    assert long == (rows if letters > connectors.Limits().max_value_bytes else 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024, "in KB"


def test_a_value_is_too_long_by_its_bytes_and_keeps_its_beginning(place: Place) -> None:
    limits = connectors.Limits(max_value_bytes=1000)
    for letter, fit in (("x", 1000), ("店", 333)):
        for letters, is_long in ((fit, False), (fit + 1, True)):
            with opened(place, limits) as source:
                query = many(place, f"repeat('{letter}', {letters})", 1)
                ((value, _other),) = [row for batch in source.read(query, ["a", "b"]) for row in batch.rows]
            assert value == (TooLong(letter * 200) if is_long else letter * letters)


@pytest.fixture
def lengthy(place: Place) -> Iterator[tuple[Place, connectors.Table]]:
    """A table with a long value of each kind in a row of its own, after a row of short ones."""
    is_postgres = place.kind == "postgresql"
    kinds = ["text", "varchar(20000)", "char(4)", "bytea", "json", "jsonb", "text[]"]
    kinds = kinds if is_postgres else ["longtext", "varchar(10000)", "char(4)", "longblob", "json"]
    place.run("DROP TABLE IF EXISTS lengthy")
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(kinds))
    place.run(f"CREATE TABLE lengthy (id int primary key, {columns})")
    short = {"bytea": "'\\x00ff'::bytea", "longblob": "x'00ff'", "json": "'{\"a\": 1}'", "text[]": "'{a,b}'"}
    short["jsonb"] = short["json"]
    long = {"bytea": "decode(repeat('00', 9999), 'hex')", "longblob": "repeat('a', 9999)"}
    long["json"] = long["jsonb"] = "concat('{\"a\": \"', repeat('x', 9999), '\"}')" + (
        "::json" if is_postgres else ""
    )
    long["text[]"] = "array[repeat('x', 9999)]"
    for number, kind in enumerate([None, *kinds]):
        values = [short.get(known, "'ab'") for known in kinds]
        if kind is not None:
            values[number - 1] = long.get(kind, "'ab'" if kind == "char(4)" else "repeat('x', 9999)")
        place.run(f"INSERT INTO lengthy VALUES ({number}, {', '.join(values)})")
    yield place, connectors.Table("public" if is_postgres else place.values["database"], "lengthy")
    place.run("DROP TABLE lengthy")


def test_every_kind_of_column_is_guarded_and_short_values_stay_as_they_are(
    lengthy: tuple[Place, connectors.Table],
) -> None:
    place, table = lengthy
    is_postgres = place.kind == "postgresql"
    names = ["id", *(f"c{number}" for number in range(7 if is_postgres else 5))]
    with opened(place, connectors.Limits(max_value_bytes=1000)) as source:
        cursor = connectors.Cursor("id", 0)
        rows = [row for batch in source.read(table, names, cursor) for row in batch.rows]
    first, *others = sorted(rows, key=lambda row: row[0])
    expected = (0, "ab", "ab", "ab  " if is_postgres else "ab", b"\x00\xff", '{"a": 1}')
    assert first == (*expected, '{"a": 1}', ["a", "b"]) if is_postgres else expected
    for number, row in enumerate(others, start=1):
        long = [place_ for place_, value in enumerate(row) if isinstance(value, TooLong)]
        assert long == ([] if number == 3 else [number])


def test_a_slow_statement_is_stopped(contoso: Place, northwind: Place) -> None:
    # Judged queries cannot sleep, so a heavy join has to be slow by itself.
    for place, table in ((contoso, "sales"), (northwind, "`Order Details`")):
        query = connectors.Query(f"SELECT count(*) AS n FROM {table} a, {table} b, {table} c")
        started = time.monotonic()
        with (
            opened(place, connectors.Limits(statement_seconds=1)) as source,
            pytest.raises(connectors.ConnectorRefused) as refused,
        ):
            list(source.read(query, ["n"]))
        assert refused.value.code == "timed_out"
        assert refused.value.retryable
        assert time.monotonic() - started < 15


def test_the_session_cannot_write_even_with_an_account_that_may(place: Place) -> None:
    table = "sales" if place.kind == "postgresql" else "`Order Details`"
    with (
        connectors.opened(place.kind, place.values, allow=place.allow) as source,
        pytest.raises(connectors.ConnectorRefused) as refused,
        source._connection() as connection,
    ):
        connection.exec_driver_sql(f"DELETE FROM {table}")
    assert refused.value.code == "query_writes"


def test_odd_names_are_quoted(place: Place) -> None:
    mark = '"' if place.kind == "postgresql" else "`"
    # SQLAlchemy reflects a backtick inside a MySQL name doubled; the other quote is as odd and comes back right.
    name = 'od"d; drop % table %s :x'
    quoted = mark + name.replace(mark, mark * 2) + mark
    place.run(f"CREATE TABLE {quoted} ({quoted} int)")
    try:
        place.run(f"INSERT INTO {quoted} VALUES (7)")
        schema = "public" if place.kind == "postgresql" else place.values["database"]
        table = connectors.Table(schema, name)
        assert read(place, table, [name]) == [(7,)]
        assert read(place, table, [name], cursor=connectors.Cursor(name, 7)) == [(7,)]
        with opened(place) as source:
            assert [column.name for column in source.describe(table)] == [name]
    finally:
        place.run(f"DROP TABLE {quoted}")


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"database": "no_such_database"}, {"database_missing"}),
        ({"user": "no_such_user", "password": "wrong"}, {"access_refused", "database_missing"}),
        ({"tls": "require"}, {"tls_refused"}),
        ({"tls": "verify"}, {"tls_refused"}),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(place: Place, changes: dict[str, str], codes: set[str]) -> None:
    with opened(place, **changes) as source, pytest.raises(connectors.ConnectorRefused) as refused:
        source.check()
    assert refused.value.code in codes
    assert "wrong" not in str(refused.value.message)


def test_a_closed_port_is_unreachable_and_worth_another_try(place: Place) -> None:
    with (
        connectors.opened(place.kind, {**place.values, "port": 9}, allow=[place.values["host"]]) as source,
        pytest.raises(connectors.ConnectorRefused) as refused,
    ):
        source.check()
    assert refused.value.code == "unreachable"
    assert refused.value.retryable


def test_a_private_host_needs_the_installation_to_allow_it(place: Place) -> None:
    with (
        connectors.opened(place.kind, place.values) as source,
        pytest.raises(connectors.ConnectorRefused) as refused,
    ):
        source.check()
    assert refused.value.code == "address_refused"


def test_a_missing_table_or_column_is_said(place: Place) -> None:
    schema = "public" if place.kind == "postgresql" else place.values["database"]
    with opened(place) as source:
        with pytest.raises(connectors.ConnectorRefused) as refused:
            source.describe(connectors.Table(schema, "gone"))
        assert refused.value.code == "table_missing"
        with pytest.raises(connectors.ConnectorRefused) as refused:
            list(source.read(sales(place), ["gone"]))
        assert refused.value.code == "table_missing"


def test_decimals_arrive_exact(place: Place) -> None:
    name = "net_price" if place.kind == "postgresql" else "UnitPrice"
    values = [row[0] for row in read(place, sales(place), [name])]
    assert all(isinstance(value, Decimal) for value in values)
