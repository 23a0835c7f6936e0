"""How many parts a metric may be cut into, and how many are shown at once."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from performance.kpis import actions, queries
from performance.kpis.models import Metric
from performance.kpis.templatetags import metrics
from performance.kpis.views import boards
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


@pytest.mark.parametrize(
    ("percent", "shown"),
    [("0", "="), ("0.004", "="), ("-0.0049", "="), ("0.04", "+0.04%"), ("-3.14", "−3.1%")],
)
def test_what_two_decimals_do_not_show_has_not_moved(percent: str, shown: str) -> None:
    assert metrics.moved_by(Decimal(percent)) == shown


def test_a_trend_is_drawn_from_its_first_month_and_over_half_a_year_at_least() -> None:
    def points(known: int) -> list[Any]:
        return [
            SimpleNamespace(
                month=datetime.date(2026, month, 1),
                value=Decimal(month) if month > 12 - known else None,
                target=None,
                state="closed",
            )
            for month in range(1, 13)
        ]

    assert boards.chart_of(points(8), 0)["x"][0] == "2026-05"
    assert boards.chart_of(points(2), 0)["x"][0] == "2026-07"
    assert len(boards.chart_of(points(0), 0)["x"]) == 12
