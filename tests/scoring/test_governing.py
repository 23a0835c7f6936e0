"""Which version governs whom, on which days of a period."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, queries
from performance.scoring.models import PolicyVersion
from performance.scoring.queries import governing
from tests import ready
from tests.conftest import Cast, make_person
from tests.scoring.conftest import Actor, component, in_force


@pytest.fixture
@ready.made
def region(unit: people.BusinessUnit, cast: Cast) -> people.BusinessUnit:
    """What the stores belong to."""
    with tenancy.acting_for(cast.organisation):
        region = people.BusinessUnit.objects.create(code="REGION", name_en="Region", name_zh="大区")
        people.BusinessUnit.objects.filter(pk=unit.pk).update(parent=region)
        return region


def eve_of(period: people.Period) -> datetime.datetime:
    day = period.starts_on - datetime.timedelta(days=3)
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC)


def days_of(period: people.Period, person: people.Person) -> list[tuple[Any, str, str]]:
    """The versions of a person with their first and last days."""
    [group] = queries.groups(period, [person.pk])
    return [(segment.version_id, segment.starts_on, segment.ends_on) for segment in group.segments]


def regional(cast: Cast, region: people.BusinessUnit, period: people.Period, actor: Actor) -> PolicyVersion:
    """The region's weights, in force from the period's first day."""
    version = actions.draft_policy(
        name_en="Region",
        name_zh="大区",
        unit=region,
        period=period,
        stage="mature",
        missing="leave_out",
        step_cap_ppm=None,
        components=[component("okr", 100)],
        by=actor(cast.hr),
        at=eve_of(period),
    )
    return in_force(version, cast, actor, at=eve_of(period))


def test_a_units_own_weights_leave_the_days_before_them_to_those_above(
    draft: PolicyVersion, region: people.BusinessUnit, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        above = regional(cast, region, quarter, actor)
        own = in_force(draft, cast, actor, on=quarter.ends_on)
        day_before = quarter.ends_on - datetime.timedelta(days=1)
        assert days_of(quarter, cast.employee) == [
            (above.pk, f"{quarter.starts_on}", f"{day_before}"),
            (own.pk, f"{quarter.ends_on}", f"{quarter.ends_on}"),
        ]


def test_weights_above_that_begin_after_a_units_own_never_reach_it(
    draft: PolicyVersion, region: people.BusinessUnit, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        regional(cast, region, quarter, actor)
        own = in_force(draft, cast, actor, at=eve_of(quarter))
        assert days_of(quarter, cast.employee) == [
            (own.pk, f"{quarter.starts_on}", f"{quarter.ends_on}"),
        ]


def test_whoever_the_weights_above_scored_for_a_while_is_in_their_scope(
    draft: PolicyVersion, region: people.BusinessUnit, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        planner = make_person("P200", "Petra Planner", unit=region)
        above = regional(cast, region, quarter, actor)
        own = in_force(draft, cast, actor, on=quarter.ends_on)
        assert set(queries.people_in_scope(above)) == {cast.employee, cast.colleague, cast.manager, planner}
        assert set(queries.people_in_scope(own)) == {cast.employee, cast.colleague, cast.manager}


def test_a_version_does_not_come_back_from_behind_the_one_that_corrected_it(
    draft: PolicyVersion, cast: Cast, quarter: people.Period, today: datetime.date, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        first = in_force(draft, cast, actor, at=eve_of(quarter))
        second = _next(first, quarter, cast, actor, on=quarter.ends_on)
        third = _next(second, quarter, cast, actor, on=today)
        assert [version for version, _first, _last in days_of(quarter, cast.employee)][-1] == third.pk
        assert second.pk not in {version for version, _first, _last in days_of(quarter, cast.employee)}
        assert not queries.people_in_scope(second).exists()


def _next(
    before: PolicyVersion, period: people.Period, cast: Cast, actor: Actor, *, on: datetime.date
) -> PolicyVersion:
    version = actions.draft_next_version(
        policy=before.policy, period=period, by=actor(cast.hr), at=timezone.now()
    )
    PolicyVersion.objects.filter(pk=version.pk).update(reason="A correction")
    return in_force(version, cast, actor, on=on)


PERIOD = people.Period(starts_on=datetime.date(2026, 7, 1), ends_on=datetime.date(2026, 9, 30))
FIRST_DAYS = st.lists(st.integers(0, 91), max_size=4)


@given(chain=st.lists(FIRST_DAYS, min_size=1, max_size=3))
def test_each_day_belongs_to_the_nearest_policy_in_force_and_there_to_the_highest_number(
    chain: list[list[int]],
) -> None:
    """Against the rule said day by day."""
    policies = [
        [PolicyVersion(number=number, effective_on=_day(first)) for number, first in enumerate(firsts, 1)]
        for firsts in chain
    ]
    turns = governing.nearest_first(governing.in_turn(PERIOD, versions) for versions in policies)
    assert [turn.first_day for turn in turns] == sorted({turn.first_day for turn in turns})
    for on in map(_day, range(92)):
        begun = [[version for version in versions if version.effective_on <= on] for versions in policies]
        expected = next((versions[-1] for versions in begun if versions), None)
        in_force_then = [turn.version for turn in turns if turn.first_day <= on]
        assert (in_force_then[-1] if in_force_then else None) == expected


def _day(number: int) -> datetime.date:
    return PERIOD.starts_on + datetime.timedelta(days=number)


def test_a_scorecard_says_which_policies_weighed_its_days(
    draft: PolicyVersion,
    measured: Any,
    region: people.BusinessUnit,
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
    client_for: Any,
) -> None:
    with tenancy.acting_for(cast.organisation):
        regional(cast, region, quarter, actor)
        in_force(draft, cast, actor, on=quarter.ends_on)
        actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
        score = queries.current_score(cast.employee.pk, quarter)
        assert score is not None
        assert queries.replay_score(score).is_identical
    page = client_for(cast.employee).get("/performance/").content.decode()
    assert "Region: version 1 for" in page
    assert "Store operations: version 1 for 1 days" in page


def _revised(
    version: PolicyVersion, cast: Cast, actor: Actor, bases: dict[str, int], *, cap: int | None = 50_000
) -> PolicyVersion:
    """The draft with these components, by their base weights in percent."""
    return actions.revise_draft(
        version=version,
        period=version.period,
        stage="mature",
        missing="leave_out",
        step_cap_ppm=cap,
        components=[component(key, base) for key, base in bases.items()],
        reason="Other weights",
        by=actor(cast.hr),
        at=timezone.now(),
    )


def _weights(version: PolicyVersion) -> dict[str, int]:
    return {item["key"]: item["effective_ppm"] for item in queries.plan_of(version)["components"]}


@pytest.fixture
@ready.made
def halves(draft: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor) -> PolicyVersion:
    """Half and half, from the period's first day."""
    with tenancy.acting_for(cast.organisation):
        revised = _revised(draft, cast, actor, {"okr": 50, "pulse": 50})
        return in_force(revised, cast, actor, at=eve_of(quarter))


def _following(
    before: PolicyVersion, period: people.Period, cast: Cast, actor: Actor, bases: dict[str, int]
) -> PolicyVersion:
    version = actions.draft_next_version(
        policy=before.policy, period=period, by=actor(cast.hr), at=timezone.now()
    )
    return _revised(version, cast, actor, bases)


def test_several_versions_of_a_period_move_a_weight_by_one_step_in_all(
    halves: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        second = in_force(
            _following(halves, quarter, cast, actor, {"okr": 90, "pulse": 10}),
            cast,
            actor,
            on=quarter.ends_on,
        )
        assert _weights(second) == {"okr": 550_000, "pulse": 450_000}
        third = _following(second, quarter, cast, actor, {"okr": 90, "pulse": 10})
        assert _weights(third) == {"okr": 550_000, "pulse": 450_000}


def test_the_step_counts_from_where_the_period_before_left_the_weights(
    halves: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        second = _following(halves, quarter, cast, actor, {"okr": 90, "pulse": 10})
        second = in_force(second, cast, actor, on=quarter.ends_on)
        after = people.Period.objects.create(
            name_en="Next",
            starts_on=quarter.ends_on + datetime.timedelta(days=1),
            ends_on=quarter.ends_on + datetime.timedelta(days=90),
            state="active",
        )
        third = in_force(_following(second, after, cast, actor, {"okr": 90, "pulse": 10}), cast, actor)
        assert _weights(third) == {"okr": 600_000, "pulse": 400_000}
        fourth = _following(third, after, cast, actor, {"okr": 90, "pulse": 10})
        assert _weights(fourth) == {"okr": 600_000, "pulse": 400_000}


def test_a_new_component_does_not_lift_the_step_of_the_others(
    halves: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        bases = {"okr": 20, "pulse": 50, "margin": 30}
        second = _following(halves, quarter, cast, actor, bases)
        assert _weights(second) == {"okr": 450_000, "pulse": 450_000, "margin": 100_000}


def test_a_component_that_goes_leaves_by_steps(
    halves: PolicyVersion, cast: Cast, quarter: people.Period, actor: Actor
) -> None:
    with tenancy.acting_for(cast.organisation):
        second = actions.draft_next_version(
            policy=halves.policy, period=quarter, by=actor(cast.hr), at=timezone.now()
        )
        with pytest.raises(actions.PolicyRefused) as refused:
            _revised(second, cast, actor, {"okr": 100})
        assert refused.value.code == "infeasible_step"
        assert _weights(_revised(second, cast, actor, {"okr": 100, "pulse": 0})) == {
            "okr": 550_000,
            "pulse": 450_000,
        }
        assert _weights(_revised(second, cast, actor, {"okr": 100}, cap=None)) == {"okr": 1_000_000}
