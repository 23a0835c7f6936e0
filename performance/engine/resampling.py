"""Drawing with replacement, the same on any machine: the resamples of a bootstrap.

Draw i (from 0) is the i-th output of SplitMix64 from `seed` (Steele, Lea & Flood 2014, "Fast splittable pseudorandom
number generators", OOPSLA): the state seed + (i + 1)·GAMMA, mixed; all modulo 2⁶⁴. As no draw needs the one
before, resamples can be made in blocks of any size. A draw becomes a unit by taking the high part of draw × units, which
prefers no unit by more than units / 2⁶⁴.

The bootstrap: Efron 1979 (Ann. Statist. 7:1–26).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from performance.engine import errors
from performance.engine.fixed import Ints

MOST_UNITS = 2**31 - 1
MOST_SEED = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15
_HALF = np.uint64(32)
_LOW = np.uint64(2**32 - 1)


def draws(seed: int, first: int, count: int) -> npt.NDArray[np.uint64]:
    """`count` outputs of SplitMix64 from its `first` on."""
    if not 0 <= seed <= MOST_SEED:
        raise errors.InvalidInput("A seed lies between 0 and 2⁶⁴ − 1.", code="seed_out_of_range", key="seed")
    start = (seed + (first + 1) * GAMMA) % (MOST_SEED + 1)
    state = np.uint64(start) + np.arange(count, dtype=np.uint64) * np.uint64(GAMMA)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = state ^ (state >> np.uint64(31))
    return mixed


def units_of(drawn: npt.NDArray[np.uint64], units: int) -> Ints:
    """The unit (0 … units − 1) of each draw: the high 64 bits of draw × units."""
    many = np.uint64(units)
    unit = ((drawn >> _HALF) * many + (((drawn & _LOW) * many) >> _HALF)) >> _HALF
    return unit.astype(np.int64)


def counts(seed: int, resamples: int, units: int, *, first: int = 0) -> Ints:
    """How often each unit is drawn: `resamples` rows × `units` columns; a row sums to `units`.

    The rows are those of the resamples `first`, `first` + 1, … Raises InvalidInput: "seed_out_of_range",
    "units_out_of_range" (none, or 2³¹ and more).
    """
    if not 0 < units <= MOST_UNITS:
        raise errors.InvalidInput(
            "There is nothing to draw from, or too much.", code="units_out_of_range", key="units"
        )
    unit = units_of(draws(seed, first * units, resamples * units), units)
    row = np.repeat(np.arange(resamples, dtype=np.int64), units)
    flat = np.bincount(row * units + unit, minlength=resamples * units)
    return flat.astype(np.int64).reshape(resamples, units)
