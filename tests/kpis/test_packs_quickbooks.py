"""A ledger of QuickBooks as the finance side of the manufacturing pack: receivables, payables, what was collected, and
how many days it takes; against the files themselves, added up in Python."""

import csv
import datetime
import os
import uuid
from collections.abc import Iterator
from decimal import Decimal
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

BOOKS = ("invoice", "payment", "bill", "bill_payment")
FIRST, LAST = datetime.date(2019, 1, 1), datetime.date(2026, 3, 31)
Entry = tuple[datetime.date, Decimal]


def entries(book: str) -> list[Entry]:
    """What is booked: an entry that was deleted has no day."""
    path = real_data.shared("quickbooks", "integration_tests", "seeds", f"{book}_data.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            (datetime.date.fromisoformat(row["transaction_date"]), Decimal(row["total_amount"]))
            for row in csv.DictReader(lines)
            if row["transaction_date"]
        ]


@pytest.fixture(scope="module")
def ledger() -> Iterator[Place]:
    """The books as tables of a PostgreSQL, deleted entries included."""
    where = make_url(services.postgres_url())
    name = f"accord_quickbooks_{os.getpid()}_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(services.postgres_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = where.set(database=name).render_as_string(hide_password=False)
            with psycopg.connect(url, autocommit=True) as connection:
                for book in BOOKS:
                    _fill(connection, book)
                yield Place("postgresql", real_data.values_of(where, name), connection)
        finally:
            databases.drop_database(admin, name)


def _fill(connection: psycopg.Connection[Any], book: str) -> None:
    connection.execute(
        f"CREATE TABLE {book} (id bigint primary key, transaction_date date, total_amount numeric(14, 2))"
    )
    path = real_data.shared("quickbooks", "integration_tests", "seeds", f"{book}_data.csv")
    with path.open(encoding="utf-8", newline="") as lines, connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {book} VALUES (%s, %s, %s)",
            [
                (row["id"], row["transaction_date"] or None, row["total_amount"] or None)
                for row in csv.DictReader(lines)
            ],
        )


DAYS = f"generate_series(DATE '{FIRST}', DATE '{LAST}', interval '1 day')"
BALANCES = (
    "SELECT day::date AS balance_date,"
    + ",".join(
        f" (SELECT coalesce(sum(total_amount), 0) FROM {plus} WHERE transaction_date <= day)"
        f" - (SELECT coalesce(sum(total_amount), 0) FROM {minus} WHERE transaction_date <= day) AS {name}"
        for name, plus, minus in (
            ("receivables", "invoice", "payment"),
            ("payables", "bill", "bill_payment"),
        )
    )
    + f" FROM {DAYS} AS day"
)


@pytest.fixture
def keys(here: Cast, actor: Any, ledger: Place, settings: Any) -> set[str]:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]
    source = stage.connected(ledger)
    tables = {
        "orders": packed.dataset(source, "SELECT * FROM invoice", "invoices", ("id",)),
        "receipts": packed.dataset(source, "SELECT * FROM payment", "payments", ("id",)),
        "purchases": packed.dataset(source, "SELECT * FROM bill", "bills", ("id",)),
        "balances": packed.dataset(source, BALANCES, "balances", ("balance_date",)),
        "calendar": packed.dataset(source, f"SELECT day::date FROM {DAYS} AS day", "days", ("day",)),
    }
    return packed.in_force(here, actor, "manufacturing", tables)


def starts(grain: str) -> list[datetime.date]:
    step = 1 if grain == "month" else 3
    return [
        datetime.date(year, month, 1)
        for year in range(FIRST.year, LAST.year + 1)
        for month in range(1, 13, step)
        if datetime.date(year, month, 1) <= LAST
    ]


def end_of(start: datetime.date, grain: str) -> datetime.date:
    months = 1 if grain == "month" else 3
    later = start + datetime.timedelta(days=31 * months + 3)
    return min(later.replace(day=1) - datetime.timedelta(days=1), LAST)


def booked(book: str, grain: str) -> dict[packed.Place, Decimal]:
    found: dict[packed.Place, Decimal] = {}
    for start in starts(grain):
        amounts = [amount for day, amount in entries(book) if start <= day <= end_of(start, grain)]
        if amounts:
            found[start, ""] = sum(amounts, Decimal(0))
    return found


def owed(plus: str, minus: str, grain: str) -> dict[packed.Place, Decimal]:
    def until(book: str, day: datetime.date) -> Decimal:
        return sum((amount for on, amount in entries(book) if on <= day), Decimal(0))

    return {
        (start, ""): until(plus, end_of(start, grain)) - until(minus, end_of(start, grain))
        for start in starts(grain)
    }


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_the_finance_side_equals_the_files(keys: set[str], grain: str) -> None:
    assert {"days_sales_outstanding", "days_payables_outstanding", "cash_collection_rate"} <= keys
    assert not keys & {"cash_conversion_cycle", "stock_on_hand", "order_cost"}
    invoiced, collected, billed = (booked(book, grain) for book in ("invoice", "payment", "bill"))
    receivables, payables = (
        owed("invoice", "payment", grain),
        owed("bill", "bill_payment", grain),
    )
    for key, expected in (
        ("order_revenue", invoiced),
        ("cash_collected", collected),
        ("purchases_billed", billed),
        ("trade_receivables", receivables),
        ("trade_payables", payables),
    ):
        packed.same(packed.plain(key, grain), expected, exact=True)
    days = {(start, ""): (end_of(start, grain) - start).days + 1 for start in starts(grain)}
    packed.same(packed.plain("days_in_period", grain), days, exact=True)
    for key, above, below in (
        ("days_sales_outstanding", receivables, invoiced),
        ("days_payables_outstanding", payables, billed),
    ):
        taken = {at: packed.quotient(above[at] * days[at], below[at]) if at in below else None for at in days}
        packed.same(packed.plain(key, grain), taken, exact=False)
        assert sum(value is not None for value in taken.values()) >= 1
    rate = {
        at: packed.quotient(collected[at], invoiced[at], 100) if at in collected and at in invoiced else None
        for at in {*collected, *invoiced}
    }
    packed.same(packed.plain("cash_collection_rate", grain), rate, exact=False)


def test_a_balance_is_never_added_over_time(keys: set[str]) -> None:
    months, quarters = (packed.plain("trade_receivables", grain) for grain in ("month", "quarter"))
    for (start, _part), balance in quarters.items():
        last = max(day for day, _part in months if start <= day <= end_of(start, "quarter"))
        assert balance == months[last, ""]
