"""Finding goals by words: the same words find the same goals in the list, on the map and from the palette."""

from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse

from okr.models import KeyResult, Objective
from okr.queries.visibility import visible_to
from performance.foundation import access
from performance.people import models as people_models

#: Further words narrow no more.
MOST_WORDS = 6


def carrying(objectives: QuerySet[Objective], words: str) -> QuerySet[Objective]:
    """Each word stands in the text, in a standing key result, or in a name of the owner in either language."""
    for word in words.split()[:MOST_WORDS]:
        in_results = KeyResult.objects.filter(title__icontains=word, removed_at=None)
        named = people_models.Person.objects.filter(Q(name_en__icontains=word) | Q(name_zh__icontains=word))
        objectives = objectives.filter(
            Q(title__icontains=word)
            | Q(description__icontains=word)
            | Q(pk__in=in_results.values("objective_id"))
            | Q(owner__in=named.values("pk"))
        )
    return objectives


def search(actor: access.Actor, words: str) -> list[tuple[str, str, str, str]]:
    """Up to eight (label, detail, address, icon) of visible objectives that carry all the words, those whose title
    does first."""
    in_title = Q()
    for word in words.split()[:MOST_WORDS]:
        in_title &= Q(title__icontains=word)
    rank: Any = Case(When(in_title, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = carrying(visible_to(actor), words).select_related("owner", "period")
    return [
        (
            objective.title,
            f"{objective.owner} · {objective.period}",
            reverse("okr:objective", args=[objective.pk]),
            "target",
        )
        for objective in found.order_by(rank, "-created_at", "-id")[:8]
    ]
