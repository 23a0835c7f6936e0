"""Entries: whose the reader may see, each with the score in force or the one signed off."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Case, F, FilteredRelation, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from performance.appraisals import rules
from performance.appraisals.models import Band, Cycle, CycleEntry
from performance.appraisals.queries import sections
from performance.foundation import access
from performance.people import models as people
from performance.people import queries as people_queries

PAGE = 25
WHOLE = 1_000_000
UNRATED = "none"
# What the list may be narrowed to: all people inside, or those that need a look.
SHOWN = {
    "all": _("Everybody"),
    "unscored": _("Without a score"),
    "partial": _("Data incomplete"),
    "provisional": _("Score provisional"),
    "exceptions": _("Exceptions"),
    "left_out": _("Left out"),
}


@dataclass(frozen=True)
class Filters:
    """What a list or an export is narrowed to. Empty means everybody who is not left out.

    `rating`: "1" to "5", or "none" for people without a score.
    """

    words: str = ""
    unit_id: str = ""
    team_id: str = ""
    rating: str = ""
    show: str = ""

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> "Filters":
        """From a form, an address or a kept export. What is no possible value narrows nothing."""
        rating, show = str(given.get("rating") or ""), str(given.get("show") or "")
        return cls(
            words=str(given.get("words") or "").strip()[:80],
            unit_id=_key(given.get("unit_id")),
            team_id=_key(given.get("team_id")),
            rating=rating if rating in (*"12345", UNRATED) else "",
            show=show if show in SHOWN else "",
        )

    @property
    def kept(self) -> dict[str, str]:
        """The parts that narrow, as an export and its audit row keep them."""
        return {key: value for key, value in asdict(self).items() if value and value != "all"}


def entries_visible_to(actor: access.Actor, on: datetime.date) -> QuerySet[CycleEntry]:
    """HR and auditors: all; others: the people below them today, and their own once published."""
    if rules.sees_all_entries(actor):
        return CycleEntry.objects.all()
    below = people_queries.ids_below(actor.person_id, on)
    return CycleEntry.objects.filter(Q(person_id__in=below) | Q(person=actor.person_id, state="published"))


def own_results(actor: access.Actor) -> QuerySet[CycleEntry]:
    """What was published about me, newest first."""
    return (
        CycleEntry.objects.filter(person=actor.person_id, state="published")
        .select_related("cycle__period", "score")
        .order_by("-cycle_id")
    )


def bands_of(cycle: Cycle) -> list[Band]:
    """Best first."""
    return list(Band.objects.filter(cycle=cycle).order_by("-rating"))


def entries_of(
    cycle: Cycle, bands: Sequence[Band], entries: QuerySet[CycleEntry] | None = None
) -> QuerySet[Any]:
    """The cycle's entries with their numbers: while it is open those in force, afterwards those signed off.

    Annotated: `score_row` (id), `score_micro`, `constant_micro`, `coverage_ppm`, `score_state`, `rating`.
    """
    found = (CycleEntry.objects.all() if entries is None else entries).filter(cycle=cycle)
    path = "score"
    if cycle.is_open:
        of_period = Q(person__current_scores__period=cycle.period_id)
        found = found.annotate(current=FilteredRelation("person__current_scores", condition=of_period))
        path = "current__score"
    found = found.annotate(
        score_row=F(f"{path}__pk"),
        score_micro=F(f"{path}__score_micro"),
        constant_micro=F(f"{path}__constant_micro"),
        coverage_ppm=F(f"{path}__coverage_ppm"),
        score_state=F(f"{path}__state"),
    )
    return found.annotate(rating=_rating(bands) if cycle.is_open else F("suggested_rating")).order_by(
        "number", "pk"
    )


def rating_from(bands: Sequence[Band], micro: int | None) -> int | None:
    """The suggested rating of one score; None without one."""
    if micro is None:
        return None
    return next(band.rating for band in bands if band.from_micro is None or micro >= band.from_micro)


def _rating(bands: Sequence[Band]) -> Case:
    """The same in the database, over `score_micro`."""
    steps = [
        When(score_micro__gte=band.from_micro, then=Value(band.rating))
        for band in bands
        if band.from_micro is not None
    ]
    lowest = When(score_micro__isnull=False, then=Value(1))
    return Case(*steps, lowest, default=None, output_field=IntegerField())


def in_sections(entries: QuerySet[Any], filters: Filters) -> QuerySet[Any]:
    """By unit, team (with what is below) and words of the name, number or title."""
    if filters.unit_id:
        units = sections.below(people.BusinessUnit, uuid.UUID(filters.unit_id))
        entries = entries.filter(unit_id__in=units)
    if filters.team_id:
        entries = entries.filter(team_id__in=sections.below(people.Team, uuid.UUID(filters.team_id)))
    if filters.words:
        named = people_queries.matching(people.Person.objects.all(), filters.words)
        entries = entries.filter(person__in=named.values("pk"))
    return entries


def of_state(entries: QuerySet[Any], show: str) -> QuerySet[Any]:
    """Whoever is left out appears only where that is asked for."""
    if show == "left_out":
        return entries.filter(state="left_out")
    if show == "exceptions":
        return entries.filter(is_exception=True)
    return entries.exclude(state="left_out")


def shown(entries: QuerySet[Any], show: str) -> QuerySet[Any]:
    """Who needs a look, of what `entries_of` gives."""
    entries = of_state(entries, show)
    if show == "unscored":
        return entries.filter(score_micro=None)
    if show == "partial":
        return entries.filter(score_micro__isnull=False, coverage_ppm__lt=WHOLE)
    if show == "provisional":
        return entries.filter(score_micro__isnull=False).exclude(score_state="frozen")
    return entries


def exceptions_of(cycle: Cycle) -> list[CycleEntry]:
    """Who was added or left out by hand, the first eight by number."""
    found = CycleEntry.objects.filter(cycle=cycle, is_exception=True).select_related("person")
    return list(found.order_by("number", "pk")[:8])


def person_to_add(words: str) -> list[people.Person]:
    """Whom HR means: the holder of that employee number, else up to six people whose name matches."""
    exact = list(people.Person.objects.filter(number__iexact=words.strip())[:1])
    if exact or not words.strip():
        return exact
    return list(
        people_queries.matching(people.Person.objects.all(), words).order_by("name_sort", "number")[:6]
    )


def _key(given: Any) -> str:
    try:
        return str(uuid.UUID(str(given)))
    except ValueError:
        return ""
