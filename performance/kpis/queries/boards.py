"""The board: every indicator at one slice in one month, one of them over time and by slice."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from performance.foundation import i18n
from performance.kpis import rules
from performance.kpis.models import Metric, MetricVersion, MonthClose
from performance.kpis.queries import comparing
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.definitions import Lineage, certified_metrics, lineages, versions_in_force
from performance.kpis.queries.forecasts import Ahead, ahead
from performance.kpis.queries.heat import VALUE, Heat, heat_map
from performance.kpis.queries.labels import Labels, labels_for
from performance.kpis.queries.likeness import Likeness, like_for_like
from performance.kpis.queries.ranking import MULTIPLES, Ranked, named, provisional_tail, with_series
from performance.kpis.queries.ranking import ranking as ranked_by
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import Point, latest_month, series_of, values
from performance.kpis.semantics import Slice, slice_key
from performance.sources import queries as sources
from performance.sources.models import Dataset

TILES = 4
SPARK_MONTHS = 13
TREND_MONTHS = 17


@dataclass(frozen=True)
class Freshness:
    """How current one dataset is."""

    dataset: Dataset
    is_late: bool


@dataclass(frozen=True)
class Indicator:
    """One metric on the board. `against`: the target, budget or earlier value that it is held against, `path` where
    that is today, `gap` the value's distance from it. `status` is one of rules.status_of for what was set, one of
    rules.verdict_of for what was."""

    metric: Metric
    version: MetricVersion
    is_fused: bool
    datasets: Sequence[Dataset]
    points: Sequence[Point]
    value: Decimal | None
    state: str | None
    coverage_ppm: int | None
    target: Decimal | None
    against: Decimal | None
    path: Decimal | None
    status: str

    @property
    def relative(self) -> Decimal | None:
        """The gap in per cent."""
        return comparing.relative(self.value, self.path)

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
class Board:
    month: datetime.date
    basis: str
    months: Sequence[datetime.date]
    closed: dict[datetime.date, MonthClose]
    indicators: Sequence[Indicator]
    chosen: Indicator
    trend: Sequence[Point]
    references: Mapping[datetime.date, Decimal]
    ahead: Ahead
    cuts: Sequence[tuple[str, str]]
    cut: str
    ranked: Sequence[Ranked]
    heat: Heat | None
    likeness: Likeness | None
    filters: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]
    within: dict[str, str]
    labels: Labels
    freshness: Sequence[Freshness]
    #: The reader sees the parts of their branch alone, of the chosen metric.
    is_narrowed: bool = False

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
    def compared_month(self) -> datetime.date | None:
        """The earlier month that values are held against; None where they are held against what was set."""
        return comparing.compared_month(self.month, self.basis) if self.basis in comparing.EARLIER else None

    @property
    def basis_words(self) -> str:
        return str(comparing.BASES[self.basis])

    @property
    def line_words(self) -> str:
        return str(comparing.LINES[self.basis])

    @property
    def largest(self) -> Decimal | None:
        """Where the longest bar ends."""
        shown = [one.value for one in self.ranked] + [one.against for one in self.ranked]
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
    basis: str = comparing.TARGET,
    heat: str = VALUE,
    sight: Sight = EVERYTHING,
) -> Board | None:
    """None while no metric is certified. What `sight` does not open has no value. The number of queries does not depend on
    how much there is to show."""
    metrics = list(certified_metrics().select_related("business_owner", "finance_owner"))
    if not metrics:
        return None
    newest = latest_month() or calendar_months.first_of(today)
    month = min(calendar_months.first_of(month or newest), newest)
    slice = dict(within or {})
    versions = versions_in_force(month, [metric.pk for metric in metrics])
    lines = lineages(versions.values(), month)
    indicators = _indicators(metrics, versions, lines, slice, month, today, basis, sight)
    chosen = next((one for one in indicators if one.metric.pk == metric_id), indicators[0])
    cuts = [key for key in chosen.version.dimension_keys if key not in slice]
    cut = cut if cut in cuts else (cuts[-1] if cuts else "")
    ranking = ranked_by(chosen.metric, cut, slice, month, basis, sight=sight) if cut else []
    choices = _choices(metrics, month, sight)
    labels = labels_for([*(found for found in choices), *(one.slice for one in ranking), slice])
    ranked = with_series(chosen.metric, named(ranking, labels, cut), month)
    growing = month if comparing.is_part_of_month(chosen.version, month, today) else None
    long = TREND_MONTHS + comparing.back(basis)
    shown = chosen.metric.pk, slice_key(slice)
    trend = series_of([(chosen.metric, slice)], long, newest, sight=sight)[shown]
    return Board(
        month=month,
        basis=basis,
        months=_months_offered(newest, month),
        closed={close.month: close for close in MonthClose.objects.select_related("closed_by")},
        indicators=indicators,
        chosen=chosen,
        trend=trend[-TREND_MONTHS:],
        references=comparing.references(trend, basis),
        ahead=ahead(chosen.metric, slice, additivity=chosen.version.additivity, sight=sight),
        cuts=[(key, labels.dimension(key)) for key in cuts],
        cut=cut,
        ranked=ranked,
        heat=heat_map(chosen.metric, ranked, slice, cut, month, heat, growing) if ranked else None,
        likeness=_likeness(chosen.metric, slice, cut, month, basis, sight),
        is_narrowed=sight.hides_parts(chosen.metric.pk, slice),
        filters=_filters(choices, labels),
        within=slice,
        labels=labels,
        freshness=_freshness(lines.values(), at),
    )


def _months_offered(newest: datetime.date, shown: datetime.date) -> list[datetime.date]:
    """The newest months, and the one that is shown where an address asks for an earlier one."""
    run = calendar_months.run(newest, SPARK_MONTHS)[::-1]
    return run if shown in run else [*run, shown]


def _indicators(
    metrics: Sequence[Metric],
    versions: dict[uuid.UUID, MetricVersion],
    lines: dict[uuid.UUID, Lineage],
    slice: dict[str, str],
    month: datetime.date,
    today: datetime.date,
    basis: str,
    sight: Sight,
) -> list[Indicator]:
    series = series_of([(metric, slice) for metric in metrics], SPARK_MONTHS, month, sight=sight)
    text = slice_key(slice)
    shown = []
    for metric in metrics:
        version = versions[metric.pk]
        points = series[metric.pk, text]
        now = points[-1]
        against, path = comparing.compared(points, basis, version, today)
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
                against=against,
                path=path,
                status=_status(metric, version, now, path, basis, today),
            )
        )
    return sorted(shown, key=_prominence)


def _status(
    metric: Metric,
    version: MetricVersion,
    now: Point,
    path: Decimal | None,
    basis: str,
    today: datetime.date,
) -> str:
    if basis not in comparing.EARLIER:
        return rules.status_of(now.value, path, metric.direction)
    if comparing.is_part_of_month(version, now.month, today):
        return rules.UNKNOWN
    return rules.verdict_of(now.value, path, metric.direction)


def _likeness(
    metric: Metric, slice: dict[str, str], cut: str, month: datetime.date, basis: str, sight: Sight
) -> Likeness | None:
    """Where an earlier month is compared with."""
    if basis not in comparing.EARLIER or not cut:
        return None
    since = comparing.compared_month(month, basis)
    return like_for_like(metric, since=since, until=month, within=slice, cut=cut, sight=sight)


def _prominence(indicator: Indicator) -> tuple[bool, bool, bool, bytes]:
    """Fused numbers first, then formulas, then what has a target: the base sums are their ingredients."""
    has_no_target = indicator.target is None
    name = i18n.spoken(indicator.metric.name)
    return not indicator.is_fused, indicator.version.is_base, has_no_target, name


def _choices(metrics: Sequence[Metric], month: datetime.date, sight: Sight) -> list[dict[str, str]]:
    """Every single-dimension slice of the month."""
    found = (
        sight.seen(values())
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
        (key, labels.dimension(key), sorted(found, key=lambda pair: i18n.spoken(pair[1])))
        for key, found in by_key.items()
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
        for dataset in sorted(datasets.values(), key=lambda one: i18n.spoken(i18n.local(one, "name")))
    ]
