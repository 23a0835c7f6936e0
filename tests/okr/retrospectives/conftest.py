"""A period that is closing, and a team that looks back on it."""

import pytest

from okr import actions
from performance.people import models as people
from tests import ready


@pytest.fixture
@ready.made
def closing(acting_cast, quarter):
    people.Period.objects.filter(pk=quarter.pk).update(state="closing")
    quarter.refresh_from_db()
    return quarter


@pytest.fixture
def note(acting_cast, closing, actor, now):
    def do(text="The order calendar", column="went_well", by=None):
        return actions.add_retrospective_note(
            team=acting_cast.team,
            period=closing,
            column=column,
            text=text,
            by=actor(by or acting_cast.employee),
            at=now,
        )

    return do


@pytest.fixture
def close(acting_cast, closing, actor, now):
    def do(*agreed, by=None):
        return actions.close_retrospective(
            team=acting_cast.team, period=closing, agreed=agreed, by=actor(by or acting_cast.manager), at=now
        )

    return do
