"""The manager's side of an objective goes with the reporting line."""

import datetime
from collections.abc import Collection
from typing import Any

from okr.actions import work
from okr.models import Objective
from okr.models.objectives import State
from okr.queries import contents
from performance.foundation import audit
from performance.people import queries as people


def follow_line(
    *, person: Any, before: Any, manager: Any, starts_on: datetime.date, by: Any, at: datetime.datetime
) -> None:
    """A line was changed by hand: where it holds by today, the new manager agrees from now on. A plan is followed on its
    day (follow_lines)."""
    if starts_on <= people.day_at(person.organisation, at):
        follow_lines(at=at, organisation=person.organisation, owner_ids=[person.pk])


def follow_lines(
    *, at: datetime.datetime, organisation: Any, owner_ids: Collection[Any] | None = None
) -> list[Objective]:
    """Open objectives whose owner has another manager by now than the one who agrees: the manager agrees from now on,
    and what waits for the former one waits for them. What was signed stays signed. Answers the objectives."""
    today = people.day_at(organisation, at)
    found = Objective.objects.exclude(state=State.CLOSED)
    if owner_ids is not None:
        found = found.filter(owner__in=owner_ids)
    managers = people.managers_of(set(found.values_list("owner_id", flat=True)), today)
    here = people.active_people(today).filter(pk__in=set(managers.values())).in_bulk()
    moved = []
    rows = found.filter(owner__in=managers).select_related("owner", "agreer").order_by("pk")
    for objective in rows.select_for_update(of=("self",), no_key=True):
        manager = here.get(managers[objective.owner_id])
        if manager is None or manager.pk in (objective.agreer_id, objective.owner_id):
            continue
        former, objective.agreer = objective.agreer, manager
        objective.save(update_fields=["agreer"])
        proposal = contents.open_proposal(objective)
        if proposal is not None and former is not None:
            work.agreement_passed_on(objective, proposal, former=former, to=manager, at=at)
        moved.append(objective)
        audit.record(
            by=None,
            action="okr.pass_agreement_on",
            subject=objective,
            changes={"agreer": [former, manager]},
            at=at,
        )
    return moved
