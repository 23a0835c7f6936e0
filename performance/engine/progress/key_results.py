"""Progress of a key result from its start, target and current value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from performance.engine import errors, fixed
from performance.engine.fixed import AnyInts, Flags, Ints
from performance.engine.progress import rollups

Number: TypeAlias = Decimal | int
Kind: TypeAlias = Literal["increase", "decrease", "percent", "money", "kpi", "band", "milestones", "yes_no"]
LINE_KINDS = frozenset({"increase", "decrease", "percent", "money", "kpi"})


@dataclass(frozen=True, slots=True)
class ProgressPolicy:
    """The choices a period makes once, printed beside every score.

    over: "clamp" stops at 100 %; "cap" shows over-achievement up to `cap_micro`.
    missing: no value yet is left out of the mean ("leave_out", progress None) or counts as 0 ("zero").
    start_equals_target: "reached_or_not" is 100 % when the current value has reached the target and 0 %
    otherwise; "leave_out" gives no progress.
    """

    over: Literal["clamp", "cap"] = "clamp"
    cap_micro: int = 120 * fixed.ONE
    missing: Literal["leave_out", "zero"] = "leave_out"
    start_equals_target: Literal["reached_or_not", "leave_out"] = "reached_or_not"

    def __post_init__(self) -> None:
        if self.over not in ("clamp", "cap"):
            raise errors.InvalidInput(
                f"Unknown over-achievement policy {self.over!r}.", code="unknown_policy"
            )
        if self.missing not in ("leave_out", "zero"):
            raise errors.InvalidInput(
                f"Unknown missing-value policy {self.missing!r}.", code="unknown_policy"
            )
        if self.start_equals_target not in ("reached_or_not", "leave_out"):
            raise errors.InvalidInput(
                f"Unknown start-equals-target policy {self.start_equals_target!r}.", code="unknown_policy"
            )
        if self.cap_micro < fixed.HUNDRED:
            raise errors.InvalidInput("The cap cannot lie below 100 %.", code="cap_below_target")

    @property
    def limit_micro(self) -> int:
        """The highest progress this policy shows."""
        return self.cap_micro if self.over == "cap" else fixed.HUNDRED


DEFAULT_POLICY = ProgressPolicy()


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step of a milestone key result. `done` None: nobody has reported on it yet."""

    done: bool | None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A key result as the engine sees it. Numbers are exact and in their natural unit, never floats.

    Lines (increase, decrease, percent, money, kpi): start, target, current; `checkpoints` optionally
    bends the line: (value, percent) points between start (0 %) and target (100 %).
    Band: lower and/or upper, tolerance (the distance outside at which progress is 0), current.
    Milestones: milestones. Yes/no: done.
    """

    kind: Kind
    start: Number | None = None
    target: Number | None = None
    current: Number | None = None
    checkpoints: Sequence[tuple[Number, Number]] = ()
    lower: Number | None = None
    upper: Number | None = None
    tolerance: Number = 0
    milestones: Sequence[Milestone] = ()
    done: bool | None = None


def key_result_progress(
    kind: Kind,
    *,
    start: Number | None = None,
    target: Number | None = None,
    current: Number | None = None,
    checkpoints: Sequence[tuple[Number, Number]] = (),
    lower: Number | None = None,
    upper: Number | None = None,
    tolerance: Number = 0,
    milestones: Sequence[Milestone] = (),
    done: bool | None = None,
    policy: ProgressPolicy = DEFAULT_POLICY,
) -> int | None:
    """Progress of one key result in micro percent, or None where there is none to show.

    Fields as in `KeyResult`. Raises InvalidInput (code, key = field) for input that has no meaning.
    """
    row = KeyResult(kind, start, target, current, checkpoints, lower, upper, tolerance, milestones, done)
    return key_results_progress([row], policy=policy)[0]


def key_results_progress(
    rows: Sequence[KeyResult], *, policy: ProgressPolicy = DEFAULT_POLICY
) -> tuple[int | None, ...]:
    """Progress of many key results of any kinds, in the order given. One pass per kind of formula."""
    results: list[int | None] = [None] * len(rows)
    families = {
        "line": _lines,
        "bent": _bent_lines,
        "band": _bands,
        "milestones": _milestones,
        "yes_no": _yes_no,
    }
    for family, formula in families.items():
        places = [place for place, row in enumerate(rows) if _family(row) == family]
        if places:
            found = formula([rows[place] for place in places], policy)
            for place, value in zip(places, found, strict=True):
                results[place] = value
    if policy.missing == "zero":
        results = [0 if value is None else value for value in results]
    return tuple(results)


def line_columns(
    start: AnyInts,
    target: AnyInts,
    current: AnyInts,
    present: Flags,
    *,
    rising: Flags,
    policy: ProgressPolicy = DEFAULT_POLICY,
) -> tuple[Ints, Flags]:
    """(current − start) / (target − start) per row, held within 0 % and the policy's limit.

    Source: the definition shared by OKR products (DOMAIN, "Progress"); a decreasing target has a negative
    span and needs no case of its own. All three columns of a row share one scale, which cancels out.
    `rising` matters only where start = target. Returns micro percent and whether there is a progress.
    """
    span = fixed.subtract(target, start)
    gain = fixed.subtract(current, start)
    flat = (span == 0).astype(np.bool_)
    sign = np.where(span < 0, -1, 1)
    progress = fixed.multiply_divide(
        gain * sign, fixed.HUNDRED, np.where(flat, 1, span * sign), low=0, high=policy.limit_micro
    )
    reached = np.where(rising, current >= target, current <= target).astype(np.bool_)
    progress = np.where(flat, np.where(reached, fixed.HUNDRED, 0), progress).astype(np.int64)
    known = present & ~flat if policy.start_equals_target == "leave_out" else present
    return np.where(known, progress, 0).astype(np.int64), known


def band_columns(
    lower: AnyInts, upper: AnyInts, tolerance: AnyInts, current: AnyInts, present: Flags
) -> tuple[Ints, Flags]:
    """100 % inside lower…upper, falling in a straight line to 0 % at `tolerance` outside; 0 % beyond.

    Source: the "goal post" measure of scorecard products, with the fall-off stated by the key result
    instead of implied by the bound's size. All four columns of a row share one scale.
    """
    zero = np.zeros(current.shape, dtype=np.int64)
    below = np.maximum(fixed.subtract(lower, current), zero)
    above = np.maximum(fixed.subtract(current, upper), zero)
    outside = np.maximum(below, above)
    left = fixed.subtract(tolerance, outside)
    sharp = (tolerance == 0).astype(np.bool_)
    sloped = fixed.multiply_divide(
        left, fixed.HUNDRED, np.where(sharp, 1, tolerance), low=0, high=fixed.HUNDRED
    )
    progress = np.where(outside == 0, fixed.HUNDRED, np.where(sharp, 0, sloped))
    return np.where(present, progress, 0).astype(np.int64), present


def target_ratio(
    target: Number,
    actual: Number | None,
    *,
    better: Literal["more", "less"],
    policy: ProgressPolicy = DEFAULT_POLICY,
) -> int | None:
    """Achievement where there is a target and no start, in micro percent.

    more: actual / target. less: 2 − actual / target. A target of 0 is reached or not.
    Source: Camms.Strategy, "KPI performance calculations" ("more is better", "less is better").
    A target below 0 keeps the distance in proportion to its size, so that more (less) stays better.
    """
    if actual is None:
        return 0 if policy.missing == "zero" else None
    goal, value = (fixed.column([part]) for part in fixed.common_scale([target, actual]))
    if int(goal[0]) == 0:
        reached = value[0] >= 0 if better == "more" else value[0] <= 0
        return fixed.HUNDRED if reached else 0
    ahead = fixed.subtract(value, goal) if better == "more" else fixed.subtract(goal, value)
    size = np.abs(goal)
    return int(
        fixed.multiply_divide(
            fixed.subtract(ahead, -size), fixed.HUNDRED, size, low=0, high=policy.limit_micro
        )[0]
    )


def _family(row: KeyResult) -> str:
    if row.kind in LINE_KINDS:
        return "bent" if row.checkpoints else "line"
    if row.kind in ("band", "milestones", "yes_no"):
        return row.kind
    raise errors.InvalidInput(f"Unknown kind of key result {row.kind!r}.", code="unknown_kind", key="kind")


def _lines(rows: Sequence[KeyResult], policy: ProgressPolicy) -> Iterable[int | None]:
    scaled = [_scaled_line(row) for row in rows]
    start, target, current = (fixed.column(part) for part in zip(*scaled, strict=True))
    present = np.array([row.current is not None for row in rows], dtype=np.bool_)
    rising = np.array([row.kind != "decrease" for row in rows], dtype=np.bool_)
    progress, known = line_columns(start, target, current, present, rising=rising, policy=policy)
    return fixed.optional_values(progress, known)


def _scaled_line(row: KeyResult) -> list[int]:
    start, target = _required(row.start, "start"), _required(row.target, "target")
    return fixed.common_scale([start, target, start if row.current is None else row.current])


def _bent_lines(rows: Sequence[KeyResult], policy: ProgressPolicy) -> Iterable[int | None]:
    return [_bent_line(row, policy) for row in rows]


def _bent_line(row: KeyResult, policy: ProgressPolicy) -> int | None:
    """Straight from (start, 0 %) over the checkpoints to (target, 100 %), and on at the last slope.

    Source: piecewise key results of OKR products (ShamanR/okrs, "piecewise checkpoints").
    """
    start, target = _required(row.start, "start"), _required(row.target, "target")
    if row.current is None:
        return None
    values = fixed.common_scale([start, *(value for value, _percent in row.checkpoints), target, row.current])
    direction = -1 if values[-2] < values[0] else 1
    *points, current = (value * direction for value in values)
    percents = [0, *(fixed.micro(percent) for _value, percent in row.checkpoints), fixed.HUNDRED]
    if any(b <= a for a, b in pairwise(points)):
        raise errors.InvalidInput(
            "Checkpoint values must lead from start to target.",
            code="checkpoints_not_ordered",
            key="checkpoints",
        )
    if any(b < a for a, b in pairwise(percents)):
        raise errors.InvalidInput(
            "Checkpoint percentages must rise from 0 to 100.",
            code="checkpoints_not_ordered",
            key="checkpoints",
        )
    rise, run = percents[-1] - percents[-2], points[-1] - points[-2]
    if current > points[-1]:
        room = policy.limit_micro - fixed.HUNDRED
        beyond = fixed.multiply_divide(fixed.column([current - points[-1]]), rise, run, low=0, high=room)
        return fixed.HUNDRED + int(beyond[0])
    return int(fixed.interpolate(fixed.column([current]), points, percents)[0])


def _bands(rows: Sequence[KeyResult], policy: ProgressPolicy) -> Iterable[int | None]:
    scaled = [_scaled_band(row) for row in rows]
    lower, upper, tolerance, current = (fixed.column(part) for part in zip(*scaled, strict=True))
    present = np.array([row.current is not None for row in rows], dtype=np.bool_)
    return fixed.optional_values(*band_columns(lower, upper, tolerance, current, present))


def _scaled_band(row: KeyResult) -> list[int]:
    """Lower, upper, tolerance and current at one scale; an open side lies where current cannot pass it."""
    if row.lower is None and row.upper is None:
        raise errors.InvalidInput(
            "A band needs a lower or an upper bound.", code="missing_field", key="lower"
        )
    first = row.lower if row.lower is not None else _required(row.upper, "upper")
    current = first if row.current is None else row.current
    bounds = [bound for bound in (row.lower, row.upper) if bound is not None]
    lowest, *_others = sorted([*bounds, current])
    highest = sorted([*bounds, current])[-1]
    lower, upper, tolerance, value = fixed.common_scale(
        [
            lowest if row.lower is None else row.lower,
            highest if row.upper is None else row.upper,
            row.tolerance,
            current,
        ]
    )
    if lower > upper:
        raise errors.InvalidInput(
            "The band's lower bound lies above its upper.", code="band_reversed", key="lower"
        )
    if tolerance < 0:
        raise errors.InvalidInput(
            "A tolerance cannot be negative.", code="negative_tolerance", key="tolerance"
        )
    return [lower, upper, tolerance, value]


def _milestones(rows: Sequence[KeyResult], policy: ProgressPolicy) -> Iterable[int | None]:
    """Σ weight of the milestones done / Σ weight; no progress before anyone has reported on any."""
    groups, values, weights = [], [], []
    reported = [any(step.done is not None for step in row.milestones) for row in rows]
    for group, row in enumerate(rows):
        for step in row.milestones:
            groups.append(group)
            values.append(fixed.HUNDRED if step.done else 0)
            weights.append(step.weight)
    columns = rollups.rollup_columns(
        groups=np.array(groups, dtype=np.int64),
        values=np.array(values, dtype=np.int64),
        present=np.ones(len(groups), dtype=np.bool_),
        weights=np.array(weights, dtype=np.int64),
        group_count=len(rows),
    )
    known = columns.present & np.array(reported, dtype=np.bool_)
    return fixed.optional_values(columns.values_micro, known)


def _yes_no(rows: Sequence[KeyResult], policy: ProgressPolicy) -> Iterable[int | None]:
    return [None if row.done is None else fixed.HUNDRED * int(row.done) for row in rows]


def _required(value: Number | None, field: str) -> Number:
    if value is None:
        raise errors.InvalidInput(
            f"A key result of this kind needs its {field}.", code="missing_field", key=field
        )
    return value
