"""What becomes of the agreements, votes and calls for help of somebody who leaves."""

import datetime
from typing import Any

from okr.actions import voting, work
from okr.models import CheckIn, Objective
from okr.models.objectives import State
from okr.queries import check_ins, contents
from performance.foundation import audit
from performance.inbox import queries as inbox
from performance.people import models as people_models
from performance.people import queries as people


def pass_goals_on(
    *, person: people_models.Person, to: people_models.Person | None, at: datetime.datetime
) -> None:
    """Whoever takes over agrees from now on in the leaver's place, so that they may see what they are asked about; to
    their own objectives their manager does. A call for help goes on only to somebody who may read the check-in anyway;
    the others end, and whoever asked is told and can ask again. No vote waits for them any longer."""
    today = people.day_at(person.organisation, at)
    waiting = Objective.objects.filter(agreer=person).exclude(state=State.CLOSED)
    for objective in waiting.order_by("pk").select_for_update(of=("self",)):
        objective.agreer = _other_side(objective, person, to, today)
        objective.save(update_fields=["agreer"])
        proposal = contents.open_proposal(objective)
        if objective.agreer != to and proposal is not None:
            work.agreement_passed_on(objective, proposal, former=person, to=objective.agreer, at=at)
        audit.record(
            by=None,
            action="okr.pass_agreement_on",
            subject=objective,
            changes={"agreer": [person, objective.agreer]},
            at=at,
        )
    called = inbox.open_of_kind(work.BLOCKER).filter(person=person).values("subject_id")
    here = people.active_people(today)
    for first in CheckIn.objects.filter(pk__in=called):
        newest = check_ins.newest_entry(first)
        if to is not None and to.pk in people.line_above(first.person_id, today):
            work.help_handed_on(first, newest, former=person, to=to, by=None, at=at)
        elif here.filter(pk=first.person_id).exists() and not _somebody_else_helps(first, person):
            work.helper_left(first, newest, helper=person, at=at)
    voting.leave_votes(person=person, at=at)


def _somebody_else_helps(first: CheckIn, person: people_models.Person) -> bool:
    return inbox.open_of_kind(work.BLOCKER).filter(subject_id=first.pk).exclude(person=person).exists()


def _other_side(objective: Objective, person: Any, to: Any, today: datetime.date) -> Any:
    if to is None or to.pk != objective.owner_id:
        return to
    above = people.manager_of(objective.owner_id, today)
    return above if above != person else None
