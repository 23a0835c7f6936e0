"""A quarter whose scores are frozen, and what was known of it only later."""

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.models import CurrentScore, PolicyVersion, Restatement, Score, ScoreRun
from tests.conftest import Cast
from tests.scoring import collectors
from tests.scoring.approvals import Actor

MICRO = 1_000_000
LATER = datetime.timedelta(days=2)


def freeze(quarter: people.Period, cast: Cast, actor: Actor, at: datetime.datetime) -> None:
    """Inside `acting_for`."""
    people.Period.objects.filter(pk=quarter.pk).update(state="closing")
    quarter.refresh_from_db()
    run = actions.freeze_scores(period=quarter, by=actor(cast.hr), at=at)
    carry_out(run.pk, at)


def carry_out(run_id: uuid.UUID, at: datetime.datetime, batch: int = 2) -> ScoreRun:
    assert actions.take_run(run_id=run_id, at=at, batch=batch)
    while actions.advance_run(run_id=run_id, at=at):
        pass
    return ScoreRun.objects.get(pk=run_id)


def compare(quarter: people.Period, by: Any, at: datetime.datetime) -> ScoreRun:
    """Somebody asks for a comparison, and it is carried out. Inside `acting_for`."""
    return carry_out(actions.compare_scores(period=quarter, by=by, at=at).pk, at)


def restate(person: people.Person, key: str, micro: int) -> None:
    collectors.VALUES[person.pk, key] = micro


def decide(restatement: Restatement, by: Any, side: str, at: datetime.datetime, **given: Any) -> Restatement:
    given = {"adopts": True, "reason": "The store sent its books again"} | given
    return actions.decide_restatement(restatement=restatement, side=side, by=by, at=at, **given)


def agree(quarter: people.Period, cast: Cast, actor: Actor, values: dict[tuple[Any, str], int]) -> None:
    """Values (micro points of a person's component) become known after the freezing, and both sides let the scores
    that follow take the place of the frozen ones. Inside `acting_for`."""
    collectors.VALUES.update(values)
    at = timezone.now() + LATER
    compare(quarter, None, at)
    proposed = Restatement.objects.select_related("period", "run").get(period=quarter)
    decide(proposed, actor(cast.business_owner), "business", at)
    decide(proposed, actor(cast.finance_owner), "finance", at)
    with tenancy.remembering(cast.organisation.pk):
        tasks.carry_out_restatements.apply()


@pytest.fixture
def later() -> datetime.datetime:
    return timezone.now() + LATER


def in_force(quarter: people.Period) -> dict[Any, Score]:
    found = CurrentScore.objects.filter(period=quarter).select_related("score__basis")
    return {current.person_id: current.score for current in found}


@pytest.fixture
def frozen(
    locked: PolicyVersion, measured: Any, cast: Cast, quarter: people.Period, actor: Actor
) -> dict[Any, Score]:
    """person → frozen score."""
    with tenancy.acting_for(cast.organisation):
        freeze(quarter, cast, actor, timezone.now())
        return in_force(quarter)


@pytest.fixture
def proposed(
    frozen: dict[Any, Score], cast: Cast, quarter: people.Period, later: datetime.datetime
) -> Restatement:
    """The employee's goals were at 90, not 82; the comparison of the night has found it."""
    restate(cast.employee, "okr", 90 * MICRO)
    with tenancy.acting_for(cast.organisation):
        compare(quarter, None, later)
        return Restatement.objects.select_related("period", "run").get()
