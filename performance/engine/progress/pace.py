"""Where progress should be by now, and how far it lags behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from performance.engine import errors, fixed
from performance.engine.fixed import Ints

Status: TypeAlias = Literal["good", "warn", "bad", "none"]
_FROM_BEST_TO_WORST: tuple[Status, ...] = ("none", "good", "warn", "bad")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A plan's own point: `percent_micro` is expected at the end of calendar day `day` of the period (1 is its first),
    by when `elapsed` workdays have passed."""

    day: int
    elapsed: int
    percent_micro: int


@dataclass(frozen=True, slots=True)
class Days:
    """Rows of days: each a calendar day `day` of a period of `last_day` days, with the workdays `elapsed` by its end
    and in the period's `total`."""

    day: Ints
    last_day: Ints
    elapsed: Ints
    total: Ints


@dataclass(frozen=True, slots=True)
class Plans:
    """Many plans' own points in columns. Those of plan number i are the rows `offsets[i]` to `offsets[i + 1]`; a plan
    without any is linear."""

    offsets: Ints
    day: Ints
    elapsed: Ints
    percent_micro: Ints

    @classmethod
    def of(cls, plans: Sequence[Sequence[Checkpoint]]) -> Plans:
        points = [point for plan in plans for point in plan]
        return cls(
            np.cumsum([0, *map(len, plans)], dtype=np.int64),
            np.array([point.day for point in points], dtype=np.int64),
            np.array([point.elapsed for point in points], dtype=np.int64),
            np.array([point.percent_micro for point in points], dtype=np.int64),
        )


@dataclass(frozen=True, slots=True)
class PaceThresholds:
    """How many points behind the plan are still good, and how many still only a warning.

    A distance in points rather than a ratio: in the first week of a quarter, 0 % against an expected 2 %
    is no alarm.
    """

    good_behind_micro: int = 3 * fixed.ONE
    warn_behind_micro: int = 20 * fixed.ONE

    def __post_init__(self) -> None:
        if not 0 <= self.good_behind_micro <= self.warn_behind_micro:
            raise errors.InvalidInput(
                "The warning threshold must not lie below the good one, nor either below 0.",
                code="thresholds_not_ordered",
            )


DEFAULT_THRESHOLDS = PaceThresholds()


def linear_pace_columns(elapsed: Ints, total: Ints) -> Ints:
    """Expected progress in micro percent: workdays elapsed / workdays in all, within 0…100 %.

    A plan without workdays is due at once. Source: linear plan by workday (DOMAIN, "expected pace").
    """
    due = total <= 0
    share = fixed.multiply_divide(elapsed, fixed.HUNDRED, np.where(due, 1, total), low=0, high=fixed.HUNDRED)
    expected: Ints = np.where(due, fixed.HUNDRED, share).astype(np.int64)
    return expected


def pace_columns(days: Days, plans: Plans, plan: Ints) -> Ints:
    """Expected progress in micro percent per row of `days`, by the plan whose number stands in `plan`.

    From 0 % before the period's first day over the plan's own points to 100 % on its last, straight in between by
    workday. On the calendar day of a point exactly its percentage is expected, also where it is not worked and several
    fall between two workdays. Without points: `linear_pace_columns`. Raises InvalidInput where points do not rise in
    time and in percent, or lie outside the period.
    """
    linear = linear_pace_columns(days.elapsed, days.total)
    if not len(plans.day):
        return linear
    _check(plans)
    first, end = plans.offsets[plan], plans.offsets[plan + 1]
    # Plans lie one behind the other on one axis, so that one search finds each row's place among its own points.
    span = int(max(plans.day.max(), days.last_day.max(initial=0))) + 1
    number = np.repeat(np.arange(len(plans.offsets) - 1, dtype=np.int64), np.diff(plans.offsets))
    held = np.clip(days.day, 0, days.last_day)
    passed = np.searchsorted(number * span + plans.day, plan * span + held, side="right")
    bent = end > first
    if (bent & (plans.day[np.maximum(end - 1, 0)] >= days.last_day)).any():
        raise errors.InvalidInput(
            "Checkpoints lie before the period's last day, which is 100 % by itself.",
            code="checkpoints_not_ordered",
            key="checkpoints",
        )
    has_former, has_next = bent & (passed > first), bent & (passed < end)
    former, following = np.maximum(passed - 1, 0), np.minimum(passed, len(plans.day) - 1)
    from_elapsed = np.where(has_former, plans.elapsed[former], 0)
    from_micro = np.where(has_former, plans.percent_micro[former], 0)
    to_elapsed = np.where(has_next, plans.elapsed[following], days.total)
    to_micro = np.where(has_next, plans.percent_micro[following], fixed.HUNDRED)
    run = to_elapsed - from_elapsed
    worked = np.clip(days.elapsed - from_elapsed, 0, np.maximum(run, 0))
    gained = fixed.multiply_divide(worked, to_micro - from_micro, np.maximum(run, 1))
    # Where no workday lies between two points, nothing is expected before the next one's day.
    expected = from_micro + np.where(run > 0, gained, 0)
    expected = np.where(days.day >= days.last_day, fixed.HUNDRED, expected)
    chosen: Ints = np.where(bent, expected, linear).astype(np.int64)
    return chosen


def expected_pace(
    *,
    elapsed: int,
    total: int,
    day: int | None = None,
    last_day: int | None = None,
    checkpoints: Sequence[Checkpoint] = (),
) -> int:
    """`pace_columns` for one plan on one day. `day` of `last_day` may be left out where there are no checkpoints."""
    days = Days(
        day=_row(elapsed if day is None else day),
        last_day=_row(total if last_day is None else last_day),
        elapsed=_row(elapsed),
        total=_row(total),
    )
    return int(pace_columns(days, Plans.of([checkpoints]), _row(0))[0])


def _row(value: int) -> Ints:
    return np.array([value], dtype=np.int64)


def _check(plans: Plans) -> None:
    starts = plans.offsets[:-1][np.diff(plans.offsets) > 0]
    later = np.ones(len(plans.day), dtype=np.bool_)
    later[starts] = False
    rises = [
        (np.diff(plans.day, prepend=0) > 0)[later].all(),
        (np.diff(plans.elapsed, prepend=0) >= 0)[later].all(),
        (np.diff(plans.percent_micro, prepend=0) >= 0)[later].all(),
    ]
    within = (plans.percent_micro >= 0) & (plans.percent_micro <= fixed.HUNDRED)
    if not (all(rises) and within.all() and (plans.day >= 1).all() and (plans.elapsed >= 0).all()):
        raise errors.InvalidInput(
            "Checkpoints must rise in time and in percent within the period.",
            code="checkpoints_not_ordered",
            key="checkpoints",
        )


def pace_status(
    progress_micro: int | None, expected_micro: int, thresholds: PaceThresholds = DEFAULT_THRESHOLDS
) -> Status:
    """good, warn or bad by the points that progress lies behind the plan; none without a value."""
    if progress_micro is None:
        return "none"
    behind = expected_micro - progress_micro
    if behind <= thresholds.good_behind_micro:
        return "good"
    return "warn" if behind <= thresholds.warn_behind_micro else "bad"


def rollup_status(
    statuses: Sequence[Status], how: Literal["worst_wins", "latest_wins"] = "worst_wins"
) -> Status:
    """One status for many. For "latest_wins" give them oldest first. "none" never hides a known status."""
    known = [status for status in statuses if status != "none"]
    if not known:
        return "none"
    if how == "latest_wins":
        return known[-1]
    if how == "worst_wins":
        return max(known, key=_FROM_BEST_TO_WORST.index)
    raise errors.InvalidInput(f"Unknown status roll-up {how!r}.", code="unknown_policy")
