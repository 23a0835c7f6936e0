"""Where progress should be by now, and how far it lags behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from performance.engine import errors, fixed
from performance.engine.fixed import Ints

Status: TypeAlias = Literal["good", "warn", "bad", "none"]
_FROM_BEST_TO_WORST: tuple[Status, ...] = ("none", "good", "warn", "bad")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The plan's own point: `percent_micro` expected once `elapsed` workdays have passed."""

    elapsed: int
    percent_micro: int


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


def expected_pace(*, elapsed: int, total: int, checkpoints: Sequence[Checkpoint] = ()) -> int:
    """Expected progress in micro percent after `elapsed` of `total` workdays.

    Linear, or straight between the plan's own checkpoints (from 0 % at the start to 100 % at the end).
    Raises InvalidInput where checkpoints do not rise within the period.
    """
    if not checkpoints:
        return int(linear_pace_columns(fixed.column([elapsed]), fixed.column([total]))[0])
    days = [0, *(point.elapsed for point in checkpoints), total]
    percents = [0, *(point.percent_micro for point in checkpoints), fixed.HUNDRED]
    if checkpoints[-1].elapsed == total:
        days, percents = days[:-1], percents[:-1]
    if checkpoints[0].elapsed == 0:
        days, percents = days[1:], percents[1:]
    days_rise = all(b > a for a, b in pairwise(days))
    percents_rise = all(b >= a for a, b in pairwise(percents))
    if not (days_rise and percents_rise and percents[0] >= 0 and percents[-1] <= fixed.HUNDRED):
        raise errors.InvalidInput(
            "Checkpoints must rise in time and in percent within the period.",
            code="checkpoints_not_ordered",
            key="checkpoints",
        )
    return int(fixed.interpolate(fixed.column([elapsed]), days, percents)[0])


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
