"""How many people of a group a distribution guideline means, and how far the ratings are from it.

Percentages become heads by largest remainders (Hamilton's apportionment; shares.apportion): each level gets its exact
share rounded down or up, and together they are the group. Where two remainders are equal, the earlier level gets the
head. Nearness is judged on cumulative heads, from the first level on: one person who moves to the next level is one head
away, and one who moves by three is three times so. That is the discrete form of the Kolmogorov–Smirnov distance (the largest
difference of two cumulative distributions), which respects that levels are in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from performance.engine import errors, shares

#: Of one whole: percentages with two decimals.
WHOLE = 10_000


@dataclass(frozen=True)
class Level:
    """`difference` = actual − expected; `cumulative`: the sum of differences up to this level."""

    expected: int
    actual: int
    difference: int
    cumulative: int


@dataclass(frozen=True)
class Comparison:
    """`is_exempt`: the group is too small to be held to a guideline. `is_within`: it is exempt, or no cumulative difference
    is larger than the tolerance."""

    levels: tuple[Level, ...]
    is_exempt: bool
    is_within: bool


def headcounts(size: int, percentages: Sequence[int]) -> tuple[int, ...]:
    """Heads of each level, which sum to `size`. `percentages`: hundredths of a percent, 10,000 in all, in the order of the
    levels. Raises InvalidInput: negative, not_whole."""
    if size < 0 or any(each < 0 for each in percentages):
        raise errors.InvalidInput("Heads and percentages are not negative.", code="negative")
    if sum(percentages) != WHOLE:
        raise errors.InvalidInput("The percentages of a guideline sum to 100.", code="not_whole")
    numerators = np.array([percentages], dtype=np.int64) * size
    order = np.arange(len(percentages), dtype=np.int64)
    found = shares.apportion(numerators, np.array([WHOLE]), np.array([size]), order)
    return tuple(int(heads) for heads in found[0])


def compare(
    actual: Sequence[int], percentages: Sequence[int], *, tolerance: int = 0, least_size: int = 1
) -> Comparison:
    """`actual`: people on each level. `tolerance`: heads by which a cumulative count may differ. Groups of fewer than
    `least_size` are exempt. Raises InvalidInput: negative, not_whole, lengths."""
    if len(actual) != len(percentages):
        raise errors.InvalidInput("Every level needs a percentage.", code="lengths")
    if tolerance < 0 or any(heads < 0 for heads in actual):
        raise errors.InvalidInput("Heads and percentages are not negative.", code="negative")
    size = sum(actual)
    levels, cumulative = [], 0
    for heads, expected in zip(actual, headcounts(size, percentages), strict=True):
        cumulative += heads - expected
        levels.append(Level(expected, heads, heads - expected, cumulative))
    is_exempt = size < least_size
    is_within = is_exempt or all(abs(level.cumulative) <= tolerance for level in levels)
    return Comparison(tuple(levels), is_exempt, is_within)
