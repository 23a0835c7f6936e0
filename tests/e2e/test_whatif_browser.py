"""A what-if in a real browser: moved by slider, saved, proposed; a target planned; wide and on a phone."""

from __future__ import annotations

from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric, Scenario
from performance.kpis.queries import months
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.conftest import COSTS, SALES
from tests.kpis.tables import base, certify, formula

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

SLID = "(range) => { range.value = 10; range.dispatchEvent(new Event('input', {bubbles: true})); }"


@pytest.fixture
def profit(empty_database: None, cast: Cast, actor: Any) -> Metric:
    """Two years of sales at two stores, and what they cost."""
    with tenancy.acting_for(cast.organisation):
        last = months.months_before(timezone.now().date().replace(day=1), 1)
        sales: list[Any] = []
        costs: list[Any] = []
        for month in months.run(last, 26):
            for store, amount in (("Binjiang", 100_000 + 4_000 * month.month), ("Nanshan", 61_000)):
                day = month.replace(day=3)
                sales.append((len(sales), day, "Hangzhou", store, len(sales) % 7, 1, amount))
                costs.append((len(costs), day, "Hangzhou", store, amount * 6 // 10))
        certify(
            cast,
            actor,
            "revenue",
            base(tables.make_dataset("sales", SALES, sales), "sum", "price"),
            name_zh="营业收入",
        )
        bought = tables.make_dataset("costs", COSTS, costs)
        certify(cast, actor, "cost", base(bought, "sum", "amount"), name_zh="成本")
        customers = base(
            tables.make_dataset("visits", SALES, sales), "distinct", "customer", unit="count:customer"
        )
        certify(cast, actor, "customers", customers, name_zh="顾客数")
        certify(
            cast,
            actor,
            "per_customer",
            formula("revenue / customers", "money:CNY/count:customer"),
            name_zh="客均收入",
        )
        certify(cast, actor, "profit", formula("revenue - cost", "money:CNY"), name_zh="利润")
        certify(cast, actor, "margin", formula("profit / revenue * 100", "percent"), name_zh="利润率")
        actions.refresh_values(at=timezone.now())
        return Metric.objects.get(key="profit")


@pytest.mark.parametrize("language", screen.WIDE_FIRST)
def test_a_what_if_from_the_slider_to_a_proposal(
    language: str,
    profit: Metric,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.business_owner, watch)
    look = screen.Look(tab, live_server.url)
    page = reverse("kpis:what_if", args=[profit.pk])
    tab.goto(live_server.url + page)
    slider = tab.locator("input[data-twin='id_move_revenue']")
    slider.evaluate(SLID)
    assert tab.input_value("#id_move_revenue") == "10"
    tab.wait_for_selector("#card-brought")
    tab.fill("#id_move_cost", "-5")
    tab.wait_for_function("() => document.querySelectorAll('#card-brought tbody tr').length === 2")
    assert tab.locator("input[data-twin='id_move_cost']").input_value() == "-5"
    tab.fill("[name=name]", "Dearer")
    tab.fill("[name=reason]", "Prices rise.")
    tab.locator("#card-save button[type=submit]").click()
    tab.wait_for_load_state("load")
    with tenancy.acting_for(cast.organisation):
        scenario = Scenario.objects.get()
        assert set(scenario.moves) == {"revenue", "cost"}
        revenue = Metric.objects.get(key="revenue").pk
    saved = reverse("kpis:scenario", args=[scenario.pk])
    plan = reverse("kpis:plan_targets", args=[revenue])
    # The last year before this one has a value in each month.
    first = f"{timezone.now().year + 1}-01"
    asked = f"?what=spread&kind=target&slice=%7B%7D&first={first}&span=12&total=2000000&way=season"
    for path in (
        f"{page}?move_revenue=10&move_customers=5&volume=customers",
        saved,
        reverse("kpis:scenarios"),
        reverse("kpis:compare_scenarios"),
        plan + asked,
    ):
        look.at(path)
    tab.locator("#card-plan button[type=submit]").click()
    tab.wait_for_load_state("load")
    assert tab.locator("#card-plans tbody tr").count() == 1
    look.at(reverse("kpis:targets", args=[revenue]))
