"""What no real data here has (spend, sign-ups, visits, daily stock), reckoned by hand over a few rows."""

import datetime
from decimal import Decimal
from typing import Any

from tests.conftest import Cast
from tests.kpis import packed
from tests.kpis.tables import make_dataset

JANUARY, FEBRUARY = datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)


def quarter(key: str) -> Decimal | None:
    (value,) = packed.plain(key, "quarter").values()
    return value


def months(key: str) -> tuple[Decimal | None, Decimal | None]:
    found = packed.plain(key, "month")
    return found[JANUARY, ""], found[FEBRUARY, ""]


def test_payback_retention_and_conversion_of_an_internet_business(here: Cast, actor: Any) -> None:
    tables = {
        "orders": make_dataset(
            "orders",
            {
                "ordered_on": "date",
                "amount": "decimal",
                "cost": "decimal",
                "order": "integer",
                "customer": "text",
                "order_number_of_customer": "integer",
                "customer_month": "text",
                "channel": "text",
            },
            [
                ("2026-01-05", 100, 60, 1, "a", 1, "a 2026-01", "ads"),
                ("2026-01-20", 50, 20, 2, "a", 2, "a 2026-01", "ads"),
                ("2026-02-03", 80, 30, 3, "a", 3, "a 2026-02", "ads"),
                ("2026-02-10", 70, 30, 4, "b", 1, "b 2026-02", "shop"),
            ],
        ),
        "spend": make_dataset(
            "spend",
            {"spent_on": "date", "amount": "decimal", "channel": "text"},
            [("2026-01-01", 35, "ads"), ("2026-02-01", 90, "ads")],
        ),
        "sign_ups": make_dataset(
            "sign_ups",
            {"signed_up_on": "date", "returned": "integer"},
            [("2026-01-02", 1), ("2026-01-03", 0), ("2026-01-31", None), ("2026-02-01", 0)],
        ),
        "traffic": make_dataset(
            "traffic",
            {"day": "date", "sessions": "integer", "conversions": "integer", "channel": "text"},
            [("2026-01-01", 100, 3, "ads"), ("2026-01-02", 200, 9, "shop"), ("2026-02-01", 10, 0, "ads")],
        ),
    }
    packed.in_force(here, actor, "internet", tables)
    assert months("acquisition_cost") == (35, 90)
    assert months("profit_per_customer_month") == (70, 45)
    assert months("acquisition_payback") == (Decimal("0.5"), 2)
    assert packed.close(quarter("acquisition_payback"), Decimal("62.5") / (Decimal(160) / 3))
    assert packed.close(months("return_on_acquisition")[0], Decimal(5) / 35 * 100)
    assert packed.close(quarter("return_on_acquisition"), (Decimal(170 - 90 - 125)) / 125 * 100)
    by_channel = packed.plain("new_customer_revenue_share", "month", "channel")
    assert by_channel[FEBRUARY, "ads"] == 0
    assert by_channel[FEBRUARY, "shop"] == 100
    assert months("sign_up_count") == (3, 1)
    assert months("retention_rate") == (50, 0)
    assert packed.close(quarter("retention_rate"), Decimal(100) / 3)
    assert months("conversion_rate") == (4, 0)
    assert packed.close(quarter("conversion_rate"), Decimal(1200) / 310)


def test_average_stock_is_a_mean_of_days_and_the_closing_one_that_of_the_last(here: Cast, actor: Any) -> None:
    tables = {
        "sales": make_dataset(
            "sales",
            {"sold_on": "date", "amount": "decimal", "cost": "decimal", "store": "text"},
            [("2026-01-10", 500, 350, "A"), ("2026-01-11", 40, 25, "B"), ("2026-02-01", 90, 60, "A")],
        ),
        "stock": make_dataset(
            "stock",
            {"counted_on": "date", "stock_value": "decimal", "store": "text"},
            [
                ("2026-01-30", 100, "A"),
                ("2026-01-31", 200, "A"),
                ("2026-01-31", 50, "B"),
                ("2026-02-01", 400, "A"),
                ("2026-02-01", 60, "B"),
            ],
        ),
    }
    packed.in_force(here, actor, "retail", tables)
    assert months("closing_stock") == (250, 460)
    assert quarter("closing_stock") == 460
    assert months("average_stock") == (175, 460)
    assert quarter("average_stock") == 270
    assert packed.plain("average_stock", "month", "store")[JANUARY, "A"] == 150
    assert packed.close(months("stock_turnover")[0], Decimal(375) / 175)
    assert packed.close(quarter("stock_turnover"), Decimal(435) / 270)
    turned = packed.plain("stock_turnover", "month", "store")
    assert packed.close(turned[JANUARY, "A"], Decimal(350) / 150)
    assert turned[FEBRUARY, "B"] is None
