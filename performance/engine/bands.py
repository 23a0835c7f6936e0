"""Who moves band: the bands of scores, how they differ before and after, and how changes are spread.

A band begins with its lower bound, and a score counts as it is, to the last micro: what shows as 85.0 may still lie
below 85. Source: DOMAIN, "Weights" ("who moves band, by how much") and "Appraisals" (band table).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from performance.engine import errors, fixed
from performance.engine.fixed import Flags, Ints

#: The band of a row without a score.
NO_BAND = -1


@dataclass(frozen=True, slots=True)
class Bands:
    """Bands by their lower bounds: n bounds in micro, strictly upwards, make n + 1 bands, 0 the lowest.

    Raises InvalidInput, code "bands_not_ordered", for bounds that do not rise. Without any bound all is one band.
    """

    bounds_micro: tuple[int, ...]

    def __post_init__(self) -> None:
        if any(upper <= lower for lower, upper in pairwise(self.bounds_micro)):
            raise errors.InvalidInput("Bands must be listed upwards.", code="bands_not_ordered", key="bands")


@dataclass(frozen=True, slots=True)
class Moves:
    """R rows: the band before and after (−1: no score) and the change in micro.

    compared (R): whether there is a score before and after; the change of others is 0.
    """

    before_band: Ints
    after_band: Ints
    change_micro: Ints
    compared: Flags


def band_columns(score_micro: Ints, scored: Flags, bands: Bands) -> Ints:
    """The band of each of R scores, −1 where `scored` is False. Raises InvalidInput, "shape_mismatch"."""
    scores = fixed.integers(score_micro)
    if scores.shape != scored.shape:
        raise errors.InvalidInput("Each score is there or not.", code="shape_mismatch")
    bounds = fixed.column(bands.bounds_micro)
    if bounds.dtype == object:
        scores = fixed.wide(scores)
    reached = np.searchsorted(bounds, scores, side="right")
    band: Ints = np.where(scored, reached, NO_BAND).astype(np.int64)
    return band


def moves(before: tuple[Ints, Flags], after: tuple[Ints, Flags], bands: Bands) -> Moves:
    """How scores move from `before` to `after`: each the scores in micro and where there is one, of the same R rows.

    Raises InvalidInput, code "shape_mismatch".
    """
    if before[0].shape != after[0].shape:
        raise errors.InvalidInput("Before and after need the same people.", code="shape_mismatch")
    bands_before, bands_after = (band_columns(*side, bands) for side in (before, after))
    compared = before[1] & after[1]
    change: Ints = np.where(compared, fixed.subtract(after[0], before[0]), 0).astype(np.int64)
    return Moves(bands_before, bands_after, change, compared)


def histogram(change_micro: Ints, compared: Flags, *, width_micro: int, edge_micro: int) -> tuple[int, ...]:
    """How many changes fall into each bin from −edge to +edge; 2·edge/width bins that sum to those compared.

    A bin begins with its lower end, so that no change at all is counted upwards; the two outermost hold what lies
    beyond them too. Raises InvalidInput: "shape_mismatch", "width_out_of_range" (no width, or an edge that is not
    a multiple of it).
    """
    changes = fixed.integers(change_micro)
    if changes.shape != compared.shape:
        raise errors.InvalidInput("Each change is compared or not.", code="shape_mismatch")
    if width_micro <= 0 or edge_micro <= 0 or edge_micro % width_micro:
        raise errors.InvalidInput(
            "The edge is a multiple of a bin's width.", code="width_out_of_range", key="width"
        )
    half = edge_micro // width_micro
    bins = np.clip(changes[compared] // width_micro + half, 0, 2 * half - 1).astype(np.int64)
    return tuple(np.bincount(bins, minlength=2 * half).tolist())
