"""What the end of a period leaves: the grades that stand, and what is taken along."""

from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from okr.models import Grade, Objective
from performance.foundation import access
from performance.people import queries as people


def grades_of(objective: Objective) -> dict[str, Grade]:
    """The newest grade of each side, by side."""
    newest = Grade.objects.filter(objective=objective).select_related("by").order_by("side", "-at", "-id")
    return {each.side: each for each in newest.distinct("side")}


def to_carry(actor: access.Actor, visible: QuerySet[Objective], period: Any) -> QuerySet[Objective]:
    """What the actor may take from a closing or closed period: their own and that of those below them, each with
    where it went already. Two queries."""
    if actor.only_reads or period.state not in ("closing", "closed"):
        return Objective.objects.none()
    mine = Q(owner_id=actor.person_id) | Q(
        owner_id__in=people.below(actor.person_id, people.today(actor.organisation))
    )
    gone = Prefetch(
        "carried_to", queryset=Objective.objects.filter(pk__in=visible.values("pk")).select_related("period")
    )
    standing = visible.filter(mine, period=period).exclude(version_number=None)
    return (
        standing.select_related("owner", "period", "team")
        .prefetch_related(gone)
        .order_by("owner__name_sort", "pk")
    )


def to_duplicate(actor: access.Actor, visible: QuerySet[Objective], period: Any) -> QuerySet[Objective]:
    """What the actor may copy from a period, whatever became of it: their own and that of those below them."""
    if actor.only_reads:
        return Objective.objects.none()
    mine = Q(owner_id=actor.person_id) | Q(
        owner_id__in=people.below(actor.person_id, people.today(actor.organisation))
    )
    standing = visible.filter(mine, period=period)
    return standing.select_related("owner", "period", "team").order_by("owner__name_sort", "pk")


def kin_of(objective: Objective, visible: QuerySet[Objective]) -> tuple[Objective | None, list[Objective]]:
    """What it was carried over from, and what was carried over from it, as far as it may be seen."""
    family = visible.filter(Q(pk=objective.carried_from_id) | Q(carried_from=objective)).select_related(
        "period"
    )
    found = list(family.order_by("period__starts_on"))
    former = next((each for each in found if each.pk == objective.carried_from_id), None)
    return former, [each for each in found if each.carried_from_id == objective.pk]
