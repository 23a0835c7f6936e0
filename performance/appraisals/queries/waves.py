"""Waves: what was published together, who is left, and how far reading has come."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from performance.appraisals.models import (
    Acknowledgement,
    Appeal,
    AppealState,
    Cycle,
    CycleEntry,
    EntryState,
    Publication,
    Wave,
)
from performance.appraisals.queries import sections
from performance.people import models as people


@dataclass(frozen=True)
class Terms:
    """What people are promised: days to say that they have read their result, days to appeal, and days from an appeal to
    its decision. All of them days of the calendar."""

    acknowledge_days: int = 14
    appeal_days: int = 14
    answer_days: int = 14


USUAL_TERMS = Terms()


def promised_terms(cycle: Cycle) -> Terms | None:
    """Those of the cycle's first wave; None before it."""
    first = Wave.objects.filter(cycle=cycle).order_by("number").first()
    return Terms(first.acknowledge_days, first.appeal_days, first.answer_days) if first else None


def to_publish(
    cycle: Cycle,
    *,
    unit: people.BusinessUnit | None = None,
    team: people.Team | None = None,
    entry_ids: Collection[uuid.UUID] | None = None,
) -> QuerySet[CycleEntry]:
    """Entries that were signed off and not published; of a unit or a team with what is below it, or of this list."""
    found = CycleEntry.objects.filter(cycle=cycle, state=EntryState.SIGNED_OFF)
    if unit is not None:
        found = found.filter(unit_id__in=sections.below(people.BusinessUnit, unit.pk))
    if team is not None:
        found = found.filter(team_id__in=sections.below(people.Team, team.pk))
    if entry_ids is not None:
        found = found.filter(pk__in=entry_ids)
    return found.order_by("number", "pk")


@dataclass(frozen=True)
class Listed:
    """What a list of employee numbers comes to in a cycle: entries that wait for publication, and numbers that do not."""

    entry_ids: list[uuid.UUID]
    unknown: list[str]


def listed(cycle: Cycle, numbers: Sequence[str]) -> Listed:
    """By the numbers of the cycle, in any case. One query."""
    wanted = {number.strip().lower(): number.strip() for number in numbers if number.strip()}
    waiting = {number.lower(): key for key, number in to_publish(cycle).values_list("pk", "number")}
    return Listed(
        [waiting[number] for number in wanted if number in waiting],
        [given for number, given in wanted.items() if number not in waiting],
    )


@dataclass(frozen=True)
class WaveRow:
    """A wave and how many of its people have read their result and said so."""

    wave: Wave
    read: int
    acknowledged: int


def waves_of(cycle: Cycle) -> list[WaveRow]:
    """Newest first. Three queries."""
    published = Publication.objects.filter(wave__cycle=cycle).order_by().values("wave")
    read = dict(
        published.filter(entry__seen_at__isnull=False).annotate(n=Count("pk")).values_list("wave", "n")
    )
    said = dict(
        published.filter(entry__acknowledgements__isnull=False)
        .annotate(n=Count("pk"))
        .values_list("wave", "n")
    )
    waves = (
        Wave.objects.filter(cycle=cycle).select_related("unit", "team", "published_by").order_by("-number")
    )
    return [WaveRow(wave, read.get(wave.pk, 0), said.get(wave.pk, 0)) for wave in waves]


def waves_by_entry(entry_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Wave]:
    """Entry → the wave it was published in. One query."""
    found = Publication.objects.filter(entry__in=list(entry_ids)).select_related("wave")
    return {publication.entry_id: publication.wave for publication in found}


def wave_of(entry: CycleEntry) -> Wave | None:
    return waves_by_entry([entry.pk]).get(entry.pk)


def acknowledgement_of(entry: CycleEntry) -> Acknowledgement | None:
    return Acknowledgement.objects.filter(entry=entry).first()


@dataclass(frozen=True)
class Progress:
    """How far a cycle's results have come. Counts are people; `left` wait for a wave."""

    people: int
    published: int
    read: int
    acknowledged: int
    appeals: int = 0
    open_appeals: int = 0

    @property
    def left(self) -> int:
        return self.people - self.published

    def percent(self, count: int, of: int) -> int:
        return count * 100 // of if of else 0

    @property
    def published_percent(self) -> int:
        return self.percent(self.published, self.people)

    @property
    def read_percent(self) -> int:
        return self.percent(self.read, self.published)

    @property
    def appeals_percent(self) -> int:
        return self.percent(self.appeals, self.published)

    @property
    def acknowledged_percent(self) -> int:
        return self.percent(self.acknowledged, self.published)


def progress_of(cycle: Cycle) -> Progress:
    """Four queries, whatever the number of people."""
    signed = CycleEntry.objects.filter(cycle=cycle, state__in=[EntryState.SIGNED_OFF, EntryState.PUBLISHED])
    of_state = dict(signed.order_by().values_list("state").annotate(n=Count("pk")))
    published = of_state.get(EntryState.PUBLISHED, 0)
    read = signed.filter(seen_at__isnull=False).count()
    said = Acknowledgement.objects.filter(entry__cycle=cycle).count()
    appeals = Appeal.objects.filter(entry__cycle=cycle).exclude(state=AppealState.WITHDRAWN)
    counted = appeals.aggregate(all=Count("pk"), open=Count("pk", filter=Q(state=AppealState.OPEN)))
    return Progress(sum(of_state.values()), published, read, said, counted["all"], counted["open"])
