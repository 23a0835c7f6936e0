"""Whoever moves a period on is told first what follows and what is undone."""

import datetime
import re

import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import models, queries


@pytest.fixture
def moved(cast):
    """A period in a state, whose last day lies so many days ahead."""

    def do(state, ahead):
        today = queries.today(cast.organisation)
        with tenancy.acting_for(cast.organisation):
            return models.Period.objects.create(
                name_en="Q",
                starts_on=today - datetime.timedelta(days=120),
                ends_on=today + datetime.timedelta(days=ahead),
                state=state,
            )

    return do


def asked(client, to):
    page = client.get(reverse("people:periods")).content.decode()
    return re.search(rf'value="{to}"[^>]*?data-confirm="([^"]*)"', page).group(1)


@pytest.mark.parametrize(
    ("state", "to", "says"),
    [
        ("planning", "active", "check-ins are taken"),
        ("active", "closing", "Goals are locked"),
        ("closing", "closed", "A closed period stays closed"),
    ],
)
def test_each_step_says_first_what_it_does(moved, cast, client_for, state, to, says):
    moved(state, -1)
    words = asked(client_for(cast.hr), to)
    assert says in words
    assert "has not come yet" not in words


@pytest.mark.parametrize(("state", "to"), [("active", "closing"), ("closing", "closed")])
def test_an_early_end_is_said(moved, cast, client_for, state, to):
    moved(state, 31)
    assert "has not come yet" in asked(client_for(cast.hr), to)


def test_locks_say_what_they_lock(moved, cast, client_for):
    moved("active", 31)
    page = client_for(cast.hr).get(reverse("people:periods")).content.decode()
    assert "Lock goals" in page
    assert "Lock progress" in page
    assert "Nobody proposes, changes or agrees to anything" in page


def test_whoever_may_not_move_a_period_is_asked_nothing(moved, cast, client_for):
    period = moved("closing", 31)
    page = client_for(cast.employee).get(reverse("people:periods")).content.decode()
    assert "data-confirm=" not in page
    address = reverse("api_period_state", args=[period.pk])
    assert client_for(cast.employee).get(address).status_code == 403
