"""Finding goals by words: the same words find the same goals in the list, on the map and from the palette, which finds
periods and retrospectives as well."""

from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext

from okr.models import AgreedAction, KeyResult, Objective, RetrospectiveNote
from okr.queries.retrospectives import retrospectives_read_by
from okr.queries.visibility import visible_to
from performance.foundation import access, i18n
from performance.foundation.components import formats
from performance.people import models as people_models
from performance.people import queries as people

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


def search_periods(actor: access.Actor, words: str) -> list[tuple[str, str, str, str]]:
    """Up to eight periods called so in either language, newest first: each leads to its goals."""
    found = people.periods()
    for word in words.split()[:MOST_WORDS]:
        found = found.filter(_has_name("", word))
    return [
        (
            i18n.local(each, "name"),
            f"{formats.day(each.starts_on, 'full')} – {formats.day(each.ends_on, 'full')}",
            f"{reverse('okr:objectives')}?period={each.pk}",
            "calendar-event",
        )
        for each in found[:8]
    ]


def search_retrospectives(actor: access.Actor, words: str) -> list[tuple[str, str, str, str]]:
    """Up to eight retrospectives that one may read, newest first: by their team, their period, what they are called
    themselves, and what was noted or agreed in them."""
    kinds = [name.casefold() for name in i18n.in_both(lambda: gettext("Retrospectives"))]
    said = [word for word in words.split()[:MOST_WORDS] if not _begins_one(word.casefold(), kinds)]
    found = retrospectives_read_by(actor)
    for word in said:
        notes = RetrospectiveNote.objects.filter(text__icontains=word)
        agreed = AgreedAction.objects.filter(what__icontains=word)
        found = found.filter(
            _has_name("team__", word)
            | _has_name("period__", word)
            | Q(pk__in=notes.values("retrospective_id"))
            | Q(pk__in=agreed.values("retrospective_id"))
        )
    return [
        (
            i18n.local(each.team, "name"),
            i18n.local(each.period, "name"),
            f"{reverse('okr:retrospective', args=[each.team_id])}?period={each.period_id}",
            "history",
        )
        for each in found.order_by("-period__starts_on", "team__name_en", "pk")[:8]
    ]


def _begins_one(word: str, names: list[str]) -> bool:
    return len(word) > 1 and any(name.startswith(word) for name in names)


def _has_name(of: str, word: str) -> Q:
    return Q(**{f"{of}name_en__icontains": word}) | Q(**{f"{of}name_zh__icontains": word})
