"""The season of a series, believed only as far as its years agree on it.

Theta methods take the season out beforehand, and the library's test for it needs some five years of months before it says
yes. Here it is always taken out, shrunk towards none by how much the years differ (James and Stein's estimator, as
Miller and Williams, 2003): two or three years of a clear season count, noise hardly does.
"""

from dataclasses import dataclass

import numpy as np

from performance.kpis.forecasting.series import Values

#: Below this share of the mean a value is too small for a season that multiplies.
LEAST_SHARE = 0.01


@dataclass(frozen=True)
class Season:
    """What each place in the season adds: to the logarithm where it multiplies, else to the value itself."""

    indices: Values
    multiplies: bool

    def without(self, values: Values) -> Values:
        """The series with the season taken out; its first value stands at the first place of the season."""
        return self._with(values, 0, -1.0)

    def returned(self, values: Values, after: int) -> Values:
        """Values that come after so many, with the season put back."""
        return self._with(values, after, 1.0)

    def _with(self, values: Values, after: int, sign: float) -> Values:
        places = (np.arange(len(values)) + after) % len(self.indices)
        added = sign * self.indices[places]
        found: Values = values * np.exp(added) if self.multiplies else values + added
        return found


def season_of(known: Values, season: int) -> Season | None:
    """The season of a series; None below two of them."""
    if len(known) < 2 * season:
        return None
    multiplies = bool(known.min() > LEAST_SHARE * known.mean() > 0)
    level = np.log(known) if multiplies else known
    off = level - _trend(level, season)
    places = np.arange(len(known)) % season
    counts = np.bincount(places, minlength=season)
    means = np.bincount(places, off, minlength=season) / counts
    within = float(((off - means[places]) ** 2).sum()) / max(len(known) - season, 1)
    means = means - means.mean()
    between = float(means.var(ddof=1))
    doubt = (season - 3) / (season - 1) * within / float(counts.mean())
    belief = max(0.0, 1.0 - doubt / between) if between > 0 else 0.0
    return Season(means * belief, multiplies)


def _trend(level: Values, season: int) -> Values:
    """The centred moving average over a season, carried on straight at both ends."""
    weights = np.ones(season + 1) if season % 2 == 0 else np.ones(season)
    if season % 2 == 0:
        weights[[0, -1]] = 0.5
    middle = np.convolve(level, weights / season, "valid")
    before = (len(level) - len(middle)) // 2
    after = len(level) - len(middle) - before
    reach = min(season // 2, len(middle) - 1)
    first = (middle[reach] - middle[0]) / reach if reach else 0.0
    last = (middle[-1] - middle[-1 - reach]) / reach if reach else 0.0
    return np.concatenate(
        [middle[0] - first * np.arange(before, 0, -1), middle, middle[-1] + last * np.arange(1, after + 1)]
    )
