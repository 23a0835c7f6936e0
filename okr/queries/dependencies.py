"""What objectives need from each other, as far as a reader may know of it."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from okr.models import Dependency, Objective
from okr.models.dependencies import UNSETTLED, DependencyState
from okr.models.objectives import OwnerKind, State
from okr.queries.sight import sights_of
from okr.queries.visibility import drafts, visible_to
from performance.foundation import access
from performance.people import queries as people

#: What is no longer spoken of.
GONE = (DependencyState.WITHDRAWN, DependencyState.LAPSED)
#: Open dependencies that the page of a team lists.
MOST_OF_TEAM = 30


def dependencies_of(
    objective: Objective, visible: QuerySet[Objective], *, reader: access.Actor, speaks: bool
) -> tuple[list[Dependency], list[Dependency]]:
    """What it needs, and what is needed from it, as far as both ends may be seen. Whoever speaks for it (`speaks`)
    knows of each; `sees_on` and `sees_objective` say of each end whether they may see it. Two queries, and those of
    `as_read`."""
    rows = in_order(with_sight(Dependency.objects.exclude(state__in=GONE), visible, reader))
    needs, needed = rows.filter(objective=objective), rows.filter(on=objective)
    if not speaks:
        needs, needed = needs.filter(Q(sees_on=True)), needed.filter(Q(sees_objective=True))
    told = as_read([*needs, *needed], reader)
    return (
        [row for row in told if row.objective_id == objective.pk],
        [row for row in told if row.on_id == objective.pk],
    )


def as_read(rows: Iterable[Any], reader: access.Actor) -> list[Any]:
    """The same rows without the words that were said while one of the ends was for few and the reader not among them;
    whoever speaks for an end is told of them anyway. The queries of `sights_of`."""
    told = list(rows)
    aside = [row for row in told if not row.is_spoken_for]
    ends = {end.pk: end for row in aside for end in (row.objective, row.on)}
    sights = sights_of(ends.values(), reader) if ends else {}
    for row in aside:
        both = [sights[row.objective_id], sights[row.on_id]]
        if not all(sight.reads(row.at, row.by_id) for sight in both):
            row.what = ""
        if row.answered_at and not all(sight.reads(row.answered_at, row.answered_by_id) for sight in both):
            row.reason = ""
    return told


def dependencies_within_reach(actor: access.Actor) -> QuerySet[Dependency]:
    """Those of which somebody may see both ends, and those of a goal that they see and speak for, whose other end
    may be hidden from them."""
    rows = with_sight(Dependency.objects.all(), visible_to(actor), actor)
    sees_both = Q(sees_objective=True, sees_on=True)
    asks = Q(sees_objective=True) & _spoken_for(actor, "objective")
    asked = Q(sees_on=True) & _spoken_for(actor, "on")
    return in_order(rows.filter(sees_both | asks | asked))


def between_teams(
    visible: QuerySet[Objective],
    *,
    team: Any,
    member_ids: Iterable[uuid.UUID],
    period: Any,
    reader: access.Actor,
) -> list[tuple[Dependency, bool]]:
    """What this team still needs from others (True) and others from it (False), both ends visible. One query, and those
    of `as_read`."""
    members = list(member_ids)

    def ours(end: str) -> Q:
        return Q(**{f"{end}__team": team}) | Q(
            **{f"{end}__owner__in": members, f"{end}__owner_kind": OwnerKind.PERSON}
        )

    unsettled = Dependency.objects.filter(state__in=UNSETTLED, objective__period=period)
    rows = with_sight(unsettled, visible, reader)
    rows = rows.filter(Q(sees_objective=True, sees_on=True)).annotate(
        is_ours=Case(When(ours("objective"), then=Value(1)), default=Value(0), output_field=IntegerField()),
        is_theirs=Case(When(ours("on"), then=Value(1)), default=Value(0), output_field=IntegerField()),
    )
    crossing = in_order(rows.exclude(is_ours=F("is_theirs")))[:MOST_OF_TEAM]
    return [(row, _is_of(row.objective, team, members)) for row in as_read(crossing, reader)]


def _is_of(objective: Objective, team: Any, members: list[uuid.UUID]) -> bool:
    is_persons = objective.owner_kind == OwnerKind.PERSON
    return objective.team_id == team.pk or (is_persons and objective.owner_id in members)


def to_ask(visible: QuerySet[Objective], objective: Objective) -> QuerySet[Objective]:
    """Objectives that this one may need something from: standing ones of its period with another owner or team."""
    others = visible.filter(period_id=objective.period_id).exclude(drafts()).exclude(state=State.CLOSED)
    same = Q(owner_id=objective.owner_id) & (
        Q(team_id=objective.team_id) if objective.team_id else Q(team_id=None)
    )
    return others.exclude(same).select_related("owner", "team").order_by("-owner_kind", "title", "id")


def with_sight(
    rows: QuerySet[Dependency], visible: QuerySet[Objective], reader: access.Actor
) -> QuerySet[Dependency]:
    """Each says which of its ends its reader may see, and whether they speak for one."""
    speaks = _spoken_for(reader, "objective") | _spoken_for(reader, "on")
    return rows.annotate(
        is_spoken_for=Case(When(speaks, then=Value(1)), default=Value(0), output_field=IntegerField()),
        sees_objective=Exists(visible.filter(pk=OuterRef("objective_id"))),
        sees_on=Exists(visible.filter(pk=OuterRef("on_id"))),
    ).select_related(
        "objective__owner",
        "objective__team",
        "objective__period",
        "on__owner",
        "on__team",
        "by",
        "answered_by",
    )


def in_order(rows: QuerySet[Dependency]) -> QuerySet[Dependency]:
    """What waits for an answer first, then by the day."""
    places = [When(state=state, then=Value(place)) for place, state in enumerate(DependencyState.values)]
    return rows.order_by(
        Case(*places, output_field=IntegerField()), F("due_on").asc(nulls_last=True), "at", "id"
    )


def _spoken_for(actor: access.Actor, end: str) -> Q:
    me = actor.person_id
    below = people.below(me, people.today(actor.organisation))
    return (
        Q(**{f"{end}__owner_id": me})
        | Q(**{f"{end}__agreer_id": me})
        | Q(**{f"{end}__owner_id__in": below})
        | Q(**{f"{end}__owner_kind": OwnerKind.TEAM, f"{end}__team__lead_id": me})
    )
