"""Why a metric changed from one month to another: what each of its inputs brought, and each part of the business.

All parts sum to the change that is shown, to its last digit.
"""

import datetime
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from performance.engine import change
from performance.foundation.components import formats
from performance.kpis import formulas, semantics, units
from performance.kpis.models import Aggregation, Metric, MetricVersion
from performance.kpis.queries import months, trees
from performance.kpis.queries.definitions import versions_in_force
from performance.kpis.queries.labels import Labels, labels_for
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import values
from performance.kpis.semantics import Slice, slice_key

#: Parts that are named; the others stand together in one line.
MOST_PARTS = 40
#: What cannot be put together from parts: the mean of means is no mean.
NOT_CUT = frozenset({Aggregation.AVG, Aggregation.MIN, Aggregation.MAX})
#: Kept values carry twelve places; what is smaller than this beside them is their rounding.
DUST_PLACES = 3


@dataclass(frozen=True)
class Driver:
    """One metric of data in the formula: its values and what its change brought, in the unit of the whole. Of a running
    total: one `month` of its input that came in (nothing before) or dropped out (nothing after)."""

    metric: Metric
    before: Decimal
    after: Decimal
    brought: Decimal
    month: datetime.date | None = None


@dataclass(frozen=True)
class Part:
    """A line of the split. `kind`: "part" of the business, "others" beyond those named, "closed" (parts that are, to the
    reader), "overlap" (counted in several parts, or in none), "kept" (what the kept values differ from the definition
    of today).

    `before` and `after` are the part's own value of the metric; `starts_at` is where the lines above it ended.
    """

    kind: str
    slice: Mapping[str, str]
    label: str
    before: Decimal | None
    after: Decimal | None
    brought: Decimal
    starts_at: Decimal
    number: int = 0

    @property
    def ends_at(self) -> Decimal:
        return self.starts_at + self.brought


@dataclass(frozen=True)
class Explained:
    """The change of a metric within a slice. `refusal`: why there is no split. Without `cuts` there are drivers only:
    it has no parts, or their means and extremes do not make up the whole."""

    metric: Metric
    since: datetime.date
    until: datetime.date
    within: dict[str, str]
    before: Decimal | None
    after: Decimal | None
    cuts: Sequence[str]
    cut: str
    drivers: Sequence[Driver]
    parts: Sequence[Part]
    labels: Labels
    refusal: str = ""

    @property
    def change(self) -> Decimal | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def kept_apart(self) -> Decimal:
        """What the drivers leave of the change: by so much the kept values differ from the definition of today."""
        return (self.change or Decimal(0)) - sum((each.brought for each in self.drivers), Decimal(0))

    @property
    def reach(self) -> tuple[Decimal, Decimal]:
        """From where to where the lines of the waterfall run, both counted from the value before."""
        marks = [Decimal(0), *(part.ends_at for part in self.parts)]
        return min(marks), max(marks)


def explained(
    metric: Metric,
    *,
    since: datetime.date,
    until: datetime.date,
    within: Slice,
    cut: str = "",
    sight: Sight = EVERYTHING,
) -> Explained:
    """From the month `since` to the month `until`. A constant number of queries."""
    since, until, within = months.first_of(since), months.first_of(until), dict(within)
    versions = {version.metric_id: version for version in versions_in_force(until).values()}
    metrics = Metric.objects.in_bulk(list(versions))
    keys = {each.key: each.pk for each in metrics.values()}
    formula = trees.Tree(versions, keys)
    bases = formula.bases(metric.pk)
    version = versions.get(metric.pk)
    cuts = [key for key in version.dimension_keys if key not in within] if version else []
    if any(versions[base].aggregation in NOT_CUT for base in bases):
        cuts = []
    cut = cut if cut in cuts else (cuts[-1] if cuts else "")
    formula = trees.Tree(versions, keys, {*within, cut})
    bases, shared = formula.bases(metric.pk), formula.shared_out
    kept = _kept({metric.pk, *bases, *shared}, (since, until), within, cut, sight, shared, keys)
    places = units.places_of(metric)
    before, after = (_shown(kept.of(metric.pk, month, within), places) for month in (since, until))
    split: tuple[list[Driver], list[Part]] = ([], [])
    labels, refusal = labels_for([within]), ""
    try:
        if before is None or after is None:
            raise formulas.ChangeRefused("missing")
        step = formula.step(metric.pk, kept.pairs(within))
        labels = labels_for([within, *kept.slices])
        split = _split(metric, step, kept, bases, metrics, within, cut, labels, after - before, places)
        if sight.hides_parts(metric.pk, within):
            split = (
                split[0],
                [replace(one, kind="closed") if one.kind == "overlap" else one for one in split[1]],
            )
        if version is not None and version.is_cumulative:
            used = metrics[keys[version.formula]]
            between = since, until
            split = _of_months(version, used, between, within, after - before, places, sight), split[1]
    except formulas.ChangeRefused as refused:
        refusal = str(refused)
    return Explained(
        metric, since, until, within, before, after, cuts, cut, split[0], split[1], labels, refusal
    )


@dataclass(frozen=True)
class _Kept:
    """Current values of two months: of the slice, and of its parts by the cut."""

    months: tuple[datetime.date, datetime.date]
    found: Mapping[tuple[uuid.UUID, datetime.date, str], Decimal | None]
    slices: Sequence[dict[str, str]]

    def of(self, metric_id: uuid.UUID, month: datetime.date, slice: Slice) -> Decimal | None:
        return self.found.get((metric_id, month, slice_key(slice)))

    def pairs(self, slice: Slice) -> Callable[[uuid.UUID], tuple[Decimal | None, Decimal | None]]:
        text = slice_key(slice)
        before, after = self.months
        return lambda key: (self.found.get((key, before, text)), self.found.get((key, after, text)))


def _kept(
    metric_ids: set[uuid.UUID],
    between: tuple[datetime.date, datetime.date],
    within: dict[str, str],
    cut: str,
    sight: Sight,
    shared: Mapping[uuid.UUID, Sequence[str]],
    keys: Mapping[str, uuid.UUID],
) -> _Kept:
    """`shared`: metric id → keys of inputs whose amounts by part stand in its own values."""
    own, parts = (",".join(sorted(keys)) for keys in (within, {*within, cut} if cut else within))
    found: dict[tuple[uuid.UUID, datetime.date, str], Decimal | None] = {}
    slices: dict[str, dict[str, str]] = {}
    rows = sight.seen(values()).filter(
        metric__in=metric_ids,
        period_start__in=between,
        dimensions__in={own, parts},
        slice__contains=within,
    )
    for row in rows.only("metric_id", "period_start", "slice_key", "slice", "value", "dimensions", "inputs"):
        found[row.metric_id, row.period_start, row.slice_key] = row.value
        for key in shared.get(row.metric_id, ()):
            amount = row.inputs.get(key)
            if amount is not None:
                found.setdefault((keys[key], row.period_start, row.slice_key), Decimal(amount))
        if cut and row.dimensions == parts:
            slices[row.slice_key] = dict(row.slice)
    return _Kept(between, found, [slices[key] for key in sorted(slices)])


def _split(
    metric: Metric,
    step: change.Step,
    kept: _Kept,
    bases: Sequence[uuid.UUID],
    metrics: Mapping[uuid.UUID, Metric],
    within: dict[str, str],
    cut: str,
    labels: Labels,
    total: Decimal,
    places: int,
) -> tuple[list[Driver], list[Part]]:
    """The drivers, and the parts; each list sums to `total`, with what the kept values differ from the definition."""
    whole = kept.pairs(within)
    moved = {base: _moved(whole(base)) for base in bases}
    slope = {base: step.slopes.get(str(base), Fraction(0)) for base in bases}
    by_driver = [slope[base] * moved[base] for base in bases]
    apart = _apart(Fraction(total) - step.change, by_driver, places)
    drivers, their_rest = _rounded([*by_driver, apart], total, places)
    told = [
        Driver(metrics[base], whole(base)[0] or Decimal(0), whole(base)[1] or Decimal(0), brought)
        for base, brought in zip(bases, drivers, strict=True)
    ]
    if not cut:
        return told, _parts([_Line("kept", their_rest)] if their_rest else [], labels, cut)
    brought = {
        slice_key(part): sum((slope[base] * _moved(kept.pairs(part)(base)) for base in bases), Fraction(0))
        for part in kept.slices
    }
    ranked = sorted(kept.slices, key=lambda part: (-abs(brought[slice_key(part)]), slice_key(part)))
    named, others = ranked[:MOST_PARTS], ranked[MOST_PARTS:]
    of_others = sum((brought[slice_key(part)] for part in others), Fraction(0))
    overlap = sum(by_driver, Fraction(0)) - sum(brought.values(), Fraction(0))
    exact = [*(brought[slice_key(part)] for part in named), of_others, overlap, apart]
    shown, rest = _rounded(exact, total, places)
    lines = [
        _Line("part", amount, part, _shown(before, places), _shown(after, places))
        for part, amount in zip(named, shown, strict=False)
        for before, after in [kept.pairs(part)(metric.pk)]
    ]
    if others:
        lines.append(_Line("others", shown[-2], number=len(others)))
    if overlap:
        lines.append(_Line("overlap", shown[-1]))
    if rest:
        lines.append(_Line("kept", rest))
    return told, _parts(lines, labels, cut)


def _apart(differs: Fraction, brought: Sequence[Fraction], places: int) -> Fraction:
    """What the kept values differ from the definition. What rounding the two shown values makes is no difference of its
    own: the largest remainders take it up."""
    dust = Fraction(1, 10**places) + Fraction(1, 10 ** (places + DUST_PLACES))
    return differs if abs(differs) > dust or not any(brought) else Fraction(0)


def _of_months(
    version: MetricVersion,
    used: Metric,
    between: tuple[datetime.date, datetime.date],
    within: Slice,
    total: Decimal,
    places: int,
    sight: Sight,
) -> list[Driver]:
    """A running total changes by the months that come into its window and by those that drop out of it, oldest first.
    With what the kept values differ, they sum to `total`. One query."""
    first, last = ({*_window(version, month)} for month in between)
    own = sight.seen(values()).filter(metric=used, slice_key=slice_key(within), period_start__in=first ^ last)
    known = own.exclude(value=None).order_by("period_start").values_list("period_start", "value")
    moved = [(month, value or Decimal(0)) for month, value in known]
    exact = [Fraction(value) * (1 if month in last else -1) for month, value in moved]
    apart = _apart(Fraction(total) - sum(exact, Fraction(0)), exact, places)
    shown, _rest = _rounded([*exact, apart], total, places)
    return [
        Driver(
            metric=used,
            before=Decimal(0) if month in last else value,
            after=value if month in last else Decimal(0),
            brought=brought,
            month=month,
        )
        for (month, value), brought in zip(moved, shown, strict=True)
    ]


def _window(version: MetricVersion, last: datetime.date) -> list[datetime.date]:
    return months.between(semantics.first_month(version, last, months.calendar()), last)


@dataclass(frozen=True)
class _Line:
    """A part before it has its place in the waterfall."""

    kind: str
    brought: Decimal
    slice: Mapping[str, str] = field(default_factory=dict)
    before: Decimal | None = None
    after: Decimal | None = None
    number: int = 0


def _parts(lines: Sequence[_Line], labels: Labels, cut: str) -> list[Part]:
    """Lines one after another, as a waterfall runs: each starts where the one before ended."""
    parts, at = [], Decimal(0)
    for line in lines:
        label = labels.value(cut, line.slice[cut]) if line.kind == "part" else ""
        parts.append(
            Part(line.kind, line.slice, label, line.before, line.after, line.brought, at, line.number)
        )
        at += line.brought
    return parts


def _rounded(exact: Sequence[Fraction], total: Decimal, places: int) -> tuple[list[Decimal], Decimal]:
    """The parts as they are shown, the last one apart. A part of exactly nothing takes up no rounding."""
    counting = [place for place, part in enumerate(exact) if part]
    shown = [Decimal(0)] * len(exact)
    parts = change.rounded_to_sum([exact[place] for place in counting], total, places) if counting else []
    for place, amount in zip(counting, parts, strict=True):
        shown[place] = amount
    return shown[:-1], shown[-1]


def _moved(pair: tuple[Decimal | None, Decimal | None]) -> Fraction:
    return Fraction(pair[1] or 0) - Fraction(pair[0] or 0)


def _shown(value: Decimal | None, places: int) -> Decimal | None:
    """As the page writes it."""
    return None if value is None else formats.rounded(value, places)
