"""Contoso as a retailer and as an internet business: every metric of the packs that its data supports, by month,
quarter, country and store, against SQL of its own on the source."""

import datetime
from typing import Any

import pytest

from performance.kpis import packs, queries
from performance.sources import models as sources
from tests.conftest import Cast
from tests.kpis import packed
from tests.sources import stage
from tests.sources.real_data import Place

pytestmark = pytest.mark.long

TODAY = "DATE '2024-04-30'"
LINES = (
    "SELECT s.order_key, s.line_number, s.order_date, s.customer_key, s.store_key, s.quantity, s.net_price,"
    " s.unit_cost, t.country_code, dense_rank() OVER"
    " (PARTITION BY s.customer_key ORDER BY s.order_date, s.order_key) AS order_number_of_customer,"
    " concat(s.customer_key, ' ', to_char(s.order_date, 'YYYY-MM')) AS customer_month,"
    f" CASE WHEN s.order_date + interval '1 year' <= {TODAY} THEN (s.order_date + interval '1 year')::date END"
    " AS next_year_on FROM sales s JOIN store t ON t.store_key = s.store_key"
)
CUSTOMERS = (
    "SELECT customer_key, min(order_date) AS first_order_date, sum(quantity * (net_price - unit_cost)) AS profit"
    " FROM sales GROUP BY customer_key"
)
#: No store of Contoso sells below cost; with a rent of a dollar per square metre some do not earn it.
STORE_MONTHS = (
    "SELECT s.store_key, t.country_code, date_trunc('month', s.order_date)::date AS month,"
    " (sum(s.quantity * (s.net_price - s.unit_cost)) < max(t.square_meters))::int AS has_loss"
    " FROM sales s JOIN store t ON t.store_key = s.store_key GROUP BY 1, 2, 3"
)
CUTS = {"": "''", "region": "t.country_code", "store": "s.store_key::text"}
GRAINS = ("month", "quarter")


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def source(here: Cast, contoso: Place) -> sources.Connection:
    return stage.connected(contoso)


@pytest.fixture
def lines(source: sources.Connection) -> sources.Dataset:
    return packed.dataset(source, LINES, "lines", ("order_key", "line_number"))


def truth(place: Place, cut: str, grain: str) -> dict[packed.Place, dict[str, Any]]:
    """By SQL that knows nothing of windows over orders: a first order is one before which there is none."""
    names = [
        "revenue", "cost_of_sales", "orders", "customers", "pieces_sold", "returning_customers",
        "new_customers", "new_customer_revenue", "new_customer_cost", "customer_months",
    ]  # fmt: skip
    found = place.rows(
        "WITH first AS (SELECT DISTINCT ON (customer_key) customer_key, order_key FROM orders"
        " ORDER BY customer_key, order_date, order_key)"
        f" SELECT date_trunc('{grain}', s.order_date)::date, {CUTS[cut]},"
        " sum(s.quantity * s.net_price), sum(s.quantity * s.unit_cost), count(DISTINCT s.order_key),"
        " count(DISTINCT s.customer_key), sum(s.quantity),"
        " count(DISTINCT s.customer_key) FILTER (WHERE s.order_key <> f.order_key),"
        " count(DISTINCT s.customer_key) FILTER (WHERE s.order_key = f.order_key),"
        " sum(s.quantity * s.net_price) FILTER (WHERE s.order_key = f.order_key),"
        " sum(s.quantity * s.unit_cost) FILTER (WHERE s.order_key = f.order_key),"
        " count(DISTINCT (s.customer_key, date_trunc('month', s.order_date)))"
        " FROM sales s JOIN store t ON t.store_key = s.store_key JOIN first f ON f.customer_key = s.customer_key"
        " GROUP BY 1, 2"
    )
    return {(day, str(part)): dict(zip(names, numbers, strict=True)) for day, part, *numbers in found}


def year_before(place: Place, cut: str, grain: str) -> dict[packed.Place, Any]:
    found = place.rows(
        f"SELECT date_trunc('{grain}', s.order_date)::date, {CUTS[cut]}, sum(s.quantity * s.net_price)"
        " FROM sales s JOIN store t ON t.store_key = s.store_key"
        " WHERE s.order_date <= DATE '2023-04-30' GROUP BY 1, 2"
    )
    return {(day.replace(year=day.year + 1), str(part)): number for day, part, number in found}


def column(rows: dict[packed.Place, dict[str, Any]], name: str) -> dict[packed.Place, Any]:
    """Where nothing was counted there is no row to count, and so no value."""
    return {place: row[name] for place, row in rows.items() if row[name]}


def test_the_retail_pack_over_contoso_equals_sql_on_the_source(
    here: Cast, actor: Any, lines: sources.Dataset, source: sources.Connection, contoso: Place
) -> None:
    tables = {
        "sales": lines,
        "customers": packed.dataset(source, CUSTOMERS, "customers", ("customer_key",)),
        "store_months": packed.dataset(source, STORE_MONTHS, "store_months", ("store_key", "month")),
    }
    keys = packed.in_force(here, actor, "retail", tables)
    whole = {metric.key for metric in packs.load("retail").metrics}
    assert whole - keys == {
        "closing_stock", "stock_value_days", "stock_days", "average_stock", "stock_turnover"
    }  # fmt: skip
    for grain in GRAINS:
        for cut in CUTS:
            _judge_sales(contoso, cut, grain)
        _judge_customers(contoso, grain)
        for cut in ("", "region"):
            _judge_store_months(contoso, cut, grain)


def _judge_sales(place: Place, cut: str, grain: str) -> None:
    rows = truth(place, cut, grain)
    for name in ("revenue", "cost_of_sales", "orders", "customers", "pieces_sold", "returning_customers"):
        packed.same(packed.plain(name, grain, cut), column(rows, name), exact=True)
    profit = {at: row["revenue"] - row["cost_of_sales"] for at, row in rows.items()}
    packed.same(packed.plain("gross_profit", grain, cut), profit, exact=True)
    quotients = {
        "gross_margin": lambda at, row: packed.quotient(profit[at], row["revenue"], 100),
        "profit_per_customer": lambda at, row: packed.quotient(profit[at], row["customers"]),
        "cost_per_customer": lambda _at, row: packed.quotient(row["cost_of_sales"], row["customers"]),
        "average_order_value": lambda _at, row: packed.quotient(row["revenue"], row["orders"]),
        "orders_per_customer": lambda _at, row: packed.quotient(row["orders"], row["customers"]),
        "margin_per_piece": lambda at, row: packed.quotient(profit[at], row["pieces_sold"]),
        "repurchase_rate": lambda _at, row: packed.quotient(
            row["returning_customers"], row["customers"], 100
        ),
    }
    for name, reckon in quotients.items():
        expected = {at: reckon(at, row) for at, row in rows.items()}
        packed.same(packed.plain(name, grain, cut), expected, exact=False)
    before = year_before(place, cut, grain)
    packed.same(packed.plain("revenue_year_before", grain, cut), before, exact=True)
    growth = {
        at: packed.quotient(rows[at]["revenue"] - before[at], before[at], 100)
        if at in rows and at in before
        else None
        for at in {*rows, *before}
    }
    packed.same(packed.plain("revenue_growth", grain, cut), growth, exact=False)
    assert sum(value is not None for value in growth.values()) > (7 if not cut else 20)


def _judge_customers(place: Place, grain: str) -> None:
    found = place.rows(
        f"SELECT date_trunc('{grain}', first_on)::date, count(*), sum(profit) FROM (SELECT min(order_date) AS first_on,"
        " sum(quantity * net_price) - sum(quantity * unit_cost) AS profit FROM sales GROUP BY customer_key) AS c"
        " GROUP BY 1"
    )
    packed.same(packed.plain("customers_won", grain), {(day, ""): won for day, won, _p in found}, exact=True)
    worth = {(day, ""): packed.quotient(profit, won) for day, won, profit in found}
    packed.same(packed.plain("customer_lifetime_value", grain), worth, exact=False)


def _judge_store_months(place: Place, cut: str, grain: str) -> None:
    part = "''" if not cut else "country_code"
    found = place.rows(
        "WITH earned AS (SELECT t.country_code, date_trunc('month', s.order_date) AS month,"
        " sum(s.quantity * s.net_price) - sum(s.quantity * s.unit_cost) - t.square_meters AS profit FROM sales s"
        " JOIN store t ON t.store_key = s.store_key GROUP BY s.store_key, t.country_code, t.square_meters, 2)"
        f" SELECT date_trunc('{grain}', month)::date, {part}, count(*),"
        " sum(CASE WHEN profit < 0 THEN 1 WHEN profit >= 0 THEN 0 END)"
        " FROM earned GROUP BY 1, 2"
    )
    rows = {(day, part): (trading, losing) for day, part, trading, losing in found}
    packed.same(
        packed.plain("loss_making_stores", grain, cut), {at: row[1] for at, row in rows.items()}, exact=True
    )
    share = {at: packed.quotient(losing, trading, 100) for at, (trading, losing) in rows.items()}
    packed.same(packed.plain("share_of_loss_making_stores", grain, cut), share, exact=False)
    known = [losing for _trading, losing in rows.values() if losing is not None]
    # Nobody knows the rent of the online shop.
    assert sum(known) > 0
    assert (len(known) < len(rows)) == bool(cut)


def test_a_store_whose_costs_are_gone_shows_its_coverage_and_no_profit(
    here: Cast, actor: Any, source: sources.Connection, contoso: Place
) -> None:
    ((gone, day),) = contoso.rows(
        "SELECT store_key, max(order_date) FROM sales GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )
    query = LINES.replace(
        "s.unit_cost,", f"CASE WHEN s.store_key <> {gone} THEN s.unit_cost END AS unit_cost,"
    )
    dataset = packed.dataset(source, query, "lines", ("order_key", "line_number"))
    packed.in_force(here, actor, "retail", {"sales": dataset})
    rows = truth(contoso, "store", "month")
    profits = packed.kept("gross_profit", "month", "store")
    assert profits.keys() == rows.keys()
    for at, row in rows.items():
        expected = None if at[1] == str(gone) else row["revenue"] - row["cost_of_sales"]
        assert (profits[at].value, profits[at].coverage_ppm) == (
            expected,
            500_000 if expected is None else 1_000_000,
        )
    total = packed.kept("gross_profit", "month")[day.replace(day=1), ""]
    assert total.value is None
    assert 500_000 < total.coverage_ppm < 1_000_000
    assert packed.kept("revenue", "month")[day.replace(day=1), ""].coverage_ppm == 1_000_000


def test_the_internet_pack_over_contoso_equals_sql_on_the_source(
    here: Cast, actor: Any, lines: sources.Dataset, contoso: Place
) -> None:
    keys = packed.in_force(here, actor, "internet", {"orders": lines}, {"orders": {"region": "country_code"}})
    assert {"new_customer_revenue_share", "revenue_growth", "profit_per_customer_month"} <= keys
    for grain in GRAINS:
        for cut in ("", "region"):
            rows = truth(contoso, cut, grain)
            for name in ("new_customers", "new_customer_revenue", "new_customer_cost", "customer_months"):
                packed.same(packed.plain(name, grain, cut), column(rows, name), exact=True)
            share = {
                at: packed.quotient(row["new_customer_revenue"] or 0, row["revenue"], 100)
                for at, row in rows.items()
            }
            packed.same(packed.plain("new_customer_revenue_share", grain, cut), share, exact=False)
            monthly = {
                at: packed.quotient(row["revenue"] - row["cost_of_sales"], row["customer_months"])
                for at, row in rows.items()
            }
            packed.same(packed.plain("profit_per_customer_month", grain, cut), monthly, exact=False)


def test_the_second_pack_leaves_what_the_first_one_drafted(
    here: Cast, actor: Any, lines: sources.Dataset
) -> None:
    packed.in_force(here, actor, "retail", {"sales": lines})
    before = queries.metric_by_key("revenue")
    found = packs.possible(
        packs.load("internet"),
        {"orders": packs.Chosen(lines, queries.sheet_of(lines), {})},
        queries.keys_there(),
    )
    there = {one.metric.key for one in found if one.is_there}
    assert there == {
        "revenue", "cost_of_sales", "orders", "customers", "revenue_year_before", "gross_profit", "gross_margin",
        "revenue_growth",
    }  # fmt: skip
    assert before is not None
    assert before.versions.count() == 1
    assert datetime.date(2026, 5, 1) == before.versions.get().effective_from
