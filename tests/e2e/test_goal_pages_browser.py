"""One goal's page, the map and the confidence of weeks, at a screen: what cannot be seen without a browser."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from okr import actions
from okr.models import CheckpointContent, MilestoneContent
from performance.foundation import tenancy
from performance.people import models as people
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.okr.conftest import content, key_result, monday_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

FOCUSED = "document.activeElement.id"


@pytest.fixture
def goals(empty_database: None, cast: Cast, quarter: people.Period, actor: Any, now: Any) -> list[Any]:
    """The manager's, which the employee's serves, and one that serves nothing; both sides agreed, and reported on."""
    halfway = quarter.starts_on + datetime.timedelta(days=40)
    both = key_result(
        "milestones",
        "Calendar in every store",
        60,
        milestones=(MilestoneContent("First store"), MilestoneContent("All stores")),
        checkpoints=(CheckpointContent(halfway, Decimal(50)),),
    )
    told = (
        ("The company grows", cast.manager, key_result("money", currency="CNY")),
        ("Never out of stock", cast.employee, both, key_result("yes_no", "Signed", 40)),
        ("On its own", cast.employee, key_result(weight=100)),
    )
    made = []
    with tenancy.acting_for(cast.organisation):
        for title, person, *rows in told:
            one = actions.propose_objective(
                period=quarter, content=content(title, *rows), by=actor(person), at=now
            )
            for signer in (one.owner, one.agreer):
                actions.agree_objective(objective=one, version_number=1, by=actor(signer), at=now)
            made.append(one)
        actions.align_objectives(
            child=made[1],
            parent=made[0],
            kind="contributes",
            share_ppm=300_000,
            by=actor(cast.manager),
            at=now,
        )
        actions.align_objectives(
            child=made[2], parent=made[0], kind="supports", by=actor(cast.manager), at=now
        )
        actions.submit_check_in(
            period=quarter,
            week_starts_on=monday_of(now.date()),
            readings=[actions.Reading(made[0].key_results.get().pk, value=Decimal(5), confidence=4)],
            by=actor(cast.manager),
            at=now,
        )
    return made


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_goal_with_checkpoints_and_milestones_passes_axe_and_shows_how_its_figure_is_made(
    goals: list[Any], live_server: Any, chromium: playwright.Browser, cast: Cast, watch: Watch, language: str
) -> None:
    tab = screen.tab_of(chromium, live_server.url, language, cast.manager, watch)
    look = screen.Look(tab, live_server.url)
    for goal in goals[:2]:
        look.at(reverse("okr:objective", args=[goal.pk]))
    assert tab.locator("#card-objective .more > summary").count() == 2
    for box in (each.bounding_box() for each in tab.locator("#card-objective .more > summary").all()):
        assert box is not None
        assert box["height"] >= 24
    tab.goto(live_server.url + reverse("okr:objective", args=[goals[0].pk]), wait_until="load")
    assert tab.locator("#figure + table tbody tr").count() == 2


def test_keys_on_the_map_follow_the_lines_and_open_what_is_folded(
    goals: list[Any], live_server: Any, chromium: playwright.Browser, cast: Cast, watch: Watch
) -> None:
    above, below, other = goals
    tab = screen.tab_of(chromium, live_server.url, "en", cast.manager, watch)
    tab.goto(live_server.url + reverse("okr:strategy"), wait_until="load")
    tab.focus(f"#goal-{above.pk}")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(FOCUSED) == f"goal-{above.pk}"
    offset = tab.evaluate("getComputedStyle(document.activeElement).outlineOffset")
    assert float(offset.removesuffix("px")) < 0, "the frame of a goal cuts its ring"
    tab.click(f"#branch-{above.pk}")
    tab.wait_for_selector(f"#goal-{below.pk}", state="detached")
    tab.focus(f"#goal-{above.pk}")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("id => document.activeElement.id === id", arg=f"goal-{below.pk}")
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate(FOCUSED) == f"goal-{other.pk}"
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(FOCUSED) == f"goal-{above.pk}"


def test_the_confidence_of_weeks_opens_at_the_newest_on_a_phone(
    goals: list[Any], live_server: Any, chromium: playwright.Browser, cast: Cast, watch: Watch
) -> None:
    tab = screen.tab_of(chromium, live_server.url, "zh-hans", cast.manager, watch)
    tab.goto(live_server.url + reverse("okr:confidence"), wait_until="load")
    tab.wait_for_selector("[data-is-open]")
    rest = tab.evaluate(
        "(() => { const e = document.querySelector('[data-from-end]');"
        " return [e.scrollWidth - e.clientWidth - e.scrollLeft, e.scrollWidth - e.clientWidth]; })()"
    )
    assert rest[1] > 0
    assert rest[0] <= 1


def test_the_cap_is_there_only_with_its_choice(
    goals: list[Any], live_server: Any, chromium: playwright.Browser, cast: Cast, watch: Watch, quarter: Any
) -> None:
    for language in ("en", "zh-hans"):
        tab = screen.tab_of(chromium, live_server.url, language, cast.hr, watch)
        screen.Look(tab, live_server.url).at(reverse("okr:policy", args=[quarter.pk]))
        assert not tab.is_visible("#id_cap_percent")
        tab.check("[name=over][value=cap]")
        assert tab.is_visible("#id_cap_percent")
        tab.fill("#id_cap_percent", "50")
        tab.click("#card-policy button[type=submit]")
        tab.wait_for_selector("#id_cap_percent_error")


def test_a_value_that_is_refused_stays_readable(
    goals: list[Any], live_server: Any, chromium: playwright.Browser, cast: Cast, watch: Watch
) -> None:
    for language in ("en", "zh-hans"):
        tab = screen.tab_of(chromium, live_server.url, language, cast.manager, watch)
        tab.goto(live_server.url + reverse("okr:home"), wait_until="load")
        tab.fill(".kr input.form-control[inputmode=decimal]", "29000x")
        tab.locator("#checkin-send:visible, #checkin-send-small:visible").first.click()
        wrong = tab.wait_for_selector(".kr .is-invalid")
        assert wrong is not None
        assert wrong.evaluate("each => getComputedStyle(each).backgroundImage") == "none"
        assert wrong.evaluate("each => each.scrollWidth <= each.clientWidth")
