"""What the end of a period finds undone is said before it is closed."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from okr import actions
from performance.people import models as people
from tests.okr.conftest import content


@pytest.fixture
def undone(active, propose, agree, cast, actor, now, move):
    """One objective that both sides grade, two that nobody does, an open proposal; the team has not looked back."""
    agree(propose(content("Second")))
    agree(propose(content("Third"), by=cast.manager, team=cast.team, owner_kind="team"))
    propose(content("Never agreed"))
    move("closing")
    for who in (cast.employee, cast.manager):
        actions.grade_objective(objective=active, percent=50, by=actor(who), at=now)


def question(client, to):
    page = client.get(reverse("people:periods")).content.decode()
    return re.search(rf'value="{to}"[^>]*?data-confirm="([^"]*)"', page).group(1)


def test_closing_says_what_is_not_graded_not_agreed_and_not_looked_back_on(undone, quarter, cast, client_for):
    hr = client_for(cast.hr)
    words = question(hr, "closed")
    assert "2 objectives are not graded by both sides." in words
    assert "1 proposal is not agreed." in words
    assert "1 retrospective is open." in words
    assert "lapses" in words
    told = hr.get(reverse("api_period_state", args=[quarter.pk])).json()
    assert told["unfinished"] == [
        {"kind": "ungraded", "number": 2},
        {"kind": "proposals", "number": 1},
        {"kind": "retrospectives", "number": 1},
    ]


def test_beginning_to_close_says_which_proposals_can_no_longer_be_agreed(propose, quarter, cast, client_for):
    propose(content("Never agreed"))
    assert "1 proposal is not agreed." in question(client_for(cast.hr), "closing")


def test_periods_do_not_cost_queries(undone, cast, client_for, quarter):
    hr = client_for(cast.hr)

    def counted():
        with CaptureQueriesContext(connection) as found:
            hr.get(reverse("people:periods"))
        return len(found)

    one = counted()
    for number in range(1, 5):
        day = timezone.localdate().replace(year=2000 + number)
        people.Period.objects.create(name_en=f"P{number}", starts_on=day, ends_on=day, state="closing")
    assert counted() == one
