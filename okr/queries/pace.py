"""Where progress should be today, and which policy counts it."""

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

import numpy as np

from okr.models import OkrPolicy
from okr.models.contents import CheckpointContent, checkpoints_from
from okr.models.policies import StatusRule
from performance.engine import fixed, progress
from performance.people import queries as people

A_DAY = datetime.timedelta(days=1)
#: Own points of an expected pace, in the order of their days: a day, and the micro percent expected at its end.
Points = Sequence[tuple[datetime.date, int]]


@dataclass(frozen=True)
class Pace:
    """A period on the day `on`, which is its calendar day `day`. `expected_micro` is the micro percent that should be
    done by its end where there are no checkpoints: linear by workday. `worked`: how many workdays have passed by the
    end of each calendar day, a 0 before the first."""

    on: datetime.date
    day: int
    elapsed: int
    total: int
    expected_micro: int
    starts_on: datetime.date
    worked: Sequence[int] = field(repr=False)

    @property
    def expected(self) -> int:
        """Whole percent, for the tick on bars and rings."""
        return whole_percent(self.expected_micro)

    @property
    def last_day(self) -> int:
        return len(self.worked) - 1

    def checkpoints(self, points: Points) -> list[progress.Checkpoint]:
        """Points as the engine's. One outside the period counts no more: the period was moved since it was agreed."""
        days = [((on - self.starts_on).days + 1, micro) for on, micro in points]
        return [
            progress.Checkpoint(day, self.worked[day], micro)
            for day, micro in days
            if 0 < day < self.last_day
        ]


@dataclass(frozen=True)
class Expected:
    """Where something should stand: micro percent, and whether a plan with points of its own says so or the linear
    pace, which begins on the day `since` where that is not the period's first. The plan of a key result are its
    checkpoints; that of an objective (`is_of_parts`) is what the plans of its parts add up to."""

    micro: int
    by_checkpoints: bool
    is_of_parts: bool = False
    since: datetime.date | None = None

    @property
    def percent(self) -> int:
        return whole_percent(self.micro)

    def status(self, progress_micro: int | None) -> str:
        return progress.pace_status(progress_micro, self.micro)

    def ahead(self, progress_micro: int | None) -> int | None:
        """Whole points before (+) or behind (−) the plan."""
        return None if progress_micro is None else whole_percent(progress_micro) - self.percent


@dataclass(frozen=True)
class Paces:
    """Where each of these key results should stand on one day."""

    expected: Mapping[uuid.UUID, Expected]

    def status_of(self, key_result: Any) -> str:
        """A yes-or-no is done or not started; everything else is measured against the plan."""
        if key_result.kind == "yes_no" and key_result.progress_micro == 0:
            return "none"
        return self.expected[key_result.pk].status(key_result.progress_micro)

    def status_of_entry(self, entry: Any) -> str:
        """The same for one reading."""
        if entry.key_result.kind == "yes_no" and entry.progress_micro == 0:
            return "none"
        return self.expected[entry.key_result.pk].status(entry.progress_micro)

    def distance_of(self, entry: Any) -> int:
        """How far a reading lies before (+) or behind (−) its plan, in micro percent."""
        return (entry.progress_micro or 0) - self.expected[entry.key_result.pk].micro

    def expected_of(self, key_result: Any) -> Expected | None:
        """The tick on a key result's bar; a yes-or-no has none on the way."""
        return None if key_result.kind == "yes_no" else self.expected[key_result.pk]


def whole_percent(micro: int) -> int:
    return (micro + 500_000) // 1_000_000


def paces_of(key_results: Iterable[Any], on: datetime.date, organisation: Any) -> Paces:
    """What is expected on a day of these key results, each by the plan of its own period; their objectives and periods
    are loaded. One query."""
    rows = list(key_results)
    paces = paces_in({each.objective.period for each in rows}, on, organisation)
    return expected_of_key_results((each, paces[each.objective.period_id]) for each in rows)


def expected_of_key_results(asked: Iterable[tuple[Any, Pace]]) -> Paces:
    """The same with the periods' paces at hand. No query, one pass of the engine for all."""
    rows = list(asked)
    plans = points_of([each for each, _pace in rows])
    found = expected_by(zip((pace for _each, pace in rows), plans, strict=True))
    return Paces({each.pk: expected for (each, _pace), expected in zip(rows, found, strict=True)})


def expected_of_objectives(asked: Iterable[tuple[Any, Pace]]) -> dict[uuid.UUID, Expected]:
    """What is expected of whole objectives: what the plans beneath them roll up to, else the linear pace."""
    rows = list(asked)
    found = expected_by((pace, points_from(each.pace_points)) for each, pace in rows)
    return {
        each.pk: replace(expected, is_of_parts=True)
        for (each, _pace), expected in zip(rows, found, strict=True)
    }


def points_from(kept: Iterable[tuple[str, int]]) -> Points:
    """An objective's `pace_points` as they are kept."""
    return [(datetime.date.fromisoformat(on), micro) for on, micro in kept]


def points_of(key_results: Sequence[Any]) -> list[Points]:
    """Each key result's checkpoints in micro percent, after the day up to which nothing was expected where it came into
    force in the midst of its period; empty where it follows the linear pace. One pass of the engine for the values of
    all."""
    told: list[Sequence[CheckpointContent]] = [checkpoints_from(each.checkpoints) for each in key_results]
    lines = [
        progress.KeyResult(each.kind, start=each.start, target=each.target, current=point.value)
        for each, points in zip(key_results, told, strict=True)
        for point in points
        if each.kind != "milestones"
    ]
    reached = iter(progress.key_results_progress(lines))
    return [
        _begun(
            each.paced_from,
            [
                (point.on, fixed.micro(point.value) if each.kind == "milestones" else next(reached) or 0)
                for point in points
            ],
        )
        for each, points in zip(key_results, told, strict=True)
    ]


def _begun(on: datetime.date | None, points: Points) -> Points:
    """A plan that begins on a day. Checkpoints before it were agreed with open eyes: they stay the whole plan."""
    eve = on and on - A_DAY
    return points if eve is None or (points and points[0][0] <= eve) else [(eve, 0), *points]


def _since(points: Points, pace: Pace) -> datetime.date | None:
    """The first day of a plan that is linear but for its late beginning. A yes-or-no, which has the last day alone, is
    no such plan."""
    if len(points) != 1 or points[0][1] != 0:
        return None
    first = points[0][0] + A_DAY
    return first if (first - pace.starts_on).days + 1 < pace.last_day else None


def expected_by(asked: Iterable[tuple[Pace, Points]]) -> list[Expected]:
    """What each plan expects on the day of its pace: one pass of the engine for all."""
    rows = list(asked)
    plans = [pace.checkpoints(points) for pace, points in rows]
    columns = [[pace.day, pace.last_day, pace.elapsed, pace.total] for pace, _points in rows]
    days = progress.Days(*np.array(columns, dtype=np.int64).reshape(-1, 4).T)
    micros = progress.pace_columns(days, progress.Plans.of(plans), np.arange(len(rows), dtype=np.int64))
    since = [_since(points, pace) if plan else None for (pace, points), plan in zip(rows, plans, strict=True)]
    return [
        Expected(int(micro), bool(plan) and day is None, since=day)
        for micro, plan, day in zip(micros, plans, since, strict=True)
    ]


def paces_in(periods: Iterable[Any], on: datetime.date, organisation: Any) -> dict[uuid.UUID, Pace]:
    """The plan of each of these periods on a day, by its id. One query."""
    days = people.work_days(organisation)
    return {period.pk: _pace(period, on, days) for period in periods}


def pace_of(period: Any, on: datetime.date) -> Pace:
    """The plan of a period on a day. Queries: the organisation where it is not loaded yet, and its calendar."""
    return _pace(period, on, people.work_days(period.organisation))


def _pace(period: Any, on: datetime.date, days: people.WorkDays) -> Pace:
    dates = (period.starts_on + datetime.timedelta(days=number) for number in range(period.days))
    worked = [0, *accumulate(int(days.is_workday(date)) for date in dates)]
    day = period.day_number(on)
    elapsed, total = worked[day], worked[-1]
    linear = progress.expected_pace(elapsed=elapsed, total=total)
    return Pace(on, day, elapsed, total, linear, period.starts_on, worked)


def statuses_of(
    objectives: Sequence[Any],
    expected: Mapping[uuid.UUID, Expected],
    paces: Mapping[uuid.UUID, Pace],
    policies: Mapping[uuid.UUID, OkrPolicy],
) -> list[str]:
    """Each objective's status as its period's policy says: by its own progress, by its worst or its latest key result,
    which must be loaded then."""
    known = {
        each.pk: [row for row in each.key_results.all() if row.filled_at is not None]
        for each in objectives
        if policies[each.period_id].status_rule != StatusRule.OWN_PACE
    }
    measured = expected_of_key_results(
        (row, paces[each.period_id]) for each in objectives for row in known.get(each.pk, ())
    )
    return [
        _rolled_up(known[each.pk], measured, policies[each.period_id])
        if each.pk in known
        else expected[each.pk].status(each.progress_micro)
        for each in objectives
    ]


def _rolled_up(key_results: Iterable[Any], measured: Paces, policy: OkrPolicy) -> str:
    oldest_first = sorted(key_results, key=lambda each: each.filled_at)
    statuses: list[Any] = [measured.status_of(each) for each in oldest_first]
    return progress.rollup_status(
        statuses,
        how="latest_wins" if policy.status_rule == StatusRule.LATEST_WINS else "worst_wins",
    )
