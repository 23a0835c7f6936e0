"""Whoever moves to another unit within a period is weighed by each unit's weights for the days there."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import actions as people_actions
from performance.people import models as people
from performance.people.actions import moving
from performance.scoring import actions, evidence, queries
from performance.scoring.models import CurrentScore, PolicyVersion, RestatementCause, Score
from tests.conftest import Cast
from tests.scoring import restated
from tests.scoring.approvals import A_DAY
from tests.scoring.conftest import Actor, component, in_force

WHO = ("employee", "colleague", "manager")


@pytest.fixture
def online(cast: Cast) -> people.BusinessUnit:
    with tenancy.acting_for(cast.organisation):
        return people.BusinessUnit.objects.create(code="ONLINE", name_en="Online")


@pytest.fixture
def goals_alone(
    locked: PolicyVersion, online: people.BusinessUnit, cast: Cast, quarter: people.Period, actor: Actor
) -> PolicyVersion:
    """The weights of the other unit, from the first day of the quarter on."""
    before = datetime.datetime.combine(quarter.starts_on - 3 * A_DAY, datetime.time(4), datetime.UTC)
    with tenancy.acting_for(cast.organisation):
        version = actions.draft_policy(
            name_en="Online",
            name_zh="线上",
            unit=online,
            period=quarter,
            stage="mature",
            missing="leave_out",
            step_cap_ppm=None,
            components=[component("okr", 100)],
            reason="First version",
            by=actor(cast.hr),
            at=before,
        )
        return in_force(version, cast, actor, at=before)


def _move(person: people.Person, unit: people.BusinessUnit | None, since: datetime.date) -> None:
    person.refresh_from_db()
    moving.note_moves({person.pk: (person.unit_id, since)})
    people.Person.objects.filter(pk=person.pk).update(unit=unit)


def _score(cast: Cast, quarter: people.Period) -> Score:
    actions.compute_scores(period=quarter, person_ids=[cast.employee.pk], run=None, at=timezone.now())
    return CurrentScore.objects.select_related("score__basis").get(person=cast.employee).score


def test_a_transfer_makes_segments_that_weigh_by_their_days(
    locked: PolicyVersion,
    goals_alone: PolicyVersion,
    online: people.BusinessUnit,
    measured: Any,
    cast: Cast,
    quarter: people.Period,
) -> None:
    """The store's weights begin on the day they are locked; the other unit's govern from a later day on."""
    store_from = locked.effective_on
    assert store_from is not None
    since = store_from + 7 * A_DAY
    with tenancy.acting_for(cast.organisation):
        whole = _score(cast, quarter)
        _move(cast.employee, online, since)
        score = _score(cast, quarter)
        segments = evidence.segments_named(score)
        assert [(each["version"], each["from"], each["until"]) for each in segments] == [
            (str(locked.pk), store_from.isoformat(), (since - A_DAY).isoformat()),
            (str(goals_alone.pk), since.isoformat(), quarter.ends_on.isoformat()),
        ]
        assert [each["days"] for each in segments] == [7, (quarter.ends_on - since).days + 1]
        assert score.score_micro != whole.score_micro
        assert queries.replay_score(score).is_identical
        assert not queries.replay_score(score).is_altered


def test_a_move_after_the_period_changes_nothing_in_it(
    locked: PolicyVersion, online: people.BusinessUnit, measured: Any, cast: Cast, quarter: people.Period
) -> None:
    with tenancy.acting_for(cast.organisation):
        before = _score(cast, quarter)
        _move(cast.employee, online, quarter.ends_on + A_DAY)
        assert _score(cast, quarter).digest == before.digest
        assert cast.employee in queries.scored_people(quarter)


def test_a_unit_without_weights_weighs_nothing_on_its_days(
    locked: PolicyVersion, online: people.BusinessUnit, measured: Any, cast: Cast, quarter: people.Period
) -> None:
    assert locked.effective_on is not None
    since = locked.effective_on + 3 * A_DAY
    with tenancy.acting_for(cast.organisation):
        _move(cast.employee, online, since)
        [segment] = evidence.segments_named(_score(cast, quarter))
        assert (segment["days"], segment["until"]) == (3, (since - A_DAY).isoformat())


def test_many_transfers_ask_as_many_queries_as_one(
    locked: PolicyVersion,
    online: people.BusinessUnit,
    measured: Any,
    cast: Cast,
    quarter: people.Period,
    django_assert_num_queries: Any,
) -> None:
    assert locked.effective_on is not None
    everybody = [getattr(cast, name) for name in WHO]
    with tenancy.acting_for(cast.organisation):
        for number, person in enumerate(everybody, 1):
            _move(person, online, locked.effective_on + number * A_DAY)
            with django_assert_num_queries(4):
                queries.groups(quarter, [each.pk for each in everybody])


def test_a_scorecard_of_a_unit_has_those_who_were_there_when_the_period_ended(
    locked: PolicyVersion,
    online: people.BusinessUnit,
    unit: people.BusinessUnit,
    measured: Any,
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
    today: datetime.date,
) -> None:
    with tenancy.acting_for(cast.organisation):
        ids = [getattr(cast, name).pk for name in WHO]
        actions.compute_scores(period=quarter, person_ids=ids, run=None, at=timezone.now())
        _move(cast.employee, online, quarter.ends_on + A_DAY)
        scope = queries.visible_scope(actor(cast.hr), today, unit_id=unit.pk)
        assert scope is not None
        card = queries.group_card(scope, quarter, actor(cast.hr), today)
        assert card.number == 3


def test_a_unit_corrected_after_the_freeze_is_proposed_as_a_restatement(
    locked: PolicyVersion,
    goals_alone: PolicyVersion,
    online: people.BusinessUnit,
    measured: Any,
    cast: Cast,
    quarter: people.Period,
    actor: Actor,
) -> None:
    with tenancy.acting_for(cast.organisation):
        restated.freeze(quarter, cast, actor, timezone.now())
        frozen = queries.current_score(cast.employee.pk, quarter)
        people_actions.edit_person(
            person=cast.employee, fields={"unit": online}, by=actor(cast.hr), at=timezone.now()
        )
        restated.compare(quarter, None, timezone.now() + restated.LATER)
        assert queries.current_score(cast.employee.pk, quarter) == frozen
        [cause] = RestatementCause.objects.filter(kind="weights")
        assert cause.people == 1
        assert "v1" in cause.before_en
