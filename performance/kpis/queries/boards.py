"""The board: every indicator at one slice in one month, one of them over time and by slice."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from performance.kpis import rules
from performance.kpis.models import (
    Additivity,
    Grain,
    Metric,
    MetricValue,
    MetricVersion,
    MonthClose,
    Target,
    TargetKind,
    ValueState,
)
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.definitions import Lineage, certified_metrics, lineages, versions_in_force
from performance.kpis.queries.forecasts import Ahead, ahead
from performance.kpis.queries.labels import Labels, labels_for
from performance.kpis.queries.values import Point, latest_month, series_of, values
from performance.kpis.semantics import Slice, slice_key
from performance.sources import queries as sources
from performance.sources.models import Dataset

TILES = 4
SPARK_MONTHS = 13
TREND_MONTHS = 17
MULTIPLES = 9
MOST_RANKED = 60


@dataclass(frozen=True)
class Freshness:
    """How current one dataset is."""

    dataset: Dataset
    is_late: bool


@dataclass(frozen=True)
class Indicator:
    """One metric on the board. `path` is where it should be today, `gap` the value's distance from it."""

    metric: Metric
    version: MetricVersion
    is_fused: bool
    datasets: Sequence[Dataset]
    points: Sequence[Point]
    value: Decimal | None
    state: str | None
    coverage_ppm: int | None
    target: Decimal | None
    path: Decimal | None
    status: str

    @property
    def gap(self) -> Decimal | None:
        return None if self.value is None or self.path is None else self.value - self.path

    @property
    def owners(self) -> tuple[Any, Any]:
        return self.metric.business_owner, self.metric.finance_owner

    @property
    def spark(self) -> list[float | None]:
        return [None if point.value is None else float(point.value) for point in self.points]

    @property
    def provisional_months(self) -> int:
        return provisional_tail(self.points)


@dataclass(frozen=True)
class Ranked:
    """One slice in the ranking, best first."""

    slice: dict[str, str]
    label: str
    value: Decimal | None
    state: str
    coverage_ppm: int
    target: Decimal | None
    before: Decimal | None
    points: Sequence[Point] = ()

    @property
    def change(self) -> Decimal | None:
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def is_provisional(self) -> bool:
        return self.state != ValueState.CLOSED

    @property
    def spark(self) -> list[float | None]:
        return [None if point.value is None else float(point.value) for point in self.points]

    @property
    def provisional_months(self) -> int:
        return provisional_tail(self.points)


@dataclass(frozen=True)
class Board:
    month: datetime.date
    months: Sequence[datetime.date]
    closed: dict[datetime.date, MonthClose]
    indicators: Sequence[Indicator]
    chosen: Indicator
    trend: Sequence[Point]
    ahead: Ahead
    cuts: Sequence[tuple[str, str]]
    cut: str
    ranked: Sequence[Ranked]
    filters: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]
    within: dict[str, str]
    labels: Labels
    freshness: Sequence[Freshness]

    @property
    def tiles(self) -> Sequence[Indicator]:
        return self.indicators[:TILES]

    @property
    def multiples(self) -> Sequence[Ranked]:
        return self.ranked[:MULTIPLES]

    @property
    def blanks(self) -> range:
        """Empty places in the last row of three."""
        return range(-len(self.multiples) % 3)

    @property
    def is_closed(self) -> bool:
        return self.month in self.closed

    @property
    def largest(self) -> Decimal | None:
        """Where the longest bar ends."""
        shown = [one.value for one in self.ranked] + [one.target for one in self.ranked]
        return max((value for value in shown if value is not None), default=None)

    @property
    def scale(self) -> tuple[float, float] | tuple[None, None]:
        """The scale that all small multiples share."""
        known = [value for one in self.multiples for value in (*one.spark, one.target) if value is not None]
        return (float(min(known)), float(max(known))) if known else (None, None)


def board(
    *,
    today: datetime.date,
    at: datetime.datetime,
    month: datetime.date | None = None,
    within: Slice | None = None,
    metric_id: uuid.UUID | None = None,
    cut: str = "",
) -> Board | None:
    """None while no metric is certified. The number of queries does not depend on how much there is to show."""
    metrics = list(certified_metrics().select_related("business_owner", "finance_owner"))
    if not metrics:
        return None
    newest = latest_month() or calendar_months.first_of(today)
    month = min(month or newest, newest)
    slice = dict(within or {})
    versions = versions_in_force(month, [metric.pk for metric in metrics])
    lines = lineages(versions.values(), month)
    indicators = _indicators(metrics, versions, lines, slice, month, today)
    chosen = next((one for one in indicators if one.metric.pk == metric_id), indicators[0])
    cuts = [key for key in chosen.version.dimension_keys if key not in slice]
    cut = cut if cut in cuts else (cuts[-1] if cuts else "")
    ranking = _ranking(chosen, cut, slice, month) if cut else []
    choices = _choices(metrics, month)
    labels = labels_for([*(found for found in choices), *(one.slice for one in ranking), slice])
    return Board(
        month=month,
        months=calendar_months.run(newest, SPARK_MONTHS)[::-1],
        closed={close.month: close for close in MonthClose.objects.select_related("closed_by")},
        indicators=indicators,
        chosen=chosen,
        trend=series_of([(chosen.metric, slice)], TREND_MONTHS, newest)[chosen.metric.pk, slice_key(slice)],
        ahead=ahead(chosen.metric, slice, additivity=chosen.version.additivity),
        cuts=[(key, labels.dimension(key)) for key in cuts],
        cut=cut,
        ranked=_with_series(chosen.metric, _named(ranking, labels, cut), month),
        filters=_filters(choices, labels),
        within=slice,
        labels=labels,
        freshness=_freshness(lines.values(), at),
    )


def provisional_tail(points: Sequence[Point]) -> int:
    """How many months at the end are not closed."""
    count = 0
    for point in reversed(points):
        if point.state == ValueState.CLOSED:
            break
        count += 1
    return min(count, max(len(points) - 1, 0))


def path_today(
    target: Decimal | None, additivity: str, month: datetime.date, today: datetime.date
) -> Decimal | None:
    """Where a value should be today: what adds up grows evenly over the days of a running month."""
    if target is None or additivity != Additivity.ADDITIVE or today >= calendar_months.last_of(month):
        return target
    return target * max(today.day - 1, 0) / calendar_months.last_of(month).day if today >= month else target


def _indicators(
    metrics: Sequence[Metric],
    versions: dict[uuid.UUID, MetricVersion],
    lines: dict[uuid.UUID, Lineage],
    slice: dict[str, str],
    month: datetime.date,
    today: datetime.date,
) -> list[Indicator]:
    series = series_of([(metric, slice) for metric in metrics], SPARK_MONTHS, month)
    text = slice_key(slice)
    shown = []
    for metric in metrics:
        version = versions[metric.pk]
        points = series[metric.pk, text]
        now = points[-1]
        path = path_today(now.target, version.additivity, month, today)
        line = lines[version.pk]
        datasets = {base.dataset.pk: base.dataset for base in line.base_versions() if base.dataset}
        shown.append(
            Indicator(
                metric=metric,
                version=version,
                is_fused=line.is_fused,
                datasets=list(datasets.values()),
                points=points,
                value=now.value,
                state=now.state,
                coverage_ppm=now.coverage_ppm,
                target=now.target,
                path=path,
                status=rules.status_of(now.value, path, metric.direction),
            )
        )
    return sorted(shown, key=_prominence)


def _prominence(indicator: Indicator) -> tuple[bool, bool, bool, str]:
    """Fused numbers first, then formulas, then what has a target: the base sums are their ingredients."""
    has_no_target = indicator.target is None
    return not indicator.is_fused, indicator.version.is_base, has_no_target, indicator.metric.name_en


def _ranking(chosen: Indicator, cut: str, slice: dict[str, str], month: datetime.date) -> list[Ranked]:
    dimensions = ",".join(sorted({cut, *slice}))
    before = calendar_months.months_before(month, 1)
    found: QuerySet[MetricValue] = values().filter(
        metric=chosen.metric, dimensions=dimensions, slice__contains=slice, period_start__in=[month, before]
    )
    by_month: dict[datetime.date, dict[str, MetricValue]] = {month: {}, before: {}}
    for value in found:
        by_month[value.period_start][value.slice_key] = value
    targets = {
        target.slice_key: target.value
        for target in Target.objects.filter(
            metric=chosen.metric,
            grain=Grain.MONTH,
            kind=TargetKind.TARGET,
            period_start=month,
            slice__contains=slice,
        )
    }
    ranked = [
        Ranked(
            slice=dict(value.slice),
            label="",
            value=value.value,
            state=value.state,
            coverage_ppm=value.coverage_ppm,
            target=targets.get(text),
            before=by_month[before][text].value if text in by_month[before] else None,
        )
        for text, value in by_month[month].items()
    ]
    down = chosen.metric.direction == "down"
    ranked.sort(key=lambda one: (one.value is None, (one.value or 0) * (1 if down else -1), str(one.slice)))
    return ranked[:MOST_RANKED]


def _named(ranking: Sequence[Ranked], labels: Labels, cut: str) -> list[Ranked]:
    return [replace(one, label=labels.value(cut, one.slice[cut])) for one in ranking]


def _with_series(metric: Metric, ranking: Sequence[Ranked], month: datetime.date) -> list[Ranked]:
    """The first few with their year, for small multiples."""
    head = ranking[:MULTIPLES]
    if not head:
        return []
    series = series_of([(metric, one.slice) for one in head], 12, month)
    drawn = [replace(one, points=series[metric.pk, slice_key(one.slice)]) for one in head]
    return [*drawn, *ranking[MULTIPLES:]]


def _choices(metrics: Sequence[Metric], month: datetime.date) -> list[dict[str, str]]:
    """Every single-dimension slice of the month."""
    found = (
        values()
        .filter(metric__in=[metric.pk for metric in metrics], period_start=month)
        .exclude(dimensions="")
        .exclude(dimensions__contains=",")
        .order_by("slice_key")
        .values_list("slice_key", "slice")
        .distinct()
    )
    return [dict(slice) for _text, slice in found]


def _filters(
    choices: Sequence[dict[str, str]], labels: Labels
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(dimension key, its name, [(value, name)]), those with few values first."""
    by_key: dict[str, list[tuple[str, str]]] = {}
    for slice in choices:
        for key, value in slice.items():
            by_key.setdefault(key, []).append((value, labels.value(key, value)))
    named = [
        (key, labels.dimension(key), sorted(found, key=lambda pair: pair[1])) for key, found in by_key.items()
    ]
    return sorted(named, key=lambda one: len(one[2]))


def _freshness(lines: Any, at: datetime.datetime) -> list[Freshness]:
    datasets = {
        version.dataset.pk: version.dataset
        for line in lines
        for version in line.base_versions()
        if version.dataset
    }
    return [
        Freshness(dataset, is_late=(sources.freshness(dataset, at) or 0) > 100)
        for dataset in sorted(datasets.values(), key=lambda one: one.name_en)
    ]
