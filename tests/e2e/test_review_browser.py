"""A manager's review in a browser, in both languages: it saves itself, the score suggests, an override says why, it is
sent once; wide and on a phone, and once by keyboard alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from performance.appraisals.models import Cycle, CycleEntry, Review, ReviewAnswer, TemplateSection
from performance.foundation import tenancy
from tests.appraisals.conftest import reviewed, scored, template  # noqa: F401
from tests.appraisals.writing import review_of
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.scoring.conftest import (  # noqa: F401
    approved,
    draft,
    locked,
    measured,
    proposal,
    sources,
    today,
    turnover,
    unit,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

#: what is suggested, the button, what is refused, the state afterwards
WORDS = {
    "en": ("suggested", "Send to calibration", "Say why Results differs from the score.", "Sent"),
    "zh-hans": ("建议值", "提交校准", "请说明“业绩”为何与得分建议不同。", "已提交"),
}


@pytest.fixture
def mine(empty_database: None, cast: Cast, reviewed: Cycle) -> Review:  # noqa: F811
    """The manager's review of the employee."""
    with tenancy.acting_for(cast.organisation):
        return review_of(reviewed, cast.employee, "manager")


@pytest.fixture
def sections(cast: Cast, mine: Review) -> list[TemplateSection]:
    with tenancy.acting_for(cast.organisation):
        return list(TemplateSection.objects.filter(asked_of__contains=["manager"]))


def waited(found: Callable[[], Any], seconds: float = 20) -> Any:
    until = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < until:
        time.sleep(0.2)
    return value


@pytest.mark.parametrize("language", WORDS)
def test_a_manager_writes_overrides_with_a_reason_and_sends(
    mine: Review,
    sections: list[TemplateSection],
    cast: Cast,
    live_server: Any,
    chromium: playwright.Browser,
    watch: Watch,
    language: str,
) -> None:
    suggested, send, refused, sent = WORDS[language]
    results, how, growth = sections
    page = reverse("appraisals:review", args=[mine.pk])
    tab = screen.tab_of(chromium, live_server.url, language, cast.manager, watch)
    look = screen.Look(tab, live_server.url)
    look.at(page)

    hint = tab.locator(f".hint input[name='rating-{results.pk}']")
    assert suggested in (hint.get_attribute("aria-label") or "")
    hinted = int(hint.get_attribute("value") or 0)
    differing = hinted + 1 if hinted < 5 else hinted - 1
    why = tab.locator(f"#why-{results.pk}")
    hint.check()
    assert not why.is_visible()
    tab.locator(f"input[name='rating-{results.pk}'][value='{differing}']").check()
    assert why.is_visible()
    tab.fill(f"#text-{results.pk}", "Nine stores kept full.")

    def answer() -> ReviewAnswer | None:
        with tenancy.acting_for(cast.organisation):
            return ReviewAnswer.objects.filter(review=mine, section=results, text__startswith="Nine").first()

    kept = waited(answer)
    assert (kept.rating, kept.suggested_rating, kept.why) == (differing, hinted, "")
    tab.wait_for_selector("#draft-state svg")

    for section in (how, growth):
        tab.locator(f"input[name='rating-{section.pk}'][value='4']").check()
        tab.fill(f"#text-{section.pk}", "Calls before the shelf is empty.")
    _send(tab, send)
    tab.wait_for_load_state("load")
    assert refused in tab.locator("#card-review").inner_text()
    assert tab.input_value(f"#text-{growth.pk}") == "Calls before the shelf is empty."
    look.here("a review that lacks a reason")
    tab.fill(f"#why-{results.pk}", "The score counts a month that both agreed to.")
    _send(tab, send)
    tab.wait_for_url("**" + reverse("appraisals:my_reviews"))
    assert sent in tab.locator("main").inner_text()
    look.here("my reviews")

    with tenancy.acting_for(cast.organisation):
        review = Review.objects.get(pk=mine.pk)
        entry = CycleEntry.objects.get(pk=review.entry_id)
        assert (review.state, review.suggested_rating) == ("submitted", hinted)
        # 60 % × what differs + 25 % × 4 + 15 % × 4, on the scale from 1 to 5.
        assert review.overall_micro == entry.overall_micro == 600_000 * differing + 400_000 * 4
        assert review.answers.get(section=results).why == "The score counts a month that both agreed to."
    look.at(page)
    assert tab.locator(f"#text-{growth.pk}").is_disabled()


def test_a_review_is_written_and_sent_by_keyboard_alone(
    mine: Review,
    sections: list[TemplateSection],
    cast: Cast,
    live_server: Any,
    chromium: playwright.Browser,
    watch: Watch,
) -> None:
    tab = screen.tab_of(chromium, live_server.url, "en", cast.manager, watch)
    tab.goto(live_server.url + reverse("appraisals:review", args=[mine.pk]), wait_until="load")
    tab.locator("h1").click()
    for section in sections:
        _tab_to(tab, lambda one, key=section.pk: one["name"] == f"rating-{key}")
        tab.keyboard.press("Space")
        for _step in range(4):
            if tab.evaluate("document.activeElement.closest('label').matches('.hint')"):
                break
            tab.keyboard.press("ArrowRight")
        _tab_to(tab, lambda one, key=section.pk: one["name"] == f"text-{key}")
        tab.keyboard.type("Seen and weighed.")
    _tab_to(tab, lambda one: one["value"] == "send")
    tab.keyboard.press("Enter")
    tab.locator("#confirm[open]").wait_for()
    _tab_to(tab, lambda one: one["yes"])
    tab.keyboard.press("Enter")
    tab.wait_for_url("**" + reverse("appraisals:my_reviews"))
    with tenancy.acting_for(cast.organisation):
        assert Review.objects.get(pk=mine.pk).state == "submitted"


def _send(tab: playwright.Page, words: str) -> None:
    tab.get_by_role("button", name=words).click()
    tab.locator("#confirm [data-confirm-yes]").click()


FOCUSED = """() => { const one = document.activeElement;
    return {name: one.name || '', value: one.value || '', yes: one.matches('[data-confirm-yes]')}; }"""


def _tab_to(tab: playwright.Page, fits: Callable[[Any], bool], most: int = 150) -> None:
    for _press in range(most):
        if fits(tab.evaluate(FOCUSED)):
            return
        tab.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not come there: {tab.evaluate(FOCUSED)}")
