"""How far off forecasts were, turned into intervals and chances: split conformal prediction over rolling origins, without
simulation and without an assumption about the shape of the errors.

Errors of different steps are made comparable by a scale for each step, which never falls with the distance. What is
exchangeable are origins, not the overlapping months behind them, so levels are corrected for the number of origins.
"""

import bisect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from performance.kpis.forecasting.series import Values

#: Bins of the places that actual values took within what had been foreseen.
BINS = 20
#: Origins whose outcome must be known before an interval counts as tested.
LEAST_ORIGINS = 4


@dataclass(frozen=True)
class Spread:
    """Sizes of errors as multiples of the scale of their step, sorted. `origins`: from how many months on they were
    made."""

    scales: tuple[float, ...]
    sizes: tuple[float, ...]
    origins: int

    def half_width(self, step: int, level: float) -> float:
        """How far from the forecast of this step (0 is the next month) that share of actual values stays."""
        if not self.sizes:
            return 0.0
        share = min((self.origins + 1) * level / self.origins, 1.0)
        return self.scales[step] * self.sizes[math.ceil(share * len(self.sizes)) - 1]

    def chance_of_at_least(self, step: int, gap: float) -> float:
        """How probable it is that the error reaches `gap`: the level of the interval that ends there, from both sides
        alike, since the way in which forecasts were off lately says little about the way that comes."""
        if not self.sizes:
            return 0.5
        scale = self.scales[step]
        smaller = bisect.bisect_left(self.sizes, abs(gap) / scale) if scale else len(self.sizes)
        within = smaller / len(self.sizes)
        beyond = (1.0 - within * self.origins / (self.origins + 1)) / 2
        return beyond if gap > 0 else 1.0 - beyond if gap < 0 else 0.5

    def thinned(self, most: int) -> "Spread":
        """The same in at most so many sizes, each standing for as many others that are no larger."""
        count = len(self.sizes)
        if count <= most:
            return self
        kept = (self.sizes[math.ceil(number * count / most) - 1] for number in range(1, most + 1))
        return Spread(self.scales, tuple(kept), self.origins)


def spread_of(errors: Values) -> Spread:
    """`errors`: one row for each origin, one column for each step, NaN where the actual value is not known."""
    known = np.isfinite(errors)
    scales = _rising(errors, known)
    scaled = np.divide(errors, scales, out=np.zeros_like(errors), where=scales > 0)
    return Spread(
        scales=tuple(float(scale) for scale in scales),
        sizes=tuple(float(size) for size in np.sort(np.abs(scaled[known]))),
        origins=int(known.any(axis=1).sum()),
    )


def _rising(errors: Values, known: np.ndarray) -> Values:
    """The mean size of the errors of each step, pooled where a later step had smaller ones (isotonic regression by
    adjacent violators). Beyond the last step with errors it grows with the root of the distance."""
    counts = known.sum(axis=0)
    sizes = np.where(known, np.abs(errors), 0.0).sum(axis=0)
    pools: list[list[float]] = []
    for size, count in zip(sizes[counts > 0], counts[counts > 0], strict=True):
        pools.append([size, count, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [mine + its for mine, its in zip(pools[-1], last, strict=True)]
    rising = [size / count for size, count, steps in pools for _step in range(int(steps))]
    last_known = len(rising)
    beyond = [
        rising[-1] * math.sqrt(step / last_known) if rising else 0.0
        for step in range(last_known + 1, errors.shape[1] + 1)
    ]
    return np.array([*rising, *beyond])


@dataclass(frozen=True)
class Trial:
    """What the intervals and chances were worth, each made only from what was known at its origin.

    `places`: in which twentieth of what had been foreseen the actual values fell, counted; all alike when chances are
    honest.
    """

    tested: int
    covered_80: int
    covered_95: int
    places: tuple[int, ...]

    def came_true(self, chance: float, *, above: bool) -> float | None:
        """How often what had been given this chance came true. None where nothing was tested."""
        if not self.tested:
            return None
        share = np.array(self.places[::-1] if above else self.places, dtype=float)
        bins = chance * BINS
        whole = int(bins)
        part = share[whole] * (bins - whole) if whole < BINS else 0.0
        return float((share[:whole].sum() + part) / self.tested)


def tried(errors: Values, origins: Sequence[int]) -> Trial:
    """Goes through time: at each origin, intervals and chances from the errors that had shown by then."""
    tested, covered = 0, {0.8: 0, 0.95: 0}
    places = [0] * BINS
    for row, step, spread in _then(errors, origins):
        error = errors[row, step]
        tested += 1
        for level in covered:
            covered[level] += abs(error) <= spread.half_width(step, level)
        below = 1.0 - spread.chance_of_at_least(step, error)
        places[min(int(below * BINS), BINS - 1)] += 1
    return Trial(tested, int(covered[0.8]), int(covered[0.95]), tuple(places))


def _then(errors: Values, origins: Sequence[int]) -> Iterator[tuple[int, int, Spread]]:
    steps = np.arange(1, errors.shape[1] + 1)
    ends = np.array(origins)[:, None] + steps
    for row, origin in enumerate(origins):
        seen = np.where(ends <= origin, errors, np.nan)
        spread = spread_of(seen)
        if spread.origins < LEAST_ORIGINS:
            continue
        for step in np.flatnonzero(np.isfinite(errors[row])):
            yield row, int(step), spread
