"""The groups that have a scorecard: a manager's people, a unit with those below it, everybody. Who may open which, and of
which the figures may be told."""

import datetime
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet

from performance.foundation import access, i18n
from performance.foundation.components import formats
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import rules
from performance.scoring.models import CurrentScore
from performance.scoring.queries import suppressing
from performance.scoring.queries.governing import scored_people
from performance.scoring.queries.scores import people_with_visible_scores

#: Stands for the whole organisation among the units.
WHOLE_ORGANISATION = None
UnitId = uuid.UUID | None


@dataclass(frozen=True)
class Scope:
    """A group: of `manager`, else of `unit` with those in `unit_ids`, else everybody."""

    organisation: people.Organisation
    manager: people.Person | None = None
    unit: people.BusinessUnit | None = None
    unit_ids: frozenset[uuid.UUID] = frozenset()

    @property
    def kind(self) -> str:
        return "team" if self.manager else "unit" if self.unit else "organisation"

    @property
    def subject(self) -> people.Organisation | people.Person | people.BusinessUnit:
        """What a row of the log is about."""
        return self.manager or self.unit or self.organisation

    @property
    def name(self) -> str:
        return formats.person_name(self.manager) if self.manager else i18n.local(self.subject, "name")

    @property
    def node(self) -> UnitId:
        return self.unit.pk if self.unit else WHOLE_ORGANISATION


@dataclass(frozen=True)
class Counted:
    """How many scores a unit has by itself, and of how many of them the reader does not see whose they are."""

    number: int
    unseen: int


def visible_scope(
    actor: access.Actor,
    on: datetime.date,
    *,
    person_id: uuid.UUID | None = None,
    unit_id: uuid.UUID | None = None,
) -> Scope | None:
    """The people of a manager, else a unit with those below it, else everybody; None where the actor may not open that
    card. Three queries at most."""
    if person_id is not None:
        manager = managers_with_visible_teams(actor, on).filter(pk=person_id).first()
        return Scope(manager.organisation, manager=manager) if manager else None
    if unit_id is not None:
        parents = unit_parents()
        unit = units_with_visible_cards(actor, on, parents).filter(pk=unit_id).first()
        return Scope(unit.organisation, unit=unit, unit_ids=beneath(unit.pk, parents)) if unit else None
    return Scope(actor.organisation) if may_open_organisation(actor, on) else None


def unit_parents() -> dict[uuid.UUID, UnitId]:
    """unit → the one above it. One query."""
    return dict(people.BusinessUnit.objects.values_list("pk", "parent_id"))


def managers_with_visible_teams(actor: access.Actor, on: datetime.date) -> QuerySet[people.Person]:
    """Whoever sees a manager's scorecard sees those of the people below, so they see the group's too."""
    seen = people_with_visible_scores(actor, on).select_related("organisation")
    return seen.filter(pk__in=people_queries.managers(on).values("pk"))


def units_with_visible_cards(
    actor: access.Actor, on: datetime.date, parents: Mapping[uuid.UUID, UnitId]
) -> QuerySet[people.BusinessUnit]:
    """All for HR, auditors and those who write weights; for managers the units of their people, their own, and those
    above; none for others."""
    found = people.BusinessUnit.objects.select_related("organisation", "parent")
    if rules.sees_all_groups(actor):
        return found
    led = set(people_queries.everyone_below(actor.person_id, on).values_list("unit_id", flat=True).distinct())
    chain = {actor.person.unit_id, *led} if led else set()
    return found.filter(pk__in={above for unit_id in chain for above in upwards(unit_id, parents)})


def may_open_organisation(actor: access.Actor, on: datetime.date) -> bool:
    return rules.sees_all_groups(actor) or people_queries.manages_anyone(actor.person_id, on)


def members(scope: Scope, period: people.Period | None, on: datetime.date) -> QuerySet[people.Person]:
    """A manager's people are those of the day; of a unit and of everybody, whom a locked policy scores in the period. A
    unit has those who were in it when the period ended."""
    if scope.manager is not None:
        return people_queries.everyone_below(scope.manager.pk, on)
    found = scored_people(period) if period else people.Person.objects.none()
    if not scope.unit or period is None:
        return found
    return people_queries.in_units_during(found, scope.unit_ids, period.ends_on, period.ends_on)


def members_seen(
    scope: Scope, period: people.Period | None, actor: access.Actor, on: datetime.date
) -> QuerySet[people.Person]:
    """Those of a group whose scores the reader sees."""
    found = members(scope, period, on)
    if scope.manager is not None or rules.sees_all_scores(actor):
        return found
    return found.filter(pk__in=people_with_visible_scores(actor, on).values("pk"))


def who_leads(persons: Collection[people.Person], on: datetime.date) -> set[uuid.UUID]:
    """Who of them has people of their own. One query."""
    led = people_queries.managers(on).filter(pk__in=[person.pk for person in persons])
    return set(led.values_list("pk", flat=True))


def scores_of(scope: Scope, on: datetime.date) -> QuerySet[CurrentScore]:
    """The scores in force of a group, of all periods."""
    found = with_units(CurrentScore.objects.all())
    if scope.manager is not None:
        below = people_queries.everyone_below(scope.manager.pk, on)
        return found.filter(person_id__in=below.values("pk"))
    return found.filter(unit_then__in=scope.unit_ids) if scope.unit else found


def with_units(scores: QuerySet[CurrentScore]) -> QuerySet[Any]:
    """Annotated with `unit_then`: the unit that the person was in when the period of the score ended."""
    then = people_queries.unit_then(OuterRef("period__ends_on"), person="person_id", unit="person__unit_id")
    return scores.annotate(unit_then=then)


def told_nodes(
    actor: access.Actor, period: people.Period, on: datetime.date, parents: Mapping[uuid.UUID, UnitId]
) -> frozenset[UnitId]:
    """Of which units (None: everybody) a reader who does not see all scores may be told figures. One query."""
    unseen = ~Q(person__in=people_with_visible_scores(actor, on).values("pk"))
    found = with_units(CurrentScore.objects.filter(period=period, score__score_micro__isnull=False))
    counted = found.values_list("unit_then").annotate(number=Count("pk"), unseen=Count("pk", filter=unseen))
    own = {unit_id: Counted(number, hidden) for unit_id, number, hidden in counted.order_by()}
    return told_among(own, parents)


def told_among(own: Mapping[UnitId, Counted], parents: Mapping[uuid.UUID, UnitId]) -> frozenset[UnitId]:
    """The units, each with all below it, and the whole (None), of which figures may be told together.

    Whoever knows the sum over a unit and over some below it knows the sum over the rest of it, and nothing finer: so
    every rest has to be nobody whom the reader does not see by name, or enough of them. Where it is too few, the
    smallest unit below is withheld, so that the rest grows.
    """
    whole: dict[UnitId, Counted] = dict.fromkeys((*parents, WHOLE_ORGANISATION), Counted(0, 0))
    for unit, counted in own.items():
        for node in (*upwards(unit, parents), WHOLE_ORGANISATION):
            of_node = whole[node]
            whole[node] = Counted(of_node.number + counted.number, of_node.unseen + counted.unseen)
    told = {
        node
        for node, counted in whole.items()
        if not counted.unseen or suppressing.is_told(counted.number, counted.unseen)
    }
    while withheld := _to_withhold(told, whole, parents):
        told -= withheld
    return frozenset(told)


def nearest_told(unit_id: UnitId, told: Collection[UnitId], parents: Mapping[uuid.UUID, UnitId]) -> UnitId:
    """The smallest group that is told of and holds this unit's people: nothing tells them apart from the rest of it."""
    return next((above for above in upwards(unit_id, parents) if above in told), WHOLE_ORGANISATION)


def beneath(top: uuid.UUID, parents: Mapping[uuid.UUID, UnitId]) -> frozenset[uuid.UUID]:
    """The unit and all below it."""
    found, waiting = {top}, [top]
    children: dict[UnitId, list[uuid.UUID]] = {}
    for unit, parent in parents.items():
        children.setdefault(parent, []).append(unit)
    while waiting:
        new = [child for child in children.get(waiting.pop(), ()) if child not in found]
        found.update(new)
        waiting.extend(new)
    return frozenset(found)


def upwards(unit_id: UnitId, parents: Mapping[uuid.UUID, UnitId]) -> list[uuid.UUID]:
    """The unit and those above it."""
    chain: list[uuid.UUID] = []
    while unit_id is not None and unit_id not in chain:
        chain.append(unit_id)
        unit_id = parents.get(unit_id)
    return chain


def _to_withhold(
    told: Collection[UnitId], whole: Mapping[UnitId, Counted], parents: Mapping[uuid.UUID, UnitId]
) -> set[UnitId]:
    """The one to withhold next, as the rest of what lies around it is too small; none where all rests are safe."""
    inside: dict[UnitId, list[UnitId]] = {}
    for node in told:
        if node is not WHOLE_ORGANISATION:
            around = (above for above in (*upwards(node, parents)[1:], WHOLE_ORGANISATION) if above in told)
            inside.setdefault(next(around, node), []).append(node)
    for node in sorted(told, key=str):
        parts = [part for part in inside.get(node, ()) if part != node]
        rest = whole[node].unseen - sum(whole[part].unseen for part in parts)
        if parts and 0 < rest < suppressing.LEAST:
            return {min(parts, key=lambda part: (whole[part].unseen, str(part)))}
    return set()
