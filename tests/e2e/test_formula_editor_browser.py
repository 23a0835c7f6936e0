"""The editor of definitions in a real browser: words completed by keyboard, refusals at their place, the draft beside what
stands; wide and on a phone, in both languages."""

from __future__ import annotations

import datetime
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import tenancy
from performance.kpis import actions
from performance.kpis.models import Metric
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.kpis import tables
from tests.kpis.conftest import COSTS, SALES
from tests.kpis.tables import base, certify, formula

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

FORMULA = "#id_formula"
OPTIONS = "#id_formula-terms [role=option]"
#: What an input method does: keys that are its own, letters that come at once at the end.
COMPOSE = """field => {
    field.focus();
    field.dispatchEvent(new CompositionEvent('compositionstart', {bubbles: true}));
    field.setRangeText('营业', field.selectionStart, field.selectionEnd, 'end');
    field.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true}));
    const before = document.getElementById('id_formula-terms') !== null;
    field.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true}));
    return before;
}"""


@pytest.fixture
def profit(empty_database: None, cast: Cast, actor: Any) -> Metric:
    """Two sold months; profit is certified and a change of it waits for signatures."""
    with tenancy.acting_for(cast.organisation):
        at = timezone.now()
        sold = [
            (1, "2026-01-05", "Hangzhou", "Binjiang", 1, 1, "100.00"),
            (2, "2026-02-05", "Shenzhen", "Nanshan", 2, 1, "120.00"),
        ]
        spent = [
            (1, "2026-01-31", "Hangzhou", "Binjiang", "40.00"),
            (2, "2026-02-28", "Shenzhen", "Nanshan", "60.00"),
        ]
        sales, costs = tables.make_dataset("sales", SALES, sold), tables.make_dataset("costs", COSTS, spent)
        certify(cast, actor, "revenue", base(sales, "sum", "price"), name_zh="营业收入")
        certify(cast, actor, "cost", base(costs, "sum", "amount"), name_zh="成本")
        certify(cast, actor, "profit", formula("revenue - cost"), name_zh="利润")
        certify(
            cast,
            actor,
            "profit_year",
            formula("profit", kind="cumulative", accumulation="rolling", accumulation_months=12),
            name_zh="滚动一年利润",
        )
        actions.refresh_values(at=at)
        metric = Metric.objects.get(key="profit")
        by = actor(cast.business_owner)
        version = actions.revise_metric(
            metric=metric,
            definition=formula("revenue - 2 * cost", effective_from=datetime.date(2026, 3, 1)),
            by=by,
            at=at,
        )
        actions.submit_for_review(version=version, by=by, at=at)
        return metric


@pytest.mark.parametrize("language", screen.WIDE_FIRST)
def test_a_formula_is_written_by_keyboard_and_a_change_is_seen_before_it_is_signed(
    language: str,
    profit: Metric,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.business_owner, watch)
    look = screen.Look(tab, live_server.url)
    tab.goto(f"{live_server.url}{reverse('kpis:draft')}?kind=derived")
    field = tab.locator(FORMULA)
    field.press_sequentially("re")
    expect = playwright.expect
    expect(tab.locator(OPTIONS).first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == "id_formula-terms-0"
    expect(tab.locator("#formula-said mark")).to_have_text("re")
    look.here("the list is open")
    field.press("Enter")
    expect(field).to_have_value("revenue")
    field.press_sequentially(" - cst")
    expect(tab.locator("#formula-said mark")).to_have_text("cst")
    expect(field).to_have_attribute("aria-invalid", "true")
    look.here("a refusal at its place")
    tab.locator("#formula-said [data-place]").click()
    assert field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == "cst"
    field.press_sequentially("co")
    field.press("ArrowDown")
    field.press("ArrowUp")
    field.press("Tab")
    expect(field).to_have_value("revenue - cost")
    expect(tab.locator("#formula-said .t-good")).to_be_visible()
    expect(tab.locator("#card-check")).to_contain_text("60")
    field.press("Control+ ")
    expect(tab.locator(OPTIONS).first).to_be_visible()
    field.press("Escape")
    expect(tab.locator("#id_formula-terms")).to_have_count(0)
    field.fill("")
    assert field.evaluate(COMPOSE) is False
    expect(tab.locator(OPTIONS)).to_have_count(1)
    tab.locator(OPTIONS).click()
    expect(field).to_have_value("revenue")
    tab.locator("[name=kind][value=cumulative]").check()
    expect(tab.locator("[name=accumulation]")).to_be_visible()
    expect(tab.locator("#card-check")).to_contain_text("220")
    look.here("a running total")
    tab.goto(live_server.url + reverse("kpis:metric", args=[profit.pk]))
    expect(tab.locator("#card-sign")).to_contain_text("−66.7%")
    expect(tab.locator("#card-diff")).to_contain_text("−100.0%")
    look.here("what is signed")
    boxes = tab.locator("#card-sign input[type=checkbox]")
    for number in range(boxes.count()):
        boxes.nth(number).check()
    tab.locator("#card-sign form[action$='/sign/'] button[type=submit]").click()
    tab.wait_for_load_state("load")
    expect(tab.locator("#card-sign details").first).to_be_visible()
    look.here("what was signed")
    tab.goto(
        f"{live_server.url}{reverse('kpis:values', args=[profit.pk])}?known={timezone.localdate():%Y-%m-%d}"
    )
    expect(tab.locator("#card-known table").first).to_be_visible()
    look.here("what was known")
