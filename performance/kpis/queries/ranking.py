"""The parts of one metric in one month, best first."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from performance.kpis.models import Direction, Grain, Metric, MetricValue, Target, TargetKind, ValueState
from performance.kpis.queries import comparing
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.labels import Labels
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import Point, series_of, values
from performance.kpis.semantics import slice_key

MULTIPLES = 9
MOST_RANKED = 60


@dataclass(frozen=True)
class Ranked:
    """One slice in the ranking. `against`: what its value is held against; `before`: its value of the month before."""

    slice: dict[str, str]
    label: str
    value: Decimal | None
    state: str
    coverage_ppm: int
    target: Decimal | None
    before: Decimal | None
    against: Decimal | None
    points: Sequence[Point] = ()

    @property
    def change(self) -> Decimal | None:
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def gap(self) -> Decimal | None:
        return None if self.value is None or self.against is None else self.value - self.against

    @property
    def is_provisional(self) -> bool:
        return self.state != ValueState.CLOSED

    @property
    def spark(self) -> list[float | None]:
        return [None if point.value is None else float(point.value) for point in self.points]

    @property
    def provisional_months(self) -> int:
        return provisional_tail(self.points)


def provisional_tail(points: Sequence[Point]) -> int:
    """How many months at the end are not closed."""
    count = 0
    for point in reversed(points):
        if point.state == ValueState.CLOSED:
            break
        count += 1
    return min(count, max(len(points) - 1, 0))


def ranking(
    metric: Metric,
    cut: str,
    within: Mapping[str, str],
    month: datetime.date,
    basis: str,
    *,
    sight: Sight = EVERYTHING,
) -> list[Ranked]:
    """The values of one month by the cut. Two queries; labels are given to it afterwards."""
    dimensions = ",".join(sorted({cut, *within}))
    before, then = calendar_months.months_before(month, 1), comparing.compared_month(month, basis)
    found = sight.seen(values()).filter(
        metric=metric,
        dimensions=dimensions,
        slice__contains=dict(within),
        period_start__in={month, before, then},
    )
    by_month: dict[datetime.date, dict[str, MetricValue]] = {month: {}, before: {}, then: {}}
    for value in found:
        by_month[value.period_start][value.slice_key] = value
    set_values = {
        (target.kind, target.slice_key): target.value
        for target in Target.objects.filter(
            metric=metric, grain=Grain.MONTH, period_start=month, slice__contains=dict(within)
        )
    }

    def value_of(on: datetime.date, text: str) -> Decimal | None:
        return by_month[on][text].value if text in by_month[on] else None

    def against(text: str) -> Decimal | None:
        if basis in comparing.EARLIER:
            return value_of(then, text)
        kind = TargetKind.BUDGET if basis == comparing.BUDGET else TargetKind.TARGET
        return set_values.get((kind, text))

    ranked = [
        Ranked(
            slice=dict(value.slice),
            label="",
            value=value.value,
            state=value.state,
            coverage_ppm=value.coverage_ppm,
            target=set_values.get((TargetKind.TARGET, text)),
            before=value_of(before, text),
            against=against(text),
        )
        for text, value in by_month[month].items()
    ]
    sign = 1 if metric.direction == Direction.DOWN else -1
    ranked.sort(key=lambda one: (one.value is None, (one.value or 0) * sign, str(one.slice)))
    return ranked[:MOST_RANKED]


def named(ranked: Sequence[Ranked], labels: Labels, cut: str) -> list[Ranked]:
    return [replace(one, label=labels.value(cut, one.slice[cut])) for one in ranked]


def with_series(metric: Metric, ranked: Sequence[Ranked], month: datetime.date) -> list[Ranked]:
    """The first few with their year, for small multiples."""
    head = ranked[:MULTIPLES]
    if not head:
        return []
    series = series_of([(metric, one.slice) for one in head], 12, month)
    drawn = [replace(one, points=series[metric.pk, slice_key(one.slice)]) for one in head]
    return [*drawn, *ranked[MULTIPLES:]]
