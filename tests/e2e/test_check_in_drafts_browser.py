"""What somebody types into the week in a real browser: kept while they type, kept when the page goes, and not written
over by an old window."""

from __future__ import annotations

import time
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from okr.models import CheckIn, CheckInDraft
from performance.foundation import tenancy
from performance.people import models as people
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

#: Nobody waits for the answer to a page that is gone, but the server still gives it.
SETTLE = 1


def kept(cast: Cast, seconds: float = 0) -> str | None:
    """The wins in the draft; looked for as long as that."""
    until = time.monotonic() + seconds
    while True:
        with tenancy.acting_for(cast.organisation):
            draft = CheckInDraft.objects.first()
        if draft is not None or time.monotonic() >= until:
            return draft.fields["wins"] if draft is not None else None
        time.sleep(0.1)


@pytest.fixture
def tab(
    empty_database: None,
    cast: Cast,
    quarter: people.Period,
    live_server: Any,
    chromium: playwright.Browser,
    watch: Watch,
) -> playwright.Page:
    found = screen.tab_of(chromium, live_server.url, "en", cast.employee, watch)
    found.goto(live_server.url + reverse("okr:home"), wait_until="load")
    return found


@pytest.mark.parametrize("way", ["closed", "left"])
def test_a_tab_that_goes_right_after_the_last_key_leaves_its_draft(
    tab: playwright.Page, cast: Cast, way: str
) -> None:
    tab.locator("#id_wins").press_sequentially("Half a sentence")
    assert kept(cast) is None
    if way == "closed":
        tab.close(run_before_unload=True)
    else:
        tab.goto("about:blank")
    assert kept(cast, seconds=5) == "Half a sentence"
    time.sleep(SETTLE)


def test_whoever_types_without_a_pause_is_kept_every_few_seconds(tab: playwright.Page, cast: Cast) -> None:
    begun = time.monotonic()
    while kept(cast) is None and time.monotonic() - begun < 9:
        tab.locator("#id_wins").press_sequentially("on ", delay=80)
    assert 4 < time.monotonic() - begun < 8
    assert (kept(cast) or "").startswith("on on on")
    tab.goto("about:blank")
    time.sleep(SETTLE)


def test_an_old_window_shows_both_values_and_writes_nothing_over(
    tab: playwright.Page, cast: Cast, live_server: Any
) -> None:
    other = tab.context.new_page()
    other.goto(live_server.url + reverse("okr:home"), wait_until="load")
    tab.fill("#id_wins", "Sent from A")
    tab.locator("#checkin-send").click()
    tab.wait_for_selector("#card-checkin .chip:has-text('Done')")

    other.locator("#id_wins").press_sequentially("From B")
    other.wait_for_selector("#draft-state:has-text('another window')")
    other.bring_to_front()
    other.locator("#id_plans").press("Control+Enter")
    other.wait_for_selector("#checkin-conflict")
    assert "Sent from A" in other.inner_text("#checkin-conflict")
    screen.Look(other, live_server.url).here("both values")
    other.locator("#checkin-conflict button[name=over]").click()
    other.wait_for_selector("#checkin-conflict", state="detached")
    with tenancy.acting_for(cast.organisation):
        assert list(CheckIn.objects.order_by("number").values_list("wins", flat=True)) == [
            "Sent from A",
            "From B",
        ]


def test_somebody_far_away_is_found_by_typing_and_the_enter_key_sends_nothing(
    tab: playwright.Page, cast: Cast
) -> None:
    tab.fill("#id_blockers", "The supplier is silent")
    find = tab.get_by_label("Find for: Ask for help")
    find.press_sequentially("fin fin")
    tab.wait_for_function("() => document.querySelector('#id_asks').options.length === 2")
    find.press("Enter")
    chosen = tab.locator("#id_asks").input_value()
    assert chosen == str(cast.finance_owner.pk), "the only one who is found is chosen"
    with tenancy.acting_for(cast.organisation):
        assert not CheckIn.objects.exists()
    tab.locator("#checkin-send").click()
    tab.wait_for_selector("#card-checkin .chip:has-text('Done')")
    with tenancy.acting_for(cast.organisation):
        assert CheckIn.objects.get().asks_id == cast.finance_owner.pk
    assert tab.locator("#id_asks").input_value() == str(cast.finance_owner.pk)
