"""Scores: normalised values × effective weights, with every part of the sum on record.

A call takes columns (rows × components) and returns columns; one person is a column of one. A row is a
person, or a segment of a period (before and after a transfer or a stage change); `blend_segments` weighs
segments by their days. The score is what anyone can recompute from what is shown: Σ value × effective
weight, rounded once, and the contributions sum to it to the last micro.

Sources: the additive weighted scorecard (simple additive weighting, Fishburn 1967); renormalisation over
the components that count and the other policies for missing ones: DOMAIN, "Scores"; weights that vary with their
values: `penalty`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from performance.engine import errors, fixed, penalty, shares
from performance.engine.fixed import Flags, Ints

Missing: TypeAlias = Literal["leave_out", "zero", "carry_forward"]
Treatment: TypeAlias = Literal["measured", "carried", "zero", "left_out"]
TREATMENTS: tuple[Treatment, ...] = ("measured", "carried", "zero", "left_out")
MEASURED, CARRIED, ZERO, LEFT_OUT = range(4)
LARGEST_VALUE = 10 * fixed.HUNDRED  # 1000 points, above any cap
LARGEST_WEIGHT = 10**9
LARGEST_DAYS = 4000


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """Scores and their explanation; R rows, C components in the order of `keys`.

    score_micro, constant_score_micro (R), scored (R: False where no component counts; the scores are 0).
    values_micro (R×C): the value each component counts with; treatment (R×C): index into TREATMENTS.
    effective_ppm, constant_ppm (R×C): weights over the components that count; a scored row sums to
    1_000_000. contributions_micro, constant_contributions_micro (R×C): sum to the row's score.
    coverage_ppm (R): how much of the policy's weight rests on measured data.
    penalised (R): whether the effective weights vary with their values. The score of such a row comes from the
    weights before they were rounded to ppm.
    """

    keys: tuple[str, ...]
    score_micro: Ints
    constant_score_micro: Ints
    scored: Flags
    values_micro: Ints
    treatment: npt.NDArray[np.uint8]
    effective_ppm: Ints
    constant_ppm: Ints
    contributions_micro: Ints
    constant_contributions_micro: Ints
    coverage_ppm: Ints
    penalised: Flags


@dataclass(frozen=True, slots=True)
class BlendedColumns:
    """One row per person from segments. segment_ppm (segments): each segment's share of its person's days;
    the shares of the scored segments of a person sum to 1_000_000, others have 0."""

    columns: ScoreColumns
    segment_ppm: Ints


@dataclass(frozen=True, slots=True)
class ComponentValue:
    """One component of one person: normalised value (micro points, None = missing) and its weights."""

    key: str
    value_micro: int | None
    effective_ppm: int
    base_ppm: int
    previous_micro: int | None = None
    coverage_ppm: int = fixed.ONE


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """What one component added. Weights here are those over the components that count."""

    key: str
    value_micro: int | None
    treatment: Treatment
    effective_ppm: int
    constant_ppm: int
    contribution_micro: int
    constant_contribution_micro: int


@dataclass(frozen=True, slots=True)
class Score:
    """One person's score; None where no component counts."""

    score_micro: int | None
    constant_score_micro: int | None
    coverage_ppm: int
    lines: tuple[ScoreLine, ...]


def score_one(
    components: Sequence[ComponentValue],
    *,
    missing: Missing = "leave_out",
    alpha_quarters: int = penalty.OFF,
) -> Score:
    """The score of one person, computed by `score_columns`; lines in the order given."""
    values, present = fixed.optional_column(component.value_micro for component in components)
    previous, previous_present = fixed.optional_column(component.previous_micro for component in components)
    columns = score_columns(
        keys=[component.key for component in components],
        values_micro=values[None, :],
        present=present[None, :],
        effective_ppm=fixed.column(component.effective_ppm for component in components),
        base_ppm=fixed.column(component.base_ppm for component in components),
        missing=missing,
        previous_micro=previous[None, :],
        previous_present=previous_present[None, :],
        coverage_ppm=fixed.column(component.coverage_ppm for component in components)[None, :],
        alpha_quarters=alpha_quarters,
    )
    return score_of(columns, 0)


def score_of(columns: ScoreColumns, row: int) -> Score:
    """One row of the columns as a Score."""
    lines = []
    for place, key in enumerate(columns.keys):
        treatment = TREATMENTS[int(columns.treatment[row, place])]
        lines.append(
            ScoreLine(
                key=key,
                value_micro=None if treatment == "left_out" else int(columns.values_micro[row, place]),
                treatment=treatment,
                effective_ppm=int(columns.effective_ppm[row, place]),
                constant_ppm=int(columns.constant_ppm[row, place]),
                contribution_micro=int(columns.contributions_micro[row, place]),
                constant_contribution_micro=int(columns.constant_contributions_micro[row, place]),
            )
        )
    scored = bool(columns.scored[row])
    return Score(
        score_micro=int(columns.score_micro[row]) if scored else None,
        constant_score_micro=int(columns.constant_score_micro[row]) if scored else None,
        coverage_ppm=int(columns.coverage_ppm[row]),
        lines=tuple(lines),
    )


def score_columns(
    *,
    keys: Sequence[str],
    values_micro: Ints,
    present: Flags,
    effective_ppm: Ints,
    base_ppm: Ints,
    missing: Missing | Sequence[Missing] = "leave_out",
    previous_micro: Ints | None = None,
    previous_present: Flags | None = None,
    coverage_ppm: Ints | None = None,
    alpha_quarters: int = penalty.OFF,
) -> ScoreColumns:
    """Score R rows of C components.

    values_micro, present (R×C): normalised values, 0…1000 points in micro, and where there is one.
    effective_ppm, base_ppm (C, or R×C where rows follow different policies): only proportions matter.
    missing: one policy for all components or one per component. "leave_out" renormalises the rest; "zero"
    counts 0; "carry_forward" takes previous_micro where previous_present (R×C), else leaves out.
    coverage_ppm (R×C): the share of a value's own data that was there; 1_000_000 unless given.
    alpha_quarters: below 4, effective weights vary with their values by the penalty type, after renormalising (see
    `penalty`); the constant-weight score never does.

    Where no component that counts has base weight, the effective weights stand in for it.
    Raises InvalidInput for values, weights or shapes out of range, and as `penalty.check`.
    """
    penalty.check(alpha_quarters)
    shape = (values_micro.shape[0], len(keys))
    order = shares.key_order(keys)
    effective = _weights(effective_ppm, shape, "effective_ppm")
    base = _weights(base_ppm, shape, "base_ppm")
    values, treatment = _treated(values_micro, present, shape, missing, previous_micro, previous_present)
    counts = treatment != LEFT_OUT
    weights = np.where(counts, effective, 0)
    base_weights = np.where(counts, base, 0)
    base_weights = np.where(base_weights.any(axis=1, keepdims=True), base_weights, weights)
    scored: Flags = np.asarray(weights.any(axis=1), dtype=np.bool_)
    shown, constant = (
        _renormalised(weights, order),
        _renormalised(np.where(scored[:, None], base_weights, 0), order),
    )
    values = np.where(counts, values, 0)
    ones = np.full(shape[0], fixed.ONE, dtype=np.int64)
    if alpha_quarters == penalty.OFF:
        score, contributions = _weighted(values * shown, ones, order)
    else:
        varied = penalty.penalised_columns(values, shown, counts, alpha_quarters=alpha_quarters, order=order)
        score, contributions, shown = varied.score_micro, varied.contributions_micro, varied.varied_ppm
    constant_score, constant_parts = _weighted(values * constant, ones, order)
    return ScoreColumns(
        keys=tuple(keys),
        score_micro=score,
        constant_score_micro=constant_score,
        scored=scored,
        values_micro=values,
        treatment=treatment,
        effective_ppm=shown,
        constant_ppm=constant,
        contributions_micro=contributions,
        constant_contributions_micro=constant_parts,
        coverage_ppm=_coverage(effective, treatment, coverage_ppm, shape),
        penalised=np.full(shape[0], alpha_quarters != penalty.OFF, dtype=np.bool_),
    )


def blend_segments(columns: ScoreColumns, *, person: Ints, days: Ints, people: int) -> BlendedColumns:
    """One score per person from the segments of a period, each weighing by its days.

    person (R): the person (0…people-1) each row of `columns` belongs to; days (R) > 0. A segment without a
    score is left out and the others' days renormalised. Weights and values of the result are the averages
    over the days (a component's value is averaged over the weight it had). One segment changes nothing,
    nor does cutting a segment in two. A penalised segment counts with the score and the contributions that it has.
    Raises InvalidInput for days out of range.
    """
    days = fixed.integers(days)
    if len(days) and (days.min() <= 0 or days.max() > LARGEST_DAYS):
        raise errors.InvalidInput(
            f"A segment has 1 to {LARGEST_DAYS} days.", code="days_out_of_range", key="days"
        )
    counted = np.where(columns.scored, days, 0)
    total = _by_person(counted, person, people)
    if len(total) and total.max() > LARGEST_DAYS:
        raise errors.InvalidInput(
            f"The segments of one person cover at most {LARGEST_DAYS} days.",
            code="days_out_of_range",
            key="days",
        )
    scored, divisor = total > 0, np.maximum(total, 1)
    order = shares.key_order(columns.keys)
    whole = np.where(scored, fixed.ONE, 0)
    weight_days = _by_person(columns.effective_ppm * counted[:, None], person, people)
    value_days = _by_person(columns.values_micro * columns.effective_ppm * counted[:, None], person, people)
    constant_days = _by_person(columns.constant_ppm * counted[:, None], person, people)
    constant_value_days = _by_person(
        columns.values_micro * columns.constant_ppm * counted[:, None], person, people
    )
    part_days = value_days
    if columns.penalised.any():
        parts = columns.contributions_micro * fixed.ONE
        exact = np.where(columns.penalised[:, None], parts, columns.values_micro * columns.effective_ppm)
        part_days = _by_person(exact * counted[:, None], person, people)
    score, contributions = _weighted(part_days, divisor * fixed.ONE, order)
    constant_score, constant_parts = _weighted(constant_value_days, divisor * fixed.ONE, order)
    treatment = np.full((people, len(columns.keys)), LEFT_OUT, dtype=np.uint8)
    np.minimum.at(treatment, person, columns.treatment)
    blended = ScoreColumns(
        keys=columns.keys,
        score_micro=score,
        constant_score_micro=constant_score,
        scored=scored,
        values_micro=_averages(columns, value_days, weight_days, person, people),
        treatment=treatment,
        effective_ppm=shares.apportion(weight_days, divisor, whole, order),
        constant_ppm=shares.apportion(constant_days, divisor, whole, order),
        contributions_micro=contributions,
        constant_contributions_micro=constant_parts,
        coverage_ppm=_days_average(columns.coverage_ppm, days, person, people),
        penalised=_by_person((columns.penalised & columns.scored).astype(np.int64), person, people) > 0,
    )
    ranks = np.arange(len(days), dtype=np.int64)
    return BlendedColumns(
        blended, shares.apportion_groups(counted * fixed.ONE, person, divisor, whole, ranks)
    )


def _weights(weights: Ints, shape: tuple[int, int], name: str) -> Ints:
    weights = fixed.integers(weights)
    if len(weights.shape) not in (1, 2) or weights.shape[-1] != shape[1]:
        raise errors.InvalidInput(f"{name} needs one weight per component.", code="shape_mismatch", key=name)
    if weights.size and (weights.min() < 0 or weights.max() > LARGEST_WEIGHT):
        raise errors.InvalidInput("A weight lies between 0 and 10⁹.", code="weight_out_of_range", key=name)
    return np.broadcast_to(weights, shape)


def _treated(
    values: Ints,
    present: Flags,
    shape: tuple[int, int],
    missing: Missing | Sequence[Missing],
    previous: Ints | None,
    previous_present: Flags | None,
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """The value each component counts with, and how it came to count.

    The policies are those of DOMAIN, "Scores"; carrying forward is the "last observation carried forward" of studies
    with gaps.
    """
    if values.shape != shape or present.shape != shape:
        raise errors.InvalidInput(
            "Values and presence need one cell per row and component.", code="shape_mismatch"
        )
    policies = [missing] * shape[1] if isinstance(missing, str) else list(missing)
    if len(policies) != shape[1] or any(
        policy not in ("leave_out", "zero", "carry_forward") for policy in policies
    ):
        raise errors.InvalidInput(
            "Unknown policy for missing components.", code="unknown_policy", key="missing"
        )
    carries = np.array([policy == "carry_forward" for policy in policies], dtype=np.bool_)
    zeroes = np.array([policy == "zero" for policy in policies], dtype=np.bool_)
    used = np.where(present, fixed.integers(values), 0)
    treatment = np.where(present, MEASURED, np.where(zeroes, ZERO, LEFT_OUT)).astype(np.uint8)
    if previous is not None and previous_present is not None:
        if previous.shape != shape or previous_present.shape != shape:
            raise errors.InvalidInput(
                "Previous values need one cell per row and component.", code="shape_mismatch"
            )
        carried = ~present & previous_present & carries
        used = np.where(carried, fixed.integers(previous), used)
        treatment[carried] = CARRIED
    if used.size and (used.min() < 0 or used.max() > LARGEST_VALUE):
        raise errors.InvalidInput(
            "A normalised value lies between 0 and 1000 points.", code="value_out_of_range"
        )
    return used.astype(np.int64), treatment


def _renormalised(weights: Ints, order: Ints) -> Ints:
    """Weights in ppm that sum to exactly 1_000_000 in every row that has any."""
    totals = weights.sum(axis=1)
    whole = np.where(totals > 0, fixed.ONE, 0).astype(np.int64)
    return shares.apportion(weights * fixed.ONE, np.maximum(totals, 1), whole, order)


def _weighted(products: Ints, divisors: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Row sums of products / divisors rounded once, and parts that add up to them."""
    totals = fixed.round_divide_columns(products.sum(axis=1), divisors)
    return totals, shares.apportion(products, divisors, totals, order)


def _coverage(
    weights: Ints, treatment: npt.NDArray[np.uint8], coverage: Ints | None, shape: tuple[int, int]
) -> Ints:
    own = np.full(shape, fixed.ONE, dtype=np.int64) if coverage is None else fixed.integers(coverage)
    if own.shape != shape or (own.size and (own.min() < 0 or own.max() > fixed.ONE)):
        raise errors.InvalidInput("Coverage lies between 0 and 1_000_000 ppm.", code="coverage_out_of_range")
    measured = np.where(treatment == MEASURED, own, 0)
    covered: Ints = (weights * measured).sum(axis=1)
    return fixed.round_divide_columns(covered, np.maximum(weights.sum(axis=1), 1))


def _by_person(rows: Ints, person: Ints, people: int) -> Ints:
    sums = np.zeros((people, *rows.shape[1:]), dtype=np.int64)
    np.add.at(sums, person, rows)
    return sums


def _averages(columns: ScoreColumns, value_days: Ints, weight_days: Ints, person: Ints, people: int) -> Ints:
    """Values averaged over weight and days; a component that never had weight keeps its highest value."""
    plain = np.zeros(value_days.shape, dtype=np.int64)
    np.maximum.at(plain, person, columns.values_micro)
    average = fixed.round_divide_columns(value_days, np.maximum(weight_days, 1))
    result: Ints = np.where(weight_days > 0, average, plain)
    return result


def _days_average(rows: Ints, days: Ints, person: Ints, people: int) -> Ints:
    total = _by_person(days, person, people)
    return fixed.round_divide_columns(_by_person(rows * days, person, people), np.maximum(total, 1))
