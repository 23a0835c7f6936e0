"""Six years of a chain of cafés: growth and margin of its stores, from 663,029 orders; against SQL on the files."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from performance.foundation import databases
from tests import services
from tests.conftest import Cast
from tests.kpis import packed
from tests.sources import real_data, stage
from tests.sources.real_data import Place

pytestmark = pytest.mark.long

TABLES = {
    "orders": "order_id int primary key, customer_id int, ordered_on date, store_id int",
    "items": "order_id int, sku text",
    "products": "sku text primary key, name text, type text, price int, description text",
    "stores": "id int primary key, name text, opened_at timestamp, tax_rate numeric(6, 4)",
    "supplies": "id text, name text, cost int, perishable boolean, sku text",
}
#: What is read of the Parquet files.
CHOSEN = {
    "orders": "order_id, customer_id, ordered_at::date AS ordered_on, store_id",
    "items": "order_id, sku",
}
#: Prices are in cents. One row for each day, store and product is enough for sums.
SALES = (
    "SELECT o.ordered_on AS order_date, s.name AS store, i.sku, p.type AS category, count(*) AS quantity,"
    " count(*) * max(p.price) / 100.0 AS net_amount, count(*) * max(c.cost) / 100.0 AS cost,"
    " CASE WHEN o.ordered_on + interval '1 year' <= max(max(o.ordered_on)) OVER ()"
    " THEN (o.ordered_on + interval '1 year')::date END AS next_year_on"
    " FROM items i JOIN orders o ON o.order_id = i.order_id JOIN stores s ON s.id = o.store_id"
    " JOIN products p ON p.sku = i.sku JOIN (SELECT sku, sum(cost) AS cost FROM supplies GROUP BY sku) c"
    " ON c.sku = i.sku GROUP BY 1, 2, 3, 4"
)


@pytest.fixture(scope="module")
def cafes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The files in a PostgreSQL; DuckDB reads the Parquet."""
    duckdb = pytest.importorskip("duckdb", reason="DuckDB, which reads Parquet, is not installed")
    folder = real_data.shared("jaffle_shop", "orders.parquet").parent
    where = make_url(services.postgres_url())
    name = f"accord_jaffle_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(services.postgres_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = where.set(database=name).render_as_string(hide_password=False)
            with psycopg.connect(url, autocommit=True) as connection:
                for table, columns in TABLES.items():
                    path = folder / f"{table}.csv"
                    if table in CHOSEN:
                        path = tmp_path_factory.mktemp("jaffle") / f"{table}.csv"
                        parquet = folder / f"{table}.parquet"
                        duckdb.connect().execute(
                            f"COPY (SELECT {CHOSEN[table]} FROM read_parquet('{parquet}')) TO '{path}'"
                        )
                    connection.execute(f"CREATE TABLE {table} ({columns})")
                    _fill(connection, table, path)
                yield Place("postgresql", real_data.values_of(where, name), connection)
        finally:
            databases.drop_database(admin, name)


def _fill(connection: psycopg.Connection[Any], table: str, path: Path) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv, HEADER)") as copy,
        path.open("rb") as lines,
    ):
        while chunk := lines.read(1 << 16):
            copy.write(chunk)


@pytest.fixture
def keys(here: Cast, actor: Any, cafes: Place, settings: Any) -> set[str]:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]
    sales = packed.dataset(stage.connected(cafes), SALES, "sales", ("order_date", "store", "sku"))
    return packed.in_force(here, actor, "retail", {"sales": sales})


CUTS = {"": "''", "store": "s.name", "category": "p.type"}


def truth(place: Place, cut: str, grain: str, where: str = "true") -> dict[packed.Place, Any]:
    """revenue, cost, pieces; each item carries the cost of its supplies."""
    found = place.rows(
        f"SELECT date_trunc('{grain}', o.ordered_on)::date, {CUTS[cut]},"
        " round(sum(p.price) / 100.0, 4), round(sum(w.worth) / 100.0, 4), count(*)"
        " FROM orders o JOIN stores s ON s.id = o.store_id JOIN items i USING (order_id)"
        " JOIN products p USING (sku) JOIN (SELECT sku, sum(cost) AS worth FROM supplies GROUP BY sku) w"
        f" USING (sku) WHERE {where} GROUP BY 1, 2"
    )
    return {(day, part): tuple(numbers) for day, part, *numbers in found}


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_growth_and_margin_of_the_stores_equal_sql_on_the_source(
    keys: set[str], cafes: Place, grain: str
) -> None:
    assert {"revenue_growth", "margin_per_piece", "gross_margin"} <= keys
    ((newest,),) = cafes.rows("SELECT max(ordered_on) FROM orders")
    for cut in CUTS:
        rows = truth(cafes, cut, grain)
        before = {
            (day.replace(year=day.year + 1), part): numbers[0]
            for (day, part), numbers in truth(
                cafes, cut, grain, f"ordered_on + interval '1 year' <= DATE '{newest}'"
            ).items()
        }
        for place, key in enumerate(("revenue", "cost_of_sales", "pieces_sold")):
            expected = {at: numbers[place] for at, numbers in rows.items()}
            packed.same(packed.plain(key, grain, cut), expected, exact=True)
        each = {at: packed.quotient(revenue - cost, pieces) for at, (revenue, cost, pieces) in rows.items()}
        packed.same(packed.plain("margin_per_piece", grain, cut), each, exact=False)
        packed.same(packed.plain("revenue_year_before", grain, cut), before, exact=True)
        growth = {
            at: packed.quotient(rows[at][0] - before[at], before[at], 100)
            if at in rows and at in before
            else None
            for at in {*rows, *before}
        }
        packed.same(packed.plain("revenue_growth", grain, cut), growth, exact=False)
        assert sum(value is not None for value in growth.values()) > 8
