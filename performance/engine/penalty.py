"""Variable weights of the penalty type: what is weak weighs more, so that one strong component cannot hide it.

A component of value x_j and weight w_j counts with the weight w_j·x_j^(α−1), over the sum of all of these, for an α
between 0 and 1. At α = 1 weights do not vary; at α = 0 the score is the harmonic mean. Below ONE_POINT a weight grows no
further, so a value of nothing pulls a score down without deciding it alone.

The score Σ w·x·u / Σ w·u, with u = max(x, one point)^(α−1), never falls when a value rises: neither x·u nor 1/u does.
For α > 1, the incentive type, it can (a strong component draws weight to itself when a weaker one rises), and it is
refused (DOMAIN, "Weights": raising any KPI must never lower a score).

Source: variable weights, Wang 1985 (Fuzzy Sets and Falling Shadows of Random Sets, Beijing Normal University Press);
penalty and incentive types and their state vectors, Li 1995 (Fuzzy Systems and Mathematics 9(3):1–9).

u is taken as a whole number of UNIT, rounded down from its exact root: a number of at least 23 digits, while two values
differ by one part in 10⁹ at least, so rounding it turns no order round. From there on all is exact and the score
is rounded once; weights and contributions are shares of it. (Were the weights rounded first, a score could step
back by a micro.) Python ints, for those who switch it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

import numpy as np

from performance.engine import errors, fixed, shares
from performance.engine.fixed import AnyInts, Flags, Ints

#: α in quarters: 4 is α = 1, where nothing varies.
OFF = 4
ONE_POINT = fixed.ONE
UNIT = 10**32


@dataclass(frozen=True, slots=True)
class PenalisedColumns:
    """R rows × C components. score_micro (R); varied_ppm (R×C): the weights as varied, summing to 1_000_000 in a row
    that has any; contributions_micro (R×C): sum to the row's score.

    The score comes from the weights before they were rounded to ppm.
    """

    score_micro: Ints
    varied_ppm: Ints
    contributions_micro: Ints


def check(alpha_quarters: int) -> None:
    """Raises InvalidInput: "incentive_refused" for α > 1, "alpha_out_of_range" below 0 or between quarters."""
    if alpha_quarters in range(OFF + 1):
        return
    if alpha_quarters > OFF:
        raise errors.InvalidInput(
            "Weights that grow with their own value could lower a score when a value rises.",
            code="incentive_refused",
            key="alpha_quarters",
        )
    raise errors.InvalidInput(
        "α lies between 0 and 1, in quarters.", code="alpha_out_of_range", key="alpha_quarters"
    )


def penalised_columns(
    values_micro: Ints, weights_ppm: Ints, counts: Flags, *, alpha_quarters: int, order: Ints
) -> PenalisedColumns:
    """Scores of R rows of C components whose weights vary with their values.

    values_micro (R×C): 0…1000 points in micro. weights_ppm (R×C): only proportions matter. counts (R×C): which
    components count. alpha_quarters: 0…4. order: from `shares.key_order`, settles ties. Raises InvalidInput as `check`.
    """
    check(alpha_quarters)
    pulls = fixed.wide(np.where(counts, weights_ppm, 0)) * _pull(values_micro, OFF - alpha_quarters)
    total = pulls.sum(axis=1)
    divisors = np.where(total > 0, total, 1)
    whole = np.where(total > 0, fixed.ONE, 0).astype(np.int64)
    products = fixed.wide(values_micro) * pulls
    score = fixed.round_divide_columns(products.sum(axis=1), divisors).astype(np.int64)
    return PenalisedColumns(
        score_micro=score,
        varied_ppm=shares.apportion(pulls * fixed.ONE, divisors, whole, order),
        contributions_micro=shares.apportion(products, divisors, score, order),
    )


def _pull(values_micro: Ints, quarters: int) -> AnyInts:
    """UNIT / x^(quarters/4), rounded down, for x no less than one point; as Python ints."""
    distinct, places = np.unique(np.maximum(values_micro, ONE_POINT), return_inverse=True)
    pulls = np.empty(len(distinct), dtype=object)
    pulls[:] = [isqrt(isqrt(UNIT**4 // value**quarters)) for value in distinct.tolist()]
    return pulls[places.reshape(values_micro.shape)]
