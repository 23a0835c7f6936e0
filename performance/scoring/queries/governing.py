"""Whom locked versions govern: on which days of a period, which people, and by which metrics."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from performance.foundation import sets
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence
from performance.scoring.models import OWN_UNIT, MarketRule, PolicyVersion, SourceKind, VersionState

FIXED = (VersionState.LOCKED, VersionState.SUPERSEDED)
UnitId = uuid.UUID | None
#: A version and the first and last day that it weighs somebody.
Days = tuple[uuid.UUID, datetime.date, datetime.date]


@dataclass(frozen=True)
class Group:
    """People whose whole period is governed by the same versions."""

    segments: tuple[evidence.Segment, ...]
    person_ids: tuple[uuid.UUID, ...]


@dataclass(frozen=True)
class Governed:
    """The days on which one version weighs somebody in one unit, or in several where that makes no difference."""

    version: PolicyVersion
    first_day: datetime.date
    last_day: datetime.date


@dataclass(frozen=True)
class Turn:
    """A version and the first day it governs; it does so until the next turn's."""

    version: PolicyVersion
    first_day: datetime.date


def open_periods() -> list[people.Period]:
    """Periods whose scores still move: not closed, and with a locked version."""
    with_rules = PolicyVersion.objects.filter(state__in=FIXED).values("period_id")
    return list(
        people.Period.objects.filter(pk__in=with_rules).exclude(state="closed").order_by("starts_on", "pk")
    )


def fixed_versions(period: people.Period) -> list[uuid.UUID]:
    """The locked versions of a period, as a run goes by them: pinned at its beginning."""
    return list(_fixed(period, None).order_by("pk").values_list("pk", flat=True))


def groups(
    period: people.Period,
    person_ids: Iterable[uuid.UUID] | None = None,
    *,
    pinned: Collection[uuid.UUID] | None = None,
) -> list[Group]:
    """Who is scored in a period and by which versions; everybody unless ids are given. Four queries.

    By the versions that are `pinned` alone, where there are some, whatever was locked since. Whoever moves to another unit
    within the period is weighed by each unit's versions for the days there.
    """
    turns_of_unit = _turns_of_units(period, pinned=pinned)
    employed = _employed(period)
    asked = None if person_ids is None else list(person_ids)
    if asked is not None:
        employed = employed.filter(pk__in=sets.among(asked))
    moved = people_queries.stays_since(asked, period.starts_on)
    governed: dict[people_queries.Stays, tuple[Governed, ...]] = {}
    together: dict[tuple[Days, ...], list[uuid.UUID]] = {}
    by_days: dict[tuple[Days, ...], tuple[Governed, ...]] = {}
    for person_id, unit_id in employed.order_by("pk").values_list("pk", "unit_id"):
        stays = people_queries.stretches(unit_id, moved.get(person_id, ()), period.starts_on, period.ends_on)
        if stays not in governed:
            governed[stays] = _governed(stays, turns_of_unit)
        if governed[stays]:
            days = tuple((each.version.pk, each.first_day, each.last_day) for each in governed[stays])
            by_days[days] = governed[stays]
            together.setdefault(days, []).append(person_id)
    return [Group(_segments(by_days[days]), tuple(found)) for days, found in together.items()]


def scored_people(
    period: people.Period, *, pinned: Collection[uuid.UUID] | None = None
) -> QuerySet[people.Person]:
    """Everybody whom a locked version governs on some day of the period; one of those `pinned`, where there are some."""
    turns_of_unit = _turns_of_units(period, pinned=pinned)
    return _in_units(period, {unit for unit, turns in turns_of_unit.items() if turns})


def governing_on(
    period: people.Period, day: datetime.date, *, without: uuid.UUID | None = None
) -> dict[UnitId, PolicyVersion]:
    """unit → the version that governs its people on a day of the period, as if one of them, `without`, were not there.
    Two queries."""
    fixed = PolicyVersion.objects.filter(period=period, state__in=FIXED).exclude(pk=without)
    turns_of_unit = _turns_of_units(period, pinned=list(fixed.values_list("pk", flat=True)))
    found: dict[UnitId, PolicyVersion] = {}
    for unit_id, turns in turns_of_unit.items():
        begun = [turn.version for turn in turns if turn.first_day <= day]
        if begun:
            found[unit_id] = begun[-1]
    return found


def people_in_scope(version: PolicyVersion) -> QuerySet[people.Person]:
    """Whom this version scores, or could score once locked beside what is locked for its period already."""
    turns_of_unit = _turns_of_units(version.period, None if version.is_fixed else version)
    concerned = {
        unit_id
        for unit_id, turns in turns_of_unit.items()
        if any(turn.version.pk == version.pk for turn in turns)
    }
    return _in_units(version.period, concerned)


def is_in_scope(version: PolicyVersion, person_id: uuid.UUID) -> bool:
    """Whether this version scores somebody, or could."""
    return people_in_scope(version).filter(pk=person_id).exists()


def approvers_of(version: PolicyVersion, role: str) -> QuerySet[people.Person]:
    """Holders of a side's role who may approve: neither proposer nor author, and not among the scored."""
    scored = people_in_scope(version).values("pk")
    holders = people_queries.people_with_role(role)
    return holders.exclude(
        pk__in=[version.proposed_by_id, version.drafted_by_id, *version.written_by]
    ).exclude(pk__in=scored)


def is_scored_by(person_id: uuid.UUID, metric_keys: Iterable[str]) -> bool:
    """Whether a policy of an open period weighs one of these metrics for this person."""
    return person_id in set(people_using_metrics(metric_keys))


def people_using_metrics(metric_keys: Iterable[str]) -> list[uuid.UUID]:
    """People whose policy of an open period weighs one of these metrics, or has its weights moved by one.

    A signal is read at the lock: who is to be scored by weights that it moves counts before that.
    """
    wanted = set(metric_keys)
    found: set[uuid.UUID] = set()
    coming = PolicyVersion.objects.filter(
        pk__in=MarketRule.objects.filter(metric_key__in=wanted).values("version_id")
    )
    for version in (
        coming.exclude(state__in=FIXED).exclude(period__state="closed").select_related("period", "policy")
    ):
        found.update(people_in_scope(version).values_list("pk", flat=True))
    for period in open_periods():
        for group in groups(period):
            used = {key for segment in group.segments for key in metrics_read(segment.plan)}
            if used & wanted:
                found.update(group.person_ids)
    return sorted(found)


def metrics_read(plan: Mapping[str, Any]) -> set[str]:
    """The metrics that a plan weighs, or reads as signals of the market."""
    weighed = {
        component["source_ref"]
        for component in plan.get("components", ())
        if component["source_kind"] == SourceKind.KPI
    }
    return weighed | evidence.metrics_named(plan)


def in_turn(period: people.Period, versions: Iterable[PolicyVersion]) -> tuple[Turn, ...]:
    """The versions of one policy that govern, given in the order of their numbers.

    A version governs until the first day of one with a higher number. One that would only begin on or after that
    day never does: the later decision stands.
    """
    turns: list[Turn] = []
    for version in versions:
        first_day = max(version.effective_on or period.starts_on, period.starts_on)
        while turns and turns[-1].first_day >= first_day:
            turns.pop()
        turns.append(Turn(version, first_day))
    return tuple(turns)


def nearest_first(policies: Iterable[Sequence[Turn]]) -> tuple[Turn, ...]:
    """The turns of several policies, the nearest one first, as one sequence of days.

    The nearest governs from its first day on. On the days before it the next one does, as it did when those days
    went by: weights never change backwards.
    """
    turns: tuple[Turn, ...] = ()
    for further in policies:
        before = (turn for turn in further if not turns or turn.first_day < turns[0].first_day)
        turns = (*before, *turns)
    return turns


def _fixed(period: people.Period, pinned: Collection[uuid.UUID] | None) -> QuerySet[PolicyVersion]:
    fixed = PolicyVersion.objects.filter(period=period, state__in=FIXED)
    return fixed if pinned is None else fixed.filter(pk__in=pinned)


def _turns_of_units(
    period: people.Period,
    coming: PolicyVersion | None = None,
    *,
    pinned: Collection[uuid.UUID] | None = None,
) -> dict[UnitId, tuple[Turn, ...]]:
    """unit → the versions that govern its people (None: those of no unit). Two queries.

    `coming` is taken as if it were locked, from as early as it could be.
    """
    fixed = _fixed(period, pinned).select_related("policy")
    versions: dict[UnitId, list[PolicyVersion]] = {}
    for version in [*fixed.order_by("number"), *([coming] if coming else [])]:
        versions.setdefault(version.policy.unit_id, []).append(version)
    own = {unit_id: in_turn(period, found) for unit_id, found in versions.items()}
    parents = dict(people.BusinessUnit.objects.values_list("pk", "parent_id"))
    return {
        unit_id: nearest_first(own.get(above, ()) for above in _chain(unit_id, parents))
        for unit_id in (*parents, None)
    }


def _chain(unit_id: UnitId, parents: Mapping[uuid.UUID, UnitId]) -> list[UnitId]:
    """The unit, those above it, and the whole organisation (None) at the end."""
    chain: list[UnitId] = []
    above = unit_id
    while above is not None and above not in chain:
        chain.append(above)
        above = parents.get(above)
    return [*chain, None]


def _governed(
    stays: people_queries.Stays, turns_of_unit: Mapping[UnitId, Sequence[Turn]]
) -> tuple[Governed, ...]:
    """Which version weighs somebody on which days. Days in a unit without weights are not weighed."""
    found: list[Governed] = []
    for unit_id, since, until in stays:
        turns = turns_of_unit.get(unit_id, ())
        ends = [*(turn.first_day - people_queries.A_DAY for turn in turns[1:]), until]
        for turn, last_day in zip(turns, ends, strict=False):
            first, last = max(turn.first_day, since), min(last_day, until)
            if first > last:
                continue
            if found and _goes_on(found[-1], turn.version, first):
                found[-1] = Governed(turn.version, found[-1].first_day, last)
            else:
                found.append(Governed(turn.version, first, last))
    return tuple(found)


def _goes_on(before: Governed, version: PolicyVersion, first: datetime.date) -> bool:
    """Whether a move makes no difference: the same weights, and nothing that is measured by the unit."""
    components = (version.plan or {}).get("components", ())
    return (
        before.version.pk == version.pk
        and before.last_day + people_queries.A_DAY == first
        and all(component["slice"] != OWN_UNIT for component in components)
    )


def _segments(days: Sequence[Governed]) -> tuple[evidence.Segment, ...]:
    """The days that each version governs.

    Days are those of the whole period, not of the part gone by: all sets of rules are known in advance, and a
    score does not drift from one day to the next by the calendar alone.
    """
    return tuple(
        evidence.Segment(
            version_id=each.version.pk,
            number=each.version.number,
            starts_on=each.first_day.isoformat(),
            ends_on=each.last_day.isoformat(),
            days=(each.last_day - each.first_day).days + 1,
            plan=each.version.plan or {},
        )
        for each in days
    )


def _employed(period: people.Period) -> QuerySet[people.Person]:
    """Employed on at least one day of the period."""
    return people.Person.objects.filter(
        Q(left_on=None) | Q(left_on__gte=period.starts_on), Q(hired_on=None) | Q(hired_on__lte=period.ends_on)
    )


def _in_units(period: people.Period, units: set[UnitId]) -> QuerySet[people.Person]:
    """Employed, and in one of the units, on some day of the period."""
    return people_queries.in_units_during(_employed(period), units, period.starts_on, period.ends_on)
