"""A quarter whose scores are frozen, and what was known of it only later."""

import datetime
import uuid
from typing import Any

from django.utils import timezone

from performance.foundation import tenancy
from performance.people import models as people
from performance.scoring import actions, tasks
from performance.scoring.models import Restatement, ScoreRun
from tests.conftest import Cast
from tests.scoring import collectors
from tests.scoring.approvals import Actor

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
