"""Which parts of which metrics somebody sees, where datasets are narrowed to the branch of their reader.

The whole of a metric stays open to everybody who sees it, and so do the parts of the reader's branch. Where exactly one
part of a month is closed, the whole less the open parts would tell it: then the whole is closed too, with the wholes
that it could be worked out from: those of what is computed from it, of a quarter, of a running total, and as they were
known while that part was the only one.
"""

import datetime
import functools
import operator
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Case, Exists, F, Model, OuterRef, Q, QuerySet, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat
from django.db.models.lookups import In

from performance.foundation import access
from performance.kpis import semantics
from performance.kpis.models import Grain, MetricValue, MetricVersion, VersionState
from performance.sources import queries as sources

Row = TypeVar("Row", bound=Model)
#: (dimension of the metric, value) pairs that a slice has to have, all of them.
Opening = tuple[tuple[str, str], ...]
NEVER = Q(pk__in=[])
FOREVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)
#: No month of any calendar is longer.
LONGEST_MONTH, LONGEST_YEAR = 35, 371


#: By what is known a value is judged: a condition for the values beside it, so many queries below its own.
Known = Callable[[int], Q]


def _now(_levels: int) -> Q:
    return Q(superseded_at=None)


def _when_it_came(levels: int) -> Q:
    at = _outer("as_of", levels)
    return Q(as_of__lte=at) & (Q(superseded_at=None) | Q(superseded_at__gt=at))


def _when_it_went(levels: int) -> Q:
    at = _outer("superseded_at", levels)
    return Q(as_of__lt=at) & (Q(superseded_at=None) | Q(superseded_at__gte=at))


def _when_a_part(name: str) -> Q:
    """Known when a part came ("as_of") or went ("superseded_at"), seen from that part."""
    at = OuterRef(name)
    return Q(as_of__lte=at) & (Q(superseded_at=None) | Q(superseded_at__gt=at))


def _while_in_force(name: str, levels: int) -> Q:
    """A moment of the rows lies within the time of the value so many queries above."""
    until = Coalesce(_outer("superseded_at", levels), Value(FOREVER))
    return Q(**{f"{name}__gt": _outer("as_of", levels), f"{name}__lt": until})


def _outer(name: Any, levels: int) -> Any:
    for _level in range(levels):
        name = OuterRef(name)
    return name


@dataclass(frozen=True)
class Behind:
    """What lies behind some metrics. `pairs`: (metric, base metric that it is computed from); `reach`: how many days
    before its own first one a value is counted from, of those that rest on a running total."""

    pairs: frozenset[tuple[uuid.UUID, uuid.UUID]] = frozenset()
    reach: Mapping[uuid.UUID, int] = field(default_factory=dict)

    def rests(self, *, is_value: bool) -> Q:
        """The rows that rest on more than the rows of their own month."""
        found = Q(metric__in={metric_id for metric_id, _base_id in self.pairs})
        return found | ~Q(grain=Grain.MONTH) if is_value else found

    def stretches(self, start: str, *, is_value: bool) -> QuerySet[MetricValue]:
        """The wholes that a row rests on: those of what it is computed from, and of the months within its days."""
        pair = Concat(
            Cast(OuterRef("metric"), TextField()), Value(" ", TextField()), Cast(F("metric"), TextField())
        )
        known = sorted(f"{metric_id} {base_id}" for metric_id, base_id in self.pairs)
        behind = Q(metric=OuterRef("metric"))
        if known:
            behind |= Q(metric__in={base_id for _metric_id, base_id in self.pairs}) & Q(In(pair, known))
        found = MetricValue.objects.filter(behind, dimensions="").order_by()
        first = OuterRef(start)
        if is_value:
            until = Q(period_end__lte=OuterRef("period_end"))
            days = Q(grain=OuterRef("grain"), period_start=first, period_end=OuterRef("period_end"))
            days |= Q(grain=Grain.MONTH, period_start__gte=first) & until
        else:
            until = Q(period_start__lte=first)
            days = Q(grain=Grain.MONTH, period_start=first)
        for reach in sorted(set(self.reach.values())):
            running = [str(metric_id) for metric_id, number in self.reach.items() if number == reach]
            earlier = first - Value(datetime.timedelta(days=reach))
            of_running = Q(In(Cast(OuterRef("metric"), TextField()), running))
            days |= Q(grain=Grain.MONTH, period_start__gte=earlier) & until & of_running
        return found.filter(days)


@dataclass(frozen=True)
class Guard:
    """What a reader sees of values that come from one narrowed dataset. `keys`: the dimensions of the metric by which
    the rule tells rows apart, () where it cannot be cut by them; `openings`: what their branch opens."""

    keys: tuple[str, ...]
    openings: tuple[Opening, ...]

    def opens(self, slice: Mapping[str, Any]) -> bool:
        given = {(key, str(value)) for key, value in slice.items()}
        return any(given.issuperset(opening) for opening in self.openings)

    def parts(self) -> Q:
        """Slices within the branch."""
        groups: dict[tuple[str, ...], list[Opening]] = defaultdict(list)
        for opening in self.openings:
            groups[tuple(key for key, _value in opening)].append(opening)
        found = NEVER
        for keys, opened in groups.items():
            if len(keys) == 1:
                told = In(KeyTextTransform(keys[0], "slice"), [opening[0][1] for opening in opened])
                found |= Q(told)
            else:
                found |= functools.reduce(operator.or_, (Q(slice__contains=dict(each)) for each in opened))
        return found

    def wholes(self, start: str, behind: Behind, *, is_value: bool, is_past: bool) -> Q:
        """Where the whole tells no closed part. A reader without a branch is told one by the whole alone, if every way
        of telling rows apart has but one part."""

        def is_told(keys: tuple[str, ...]) -> Q:
            told = self._is_told(keys, start, behind, _now, is_value)
            if is_past:
                # A whole may stay the same while its parts move: it is told of no moment of its time.
                told |= self._is_told(keys, start, behind, _when_it_came, is_value)
                told |= Q(superseded_at__isnull=False) & self._is_told(
                    keys, start, behind, _when_it_went, is_value
                )
                told |= self._is_told_between(keys, start, behind)
            return told

        keysets = {tuple(key for key, _value in opening) for opening in self.openings}
        if keysets:
            return functools.reduce(operator.and_, (~is_told(keys) for keys in sorted(keysets)))
        if not self.keys:
            return ~NEVER
        return ~functools.reduce(operator.and_, (is_told((key,)) for key in self.keys))

    def _is_told(self, keys: tuple[str, ...], start: str, behind: Behind, known: Known, is_value: bool) -> Q:
        """Exactly one part of those days is closed and has a value, or of days that the row rests on."""
        same: dict[str, Any] = {"period_start": OuterRef(start), "grain": Grain.MONTH}
        if is_value:
            same |= {"grain": OuterRef("grain"), "period_end": OuterRef("period_end")}
        closed = self._closed(keys, known(1), same)
        stretches = behind.stretches(start, is_value=is_value)
        if known is _now:
            stretches = stretches.filter(superseded_at=None)
        same = {name: OuterRef(name) for name in ("period_start", "period_end", "grain")}
        of_each = self._closed(keys, known(2), same)
        # Not two conditions beside each other: the planner would join the first one, without the help of an index.
        alone = Case(When(Exists(of_each), then=~Exists(of_each[1:2])), default=Value(False))
        return (Q(Exists(closed)) & ~Q(Exists(closed[1:2]))) | (
            behind.rests(is_value=is_value) & Q(Exists(stretches.filter(alone)))
        )

    def _is_told_between(self, keys: tuple[str, ...], start: str, behind: Behind) -> Q:
        """Exactly one part of those days was closed at some moment while the value was in force."""
        days = {
            "period_start": OuterRef(start),
            "period_end": OuterRef("period_end"),
            "grain": OuterRef("grain"),
        }
        same = {name: OuterRef(name) for name in days}
        stretches = behind.stretches(start, is_value=True)
        return Q(Exists(self._turns(keys, days, 1))) | (
            behind.rests(is_value=True) & Q(Exists(stretches.filter(Exists(self._turns(keys, same, 2)))))
        )

    def _turns(self, keys: tuple[str, ...], days: Mapping[str, Any], levels: int) -> QuerySet[MetricValue]:
        """The closed parts at whose coming or going exactly one was known."""
        same = {name: OuterRef(name) for name in days}
        found = NEVER
        for name in ("as_of", "superseded_at"):
            known = self._closed(keys, _when_a_part(name), same)
            found |= _while_in_force(name, levels) & Q(Exists(known)) & ~Q(Exists(known[1:2]))
        return self._closed(keys, Q(), days).filter(found)

    def _closed(self, keys: tuple[str, ...], known: Q, same: Mapping[str, Any]) -> QuerySet[MetricValue]:
        """The closed parts with a value beside a whole of the `same` days."""
        found = MetricValue.objects.filter(
            known,
            metric=OuterRef("metric"),
            dimensions=semantics.dimensions_text(keys),
            value__isnull=False,
            **same,
        )
        return found.exclude(self.parts()).order_by()


@dataclass(frozen=True)
class Sight:
    """What a reader sees. `guards` has the metrics of which that is not everything: a part is open where each of their
    guards opens it; `behind` says what those are computed from. `rows` is the same for the rows of datasets."""

    rows: sources.RowSight = sources.ALL_ROWS
    guards: Mapping[uuid.UUID, tuple[Guard, ...]] = field(default_factory=dict)
    behind: Behind = Behind()

    def hides(self, metric_id: uuid.UUID) -> bool:
        """Whether some parts of the metric may be closed."""
        return metric_id in self.guards

    def hides_parts(self, metric_id: uuid.UUID, within: Mapping[str, Any]) -> bool:
        """Whether parts of that slice may be closed: those of an open part are open."""
        return self.hides(metric_id) and not (within and self.opens(metric_id, within))

    def opens(self, metric_id: uuid.UUID, slice: Mapping[str, Any]) -> bool:
        """Whether a part is open; the whole counts as open here, see `seen`."""
        return not slice or all(guard.opens(slice) for guard in self.guards.get(metric_id, ()))

    def opens_rows(self, metric_id: uuid.UUID) -> bool:
        """Whether the branch has rows of a narrowed dataset that the metric comes from."""
        return any(guard.openings for guard in self.guards.get(metric_id, ()))

    def open_to(self, start: str = "period_start", *, is_value: bool = True, is_past: bool = False) -> Q:
        """The condition for rows with a `metric`, a `slice` and the first day `start` of what they tell. Rows that are
        no values of their own (targets, alerts) are `is_value` False: they count by the month. `is_past`: some of them
        are not in force any more."""
        alike: dict[tuple[Guard, ...], list[uuid.UUID]] = defaultdict(list)
        for metric_id, guards in self.guards.items():
            alike[guards].append(metric_id)
        found = ~Q(metric__in=list(self.guards))
        for guards, metric_ids in alike.items():
            behind = Behind(
                frozenset(pair for pair in self.behind.pairs if pair[0] in metric_ids),
                {metric_id: days for metric_id, days in self.behind.reach.items() if metric_id in metric_ids},
            )
            parts = functools.reduce(operator.and_, (guard.parts() for guard in guards))
            wholes = functools.reduce(
                operator.and_,
                (guard.wholes(start, behind, is_value=is_value, is_past=is_past) for guard in guards),
            )
            found |= Q(metric__in=metric_ids) & (parts | (Q(slice={}) & wholes))
        return found

    def seen(self, found: QuerySet[MetricValue], *, is_past: bool = False) -> QuerySet[MetricValue]:
        """Of these values those that are open; only those in force, unless `is_past`: then also what was known before,
        where it told nothing that is closed."""
        if not self.guards:
            return found
        opened = found.filter(self.open_to(is_past=is_past))
        return opened if is_past else opened.filter(superseded_at=None)

    def seen_of(
        self, found: QuerySet[Row], start: str = "period_start", *, also: Q | None = None
    ) -> QuerySet[Row]:
        """Of these targets, alerts, notes, … those that are open, and those that `also` names."""
        if not self.guards:
            return found
        is_open = self.open_to(start, is_value=False)
        return found.filter(is_open if also is None else is_open | also)


#: For what counts and for nobody's eyes: scores, alerts and forecasts are computed over everything.
EVERYTHING = Sight()


def sight_of(actor: access.Actor, on: datetime.date | None = None) -> Sight:
    """What an actor sees that day, the organisation's today by default. At most five queries, the first time; one where
    no dataset is narrowed."""
    key = f"kpis.sight {on or ''}"
    if key not in actor.memory:
        actor.memory[key] = _sight(sources.row_sight(actor, on))
    return actor.memory[key]


def _sight(rows: sources.RowSight) -> Sight:
    if not rows.narrowed:
        return EVERYTHING
    guards: dict[uuid.UUID, tuple[Guard, ...]] = {}
    pairs: set[tuple[uuid.UUID, uuid.UUID]] = set()
    reach: dict[uuid.UUID, int] = {}
    for metric_id, line in _lines().items():
        narrowed = [each for each in line.bases if each[1] in rows.narrowed]
        found = {guard_of(rows.narrowed[dataset_id], dimensions) for _id, dataset_id, dimensions in narrowed}
        if found:
            guards[metric_id] = tuple(sorted(found, key=repr))
            pairs |= {(metric_id, base_id) for base_id, _dataset, _dims in narrowed if base_id != metric_id}
            if line.reach:
                reach[metric_id] = line.reach
    return Sight(rows, guards, Behind(frozenset(pairs), reach))


def guard_of(narrowed: sources.Narrowed, dimensions: Mapping[str, str]) -> Guard:
    """The rule of a dataset in the words of a base metric over it, whose `dimensions` map its own to columns."""
    named: dict[str, str] = {}
    for key, column in sorted(dimensions.items()):
        named.setdefault(column, key)
    keys = {named[column] for column in narrowed.columns.values() if column in named}
    openings = {
        tuple(sorted((named[column], value) for column, value in opening))
        for opening in narrowed.openings
        if all(column in named for column, _value in opening)
    }
    return Guard(tuple(sorted(keys)), tuple(sorted(openings)))


@dataclass(frozen=True)
class _Line:
    """What a metric is computed from. `bases`: (base metric, dataset, dimensions) of all versions; `reach`: see Behind."""

    bases: list[tuple[uuid.UUID, uuid.UUID, dict[str, str]]]
    reach: int


def _lines() -> dict[uuid.UUID, _Line]:
    """By metric, of all versions that its values may ever have come from: what was counted by an earlier wording is
    closed like the rest. One query."""
    told = MetricVersion.objects.filter(state__in=[VersionState.CERTIFIED, VersionState.DEPRECATED])
    ids: dict[str, uuid.UUID] = {}
    own: dict[str, list[tuple[uuid.UUID, uuid.UUID, dict[str, str]]]] = defaultdict(list)
    used: dict[str, set[str]] = defaultdict(set)
    reach: dict[str, int] = defaultdict(int)
    for version in told.select_related("metric"):
        key = version.metric.key
        ids[key] = version.metric_id
        if version.dataset_id is not None:
            own[key].append((version.metric_id, version.dataset_id, version.dimensions))
        if version.is_cumulative:
            # Of a running total of the year no more than a year.
            days = LONGEST_MONTH * (version.accumulation_months or 0) or LONGEST_YEAR
            reach[key] = max(reach[key], days)
        used[key].update(version.input_keys)
    found = {}
    for key, metric_id in ids.items():
        reached = _reached(key, used)
        bases = [each for one in reached for each in own[one]]
        found[metric_id] = _Line(bases, max(reach[one] for one in reached))
    return found


def _reached(key: str, used: Mapping[str, Collection[str]]) -> list[str]:
    found, waiting = [key], [key]
    while waiting:
        for other in used.get(waiting.pop(), ()):
            if other not in found:
                found.append(other)
                waiting.append(other)
    return found


def actor_for(person: Any) -> access.Actor:
    """Somebody who is written to, with the rights that they have now. One query."""
    roles = frozenset(person.grants.values_list("role", flat=True))
    return access.Actor(user=person.user, organisation=person.organisation, person=person, roles=roles)
