"""The heat map: parts of a metric by month, each with its number and how well it stands among all that are shown."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from performance.kpis.models import (
    Direction,
    Grain,
    HeatShown,
    Metric,
    MetricValue,
    Target,
    TargetKind,
    ValueState,
)
from performance.kpis.queries import comparing
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.ranking import Ranked
from performance.kpis.queries.values import values
from performance.kpis.semantics import slice_key

VALUE, TARGET, YEAR = HeatShown.values
#: In the order in which they are offered.
SHOWN = dict(HeatShown.choices)
MONTHS = 12
#: Parts with a row of their own, the best first.
MOST_ROWS = 30
#: Steps of the one hue.
STEPS = 5


@dataclass(frozen=True)
class Cell:
    """One part in one month. `number`: its value, or its distance from what it is held against. `step`: 1 (worst) to 5
    (best) among all cells; 0 where there is nothing to colour."""

    month: datetime.date
    value: Decimal | None
    number: Decimal | None
    state: str | None
    step: int

    @property
    def is_provisional(self) -> bool:
        return self.value is not None and self.state != ValueState.CLOSED


@dataclass(frozen=True)
class Row:
    slice: Mapping[str, str]
    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Heat:
    """`hidden`: how many ranked parts have no row. `darker`: what the darker colour means, "higher" or "better"."""

    shown: str
    months: Sequence[datetime.date]
    rows: Sequence[Row]
    hidden: int
    darker: str

    @property
    def is_difference(self) -> bool:
        return self.shown != VALUE

    @property
    def is_empty(self) -> bool:
        return all(cell.number is None for row in self.rows for cell in row.cells)


def shown_from(text: str) -> str:
    """What an address asks to be shown; values for anything else."""
    return text if text in SHOWN else VALUE


def heat_map(
    metric: Metric,
    ranked: Sequence[Ranked],
    within: Mapping[str, str],
    cut: str,
    month: datetime.date,
    shown: str,
    growing: datetime.date | None = None,
) -> Heat:
    """The year up to `month` of these parts, in their order. Two queries at most. `growing`: a month whose values still
    grow with its days, and are not coloured among whole ones."""
    head = ranked[:MOST_ROWS]
    months = calendar_months.run(month, MONTHS)
    kept = _kept(metric, head, within, cut, months, shown)
    against = _against(metric, head, months, shown, kept)
    numbers: dict[tuple[str, datetime.date], Decimal] = {}
    scores: dict[tuple[str, datetime.date], Decimal] = {}
    for one in head:
        for each in months:
            place = slice_key(one.slice), each
            value, reference = kept[place].value if place in kept else None, against.get(place)
            if value is None or (shown != VALUE and reference is None):
                continue
            numbers[place] = value if reference is None else value - reference
            score = value if reference is None else comparing.relative(value, reference)
            if score is not None and each != growing:
                scores[place] = -score if metric.direction == Direction.DOWN else score
    steps = _steps(scores)
    shown_months = _since_known(months, {month for _text, month in numbers})
    rows = [
        Row(
            one.slice,
            one.label,
            [
                Cell(
                    each,
                    kept[place].value if place in kept else None,
                    numbers.get(place),
                    kept[place].state if place in kept else None,
                    steps.get(place, 0),
                )
                for each in shown_months
                for place in [(slice_key(one.slice), each)]
            ],
        )
        for one in head
    ]
    darker = "higher" if metric.direction == Direction.BAND else "better"
    return Heat(shown, shown_months, rows, len(ranked) - len(head), darker)


def _since_known(
    months: Sequence[datetime.date], known: Collection[datetime.date]
) -> Sequence[datetime.date]:
    """Without the months before the first that has something to show."""
    first = next((place for place, month in enumerate(months) if month in known), 0)
    return months[first:]


def _kept(
    metric: Metric,
    head: Sequence[Ranked],
    within: Mapping[str, str],
    cut: str,
    months: Sequence[datetime.date],
    shown: str,
) -> dict[tuple[str, datetime.date], MetricValue]:
    first = calendar_months.months_before(months[0], comparing.back(comparing.YEAR) if shown == YEAR else 0)
    found = values().filter(
        metric=metric,
        dimensions=",".join(sorted({cut, *within})),
        slice_key__in=[slice_key(one.slice) for one in head],
        period_start__range=(first, months[-1]),
    )
    return {(value.slice_key, value.period_start): value for value in found}


def _against(
    metric: Metric,
    head: Sequence[Ranked],
    months: Sequence[datetime.date],
    shown: str,
    kept: Mapping[tuple[str, datetime.date], MetricValue],
) -> dict[tuple[str, datetime.date], Decimal]:
    if shown == YEAR:
        back = comparing.back(comparing.YEAR)
        return {
            (text, calendar_months.months_before(month, -back)): value.value
            for (text, month), value in kept.items()
            if value.value is not None
        }
    if shown == VALUE:
        return {}
    targets = Target.objects.filter(
        metric=metric,
        grain=Grain.MONTH,
        kind=TargetKind.TARGET,
        period_start__in=months,
        slice_key__in=[slice_key(one.slice) for one in head],
    )
    return {(target.slice_key, target.period_start): target.value for target in targets}


def _steps(scores: Mapping[tuple[str, datetime.date], Decimal]) -> dict[tuple[str, datetime.date], int]:
    """Equal stretches between the worst and the best; the middle one where all are alike."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if low == high:
        return dict.fromkeys(scores, (STEPS + 1) // 2)
    return {
        place: min(int((score - low) * STEPS / (high - low)) + 1, STEPS) for place, score in scores.items()
    }
