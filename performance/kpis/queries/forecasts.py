"""Forecasts: what is foreseen for a slice and what it is worth, and which metrics wait for one."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from performance.foundation.models import StaleRow
from performance.kpis import forecasting
from performance.kpis.models import (
    Additivity,
    Direction,
    Forecast,
    ForecastRefusal,
    Grain,
    Metric,
    Target,
    TargetKind,
)
from performance.kpis.queries import definitions
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.kpis.queries.values import period_targets, values
from performance.kpis.semantics import Slice, slice_key
from performance.people import queries as people
from performance.people.models import Period

#: Marks of metrics whose values changed.
STALE = "metric_forecasts"
#: Months that pages draw; more are kept.
SHOWN = 6
MOST_CHANCES = 2


def season() -> int:
    """How many months make a year."""
    return calendar_months.calendar().per_year


def standing_month(today: datetime.date) -> datetime.date:
    """The last month whose data stand still: those that finance has closed, and those that it could close."""
    settling_days = definitions.settling_days()
    month = calendar_months.months_before(today, 1)
    while calendar_months.settled_on(month, settling_days) > today:
        month = calendar_months.months_before(month, 1)
    return month


def metrics_to_foresee(today: datetime.date) -> list[uuid.UUID]:
    """Certified metrics with values that nobody has foreseen from the last standing month on, and that are not marked
    yet. One query beside that for the month."""
    month = standing_month(today)
    total = {"metric": OuterRef("pk"), "slice_key": "{}"}
    known = values().filter(**total, period_start__lte=month)
    done = Forecast.objects.filter(**total, superseded_at=None, after_month=month)
    if forecasting.is_installed():
        done = done.exclude(refusal=ForecastRefusal.NOT_INSTALLED)
    marked = StaleRow.objects.filter(kind=STALE, subject_id=OuterRef("pk"))
    due = definitions.certified_metrics().filter(Exists(known), ~Exists(done), ~Exists(marked))
    return list(due.values_list("pk", flat=True))


def histories(metric_id: uuid.UUID, today: datetime.date) -> list[forecasting.History]:
    """The total first, then the parts by one dimension, the largest of the last year first. Two queries. Empty for a
    metric that is not certified, or retired."""
    if not definitions.certified_metrics().filter(pk=metric_id).exists():
        return []
    last = standing_month(today)
    shown = calendar_months.run(last, season() * forecasting.MOST_SEASONS)
    places = {month: place for place, month in enumerate(shown)}
    found = values().filter(metric=metric_id, period_start__range=(shown[0], last))
    rows = found.exclude(dimensions__contains=",").values_list("slice_key", "slice", "period_start", "value")
    slices: dict[str, dict[str, str]] = {"{}": {}}
    series: dict[str, list[float | None]] = {"{}": [None] * len(shown)}
    for text, given, month, value in rows:
        slices.setdefault(text, given)
        if value is not None:
            series.setdefault(text, [None] * len(shown))[places[month]] = float(value)
    everything = [
        forecasting.History(slices[text], text, last, known, season()) for text, known in series.items()
    ]
    return sorted(everything, key=lambda one: (not one.is_total, -_recent_size(one.values), one.slice_key))


def _recent_size(known: Sequence[float | None]) -> float:
    return sum(abs(value) for value in known[-season() :] if value is not None)


def current_bases(metric_id: uuid.UUID) -> dict[str, str]:
    """slice key → digest of what its current forecast was made from."""
    current = Forecast.objects.filter(metric=metric_id, superseded_at=None)
    return dict(current.values_list("slice_key", "basis"))


@dataclass(frozen=True)
class MonthAhead:
    """One month to come, with the bounds that hold it with 80 and 95 per cent, and its target."""

    month: datetime.date
    value: Decimal
    low_80: Decimal
    high_80: Decimal
    low_95: Decimal
    high_95: Decimal
    target: Decimal | None = None


@dataclass(frozen=True)
class Chance:
    """How probable it is that a period's target is reached at its end. `came_true`: how often, in the backtest, what had
    been given this chance came true (None where too little is known to say)."""

    starts_on: datetime.date
    ends_on: datetime.date
    target: Decimal
    expected: Decimal
    low_80: Decimal
    high_80: Decimal
    chance: float
    came_true: float | None
    tested: int

    @property
    def chance_percent(self) -> Decimal:
        """Whole per cent, and never none or all of it."""
        return min(max(Decimal(round(self.chance * 100)), Decimal(1)), Decimal(99))

    @property
    def came_true_percent(self) -> Decimal | None:
        return None if self.came_true is None else Decimal(round(self.came_true * 100))


@dataclass(frozen=True)
class Ahead:
    """What is said about a slice's future. `refusal` is why nothing is: a ForecastRefusal, "waiting", "many" or
    "closed" (to its reader)."""

    forecast: Forecast | None
    refusal: str
    known_months: int
    months: Sequence[MonthAhead] = ()
    chances: Sequence[Chance] = ()

    @property
    def shown(self) -> Sequence[MonthAhead]:
        return self.months[:SHOWN]

    @property
    def least_months(self) -> int:
        return forecasting.LEAST_SEASONS * season()

    @property
    def error(self) -> Decimal | None:
        """In per cent of the mean size of the values."""
        return _percent(self.forecast.error_ppm if self.forecast else None)

    @property
    def naive_error(self) -> Decimal | None:
        return _percent(self.forecast.naive_error_ppm if self.forecast else None)

    @property
    def tested(self) -> int:
        return int(self._trial["tested"]) if self.forecast else 0

    @property
    def held_80(self) -> Decimal | None:
        return self._held("covered_80")

    @property
    def held_95(self) -> Decimal | None:
        return self._held("covered_95")

    @property
    def _trial(self) -> Mapping[str, Any]:
        return {} if self.forecast is None else self.forecast.backtest["steps"]

    def _held(self, name: str) -> Decimal | None:
        return Decimal(int(self._trial[name])) * 100 / self.tested if self.tested else None


def ahead(metric: Metric, slice: Slice, *, additivity: str, sight: Sight = EVERYTHING) -> Ahead:
    """What is foreseen for a slice of a metric whose version in force adds up like that. Up to nine queries."""
    text = slice_key(slice)
    if sight.hides(metric.pk) and not _is_open(metric, text, sight):
        return Ahead(None, "closed", 0)
    found = Forecast.objects.filter(metric=metric, slice_key=text, superseded_at=None).first()
    if found is None:
        return _without(metric, text, slice)
    if found.refusal:
        return Ahead(None, found.refusal, found.known_months)
    months = _months_ahead(found)
    return Ahead(found, "", found.known_months, months, _chances(metric, slice, found, months, additivity))


def month_ahead(
    metrics: Sequence[Metric], slice: Slice, month: datetime.date, *, sight: Sight = EVERYTHING
) -> dict[uuid.UUID, MonthAhead]:
    """metric id → what is foreseen of that slice for one month, without its target. Two queries."""
    text = slice_key(slice)
    closed: set[uuid.UUID] = set()
    if hidden := [metric.pk for metric in metrics if sight.hides(metric.pk)]:
        known = values().filter(metric__in=hidden, slice_key=text)
        closed = set(known.exclude(pk__in=sight.seen(known).values("pk")).values_list("metric_id", flat=True))
    made = Forecast.objects.filter(
        metric__in=[metric.pk for metric in metrics], slice_key=text, superseded_at=None, refusal=""
    )
    found = {}
    for forecast in made.exclude(metric__in=closed):
        place = calendar_months.calendar().count(forecast.after_month, month) - 2
        if 0 <= place < len(forecast.points):
            found[forecast.metric_id] = MonthAhead(month, *map(Decimal, forecast.points[place]))
    return found


def _is_open(metric: Metric, text: str, sight: Sight) -> bool:
    """Whether the reader sees the months that a forecast is made from, all of them: what is foreseen tells them. One
    query."""
    known = values().filter(metric=metric, slice_key=text)
    return not known.exclude(pk__in=sight.seen(known).values("pk")).exists()


def _without(metric: Metric, text: str, slice: Slice) -> Ahead:
    """Why a slice has none: parts keep no refusals, so it is seen from their values."""
    if len(slice) > 1:
        return Ahead(None, "many", 0)
    shown = calendar_months.run(standing_month(people.today_here()), season() * forecasting.MOST_SEASONS)
    kept = values().filter(metric=metric, slice_key=text, period_start__range=(shown[0], shown[-1]))
    known = dict(kept.values_list("period_start", "value"))
    series = [None if (value := known.get(month)) is None else float(value) for month in shown]
    try:
        return Ahead(None, "waiting", len(forecasting.usable(series, season())))
    except forecasting.ForecastRefused as refused:
        return Ahead(None, str(refused.code), refused.known)


def _months_ahead(found: Forecast) -> list[MonthAhead]:
    months = [
        calendar_months.months_before(found.after_month, -number)
        for number in range(1, len(found.points) + 1)
    ]
    targets = dict(
        Target.objects.filter(
            metric=found.metric_id,
            slice_key=found.slice_key,
            grain=Grain.MONTH,
            kind=TargetKind.TARGET,
            period_start__in=months,
        ).values_list("period_start", "value")
    )
    return [
        MonthAhead(month, value, low_80, high_80, low_95, high_95, targets.get(month))
        for month, point in zip(months, found.points, strict=True)
        for value, low_80, high_80, low_95, high_95 in [[Decimal(each) for each in point]]
    ]


@dataclass(frozen=True)
class _Span:
    starts_on: datetime.date
    ends_on: datetime.date


def _chances(
    metric: Metric, slice: Slice, found: Forecast, months: Sequence[MonthAhead], additivity: str
) -> list[Chance]:
    """Of the quarter and the organisation's periods that the first month to come lies in, nearest end first."""
    if metric.direction == Direction.BAND or not months:
        return []
    chances: list[Chance] = []
    for span in _spans(months):
        target = period_targets([metric], [found.slice_key], span).get((metric.pk, found.slice_key))
        if target is not None and len(chances) < MOST_CHANCES:
            chance = _chance(metric, found, months, span, target, adds_up=additivity == Additivity.ADDITIVE)
            chances += [chance] if chance else []
    return chances


def _spans(months: Sequence[MonthAhead]) -> list[_Span]:
    first, last = months[0].month, calendar_months.last_of(months[-1].month)
    periods = Period.objects.filter(starts_on__lte=first, ends_on__gte=first, ends_on__lte=last)
    spans = {
        calendar_months.quarter_of(first),
        *periods.values_list("starts_on", "ends_on"),
    }
    whole = [span for span in spans if calendar_months.is_whole_months(*span) and span[1] <= last]
    return [_Span(*span) for span in sorted(whole, key=lambda span: (span[1], span[0]))]


def _chance(
    metric: Metric,
    found: Forecast,
    months: Sequence[MonthAhead],
    span: _Span,
    target: Decimal,
    *,
    adds_up: bool,
) -> Chance | None:
    """What adds up is foreseen as the sum of known months and those to come, everything else as its last month."""
    inside = [month for month in months if month.month <= span.ends_on]
    step = len(inside) - 1
    part = found.backtest["sums" if adds_up else "steps"]
    spread = forecasting.Spread(tuple(part["scales"]), tuple(part["sizes"]), part["origins"])
    if adds_up:
        known = _known_sum(found, span)
        if known is None:
            return None
        expected = known + sum((month.value for month in inside), Decimal(0))
    else:
        expected = inside[-1].value
    above = metric.direction == Direction.UP
    chance = spread.chance_of_at_least(step, float(target - expected))
    chance = chance if above else 1.0 - chance
    trial = forecasting.Trial(part["tested"], part["covered_80"], part["covered_95"], tuple(part["places"]))
    half = Decimal(f"{spread.half_width(step, 0.8):.8g}")
    return Chance(
        starts_on=span.starts_on,
        ends_on=span.ends_on,
        target=target,
        expected=expected,
        low_80=expected - half,
        high_80=expected + half,
        chance=chance,
        came_true=trial.came_true(chance, above=above),
        tested=trial.tested,
    )


def _known_sum(found: Forecast, span: _Span) -> Decimal | None:
    """The sum of the period's months that are known; None when one is missing."""
    known = values().filter(
        metric=found.metric_id,
        slice_key=found.slice_key,
        period_start__range=(span.starts_on, found.after_month),
    )
    amounts = [value for value in known.values_list("value", flat=True) if value is not None]
    wanted = calendar_months.calendar().count(span.starts_on, found.after_month)
    return sum(amounts, Decimal(0)) if len(amounts) == max(wanted, 0) else None


def _percent(ppm: int | None) -> Decimal | None:
    return None if ppm is None else Decimal(ppm) / 10_000
