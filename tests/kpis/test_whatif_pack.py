"""The ready pack's cash-conversion cycle as a driver tree, by its own formulas and without a database."""

import datetime
import uuid
from decimal import Decimal

import pytest

from performance.kpis import packs, units
from performance.kpis.models import Metric, MetricVersion
from performance.kpis.queries import trees, whatif

KEPT = {
    "trade_receivables": 6200,
    "stock_on_hand": 3100,
    "trade_payables": 1550,
    "order_revenue": 6200,
    "order_cost": 3100,
    "purchases_billed": 1550,
    "days_in_period": 31,
    "orders_sold": 62,
}


@pytest.fixture
def tell() -> object:
    pack = packs.load("manufacturing")
    metrics, versions = {}, {}
    for one in pack.metrics:
        unit = units.in_currency(units.parse(one.entry.text("unit")), "CNY")
        metric = Metric(id=uuid.uuid4(), key=one.key, name_en=one.name_en, unit=f"{unit}", decimals=2)
        metrics[metric.pk] = metric
        versions[metric.pk] = MetricVersion(
            id=uuid.uuid4(),
            metric_id=metric.pk,
            kind="base" if one.entry.is_base else "derived",
            formula=one.formula,
            aggregation=one.entry.text("aggregation"),
            additivity=one.entry.text("additivity") or "none",
        )
    ids = {metric.key: metric.pk for metric in metrics.values()}

    def told(key: str, volume: str = "", **moves: tuple[str, str]) -> whatif.WhatIf:
        ground = whatif.Ground(
            metric=metrics[ids[key]],
            since=datetime.date(2026, 1, 1),
            until=datetime.date(2026, 1, 31),
            within={},
            tree=trees.Tree(versions, ids),
            metrics=metrics,
            kept={ids[name]: Decimal(value) for name, value in KEPT.items()},
        )
        given = {name: (way, Decimal(number)) for name, (way, number) in moves.items()}
        return whatif.what_if(ground, whatif.Moves(given, volume))

    return told


def test_each_kind_of_days_sets_its_own_cash_free(tell) -> None:
    scenario = tell(
        "cash_conversion_cycle",
        days_sales_outstanding=("amount", "-5"),
        days_inventory_outstanding=("amount", "-2"),
        days_payables_outstanding=("amount", "3"),
    )
    assert scenario.result.change == Decimal("-10.00")
    assert {one.metric.key: one.released for one in scenario.cash} == {
        "days_sales_outstanding": Decimal("1000.00"),
        "days_inventory_outstanding": Decimal("200.00"),
        "days_payables_outstanding": Decimal("150.00"),
    }
    assert scenario.released == Decimal("1350.00")
    assert {one.flow.key for one in scenario.cash} == {"order_revenue", "order_cost", "purchases_billed"}


def test_the_cash_is_what_the_balances_would_fall_by(tell) -> None:
    days = tell("cash_conversion_cycle", days_sales_outstanding=("amount", "-5"))
    balance = tell("cash_conversion_cycle", trade_receivables=("amount", "-1000"))
    assert days.result.after == balance.result.after
    assert days.released == balance.released == Decimal("1000.00")


def test_price_volume_and_cost_lead_to_the_profit(tell) -> None:
    scenario = tell(
        "order_gross_profit",
        "orders_sold",
        orders_sold=("percent", "10"),
        order_revenue=("percent", "-5"),
        order_cost=("percent", "2"),
    )
    assert scenario.prices == {"order_revenue": "Average order"}
    assert scenario.result.after == Decimal("6479.00") - Decimal("3478.20")
    assert sum(one.amount for one in scenario.brought) == scenario.result.change
    assert {"order_gross_margin", "days_sales_outstanding"} <= {one.metric.key for one in scenario.others}


def test_what_is_not_in_the_tree_is_not_moved(tell) -> None:
    scenario = tell(
        "order_gross_profit", "days_in_period", cash_collected=("percent", "10"), nothing=("value", "1")
    )
    assert scenario.moves == whatif.Moves()
    assert scenario.result.change == 0
