"""The two databases that Luming Retail has had for years: the tills' and the ledger's. Accord only reads them.

They are real databases beside Accord's own, filled by COPY, and read through a role that may only SELECT.
"""

import datetime
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal

import psycopg
from psycopg import sql

from performance.config.demo import calendar, company
from performance.foundation import databases

SALES, LEDGER, READER = "accord_demo_sales", "accord_demo_ledger", "accord_demo_reader"
CENT = Decimal("0.01")

SALES_TABLES = """
CREATE TABLE store (code text PRIMARY KEY, name_en text NOT NULL, name_zh text NOT NULL, city text NOT NULL);
CREATE TABLE product (sku text PRIMARY KEY, name_en text NOT NULL, category text NOT NULL,
    price numeric(10,2) NOT NULL);
CREATE TABLE sale (line_id bigint PRIMARY KEY, sold_on date NOT NULL, store_code text NOT NULL REFERENCES store,
    city text NOT NULL, sku text NOT NULL REFERENCES product, customer_no text NOT NULL,
    quantity integer NOT NULL, net_amount numeric(12,2) NOT NULL, changed_at timestamptz NOT NULL);
CREATE INDEX sale_by_day ON sale (sold_on);
"""
LEDGER_TABLES = """
CREATE TABLE account (code text PRIMARY KEY, name_en text NOT NULL, name_zh text NOT NULL);
CREATE TABLE posting (posting_id bigint PRIMARY KEY, posted_on date NOT NULL, store_code text NOT NULL,
    city text NOT NULL, account_code text NOT NULL REFERENCES account, amount numeric(14,2) NOT NULL,
    text_zh text NOT NULL, changed_at timestamptz NOT NULL);
CREATE INDEX posting_by_day ON posting (posted_on);
"""
PRODUCTS = [
    ("T-100", "Linen shirt", "Clothing", "269.00"),
    ("T-110", "Cotton T-shirt", "Clothing", "99.00"),
    ("T-210", "Down jacket", "Clothing", "899.00"),
    ("H-300", "Tea set", "Home", "328.00"),
    ("H-310", "Scented candle", "Home", "128.00"),
    ("H-320", "Bamboo tray", "Home", "88.00"),
    ("B-400", "Canvas bag", "Bags", "159.00"),
    ("B-410", "Travel pack", "Bags", "499.00"),
    ("F-500", "Osmanthus tea", "Food", "68.00"),
    ("F-510", "Gift box", "Food", "218.00"),
]
ACCOUNTS = [
    ("6001", "Sales revenue", "主营业务收入"),
    ("6401", "Cost of goods sold", "主营业务成本"),
    ("6601", "Wages", "职工薪酬"),
    ("6602", "Rent", "租金"),
    ("6603", "Utilities", "水电费"),
]
WEEKDAYS = (0.86, 0.84, 0.88, 0.94, 1.10, 1.34, 1.28)
#: Share of the price that goods cost, by category.
COST_SHARE = {
    "Clothing": Decimal("0.46"),
    "Home": Decimal("0.52"),
    "Bags": Decimal("0.48"),
    "Food": Decimal("0.61"),
}

Row = tuple[object, ...]


def create(owner: psycopg.Connection, days: calendar.Days, password: str) -> None:
    """Makes both databases anew with `owner`, a connection that may create databases and roles."""
    owner.autocommit = True
    for name in (SALES, LEDGER):
        databases.drop_database(owner, name)
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    known = owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER]).fetchone()
    verb = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}")
    owner.execute(verb.format(sql.Identifier(READER), sql.Literal(password)))
    sales = list(sale_rows(days))
    with _connected(owner, SALES) as database:
        database.execute(SALES_TABLES)
        _copy(database, "store", [(s.code, s.name_en, s.name_zh, s.city) for s in company.STORES])
        _copy(database, "product", PRODUCTS)
        _copy(database, "sale", sales)
        _let_read(database)
    with _connected(owner, LEDGER) as database:
        database.execute(LEDGER_TABLES)
        _copy(database, "account", ACCOUNTS)
        _copy(database, "posting", list(posting_rows(days, sales)))
        _let_read(database)


def _connected(owner: psycopg.Connection, name: str) -> psycopg.Connection:
    return psycopg.connect(owner.info.dsn, dbname=name, password=owner.info.password)


def _copy(database: psycopg.Connection, table: str, rows: Sequence[Row]) -> None:
    with (
        database.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _let_read(database: psycopg.Connection) -> None:
    database.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(READER)))
    database.execute(
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(READER))
    )
    database.commit()


def sale_rows(days: calendar.Days) -> Iterator[Row]:
    """Every line the tills rang from the first day of history to yesterday."""
    chance = random.Random(company.SEED)  # noqa: S311 - a story, not a secret
    line = 0
    day = days.history
    while day < days.today:
        # Autumn is better than summer, and Longhua, opened last, grows fastest.
        season = 1 + 0.12 * ((day - days.history).days / 200)
        for store in company.STORES:
            growth = 1 + (0.35 if store.code == "SZ03" else 0.05) * ((day - days.history).days / 200)
            number = round(
                store.visitors * WEEKDAYS[day.weekday()] * season * growth * chance.uniform(0.85, 1.15)
            )
            for _visit in range(number):
                line += 1
                yield _sale(chance, line, day, store)
        day += datetime.timedelta(days=1)


def _sale(chance: random.Random, line: int, day: datetime.date, store: company.Place) -> Row:
    sku, _name, _category, price = chance.choice(PRODUCTS)
    quantity = chance.choices((1, 2, 3), (80, 15, 5))[0]
    discount = Decimal(chance.choice(("1", "1", "0.95", "0.9", "0.8")))
    amount = (Decimal(price) * quantity * discount * Decimal(str(store.basket))).quantize(CENT)
    # Regulars come back: few numbers are drawn often, many seldom.
    customer = f"{store.city[:2].upper()}{int(chance.betavariate(1, 4) * 9000):05d}"
    return (line, day, store.code, store.city, sku, customer, quantity, amount, calendar.at(day, 22))


def posting_rows(days: calendar.Days, sales: list[Row]) -> Iterator[Row]:
    """What the ledger holds of it: the day's revenue, a credit, and cost of goods; wages, rent and utilities at the
    month's end."""
    categories = {sku: category for sku, _name, category, _price in PRODUCTS}
    prices = {sku: Decimal(price) for sku, _name, _category, price in PRODUCTS}
    costs: dict[tuple[datetime.date, str, str], Decimal] = {}
    takings: dict[tuple[datetime.date, str, str], Decimal] = {}
    for _line, day, store, city, sku, _customer, quantity, amount, _at in sales:
        key = (day, store, city)
        takings[key] = takings.get(key, Decimal(0)) + amount  # type: ignore[index, operator, arg-type]
        cost = prices[sku] * COST_SHARE[categories[sku]] * quantity  # type: ignore[index, operator]
        costs[key] = costs.get(key, Decimal(0)) + cost  # type: ignore[index, arg-type]
    number = 0
    for (day, store, city), cost in costs.items():
        number += 1
        yield (number, day, store, city, "6401", cost.quantize(CENT), "结转成本", calendar.at(day, 23))
        number += 1
        taken = takings[day, store, city]
        yield (number, day, store, city, "6001", -taken, "当日销售", calendar.at(day, 23))
    chance = random.Random(company.SEED + 7)  # noqa: S311
    for first in days.months():
        last = calendar.shift(first, 1) - datetime.timedelta(days=1)
        for place in company.STORES:
            for account, amount, text in _monthly(chance, place):
                number += 1
                booked = min(last, days.today - datetime.timedelta(days=1))
                if booked < first:
                    continue
                share = Decimal((booked - first).days + 1) / ((last - first).days + 1)
                posted = (amount * share).quantize(CENT)
                yield (
                    number,
                    booked,
                    place.code,
                    place.city,
                    account,
                    posted,
                    text,
                    calendar.at(booked, 23, 30),
                )


def _monthly(chance: random.Random, place: company.Place) -> Iterator[tuple[str, Decimal, str]]:
    yield "6601", Decimal(52_000 + place.visitors * 420), "门店工资"
    yield "6602", Decimal(38_000 + round(place.visitors * place.basket) * 900), "门店租金"
    yield "6603", Decimal(6_000 + round(chance.uniform(0, 2_500))), "水电费"
