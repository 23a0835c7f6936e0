"""How many parts a metric may be cut into, and how many are shown at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.kpis import actions, queries
from performance.kpis.models import Metric
from tests.conftest import Cast
from tests.kpis import tables
from tests.kpis.conftest import SALES
from tests.kpis.tables import AT, JANUARY, base, certify

Visit = Callable[..., Client]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cities and two stores make four pairs at most, and seven slices with the total."""
    for module in ("semantics", "semantics.storing"):
        monkeypatch.setattr(f"performance.kpis.{module}.MOST_SLICES", 7)


def add_store(sales: Any, number: int) -> None:
    tables.add_rows(sales, SALES, [(number, "2026-01-09", "Hangzhou", f"Store {number}", 1, 1, "1")])


def test_dimensions_that_make_too_many_parts_are_refused_in_plain_words(
    few: None, here: Cast, actor: Any, sales: Any
) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    add_store(sales, 9)
    with pytest.raises(actions.MetricRefused, match="more than 7 parts") as refused:
        certify(here, actor, "pieces", base(sales, "sum", "quantity"))
    assert refused.value.field == "dimensions"


def test_a_metric_whose_parts_became_too_many_keeps_its_values_and_says_so(
    few: None, here: Cast, actor: Any, sales: Any
) -> None:
    certify(here, actor, "revenue", base(sales, "sum", "price"))
    actions.refresh_values(at=AT)
    before = queries.value_at("revenue", {}, JANUARY)
    add_store(sales, 9)
    assert actions.refresh_values(at=AT) == []
    assert queries.value_at("revenue", {}, JANUARY) == before
    assert Metric.objects.get().problem == "too_many"


def test_parts_are_shown_a_page_at_a_time(
    here: Cast, actor: Any, sales: Any, client_for: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("performance.kpis.queries.pages.PARTS", 2)
    for number in range(10, 14):
        add_store(sales, number)
    version = certify(here, actor, "revenue", base(sales, "sum", "price"))
    actions.refresh_values(at=AT)
    browser = client_for(here.employee)
    address = reverse("kpis:values", args=[version.metric_id])
    pages = [
        browser.get(address, {"month": "2026-01", "by": "store", "page": str(number)}) for number in (1, 2, 3)
    ]
    assert [[row.label for row in page.context["rows"]] for page in pages] == [
        ["All", "Binjiang", "Nanshan"],
        ["All", "Store 10", "Store 11"],
        ["All", "Store 12", "Store 13"],
    ]
    assert "Page 2 of 3" in pages[1].content.decode()
