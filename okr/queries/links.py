"""Which objective serves which, as far as a reader may know of it."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from okr.models import Alignment, Objective
from okr.models.alignment import AlignmentKind
from okr.queries.visibility import visible_to
from performance.foundation import access
from performance.people import queries as people


def links_of(
    objective: Objective, visible: QuerySet[Objective], *, takes: bool
) -> tuple[list[Alignment], list[Alignment]]:
    """What it serves, and what serves it, as far as both ends may be seen. Whoever says what counts towards it
    (`takes`) knows of every contribution; one whose goal they may not see has `is_seen` False."""
    up = Alignment.objects.filter(child=objective, parent__in=visible.values("pk"))
    down = with_sight(Alignment.objects.filter(parent=objective), visible)
    known = Q(is_seen=True) | Q(kind=AlignmentKind.CONTRIBUTES) if takes else Q(is_seen=True)
    return list(up.select_related("parent__owner")), list(
        down.filter(known).select_related("child__owner", "by")
    )


def links_within_reach(actor: access.Actor) -> QuerySet[Alignment]:
    """Links that somebody may know of: those whose lower end they may see, and contributions to what they answer
    for, whose lower end may be hidden from them."""
    me, visible = actor.person_id, visible_to(actor)
    below = people.below(me, people.today(actor.organisation))
    answers = Q(parent__owner_id=me) | Q(parent__agreer_id=me) | Q(parent__owner_id__in=below)
    answers &= Q(kind=AlignmentKind.CONTRIBUTES, parent__in=visible.values("pk"))
    links = with_sight(Alignment.objects.select_related("child", "parent"), visible)
    return links.filter(Q(is_seen=True) | answers)


def with_sight(links: QuerySet[Alignment], visible: QuerySet[Objective]) -> QuerySet[Alignment]:
    """With `is_seen`: whether the lower end is among what the reader may see."""
    return links.annotate(is_seen=Exists(visible.filter(pk=OuterRef("child_id"))))
