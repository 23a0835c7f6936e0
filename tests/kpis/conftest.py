"""Two small shops' worth of sales and costs, and real sources."""

from collections.abc import Iterator
from typing import Any

import pytest

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.tables import AT, base, certify, formula
from tests.sources.conftest import contoso, northwind

__all__ = ["contoso", "northwind"]

SALES = {
    "sale": "integer",
    "on_day": "date",
    "city": "text",
    "store": "text",
    "customer": "integer",
    "quantity": "integer",
    "price": "decimal",
}
COSTS = {"line": "integer", "on_day": "date", "city": "text", "store": "text", "amount": "decimal"}


@pytest.fixture
def here(cast: Cast) -> Iterator[Cast]:
    with tenancy.acting_for(cast.organisation):
        yield cast


@pytest.fixture
@ready.made
def sales(here: Cast) -> object:
    """January: Binjiang 30.00 by two customers, Nanshan 5.05 by one of the same; February: 10.10 at Binjiang."""
    return tables.make_dataset(
        "sales",
        SALES,
        [
            (1, "2026-01-05", "Hangzhou", "Binjiang", 1, 1, "10.00"),
            (2, "2026-01-31", "Hangzhou", "Binjiang", 2, 2, "10.00"),
            (3, "2026-01-31", "Shenzhen", "Nanshan", 1, 5, "1.01"),
            (4, "2026-02-01", "Hangzhou", "Binjiang", 1, 1, "10.10"),
        ],
    )


@pytest.fixture
@ready.made
def costs(here: Cast) -> object:
    """Only Binjiang's costs are known."""
    return tables.make_dataset(
        "costs",
        COSTS,
        [
            (1, "2026-01-31", "Hangzhou", "Binjiang", "12.00"),
            (2, "2026-02-28", "Hangzhou", "Binjiang", "4.04"),
        ],
    )


@pytest.fixture
@ready.made
def metrics(here: Cast, actor: Any, sales: Any, costs: Any) -> dict[str, Metric]:
    """Revenue and cost certified, profit computed from both."""
    certify(here, actor, "revenue", base(sales, "sum", "quantity * price"), name_zh="营业收入")
    certify(here, actor, "cost", base(costs, "sum", "amount"))
    certify(here, actor, "profit", formula("revenue - cost"))
    actions.refresh_values(at=AT)
    return {metric.key: metric for metric in Metric.objects.all()}
