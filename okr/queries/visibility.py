"""Which objectives somebody may see: public ones, those of their team, and their own and their line's."""

import datetime
import uuid
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from okr.models import KeyResult, Objective
from okr.models.objectives import State, Visibility
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people


def visible_to(
    actor: access.Actor, on: datetime.date | None = None, *, level: str | None = None
) -> QuerySet[Objective]:
    """Public: everybody. Team: its members and the line above the owner, and HR. Private: owner, co-owners (who
    own a key result), the other side and the line above; whoever proposed it until it is agreed. A draft: its author
    and owner. Auditors read all.

    `level` asks who would see them if they were all as open as that. Everything is part of the one query, whatever the
    size of the organisation.
    """
    on = on or people.today(actor.organisation)
    me = actor.person_id
    if actor.has_role("auditor"):
        return Objective.objects.exclude(state=State.DRAFT)
    mine = Q(owner_id=me) | Q(agreer_id=me) | Q(proposed_by_id=me, version_number=None)
    mine |= Q(pk__in=KeyResult.objects.filter(owner_id=me, removed_at=None).values("objective_id"))
    line = Q(owner_id__in=people.below(me, on))
    my_teams = people_models.TeamMembership.objects.filter(people.holds_on(on), person_id=me).values(
        "team_id"
    )
    shared = _open_as(Visibility.PUBLIC, level) | _open_as(Visibility.TEAM, level) & Q(team_id__in=my_teams)
    if actor.has_role("hr"):
        shared |= _open_as(Visibility.TEAM, level)
    stands = ~Q(state=State.DRAFT)
    return Objective.objects.filter(
        (stands & (shared | mine | line))
        | Q(state=State.DRAFT, owner_id=me)
        | Q(state=State.DRAFT, proposed_by_id=me)
    )


def _open_as(wanted: str, level: str | None) -> Q:
    if level is None:
        return Q(visibility=wanted)
    return ~Q(pk__in=[]) if level == wanted else Q(pk__in=[])


def readers_among(objective: Objective, person_ids: Iterable[uuid.UUID], on: datetime.date) -> set[uuid.UUID]:
    """Which of these people may see an objective, by the same rule as above, asked from its side: four queries for
    any number of people."""
    asked = set(person_ids)
    if objective.state == State.DRAFT:
        return asked & {objective.owner_id, objective.proposed_by_id}
    if objective.visibility == Visibility.PUBLIC:
        return asked
    readers = {objective.owner_id, objective.agreer_id}
    if objective.version_number is None:
        readers.add(objective.proposed_by_id)
    readers |= set(people.line_above(objective.owner_id, on))
    readers |= set(
        KeyResult.objects.filter(objective=objective, removed_at=None).values_list("owner_id", flat=True)
    )
    roles = ["auditor"]
    if objective.visibility == Visibility.TEAM:
        roles.append("hr")
        members = people_models.TeamMembership.objects.filter(people.holds_on(on), team_id=objective.team_id)
        readers |= set(members.values_list("person_id", flat=True))
    grants = people_models.RoleGrant.objects.filter(role__in=roles, person_id__in=asked)
    readers |= set(grants.values_list("person_id", flat=True))
    return asked & readers


def visible_titles(actor: access.Actor, objective_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The titles of those of these objectives that this person may see. One query."""
    return dict(visible_to(actor).filter(pk__in=set(objective_ids)).values_list("pk", "title"))
