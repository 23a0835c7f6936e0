"""Which parts of which metrics somebody sees, where datasets are narrowed to the branch of their reader.

The whole of a metric stays open to everybody who sees it, and so do the parts of the reader's branch. Where exactly one
part of a month is closed, the whole less the open parts would tell it: then the whole is closed too.
"""

import datetime
import functools
import operator
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import In

from performance.foundation import access
from performance.kpis import semantics
from performance.kpis.models import Grain, MetricValue, MetricVersion, VersionState
from performance.sources import queries as sources

Row = TypeVar("Row", bound=Model)
#: (dimension of the metric, value) pairs that a slice has to have, all of them.
Opening = tuple[tuple[str, str], ...]
NEVER = Q(pk__in=[])


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

    def wholes(self, start: str, *, is_value: bool) -> Q:
        """Where the whole tells no closed part. A reader without a branch is told one by the whole alone, if every way
        of telling rows apart has but one part."""
        keysets = {tuple(key for key, _value in opening) for opening in self.openings}
        if keysets:
            return functools.reduce(
                operator.and_, (~self._is_told(keys, start, is_value) for keys in sorted(keysets))
            )
        if not self.keys:
            return ~NEVER
        told = (self._is_told((key,), start, is_value) for key in self.keys)
        return ~functools.reduce(operator.and_, told)

    def _is_told(self, keys: tuple[str, ...], start: str, is_value: bool) -> Q:
        """Exactly one part of those days is closed and has a value."""
        same: dict[str, Any] = {"grain": Grain.MONTH}
        if is_value:
            same = {"grain": OuterRef("grain"), "period_end": OuterRef("period_end")}
        closed = (
            MetricValue.objects.filter(
                metric=OuterRef("metric"),
                period_start=OuterRef(start),
                dimensions=semantics.dimensions_text(keys),
                superseded_at=None,
                value__isnull=False,
                **same,
            )
            .exclude(self.parts())
            .order_by()
        )
        return Q(Exists(closed)) & ~Q(Exists(closed[1:2]))


@dataclass(frozen=True)
class Sight:
    """What a reader sees. `guards` has the metrics of which that is not everything: a part is open where each of their
    guards opens it. `rows` is the same for the rows of datasets."""

    rows: sources.RowSight = sources.ALL_ROWS
    guards: Mapping[uuid.UUID, tuple[Guard, ...]] = field(default_factory=dict)

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

    def open_to(self, start: str = "period_start", *, is_value: bool = True) -> Q:
        """The condition for rows with a `metric`, a `slice` and the first day `start` of what they tell. Rows that are
        no values of their own (targets, alerts) are `is_value` False: they count by the month."""
        by_guards: dict[tuple[Guard, ...], list[uuid.UUID]] = defaultdict(list)
        for metric_id, guards in self.guards.items():
            by_guards[guards].append(metric_id)
        found = ~Q(metric__in=list(self.guards))
        for guards, metric_ids in by_guards.items():
            parts = functools.reduce(operator.and_, (guard.parts() for guard in guards))
            wholes = functools.reduce(
                operator.and_, (guard.wholes(start, is_value=is_value) for guard in guards)
            )
            found |= Q(metric__in=metric_ids) & (parts | (Q(slice={}) & wholes))
        return found

    def seen(self, found: QuerySet[MetricValue]) -> QuerySet[MetricValue]:
        """Of these values those that are open."""
        return found.filter(self.open_to()) if self.guards else found

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
    found: dict[uuid.UUID, tuple[Guard, ...]] = {}
    bases = _bases()
    for metric_id, versions in bases.items():
        guards = {
            guard_of(rows.narrowed[dataset_id], dimensions)
            for dataset_id, dimensions in versions
            if dataset_id in rows.narrowed
        }
        if guards:
            found[metric_id] = tuple(sorted(guards, key=repr))
    return Sight(rows, found)


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


def _bases() -> dict[uuid.UUID, list[tuple[uuid.UUID, dict[str, str]]]]:
    """metric id → (dataset, dimensions) of all base versions that its values may ever have come from: what was counted
    by an earlier wording is closed like the rest. One query."""
    told = MetricVersion.objects.filter(state__in=[VersionState.CERTIFIED, VersionState.DEPRECATED])
    ids: dict[str, uuid.UUID] = {}
    own: dict[str, list[tuple[uuid.UUID, dict[str, str]]]] = defaultdict(list)
    used: dict[str, set[str]] = defaultdict(set)
    for version in told.select_related("metric"):
        key = version.metric.key
        ids[key] = version.metric_id
        if version.dataset_id is not None:
            own[key].append((version.dataset_id, version.dimensions))
        used[key].update(version.input_keys)
    return {ids[key]: [each for one in _reached(key, used) for each in own[one]] for key in ids}


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
