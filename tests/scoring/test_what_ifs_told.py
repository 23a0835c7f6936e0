"""What a what-if tells of the people who would have moved: nobody is parted from the others."""

import dataclasses
from typing import Any

from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import queries
from performance.scoring.models import PolicyVersion, SimulatedScore
from performance.scoring.queries import spreads, suppressing
from tests.conftest import Cast
from tests.scoring.conftest import MICRO, Actor
from tests.scoring.supposing import goals_and_pulse, many, tried

__all__ = ["many"]

Fixture = Any


def test_people_are_told_by_band_before_and_after_and_by_team(
    next_draft: PolicyVersion, cast: Cast, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        what_if = tried(next_draft, actor, cast.hr, goals_and_pulse(next_draft, 10, 90))
        [simulation] = queries.simulations_of_what_if(what_if)
        digest = queries.supposed_digest(what_if)
        on = queries.day_of(timezone.now())
        told = queries.moved(simulation, actor(cast.hr), on, digest=digest)
        assert told.is_current
        assert [sum(column) for column in zip(*((s.before, s.after) for s in told.steps), strict=True)] == [
            3,
            3,
        ]
        rows = SimulatedScore.objects.filter(simulation=simulation)
        by_band = {step.band.name_en: (step.before, step.after) for step in told.steps}
        assert by_band["Strong"][1] == sum(85 * MICRO <= row.after_micro < 95 * MICRO for row in rows)
        assert [each.name for each in told.dimensions] == [
            "By unit",
            "By team",
            "By level",
            "By time with us",
        ]
        # An owner sees nobody's score here, and three people are few.
        hidden = queries.moved(simulation, actor(cast.business_owner), on, digest=digest)
        assert (hidden.is_told, hidden.steps, hidden.dimensions, hidden.moves) == (False, (), (), ())


def test_who_moves_alone_among_those_unseen_is_not_told_by_a_group() -> None:
    five = suppressing.Cell("A", 9, 4, 9, (5, 0))
    alone = suppressing.Cell("B", 9, 4, 9, (1, 0))
    assert suppressing.told([five]) == ([five], 0)
    # B would tell of its only mover, and A of B by what is left of the whole.
    assert suppressing.told([five, alone]) == ([], 2)


def test_steps_hold_nobody_unseen_or_enough_before_and_after() -> None:
    assert spreads.merged([5, 0, 6], [6, 0, 5]) == [range(1), range(1, 2), range(2, 3)]
    assert spreads.merged([5, 1, 6], [7, 0, 5]) == [range(1), range(1, 3)]
    assert spreads.merged([5, 5, 1], [5, 5, 1]) == [range(1), range(1, 3)]


def test_groups_are_withheld_from_owners_once_a_curve_is_supposed(
    next_draft: PolicyVersion, before: people.Period, cast: Cast, actor: Actor, many: Fixture
) -> None:
    with tenancy.acting_for(cast.organisation):
        on = queries.day_of(timezone.now())
        weights = tried(next_draft, actor, cast.business_owner, goals_and_pulse(next_draft, 40, 60))
        [simulation] = queries.simulations_of_what_if(weights)
        told = queries.moved(simulation, actor(cast.business_owner), on, digest=None)
        assert told.is_told
        assert not told.is_whole_alone
        assert told.dimensions
        content = queries.content_of(next_draft)
        okr, pulse = content.components
        probe = dataclasses.replace(
            okr, curve={"kind": "linear", "direction": "higher", "floor": "81", "target": "82"}
        )
        curved = tried(
            next_draft, actor, cast.business_owner, dataclasses.replace(content, components=(probe, pulse))
        )
        [simulation] = queries.simulations_of_what_if(curved)
        owner = queries.moved(simulation, actor(cast.business_owner), on, digest=None)
        assert owner.dimensions == ()
        everything = queries.moved(simulation, actor(cast.hr), on, digest=None)
        assert everything.dimensions
