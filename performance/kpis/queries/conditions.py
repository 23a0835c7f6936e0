"""What alert rules find: which conditions hold, for which slices and months. Reads only; the number of queries does not
depend on how many rules, slices or months there are."""

import datetime
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction

from django.db.models import Q

from performance.engine import anomalies
from performance.kpis.models import (
    Additivity,
    AlertKind,
    AlertRule,
    Direction,
    Grain,
    MetricVersion,
    Operator,
    Target,
    TargetKind,
)
from performance.kpis.models.values import DIGITS, PLACES
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.comparing import path_today
from performance.kpis.queries.definitions import lineages, settling_days, versions_in_force
from performance.kpis.queries.values import values
from performance.kpis.semantics import Slice
from performance.sources import queries as sources
from performance.sources.models import Dataset

#: How many months before the judged one an anomaly is judged by.
PAST = 48
HUNDRED = Decimal(100)
#: Enough for every value that is kept, and a per cent of it.
EXACT = Context(prec=60)
#: Nothing larger is kept.
MOST = EXACT.subtract(Decimal(10) ** (DIGITS - PLACES), Decimal(1))
BY_VALUE = (AlertKind.THRESHOLD, AlertKind.PATH, AlertKind.BUDGET)

Place = tuple[uuid.UUID, str, datetime.date]


@dataclass(frozen=True)
class Condition:
    """One rule, slice and month. `holds`: raises an alert; `stays`: keeps one open that was raised."""

    rule: AlertRule
    slice: dict[str, str]
    slice_key: str
    month: datetime.date
    value: Decimal
    low: Decimal | None
    high: Decimal | None
    expected: Decimal | None
    holds: bool
    stays: bool


@dataclass
class Ground:
    """What the rules are judged against, read once. `points`: metric and dimensions → month → slice key → (slice,
    value)."""

    today: datetime.date
    at: datetime.datetime
    settled: datetime.date
    settling: int
    versions: Mapping[uuid.UUID, MetricVersion]
    points: dict[tuple[uuid.UUID, str], dict[datetime.date, dict[str, tuple[dict[str, str], Decimal]]]] = (
        field(default_factory=dict)
    )
    targets: dict[tuple[str, uuid.UUID, str, datetime.date], Decimal] = field(default_factory=dict)
    datasets: dict[uuid.UUID, list[Dataset]] = field(default_factory=dict)

    def is_running(self, rule: AlertRule, month: datetime.date) -> bool:
        """Whether the value of a month that is not over yet, or whose data still move, will go on growing."""
        adds_up = self.versions[rule.metric_id].additivity == Additivity.ADDITIVE
        return adds_up and month > self.settled


def last_settled_month(today: datetime.date, settling: int) -> datetime.date:
    """The newest month that is over and whose data stand still."""
    month = calendar_months.months_before(calendar_months.first_of(today), 1)
    while calendar_months.settled_on(month, settling) > today:
        month = calendar_months.months_before(month, 1)
    return month


def watched_months(today: datetime.date, settling: int) -> list[datetime.date]:
    """From the last settled month to the running one."""
    first, last = last_settled_month(today, settling), calendar_months.first_of(today)
    return calendar_months.between(first, last)


def conditions(
    watched: Sequence[AlertRule],
    *,
    today: datetime.date,
    at: datetime.datetime,
    also: Collection[datetime.date] = (),
) -> list[Condition]:
    """Every condition that can be judged in the months that are watched and `also` these, whether it holds or not.

    What grows until its month has settled is not yet held to be too low. Anomalies are judged in settled months only;
    those of the last one are chosen among each other, over all metrics and slices.
    """
    settling = settling_days()
    judged_months = sorted({*watched_months(today, settling), *also})
    versions = versions_in_force(today, {rule.metric_id for rule in watched})
    rules = [rule for rule in watched if rule.metric_id in versions]
    ground = Ground(today, at, last_settled_month(today, settling), settling, versions)
    _read_points(ground, rules, judged_months)
    _read_targets(ground, rules, judged_months)
    _read_datasets(ground, rules)
    found: list[Condition] = []
    for rule in rules:
        if rule.kind in BY_VALUE:
            found += _by_value(ground, rule, judged_months)
        elif rule.kind == AlertKind.STALENESS:
            found += _late(ground, rule)
    unusual = [rule for rule in rules if rule.kind == AlertKind.ANOMALY]
    found += _unusual(ground, unusual, [month for month in judged_months if month <= ground.settled])
    return found


def dimensions_of(rule: AlertRule) -> str:
    return ",".join(sorted({*rule.slice, *([rule.cut] if rule.cut else [])}))


def _read_points(ground: Ground, rules: Iterable[AlertRule], judged: Sequence[datetime.date]) -> None:
    of_slices = [rule for rule in rules if rule.kind != AlertKind.STALENESS]
    if not of_slices:
        return
    unusual = {rule.metric_id for rule in of_slices if rule.kind == AlertKind.ANOMALY}
    wanted = Q(dimensions__in={dimensions_of(rule) for rule in of_slices if rule.cut}) | Q(
        slice_key__in={rule.slice_key for rule in of_slices if not rule.cut}
    )
    past = Q(
        metric__in=unusual,
        period_start__range=(calendar_months.months_before(judged[0], PAST), judged[-1]),
    )
    lately = Q(metric__in={rule.metric_id for rule in of_slices}, period_start__in=judged)
    rows = values().filter(wanted, past | lately, value__isnull=False).order_by()
    for metric_id, dimensions, month, text, given, value in rows.values_list(
        "metric_id", "dimensions", "period_start", "slice_key", "slice", "value"
    ):
        by_month = ground.points.setdefault((metric_id, dimensions), {})
        if value is not None:
            by_month.setdefault(month, {})[text] = given, value


def _read_targets(ground: Ground, rules: Iterable[AlertRule], judged: Sequence[datetime.date]) -> None:
    wanted = [rule for rule in rules if rule.kind in (AlertKind.PATH, AlertKind.BUDGET)]
    if not wanted:
        return
    found = Target.objects.filter(
        metric__in={rule.metric_id for rule in wanted}, grain=Grain.MONTH, period_start__in=judged
    )
    for kind, metric_id, text, month, value in found.values_list(
        "kind", "metric_id", "slice_key", "period_start", "value"
    ):
        ground.targets[kind, metric_id, text, month] = value


def _read_datasets(ground: Ground, rules: Iterable[AlertRule]) -> None:
    late = {rule.metric_id for rule in rules if rule.kind == AlertKind.STALENESS}
    if not late:
        return
    lines = lineages([ground.versions[metric_id] for metric_id in late], ground.today)
    for metric_id in late:
        bases = lines[ground.versions[metric_id].pk].base_versions()
        ground.datasets[metric_id] = [base.dataset for base in bases if base.dataset]


def _places(
    ground: Ground, rule: AlertRule, month: datetime.date
) -> Iterator[tuple[str, dict[str, str], Decimal]]:
    """Slice key, slice and value of everything that the rule watches in a month."""
    here = ground.points.get((rule.metric_id, dimensions_of(rule)), {}).get(month, {})
    if not rule.cut:
        if rule.slice_key in here:
            yield (rule.slice_key, *here[rule.slice_key])
        return
    for text, (given, value) in here.items():
        if _is_within(given, rule.slice):
            yield text, given, value


def _is_within(given: Slice, outer: Slice) -> bool:
    return all(given.get(key) == value for key, value in outer.items())


def _by_value(ground: Ground, rule: AlertRule, judged: Sequence[datetime.date]) -> Iterator[Condition]:
    for month in judged:
        for text, given, value in _places(ground, rule, month):
            bounds = _bounds(ground, rule, text, month)
            if bounds is None:
                continue
            low, high, expected = bounds
            is_low = low is not None and value < low
            if is_low and rule.kind != AlertKind.PATH and ground.is_running(rule, month):
                continue
            holds = is_low or (high is not None and value > high)
            yield Condition(rule, given, text, month, value, low, high, expected, holds, holds)


Bounds = tuple[Decimal | None, Decimal | None, Decimal | None]


def _bounds(ground: Ground, rule: AlertRule, text: str, month: datetime.date) -> Bounds | None:
    """Not below, not above, and what is expected; None where nothing can be said."""
    if rule.kind == AlertKind.THRESHOLD:
        above = rule.operator == Operator.ABOVE
        return (None, rule.value, None) if above else (rule.value, None, None)
    kind = TargetKind.TARGET if rule.kind == AlertKind.PATH else TargetKind.BUDGET
    expected = ground.targets.get((kind, rule.metric_id, text, month))
    direction = rule.metric.direction
    if expected is None or direction == Direction.BAND:
        return None
    if rule.kind == AlertKind.PATH:
        # Data arrive late by as much as they settle: the path is that of the days that are in.
        day = ground.today - datetime.timedelta(days=ground.settling)
        if day < month and ground.is_running(rule, month):
            return None
        expected = path_today(expected, ground.versions[rule.metric_id], month, day)
        if expected is None:
            return None
    share = EXACT.divide(rule.value or Decimal(0), HUNDRED)
    tolerance = _kept(EXACT.multiply(EXACT.abs(expected), share))
    expected = _kept(expected)
    if direction == Direction.UP:
        return EXACT.subtract(expected, tolerance), None, expected
    return None, EXACT.add(expected, tolerance), expected


def _kept(value: Decimal) -> Decimal:
    """As it will be stored."""
    return max(-MOST, min(MOST, value)).quantize(Decimal(1).scaleb(-PLACES), context=EXACT)


def _late(ground: Ground, rule: AlertRule) -> Iterator[Condition]:
    """The dataset that is furthest behind its promise, in hours."""
    ages = [
        (sources.freshness(dataset, ground.at), dataset)
        for dataset in ground.datasets.get(rule.metric_id, ())
    ]
    known = [(age, dataset) for age, dataset in ages if age is not None]
    if not known:
        return
    age, dataset = max(known, key=lambda one: one[0])
    hours = (
        Decimal(int((ground.at - dataset.loaded_at).total_seconds() // 3600))
        if dataset.loaded_at
        else Decimal(0)
    )
    month, promised = calendar_months.first_of(ground.today), Decimal(dataset.refresh_hours)
    holds = age > HUNDRED
    yield Condition(rule, {}, rule.slice_key, month, hours, None, promised, None, holds, holds)


def _unusual(
    ground: Ground, rules: Iterable[AlertRule], judged_months: Sequence[datetime.date]
) -> Iterator[Condition]:
    found: dict[tuple[AlertRule, str, datetime.date], tuple[dict[str, str], Decimal, anomalies.Judged]] = {}
    for rule in rules:
        for month in judged_months:
            for text, given, value in _places(ground, rule, month):
                verdict = anomalies.judge(_series(ground, rule, text, month))
                if isinstance(verdict, anomalies.Judged):
                    found[rule, text, month] = given, value, verdict
    # Two rules over one value are one test, whoever asked for it.
    tests: dict[Place, anomalies.Judged] = {
        (rule.metric_id, text, month): verdict
        for (rule, text, month), (_given, _value, verdict) in found.items()
        if month == ground.settled
    }
    chosen = anomalies.alarming(tests)
    for (rule, text, month), (given, value, verdict) in found.items():
        yield Condition(
            rule=rule,
            slice=given,
            slice_key=text,
            month=month,
            value=value,
            low=_from_whole(verdict.low),
            high=_from_whole(verdict.high),
            expected=_from_whole(verdict.expected),
            holds=(rule.metric_id, text, month) in chosen,
            stays=verdict.is_outside,
        )


def _series(ground: Ground, rule: AlertRule, text: str, month: datetime.date) -> list[int | None]:
    by_month = ground.points[rule.metric_id, dimensions_of(rule)]
    kept = (by_month.get(one, {}).get(text) for one in calendar_months.run(month, PAST + 1))
    return [None if one is None else _whole(one[1]) for one in kept]


def _whole(value: Decimal) -> int:
    """As a whole number of the last place that values are kept to."""
    return int(Fraction(value) * 10**PLACES)


def _from_whole(value: int) -> Decimal:
    return _kept(EXACT.scaleb(Decimal(value), -PLACES))


def by_place(found: Iterable[Condition]) -> dict[tuple[uuid.UUID, str, datetime.date], Condition]:
    """(rule id, slice key, month) → condition."""
    return {(one.rule.pk, one.slice_key, one.month): one for one in found}
