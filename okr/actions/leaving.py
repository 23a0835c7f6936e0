"""What becomes of the agreements and calls for help of somebody who leaves."""

import datetime
import uuid

from okr.actions import work
from okr.models import CheckIn, Objective
from okr.models.objectives import State
from performance.foundation import audit
from performance.inbox import queries as inbox
from performance.people import models as people_models
from performance.people import queries as people


def pass_goals_on(
    *, person: people_models.Person, to: people_models.Person | None, at: datetime.datetime
) -> None:
    """Whoever takes over agrees from now on in the leaver's place, so that they may see what they are asked about; of
    their own objectives somebody else has to. A call for help goes on only to somebody who may read the check-in anyway;
    the others end, and whoever asked can ask again."""
    waiting = (
        Objective.objects.filter(agreer=person).exclude(state=State.CLOSED).select_for_update(of=("self",))
    )
    for objective in waiting.order_by("pk"):
        objective.agreer = to if to is not None and to.pk != objective.owner_id else None
        objective.save(update_fields=["agreer"])
        audit.record(
            by=None,
            action="okr.pass_agreement_on",
            subject=objective,
            changes={"agreer": [person, to]},
            at=at,
        )
    for first in _calls_on(person):
        newest = CheckIn.objects.filter(
            person_id=first.person_id, week_starts_on=first.week_starts_on, period_id=first.period_id
        ).order_by("-number")[0]
        if to is not None and to.pk in people.line_above(
            first.person_id, people.day_at(person.organisation, at)
        ):
            work.help_handed_on(first, newest, former=person, to=to, by=None, at=at)


def _calls_on(person: people_models.Person) -> list[CheckIn]:
    called: list[uuid.UUID] = list(
        inbox.open_of_kind(work.BLOCKER).filter(person=person).values_list("subject_id", flat=True)
    )
    return list(CheckIn.objects.filter(pk__in=called).select_related("person"))
