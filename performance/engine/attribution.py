"""Why a score changed: performance or weights, component by component, to the last micro.

A component contributes value × weight. Its change splits into
    performance = (value₁ − value₀) × (weight₀ + weight₁) / 2
    weight      = (weight₁ − weight₀) × (value₀ + value₁) / 2
which is the Shapley value of the two changes (midpoint decomposition; Shapley 1953, Sun 1998). Here the
performance effect is rounded and the weight effect is the exact rest of the contribution's change, so the
two always sum to it, and all of them to the change of the score.

Where weights vary with their values (`penalty`), what a value did to the weights is part of the weight effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from performance.engine import errors, fixed, score
from performance.engine.fixed import Flags, Ints


@dataclass(frozen=True, slots=True)
class AttributionColumns:
    """R rows × C components: effects in micro. change_micro (R) = Σ performance + Σ weight, exactly.

    compared (R): False where one of the two periods has no score; its effects are 0.
    """

    keys: tuple[str, ...]
    change_micro: Ints
    performance_micro: Ints
    weight_micro: Ints
    compared: Flags


@dataclass(frozen=True, slots=True)
class Effect:
    """What one component did to the change of a score."""

    performance_micro: int
    weight_micro: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """The change of one score; None where one of the two periods has none."""

    change_micro: int | None
    performance_micro: int
    weight_micro: int
    effects: Mapping[str, Effect]


def attribute_columns(before: score.ScoreColumns, after: score.ScoreColumns) -> AttributionColumns:
    """Split the change of every row. Both columns hold the same people in the same order; components are
    matched by key, and one that a period's policy lacks (or leaves out) has no weight there.

    A component that enters or leaves did not perform better or worse by it: all of it is weight effect.
    """
    if len(before.score_micro) != len(after.score_micro):
        raise errors.InvalidInput("Both periods need the same people.", code="shape_mismatch")
    keys = (*before.keys, *(key for key in after.keys if key not in before.keys))
    compared = before.scored & after.scored
    value0, weight0, part0 = _aligned(before, keys)
    value1, weight1, part1 = _aligned(after, keys)
    value0 = np.where(weight0 == 0, value1, value0)
    value1 = np.where(weight1 == 0, value0, value1)
    change = part1 - part0
    performance = fixed.multiply_divide(value1 - value0, weight0 + weight1, 2 * fixed.ONE)
    # Where only one of the two moved, the whole change is its effect; no rounding crumb for the other.
    performance = np.where(weight0 == weight1, change, performance)
    performance = np.where((value0 == value1) & (weight0 != weight1), 0, performance)
    performance = np.where(compared[:, None], performance, 0)
    change = np.where(compared[:, None], change, 0)
    return AttributionColumns(
        keys=keys,
        change_micro=change.sum(axis=1),
        performance_micro=performance,
        weight_micro=change - performance,
        compared=compared,
    )


def attribute_change(before: score.Score, after: score.Score) -> Attribution:
    """The split for one person, computed by `attribute_columns`."""
    columns = attribute_columns(_column_of_one(before), _column_of_one(after))
    effects = {
        key: Effect(int(columns.performance_micro[0, place]), int(columns.weight_micro[0, place]))
        for place, key in enumerate(columns.keys)
    }
    return Attribution(
        change_micro=int(columns.change_micro[0]) if columns.compared[0] else None,
        performance_micro=int(columns.performance_micro.sum()),
        weight_micro=int(columns.weight_micro.sum()),
        effects=effects,
    )


def _aligned(columns: score.ScoreColumns, keys: tuple[str, ...]) -> tuple[Ints, Ints, Ints]:
    """Values, effective weights and contributions over `keys`; 0 for components the columns lack."""
    places = {key: place for place, key in enumerate(columns.keys)}
    aligned = np.zeros((3, len(columns.score_micro), len(keys)), dtype=np.int64)
    for target, key in enumerate(keys):
        if key in places:
            aligned[0, :, target] = columns.values_micro[:, places[key]]
            aligned[1, :, target] = columns.effective_ppm[:, places[key]]
            aligned[2, :, target] = columns.contributions_micro[:, places[key]]
    return aligned[0], aligned[1], aligned[2]


def _column_of_one(one: score.Score) -> score.ScoreColumns:
    """A Score as columns of a single row."""

    def row(*values: int) -> Ints:
        return np.array([values], dtype=np.int64)

    lines = one.lines
    return score.ScoreColumns(
        keys=tuple(line.key for line in lines),
        score_micro=row(one.score_micro or 0)[0],
        constant_score_micro=row(one.constant_score_micro or 0)[0],
        scored=np.array([one.score_micro is not None], dtype=np.bool_),
        values_micro=row(*(line.value_micro or 0 for line in lines)),
        treatment=np.array([[score.TREATMENTS.index(line.treatment) for line in lines]], dtype=np.uint8),
        effective_ppm=row(*(line.effective_ppm for line in lines)),
        constant_ppm=row(*(line.constant_ppm for line in lines)),
        contributions_micro=row(*(line.contribution_micro for line in lines)),
        constant_contributions_micro=row(*(line.constant_contribution_micro for line in lines)),
        coverage_ppm=row(one.coverage_ppm)[0],
        penalised=np.zeros(1, dtype=np.bool_),
    )
