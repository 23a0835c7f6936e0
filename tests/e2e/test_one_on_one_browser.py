"""A 1:1 in a browser, in both languages: agenda, action item, notes that save themselves, held; wide and on a phone."""

from __future__ import annotations

import datetime
import time
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from feedback import actions
from feedback.models import ActionItem, Meeting, PrivateNote
from okr.models import CheckIn
from performance.foundation import tenancy
from performance.people import models as people
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

WORDS = {
    "en": ("Add", "Mark as held", "Discussed: Longhua"),
    "zh-hans": ("添加", "标为已举行", "已讨论：Longhua"),
}


@pytest.fixture
def meeting(empty_database: None, cast: Cast, quarter: people.Period, actor: Any, now: Any) -> Meeting:
    with tenancy.acting_for(cast.organisation):
        CheckIn.objects.create(
            person=cast.employee,
            period=quarter,
            week_starts_on=now.date() - datetime.timedelta(days=now.weekday()),
            blockers="Nanshan winter stock cannot go back to the supplier",
            asks=cast.manager,
            at=now,
        )
        one = actions.begin_one_on_one(
            by=actor(cast.manager),
            at=now,
            employee=cast.employee,
            manager=cast.manager,
            starts_at=now + datetime.timedelta(hours=2),
            every_weeks=2,
            minutes=30,
        )
        found = Meeting.objects.select_related("one_on_one").get(one_on_one=one)
        actions.add_action_item(
            meeting=found,
            what="Call the supplier together with Elena",
            owner=cast.manager,
            due_on=now.date() + datetime.timedelta(days=1),
            by=actor(cast.employee),
            at=now,
        )
        return found


def waited(found: Any, seconds: float = 20) -> Any:
    until = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < until:
        time.sleep(0.2)
    return value


@pytest.mark.parametrize("language", WORDS)
def test_two_people_prepare_and_hold_their_one_on_one(
    meeting: Meeting,
    cast: Cast,
    live_server: Any,
    chromium: playwright.Browser,
    watch: Watch,
    language: str,
) -> None:
    add, held, discussed = WORDS[language]
    tab = screen.tab_of(chromium, live_server.url, language, cast.employee, watch)
    address = live_server.url + reverse("feedback:one_on_one", args=[meeting.one_on_one_id])
    tab.goto(address, wait_until="load")
    assert "Nanshan winter stock" in tab.locator("#card-11").inner_text()
    tab.fill("#topic_text", "Longhua opening")
    tab.fill("#topic_minutes", "10")
    tab.get_by_role("button", name=add, exact=True).first.click()
    tab.get_by_role("button", name=discussed).click()
    tab.wait_for_selector('#card-11 button[aria-pressed="true"]')
    tab.fill("#n-private", "Ask plainly about autumn")

    def private() -> Any:
        with tenancy.acting_for(cast.organisation), tenancy.speaking_as(cast.employee.pk):
            return PrivateNote.objects.first()

    assert waited(private).text == "Ask plainly about autumn"
    tab.fill("#n-shared", "Two weeks on site, then decide together.")
    tab.wait_for_selector("#notes-state svg")
    look = screen.Look(tab, live_server.url)
    look.at(reverse("feedback:one_on_one", args=[meeting.one_on_one_id]))
    assert tab.input_value("#n-shared") == "Two weeks on site, then decide together."
    for name in ("one_on_ones", "home", "requests", "ask"):
        look.at(reverse(f"feedback:{name}"))
    tab.goto(address, wait_until="load")
    tab.get_by_role("button", name=held).click()
    tab.locator("#confirm [data-confirm-yes]").click()
    tab.wait_for_url("**/one-on-ones/**")
    with tenancy.acting_for(cast.organisation):
        assert waited(lambda: Meeting.objects.exclude(held_at=None).exists())
        following = Meeting.objects.get(held_at=None)
        assert [topic.kind for topic in following.topics.all()] == ["blocker"]
        assert ActionItem.objects.get().carried == 1
