"""Real companies in real servers: Contoso in PostgreSQL, Northwind in MariaDB. Dropped after the tests.

Loaded by the drivers' own means, so that what the connectors read can be compared with something independent.
"""

import csv
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from performance.foundation import databases
from tests import services

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

CONTOSO = {
    "sales": (
        "order_key bigint, line_number int, order_date date, delivery_date date, customer_key bigint, store_key int,"
        " product_key int, quantity int, unit_price numeric(12,4), net_price numeric(12,4), unit_cost numeric(12,4),"
        " currency_code text, exchange_rate numeric(14,6), gross_revenue numeric(14,4), net_revenue numeric(14,4),"
        " unit_discount numeric(14,6), discounts numeric(14,6), cogs numeric(14,4), margin numeric(14,4),"
        " unit_margin numeric(14,4), primary key (order_key, line_number)"
    ),
    "store": (
        "store_key int primary key, store_code int, geo_area_key int, country_code text, country_name text, state text,"
        " open_date date, close_date date, description text, square_meters int, status text"
    ),
    "orders": (
        "order_key bigint primary key, customer_key bigint, store_key int, order_date date, delivery_date date,"
        " currency_code text"
    ),
}


def shared(*parts: str) -> Path:
    """A file of the shared data folder; the test is skipped where the folder is absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no shared data at {DATA}")
    return path


@dataclass(frozen=True)
class Place:
    """A source database: what a connector needs, and the driver's own connection for independent SQL."""

    kind: str
    values: dict[str, Any]
    connection: Any

    @property
    def allow(self) -> list[str]:
        return [f"{self.values['host']}:{self.values['port']}"]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def run(self, statement: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)


def _whole(value: str) -> str:
    return value[:-2] if value.endswith(".0") else value


@contextmanager
def contoso_in_postgres() -> Iterator[Place]:
    where = make_url(services.postgres_url())
    name = f"accord_contoso_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(services.postgres_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = where.set(database=name).render_as_string(hide_password=False)
            with psycopg.connect(url, autocommit=True) as connection:
                for table, columns in CONTOSO.items():
                    _fill_postgres(connection, table, columns)
                yield Place("postgresql", values_of(where, name), connection)
        finally:
            databases.drop_database(admin, name)


def _fill_postgres(connection: psycopg.Connection[Any], table: str, columns: str) -> None:
    connection.execute(f"CREATE TABLE {table} ({columns})")
    with shared("contoso", f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        header = next(rows)
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(header)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([_whole(value) or None for value in row])


@contextmanager
def northwind_in_mariadb() -> Iterator[Place]:
    where = make_url(services.mariadb_url())
    name = f"accord_northwind_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    connection = pymysql.connect(
        host=where.host,
        port=where.port or 3306,
        user=where.username,
        password=where.password or "",
        autocommit=True,
        charset="utf8mb4",
    )
    with closing(connection):
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
            cursor.execute(f"USE `{name}`")
        try:
            _fill_mariadb(connection)
            yield Place("mysql", values_of(where, name), connection)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE `{name}`")


def _fill_mariadb(connection: Any) -> None:
    tables = {
        "Orders": "`OrderID` int primary key, `CustomerID` varchar(10), `EmployeeID` int, `OrderDate` date,"
        " `RequiredDate` date, `ShippedDate` date, `ShipVia` int, `Freight` decimal(12,4), `ShipName` varchar(80),"
        " `ShipAddress` varchar(120), `ShipCity` varchar(40), `ShipRegion` varchar(40),"
        " `ShipPostalCode` varchar(20), `ShipCountry` varchar(40)",
        "Order Details": "`OrderID` int, `ProductID` int, `UnitPrice` decimal(12,4), `Quantity` int,"
        " `Discount` double, primary key (`OrderID`, `ProductID`)",
        "Products": "`ProductID` int primary key, `ProductName` varchar(80), `SupplierID` int, `CategoryID` int,"
        " `QuantityPerUnit` varchar(40), `UnitPrice` decimal(12,4), `UnitsInStock` int, `UnitsOnOrder` int,"
        " `ReorderLevel` int, `Discontinued` tinyint(1)",
    }
    with closing(
        sqlite3.connect(f"file:{shared('northwind', 'northwind.db')}?mode=ro", uri=True)
    ) as original:
        for table, columns in tables.items():
            rows = original.execute(f'SELECT * FROM "{table}"').fetchall()
            gaps = ", ".join(["%s"] * len(rows[0]))
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE TABLE `{table}` ({columns})")
                cursor.executemany(f"INSERT INTO `{table}` VALUES ({gaps})", rows)


def values_of(where: Any, database: str) -> dict[str, Any]:
    return {
        "host": where.host,
        "port": where.port or (5432 if where.get_backend_name() == "postgresql" else 3306),
        "database": database,
        "user": where.username or "",
        "password": where.password or "",
        "tls": "prefer",
    }
