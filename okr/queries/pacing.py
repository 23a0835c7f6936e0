"""What is expected of an objective as a whole: its parts' checkpoints, rolled up as its progress is."""

import datetime
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from okr.models import KeyResult, Objective, OkrPolicy
from okr.queries import pace, rollups
from performance.engine import fixed, progress
from performance.engine.fixed import Ints

Kept = list[tuple[str, int]]


@dataclass(frozen=True)
class _Part:
    """A key result or a contributing objective: what it counts for, and its own points."""

    item: progress.RollupItem
    points: pace.Points


class Planner:
    """Asks for the calendar of a period once, and only where there are checkpoints at all."""

    def __init__(self) -> None:
        self._paces: dict[Any, pace.Pace] = {}

    def points_of(
        self,
        objective: Objective,
        key_results: Sequence[KeyResult],
        contributing: Iterable[tuple[Objective, int]],
        policy: OkrPolicy,
    ) -> Kept:
        """What the objective would have reached on each day on which its course bends, if each part stood exactly
        where its own plan says: [day, micro percent] each, the days between are straight by workday. Empty where no
        part has checkpoints or is a yes-or-no.

        Weights, method and what is left out are those of the progress, so that both are of the same parts. What
        contributes from another period has no checkpoints in this one and is expected linearly.
        """
        parts = _counted(objective, key_results, contributing, policy)
        if not any(part.points for part in parts):
            return []
        plan = self._pace(objective.period)
        checkpoints = [plan.checkpoints(part.points) for part in parts]
        if not any(checkpoints):
            return []
        course = _course(plan, checkpoints)
        days = {point.day for points in checkpoints for point in points}
        if policy.method == "worst":
            days |= _where_the_lowest_changes(course)
        rolled = _rolled_up(
            [part.item for part in parts], course[:, [day - 1 for day in sorted(days)]], policy
        )
        first = objective.period.starts_on
        return [
            ((first + datetime.timedelta(days=day - 1)).isoformat(), int(micro))
            for day, micro in zip(sorted(days), rolled, strict=True)
        ]

    def _pace(self, period: Any) -> pace.Pace:
        if period.pk not in self._paces:
            self._paces[period.pk] = pace.pace_of(period, period.ends_on)
        return self._paces[period.pk]


def _counted(
    objective: Objective,
    key_results: Sequence[KeyResult],
    contributing: Iterable[tuple[Objective, int]],
    policy: OkrPolicy,
) -> list[_Part]:
    """The parts that the progress is made of: those with a value, or all while there is none or where what is missing
    counts as 0 %."""
    served_by = [(child, share) for child, share in contributing if child.is_in_force]
    own, others = rollups.items_of(key_results, served_by)
    points: dict[str, pace.Points] = dict(
        zip((item.key for item in own), pace.points_of(key_results), strict=True)
    )
    for each in key_results:
        if each.kind == "yes_no":
            points[str(each.pk)] = _points_of_an_answer(each, objective.period)
    for child, _share in served_by:
        is_here = child.period_id == objective.period_id
        points[str(child.pk)] = pace.points_from(child.pace_points) if is_here else []
    items = progress.objective_items(
        own,
        others,
        source=policy.roll_up,  # type: ignore[arg-type]
        method=policy.method,  # type: ignore[arg-type]
    )
    weighed = [item for item in items if item.weight > 0]
    known = [item for item in weighed if item.value_micro is not None]
    counted = known if known and policy.missing == "leave_out" else weighed
    return [_Part(item, points[item.key]) for item in counted]


def _points_of_an_answer(key_result: KeyResult, period: Any) -> pace.Points:
    """A yes-or-no is nowhere on the way: until the period's last day no more is expected of it than it has, so that
    it puts its objective neither behind nor ahead. A yes is whole from the first day on."""
    if key_result.progress_micro:
        return [(period.starts_on, fixed.HUNDRED)]
    return [(period.ends_on - datetime.timedelta(days=1), 0)]


def _course(plan: pace.Pace, checkpoints: list[list[progress.Checkpoint]]) -> Ints:
    """A row for each part, a column for each calendar day: the micro percent expected by its end."""
    parts, last = len(checkpoints), plan.last_day
    days = progress.Days(
        np.tile(np.arange(1, last + 1, dtype=np.int64), parts),
        np.full(parts * last, last, dtype=np.int64),
        np.tile(np.array(plan.worked[1:], dtype=np.int64), parts),
        np.full(parts * last, plan.total, dtype=np.int64),
    )
    whose = np.repeat(np.arange(parts, dtype=np.int64), last)
    found: Ints = progress.pace_columns(days, progress.Plans.of(checkpoints), whose).reshape(parts, last)
    return found


def _where_the_lowest_changes(course: Ints) -> set[int]:
    """The last day of one part as the lowest and the first day of the next: between them the lowest is one part's."""
    lowest = course.argmin(axis=0).tolist()
    changes = [day for day, (former, part) in enumerate(itertools.pairwise(lowest), 2) if former != part]
    return {day for change in changes for day in (change - 1, change) if day < len(lowest)}


def _rolled_up(items: list[progress.RollupItem], course: Ints, policy: OkrPolicy) -> list[int]:
    """One figure for each column, by the engine's roll-up."""
    parts, days = course.shape
    rolled = progress.rollup_columns(
        groups=np.tile(np.arange(days, dtype=np.int64), parts),
        values=course.ravel(),
        present=np.ones(parts * days, dtype=np.bool_),
        weights=np.repeat(fixed.column([item.weight for item in items]), days),
        group_count=days,
        method=policy.method,  # type: ignore[arg-type]
    )
    return [int(value) for value in rolled.values_micro]
