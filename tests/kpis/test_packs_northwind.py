"""Northwind as a manufacturer, read from a real MariaDB: orders, their cycle, the stock; and what it lacks."""

from typing import Any

import pytest

from performance.kpis import packs, queries
from performance.sources import models as sources
from tests.conftest import Cast
from tests.kpis import packed
from tests.sources import stage
from tests.sources.conftest import northwind
from tests.sources.real_data import Place

pytestmark = pytest.mark.long

__all__ = ["northwind"]

NET = "CAST(d.`UnitPrice` * d.`Quantity` * (1 - d.`Discount`) AS DECIMAL(14, 4))"
ORDERS = (
    f"SELECT d.`OrderID`, d.`ProductID`, o.`OrderDate`, {NET} AS net_amount, p.`CategoryID`"
    " FROM `Order Details` d JOIN `Orders` o ON o.`OrderID` = d.`OrderID`"
    " JOIN `Products` p ON p.`ProductID` = d.`ProductID`"
)
DELIVERIES = (
    "SELECT `OrderID`, `ShippedDate`, DATEDIFF(`ShippedDate`, `OrderDate`) AS lead_time_days, `ShipCountry`"
    " FROM `Orders` WHERE `ShippedDate` IS NOT NULL"
)
#: Northwind keeps no history of its stock: what lay there is told as two counts, before and after what is on order.
STOCK = (
    "SELECT `ProductID`, DATE '1998-05-06' AS balance_date, CAST(`UnitsInStock` * `UnitPrice` AS DECIMAL(14, 4))"
    " AS stock_value FROM `Products` UNION ALL SELECT `ProductID`, DATE '1998-06-30',"
    " CAST((`UnitsInStock` + `UnitsOnOrder`) * `UnitPrice` AS DECIMAL(14, 4)) FROM `Products`"
)
BUCKETS = {
    "month": "CAST(DATE_FORMAT({0}, '%Y-%m-01') AS DATE)",
    "quarter": "MAKEDATE(YEAR({0}), 1) + INTERVAL (QUARTER({0}) - 1) QUARTER",
}


@pytest.fixture(autouse=True)
def _allowed(settings: Any) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["127.0.0.1", "localhost"]


@pytest.fixture
def tables(here: Cast, northwind: Place) -> dict[str, sources.Dataset]:
    source = stage.connected(northwind)
    return {
        "orders": packed.dataset(source, ORDERS, "order_lines", ("order_id", "product_id")),
        "deliveries": packed.dataset(source, DELIVERIES, "deliveries", ("order_id",)),
        "balances": packed.dataset(source, STOCK, "stock", ("product_id", "balance_date")),
    }


@pytest.fixture
def keys(here: Cast, actor: Any, tables: dict[str, sources.Dataset]) -> set[str]:
    return packed.in_force(here, actor, "manufacturing", tables)


def test_what_northwind_lacks_is_told(here: Cast, tables: dict[str, sources.Dataset]) -> None:
    pack = packs.load("manufacturing")
    mapped = {}
    for name, dataset in tables.items():
        sheet = queries.sheet_of(dataset)
        mapped[name] = packs.Chosen(dataset, sheet, packs.proposed(pack.table(name), sheet))
    found = {one.metric.key: one for one in packs.possible(pack, mapped, {})}
    assert {key for key, one in found.items() if one.is_new} == {
        "order_revenue", "orders_sold", "average_order_size", "orders_delivered", "order_cycle", "stock_on_hand",
        "stock_balance_days", "balance_days", "average_stock_on_hand",
    }  # fmt: skip
    assert [column.key for column in found["order_cost"].columns] == ["cost"]
    assert [metric.key for metric in found["capital_tied_up"].inputs] == [
        "trade_receivables",
        "trade_payables",
    ]


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_orders_and_their_cycle_equal_sql_on_the_source(keys: set[str], northwind: Place, grain: str) -> None:
    for cut, part in (("", "''"), ("product_line", "p.`CategoryID`")):
        found = northwind.rows(
            f"SELECT {BUCKETS[grain].format('o.`OrderDate`')} AS b, {part} AS part, SUM({NET}),"
            " COUNT(DISTINCT o.`OrderID`) FROM `Order Details` d JOIN `Orders` o ON o.`OrderID` = d.`OrderID`"
            " JOIN `Products` p ON p.`ProductID` = d.`ProductID` GROUP BY b, part"
        )
        rows = {(day, str(part)): (amount, number) for day, part, amount, number in found}
        assert len(rows) > 7
        revenue = {at: row[0] for at, row in rows.items()}
        packed.same(packed.plain("order_revenue", grain, cut), revenue, exact=True)
        packed.same(
            packed.plain("orders_sold", grain, cut), {at: row[1] for at, row in rows.items()}, exact=True
        )
        size = {at: packed.quotient(*row) for at, row in rows.items()}
        packed.same(packed.plain("average_order_size", grain, cut), size, exact=False)
    for cut, part in (("", "''"), ("entity", "`ShipCountry`")):
        found = northwind.rows(
            f"SELECT {BUCKETS[grain].format('`ShippedDate`')} AS b, {part} AS part, COUNT(*),"
            " SUM(DATEDIFF(`ShippedDate`, `OrderDate`)) FROM `Orders` WHERE `ShippedDate` IS NOT NULL GROUP BY b, part"
        )
        rows = {(day, str(part)): (days, number) for day, part, number, days in found}
        packed.same(
            packed.plain("orders_delivered", grain, cut), {at: row[1] for at, row in rows.items()}, exact=True
        )
        cycle = {at: packed.quotient(*row) for at, row in rows.items()}
        packed.same(packed.plain("order_cycle", grain, cut), cycle, exact=False)


def test_the_stock_of_a_quarter_is_that_of_its_last_day_and_its_mean_one_of_days(
    keys: set[str], northwind: Place
) -> None:
    ((first, second),) = northwind.rows(
        "SELECT SUM(CAST(`UnitsInStock` * `UnitPrice` AS DECIMAL(14, 4))),"
        " SUM(CAST((`UnitsInStock` + `UnitsOnOrder`) * `UnitPrice` AS DECIMAL(14, 4))) FROM `Products`"
    )
    months = {at[0].month: value for at, value in packed.plain("stock_on_hand", "month").items()}
    assert months == {5: first, 6: second}
    (quarter,) = packed.plain("stock_on_hand", "quarter").values()
    assert quarter == second != first + second
    (mean,) = packed.plain("average_stock_on_hand", "quarter").values()
    assert packed.close(mean, (first + second) / 2)
