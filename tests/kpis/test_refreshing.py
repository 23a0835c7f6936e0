"""What happens when something cannot be computed: it is said, and everything else goes on."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.kpis import actions, queries
from performance.kpis.models import Metric
from performance.sources import actions as sources
from performance.sources.models import Dataset
from tests import ready
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, JANUARY, base, certify, formula

LATER = AT + datetime.timedelta(hours=1)
Visit = Callable[..., Client]


@pytest.fixture
@ready.made
def certified(here: Cast, actor: Any, sales: Any) -> None:
    certify(here, actor, "pieces", base(sales, "sum", "quantity", unit="number"))
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    certify(here, actor, "double", formula("revenue * 2"))
    actions.refresh_values(at=AT)


def total(key: str) -> Decimal | None:
    found = queries.value_at(key, {}, JANUARY)
    return found.value if found else None


def problems() -> dict[str, str]:
    return dict(Metric.objects.exclude(problem="").values_list("key", "problem"))


def test_a_value_beyond_all_business_holds_up_no_other_metric(
    certified: None, here: Cast, sales: Any, client_for: Visit
) -> None:
    row = (9, "2026-01-15", "Hangzhou", "Binjiang", 9, 1, "1" + "0" * 27)
    tables.add_rows(sales, SALES, [row])
    actions.refresh_values(at=LATER)
    assert (total("pieces"), total("revenue"), total("double")) == (9, Decimal("21.01"), Decimal("42.02"))
    assert problems() == {"revenue": "too_large"}
    revenue = Metric.objects.get(key="revenue")
    for page in (reverse("kpis:library"), reverse("kpis:metric", args=[revenue.pk])):
        assert "A value is too large to be kept" in client_for(here.employee).get(page).content.decode()
    assert client_for(here.employee).get(f"/api/v1/metrics/{revenue.pk}/").json()["problem"] == "too_large"


def test_a_metric_that_can_be_computed_again_forgets_its_problem(certified: None, sales: Any) -> None:
    sales.columns.filter(key="price").update(role="ignored")
    actions.refresh_values(at=LATER)
    assert problems() == {"revenue": "gone"}
    assert total("revenue") == Decimal("21.01")
    sales.columns.filter(key="price").update(role="measure")
    actions.refresh_values(at=LATER)
    assert problems() == {}


def changed(sales: Dataset, **changes: Any) -> None:
    """The dataset as it is, with another type, key or name for what is named in `changes`."""
    columns = [
        sources.ColumnPlan(
            source_name=column.source_name,
            key=column.key,
            type=changes.get(column.key, column.type),
            role="dimension" if changes.get(column.key) == "text" else column.role,
            is_key=column.key == changes.get("is_key"),
        )
        for column in sales.columns.order_by("number")
    ]
    plan = sources.DatasetPlan(
        key=sales.key,
        name_en=changes.get("name_en", sales.name_en),
        columns=columns,
        table_name=sales.table_name,
        time_zone=sales.time_zone,
    )
    sources.change_dataset(dataset=sales, plan=plan, by=None, at=AT)


@pytest.mark.parametrize("changes", [{"is_key": "sale"}, {"customer": "text"}])
def test_values_wait_for_the_rows_of_a_dataset_that_was_changed(
    certified: None, sales: Dataset, changes: dict[str, str]
) -> None:
    changed(sales, **changes)
    assert actions.refresh_values(at=LATER) == []
    assert (total("pieces"), total("double")) == (8, Decimal("42.02"))
    assert problems() == {"pieces": "reading", "revenue": "reading"}


def test_a_dataset_that_only_took_another_name_is_computed_as_before(certified: None, sales: Dataset) -> None:
    changed(sales, name_en="Receipts")
    tables.add_rows(sales, SALES, [(9, "2026-01-15", "Hangzhou", "Binjiang", 9, 1, "1")])
    actions.refresh_values(at=LATER)
    assert (total("pieces"), problems()) == (9, {})
