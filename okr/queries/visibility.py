"""Which objectives somebody may see: public ones, those of their team, and their own and their line's."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from okr.models import KeyResult, Objective
from okr.models.objectives import OPEN_STATES, State, Visibility
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people


def drafts() -> Q:
    """What reads as a draft: also what was never agreed, from the moment on that its period is closed. Sealing makes it
    one a little later."""
    return Q(state=State.DRAFT) | Q(state__in=OPEN_STATES) & Q(period__state="closed")


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
        return Objective.objects.exclude(drafts())
    mine = Q(owner_id=me) | Q(agreer_id=me) | Q(proposed_by_id=me, version_number=None)
    mine |= Q(pk__in=KeyResult.objects.filter(owner_id=me, removed_at=None).values("objective_id"))
    line = Q(owner_id__in=people.below(me, on))
    my_teams = people_models.TeamMembership.objects.filter(people.holds_on(on), person_id=me).values(
        "team_id"
    )
    shared = _open_as(Visibility.PUBLIC, level) | _open_as(Visibility.TEAM, level) & Q(team_id__in=my_teams)
    if actor.has_role("hr"):
        shared |= _open_as(Visibility.TEAM, level)
    return Objective.objects.filter(
        (~drafts() & (shared | mine | line)) | drafts() & (Q(owner_id=me) | Q(proposed_by_id=me))
    )


def _open_as(wanted: str, level: str | None) -> Q:
    if level is None:
        return Q(visibility=wanted)
    return ~Q(pk__in=[]) if level == wanted else Q(pk__in=[])


def readers_among(objective: Objective, person_ids: Iterable[uuid.UUID], on: datetime.date) -> set[uuid.UUID]:
    """Which of these people may see an objective, by the same rule as above, asked from its side: four queries for
    any number of people."""
    return {person for _key, person in reading_pairs([(objective, each) for each in person_ids], on)}


def reading_pairs(
    asked: Collection[tuple[Objective, uuid.UUID]], on: datetime.date
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Of pairs of an objective and a person those, by their ids, where the person may see the objective: four queries
    for any number of pairs, one more where one is not agreed yet, and one for each level of the line in place of one
    where they have several owners."""
    rests = {each.pk for each, _person in asked if each.state == State.DRAFT}
    proposed = {each.pk for each, _person in asked if each.state in OPEN_STATES} - rests
    if proposed:
        rests |= set(Objective.objects.filter(drafts(), pk__in=proposed).values_list("pk", flat=True))
    closed = {
        each.pk: each
        for each, _person in asked
        if each.pk not in rests and each.visibility != Visibility.PUBLIC
    }
    readers: dict[uuid.UUID, set[uuid.UUID | None]] = defaultdict(set)
    if closed:
        owners = {each.owner_id for each in closed.values()}
        if len(owners) == 1:
            lines = {key: people.line_above(key, on) for key in owners}
        else:
            lines = people.lines_above(owners, on)
        held = KeyResult.objects.filter(objective__in=closed, removed_at=None)
        for objective_id, owner_id in held.values_list("objective_id", "owner_id"):
            readers[objective_id].add(owner_id)
        teams = {each.team_id for each in closed.values() if each.visibility == Visibility.TEAM}
        members: dict[uuid.UUID | None, set[uuid.UUID]] = defaultdict(set)
        if teams:
            joined = people_models.TeamMembership.objects.filter(people.holds_on(on), team__in=teams)
            for team_id, person_id in joined.values_list("team_id", "person_id"):
                members[team_id].add(person_id)
        grants = people_models.RoleGrant.objects.filter(
            role__in=["auditor", "hr"], person__in={person for _objective, person in asked}
        )
        holders: dict[str, set[uuid.UUID]] = defaultdict(set)
        for role, person_id in grants.values_list("role", "person_id"):
            holders[role].add(person_id)
        for each in closed.values():
            found = readers[each.pk]
            found |= {each.owner_id, each.agreer_id, *lines[each.owner_id], *holders["auditor"]}
            if each.version_number is None:
                found.add(each.proposed_by_id)
            if each.visibility == Visibility.TEAM:
                found |= members[each.team_id] | holders["hr"]

    def reads(objective: Objective, person_id: uuid.UUID) -> bool:
        if objective.pk in rests:
            return person_id in (objective.owner_id, objective.proposed_by_id)
        return objective.pk not in closed or person_id in readers[objective.pk]

    return {(each.pk, person_id) for each, person_id in asked if reads(each, person_id)}


def visible_titles(actor: access.Actor, objective_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The titles of those of these objectives that this person may see. One query."""
    return dict(visible_to(actor).filter(pk__in=set(objective_ids)).values_list("pk", "title"))


def visible_key_results(
    actor: access.Actor, objective_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, tuple[uuid.UUID, str]]:
    """The standing key results of those of these objectives that this person may see: {id: (objective, title)}. One
    query."""
    seen = visible_to(actor).filter(pk__in=set(objective_ids)).values("pk")
    rows = KeyResult.objects.filter(objective__in=seen, removed_at=None).order_by("ordinal")
    return {
        key: (objective, title) for key, objective, title in rows.values_list("pk", "objective_id", "title")
    }
