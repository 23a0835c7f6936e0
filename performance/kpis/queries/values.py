"""Values: of a month, of a period, over time, and by slice."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Q, QuerySet
from django.urls import reverse

from performance.kpis.models import (
    Additivity,
    Grain,
    Metric,
    MetricValue,
    MetricVersion,
    Target,
    TargetKind,
    ValueState,
    VersionState,
)
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.labels import labels_for
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.semantics import Slice, slice_key
from performance.people.models import Period

#: How many months back a part of the business must have been measured to be offered, and how many are.
LATELY, MOST_PARTS = 3, 400


def values(grain: str = Grain.MONTH) -> QuerySet[MetricValue]:
    """Current values of one grain."""
    return MetricValue.objects.filter(grain=grain, superseded_at=None)


def values_known_at(at: datetime.datetime, grain: str = Grain.MONTH) -> QuerySet[MetricValue]:
    """The values of one grain as they were known at that moment."""
    not_yet_superseded = Q(superseded_at=None) | Q(superseded_at__gt=at)
    return MetricValue.objects.filter(not_yet_superseded, grain=grain, as_of__lte=at)


@dataclass(frozen=True)
class PeriodValue:
    """A metric's value over a period. `value` None: missing. `version_id` None: no value was ever computed."""

    metric_key: str
    metric_id: uuid.UUID | None
    version_id: uuid.UUID | None
    version_number: int | None
    value: Decimal | None
    coverage_ppm: int
    state: str
    as_of: datetime.datetime | None
    url: str
    unit: str
    target: Decimal | None


@dataclass(frozen=True)
class Point:
    """One month of a series. `value` and `state` are None where there is none."""

    month: datetime.date
    value: Decimal | None
    state: str | None
    coverage_ppm: int | None
    target: Decimal | None
    budget: Decimal | None = None


def value_at(
    metric_key: str,
    slice: Slice,
    on: datetime.date,
    grain: str = Grain.MONTH,
    *,
    sight: Sight = EVERYTHING,
) -> MetricValue | None:
    """The value of the month (quarter, period) that holds `on`."""
    return (
        sight.seen(values(grain))
        .filter(
            metric__key=metric_key,
            slice_key=slice_key(slice),
            period_start__lte=on,
            period_end__gte=on,
        )
        .select_related("metric", "version")
        .order_by("-period_start")
        .first()
    )


def value_url(metric_id: uuid.UUID, slice: Slice, **more: str) -> str:
    """The metric's values, opened at this slice; they lead on to the definition and to the rows."""
    query = urlencode({**more, **dict(sorted(slice.items()))})
    return values_page(metric_id) + (f"?{query}" if query else "")


@lru_cache(maxsize=4096)
def values_page(metric_id: uuid.UUID) -> str:
    """Its address without a slice: thousands of trails lead to the same few."""
    return reverse("kpis:values", args=[metric_id])


def period_value(metric_key: str, slice: Slice, period: Any) -> PeriodValue:
    """See period_values."""
    return period_values([(metric_key, slice)], period)[metric_key, slice_key(slice)]


def period_values(
    requests: Iterable[tuple[str, Slice]],
    period: Any,
    *,
    as_of: datetime.datetime | None = None,
    sight: Sight = EVERYTHING,
) -> dict[tuple[str, str], PeriodValue]:
    """(metric key, slice key) → value over the days of `period` (anything with starts_on and ends_on).

    Values of a period are computed from its rows and inputs as a whole: sums of months for additive metrics,
    ratios of the period's sums, people counted once. With `as_of`, the values that were known then. Four queries,
    however many requests.
    """
    asked = {(key, slice_key(slice)): slice for key, slice in requests}
    metrics = {metric.key: metric for metric in Metric.objects.filter(key__in={key for key, _ in asked})}
    slice_keys = {text for _key, text in asked}
    grain = calendar_months.grain_of(period.starts_on, period.ends_on)
    kept = values(grain) if as_of is None else values_known_at(as_of, grain)
    found = sight.seen(kept, is_past=as_of is not None).filter(
        metric__in=[metric.pk for metric in metrics.values()],
        slice_key__in=slice_keys,
        period_start=period.starts_on,
        period_end=period.ends_on,
    )
    known = {(value.metric_id, value.slice_key): value for value in found.select_related("version")}
    targets = period_targets(metrics.values(), slice_keys, period)
    return {
        (key, text): _period_value(key, slice, metrics.get(key), known, targets, text, period)
        for (key, text), slice in asked.items()
    }


def _period_value(
    key: str,
    slice: Slice,
    metric: Metric | None,
    known: dict[tuple[uuid.UUID, str], MetricValue],
    targets: dict[tuple[uuid.UUID, str], Decimal],
    text: str,
    period: Any,
) -> PeriodValue:
    value = known.get((metric.pk, text)) if metric else None
    return PeriodValue(
        metric_key=key,
        metric_id=metric.pk if metric else None,
        version_id=value.version_id if value else None,
        version_number=value.version.number if value else None,
        value=value.value if value else None,
        coverage_ppm=value.coverage_ppm if value else 0,
        state=value.state if value else ValueState.PROVISIONAL,
        as_of=value.as_of if value else None,
        url=value_url(metric.pk, slice, since=f"{period.starts_on}", until=f"{period.ends_on}")
        if metric
        else "",
        unit=metric.unit if metric else "",
        target=targets.get((metric.pk, text)) if metric else None,
    )


def period_targets(
    metrics: Iterable[Metric], slice_keys: Iterable[str], period: Any
) -> dict[tuple[uuid.UUID, str], Decimal]:
    """The period's own target; else the sum of its months for what adds up, the last month's for what does not. Where a
    month lacks one there is none: part of a plan would be held against the value of all of it."""
    ids = [metric.pk for metric in metrics]
    found = Target.objects.filter(
        metric__in=ids,
        slice_key__in=list(slice_keys),
        kind=TargetKind.TARGET,
        period_start__gte=period.starts_on,
        period_end__lte=period.ends_on,
    ).order_by("period_start")
    additive = set(
        MetricVersion.objects.filter(
            metric__in=ids, state=VersionState.CERTIFIED, additivity=Additivity.ADDITIVE
        ).values_list("metric_id", flat=True)
    )
    days = (period.ends_on - period.starts_on).days + 1
    whole: dict[tuple[uuid.UUID, str], Decimal] = {}
    last: dict[tuple[uuid.UUID, str], Decimal] = {}
    sums: dict[tuple[uuid.UUID, str], Decimal] = {}
    planned: dict[tuple[uuid.UUID, str], int] = {}
    for target in found:
        place = target.metric_id, target.slice_key
        if (target.period_start, target.period_end) == (period.starts_on, period.ends_on):
            whole[place] = target.value
        elif target.grain == Grain.MONTH and target.metric_id in additive:
            sums[place] = sums.get(place, Decimal(0)) + target.value
            planned[place] = planned.get(place, 0) + (target.period_end - target.period_start).days + 1
        elif target.grain == Grain.MONTH and target.period_end == period.ends_on:
            last[place] = target.value
    return {place: value for place, value in sums.items() if planned[place] == days} | last | whole


def series(
    metric: Metric,
    slice: Slice,
    months: int = 13,
    until: datetime.date | None = None,
    *,
    sight: Sight = EVERYTHING,
) -> list[Point]:
    """That many months up to `until` (the metric's latest month by default), oldest first. Three queries at most."""
    return series_of([(metric, slice)], months, until, sight=sight)[metric.pk, slice_key(slice)]


def series_of(
    asked: Iterable[tuple[Metric, Slice]],
    months: int = 13,
    until: datetime.date | None = None,
    *,
    sight: Sight = EVERYTHING,
) -> dict[tuple[uuid.UUID, str], list[Point]]:
    """(metric id, slice key) → its points. Three queries at most, however many series."""
    places = {(metric.pk, slice_key(slice)) for metric, slice in asked}
    ids, texts = {metric_id for metric_id, _ in places}, {text for _, text in places}
    last = until or latest_month(ids)
    if last is None:
        return {place: [] for place in places}
    shown = calendar_months.run(last, months)
    within = Q(metric__in=ids, slice_key__in=texts, period_start__range=(shown[0], shown[-1]))
    known = {
        (value.metric_id, value.slice_key, value.period_start): value
        for value in sight.seen(values())
        .filter(within)
        .only("metric_id", "slice_key", "period_start", "value", "state", "coverage_ppm", "organisation_id")
    }
    targets = {
        (target.kind, target.metric_id, target.slice_key, target.period_start): target.value
        for target in sight.seen_of(Target.objects.filter(within, grain=Grain.MONTH))
    }

    def point(metric_id: uuid.UUID, text: str, month: datetime.date) -> Point:
        place = metric_id, text, month
        return _point(
            month,
            known.get(place),
            targets.get((TargetKind.TARGET, *place)),
            targets.get((TargetKind.BUDGET, *place)),
        )

    return {
        (metric_id, text): [point(metric_id, text, month) for month in shown] for metric_id, text in places
    }


def _point(
    month: datetime.date, value: MetricValue | None, target: Decimal | None, budget: Decimal | None
) -> Point:
    if value is None:
        return Point(month, None, None, None, target, budget)
    return Point(month, value.value, value.state, value.coverage_ppm, target, budget)


def latest_month(metric_ids: Iterable[uuid.UUID] | None = None) -> datetime.date | None:
    """The newest month that has a value."""
    found = values().filter(dimensions="")
    if metric_ids is not None:
        found = found.filter(metric__in=list(metric_ids))
    return found.aggregate(latest=Max("period_start"))["latest"]


def slices(
    metric: Metric,
    dimension: str | None = None,
    on: datetime.date | None = None,
    *,
    sight: Sight = EVERYTHING,
) -> list[dict[str, str]]:
    """The slices that have monthly values, the total left out: of one dimension, or of all single ones."""
    found = _of_one_dimension().filter(metric=metric)
    if dimension is not None:
        found = values().filter(metric=metric, dimensions=dimension)
    if on is not None:
        found = found.filter(period_start__lte=on, period_end__gte=on)
    texts = sight.seen(found).order_by("slice_key").values_list("slice_key", "slice").distinct()
    return [dict(slice) for _text, slice in texts]


def _of_one_dimension() -> QuerySet[MetricValue]:
    return values().exclude(dimensions="").exclude(dimensions__contains=",")


@dataclass(frozen=True)
class Part:
    """One value of one dimension that metrics are measured for, and by which metrics (keys)."""

    dimension: str
    value: str
    label: str
    dimension_label: str
    metrics: frozenset[str]


def parts(*, sight: Sight = EVERYTHING) -> list[Part]:
    """The parts of the business that metrics were measured for lately, by dimension and name. Four queries; at most
    MOST_PARTS of them, in that order."""
    newest = latest_month()
    if newest is None:
        return []
    lately = _of_one_dimension().filter(period_start__gte=calendar_months.months_before(newest, LATELY))
    measured: dict[tuple[str, str], set[str]] = defaultdict(set)
    for metric_key, given in sight.seen(lately).order_by().values_list("metric__key", "slice").distinct():
        for pair in given.items():
            measured[pair].add(metric_key)
    labels = labels_for([{key: value} for key, value in measured])
    found = [
        Part(key, value, labels.value(key, value), labels.dimension(key), frozenset(metrics))
        for (key, value), metrics in measured.items()
    ]
    return sorted(found, key=lambda part: (part.dimension_label, part.label))[:MOST_PARTS]


def dimension_choices(metric: Metric, *, sight: Sight = EVERYTHING) -> list[tuple[dict[str, str], str]]:
    """(slice, what people call it), the total first: for choosing a slice in a form."""
    found: Sequence[dict[str, str]] = [{}, *slices(metric, sight=sight)]
    labels = labels_for(found)
    named = [(slice, labels.of(slice)) for slice in found]
    return [named[0], *sorted(named[1:], key=lambda pair: (sorted(pair[0]), pair[1]))]


def periods_without_values() -> list[Period]:
    """Periods that no metric was computed for yet, though there are values inside them."""
    missing = []
    for period in Period.objects.all():
        grain = calendar_months.grain_of(period.starts_on, period.ends_on)
        if grain == Grain.PERIOD:
            inside = values().filter(period_start__gte=period.starts_on, period_end__lte=period.ends_on)
            whole = values(grain).filter(period_start=period.starts_on, period_end=period.ends_on)
            if inside.exists() and not whole.exists():
                missing.append(period)
    return missing


def period_spans() -> list[tuple[datetime.date, datetime.date]]:
    """The organisation's periods that are neither a calendar month nor a calendar quarter."""
    found = Period.objects.order_by("starts_on").values_list("starts_on", "ends_on").distinct()
    return [span for span in found if calendar_months.grain_of(*span) == Grain.PERIOD]
