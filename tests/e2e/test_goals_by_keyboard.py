"""A quarter of one goal without a mouse: proposed, changed, agreed, reported, answered, missed, excused, graded, closed.

In English on a wide screen and in Chinese on a phone; nothing but the keyboard, found by Tab as a person finds it.
"""

from __future__ import annotations

import datetime
from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse
from django.utils import timezone

from okr import actions
from okr.models import CheckIn, CheckInDuty, Objective
from performance.foundation import tenancy
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.hands import Keyboard
from tests.e2e.window import Watch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize("language", screen.SCREENS)
def test_a_quarter_of_a_goal_by_keyboard_alone(
    language: str,
    empty_database: None,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    quarter: people.Period,
    watch: Watch,
) -> None:
    def at_keyboard(person: people.Person) -> Keyboard:
        tab = screen.tab_of(chromium, live_server.url, language, person, watch)
        return Keyboard(tab, live_server.url)

    employee, manager, hr = (at_keyboard(person) for person in (cast.employee, cast.manager, cast.hr))
    goal = _agree(cast, employee, manager)
    _report(cast, goal, employee, manager)
    _miss(cast, quarter, manager)
    _close(cast, quarter, goal, employee, manager, hr)


def _agree(cast: Cast, employee: Keyboard, manager: Keyboard) -> Objective:
    propose = reverse("okr:propose")
    employee.open(propose)
    employee.type("title", "Shelves never stand empty")
    employee.type("kr-0-title", "Stores with the calendar")
    employee.type("kr-0-start", "0")
    employee.type("kr-0-target", "10")
    employee.button(propose, "propose")
    with tenancy.acting_for(cast.organisation):
        goal = Objective.objects.get()
    manager.open(reverse("okr:home"))
    manager.jump("Shelves", reverse("okr:objective", args=[goal.pk]))
    manager.type("text", "Eight stores would do.")
    manager.button("/comment/")
    manager.button("/agree/")
    with tenancy.acting_for(cast.organisation):
        goal.refresh_from_db()
        assert goal.state == "active"
        assert goal.comments.count() == 1
    return goal


def _report(cast: Cast, goal: Objective, employee: Keyboard, manager: Keyboard) -> None:
    employee.open(reverse("okr:home"))
    with tenancy.acting_for(cast.organisation):
        key = goal.key_results.get().pk
    employee.type(f"value-{key}", "4")
    employee.type("wins", "Four stores are on the calendar.")
    employee.type("blockers", "The printer is late.")
    employee.tab.keyboard.press("Control+Enter")
    employee.tab.wait_for_timeout(300)
    employee.still()
    with tenancy.acting_for(cast.organisation):
        check_in = CheckIn.objects.get()
        goal.refresh_from_db()
        assert goal.progress_micro == 40_000_000
        assert WorkItem.objects.filter(person=cast.manager, kind="goals.reply", done_at=None).exists()
    manager.open(reverse("okr:conversation", args=[check_in.pk]))
    manager.type("text", "I call them.")
    manager.button("/reply/")
    with tenancy.acting_for(cast.organisation):
        assert check_in.replies.get().text == "I call them."
        assert not WorkItem.objects.filter(person=cast.manager, kind="goals.reply", done_at=None).exists()


def _miss(cast: Cast, quarter: people.Period, manager: Keyboard) -> None:
    """A week that nobody reported goes up the line; the manager excuses it."""
    with tenancy.acting_for(cast.organisation):
        person = cast.employee
        monday = CheckIn.objects.get().week_starts_on - datetime.timedelta(weeks=1)
        long_ago = timezone.now() - datetime.timedelta(days=3)
        duty = CheckInDuty.objects.create(
            person=person, period=quarter, week_starts_on=monday, due_at=long_ago, escalate_at=long_ago,
            asked_at=long_ago,
        )  # fmt: skip
        people.Organisation.objects.filter(pk=cast.organisation.pk).update(country="")
        organisation = people.Organisation.objects.get(pk=cast.organisation.pk)
        assert actions.escalate_missed(organisation=organisation, at=timezone.now()) == 1
        assert WorkItem.objects.filter(person=cast.manager, kind="goals.missed", done_at=None).exists()
    manager.open(reverse("inbox:list"))
    assert cast.employee.name_en in manager.said() or "易员工" in manager.said()
    manager.open(reverse("okr:my_team"))
    excuse = reverse("okr:excuse", args=[duty.pk])
    manager.to(lambda at: at[5] == "SUMMARY" and _within(manager, excuse), "the summary that opens excusing")
    manager.tab.keyboard.press("Enter")
    manager.type("reason", "They opened a store.")
    manager.button(excuse)
    with tenancy.acting_for(cast.organisation):
        duty.refresh_from_db()
        assert (duty.state, duty.reason) == ("excused", "They opened a store.")
        assert not WorkItem.objects.filter(person=cast.manager, kind="goals.missed", done_at=None).exists()


def _within(keyboard: Keyboard, action: str) -> bool:
    return bool(
        keyboard.tab.evaluate(
            "action => !!document.activeElement.parentElement.querySelector(`form[action='${action}']`)",
            action,
        )
    )


def _say_yes(keyboard: Keyboard) -> None:
    keyboard.to(lambda at: at[4] == "yes", "the yes of the question")
    keyboard.tab.keyboard.press("Enter")
    keyboard.tab.wait_for_timeout(400)
    keyboard.still()


def _close(
    cast: Cast, quarter: people.Period, goal: Objective, employee: Keyboard, manager: Keyboard, hr: Keyboard
) -> None:
    move = reverse("people:move_period", args=[quarter.pk])
    hr.open(reverse("people:periods"))
    hr.button(move, "to", "closing")
    _say_yes(hr)
    with tenancy.acting_for(cast.organisation):
        actions.ask_for_grades(at=timezone.now())
    page = reverse("okr:objective", args=[goal.pk])
    for who in (employee, manager):
        who.open(page)
        who.type("percent", "40")
        who.button("/grade/")
    with tenancy.acting_for(cast.organisation):
        assert goal.grades.count() == 2
    hr.open(reverse("people:periods"))
    hr.button(move, "to", "closed")
    _say_yes(hr)
    with tenancy.acting_for(cast.organisation):
        actions.seal_closed_periods(at=timezone.now())
        quarter.refresh_from_db()
        goal.refresh_from_db()
        assert (quarter.state, goal.state) == ("closed", "closed")
