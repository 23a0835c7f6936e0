"""Which of many monthly values stand out from what they were before, with few false alarms among them.

A value is compared with a robust expectation from its own past, in units of a robust spread:

- *with a year behind it* (at least MOST_SHORT differences from month to same month a year earlier are known): the same
  month last year plus the median of those differences. Season and steady growth cancel out.
- *without*: the median of the last YEAR months. A season cannot be told from so little; a trend only makes the
  judgement milder.

The spread is the median absolute deviation, MAD, times 1.4826 to estimate a standard deviation (Hampel 1974), with the
correction n/(n − 0.8) for small samples (Croux & Rousseeuw 1992). Where more than half of the past is alike and the
MAD is nil, the mean absolute deviation times 1.2533 stands in (Iglewicz & Hoaglin 1993). A past without any
movement says nothing about how far a value may swing, and is not judged.

(value − expectation) / (spread · √(1 + π/2n)), the last factor for the error of the median itself, is taken as Student's
t. The MAD has 37 % of the efficiency of a standard deviation (Rousseeuw & Croux 1993), so ν = 0.37 n degrees of freedom,
the next even number below: for normal data slightly more careful than nominal at every n (pinned by a test).

Among all values judged in one round, Benjamini & Hochberg's step-up procedure (1995) chooses those that alarm: of what is
chosen, on average at most the share q is chance, for independent tests and for positively dependent ones (Benjamini &
Yekutieli 2001), as metrics of one business are.

Values are whole numbers of any fixed point; medians and deviations are exact in them, whatever the order.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

YEAR = 12
#: With fewer earlier values than these, a value is not judged.
MOST_SHORT = 8
NORMAL_BY_MAD, NORMAL_BY_MEAN = Fraction(14826, 10_000), Fraction(12533, 10_000)
EFFICIENCY_OF_MAD = Fraction(37, 100)
#: The share of chance among the chosen, on average.
Q = 0.05

TOO_SHORT, NO_MOVEMENT, MISSING = "too_short", "no_movement", "missing"
BY_YEAR, BY_LEVEL = "year", "level"

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Judged:
    """How a value stands to its past. `low` to `high` holds it in all but the share q of months, taken alone; `basis`:
    "year" or "level". `expected`, `low`, `high` in the unit of the series."""

    expected: int
    low: int
    high: int
    p_value: float
    basis: str

    @property
    def is_outside(self) -> bool:
        """Whether it would alarm if it were the only one judged."""
        return self.p_value <= Q


@dataclass(frozen=True)
class Unjudged:
    """Why a value is not judged: too_short, no_movement or missing."""

    code: str


def judge(series: Sequence[int | None]) -> Judged | Unjudged:
    """The last value of a series against all before it; months in order, None where there is no value."""
    if not series or series[-1] is None:
        return Unjudged(MISSING)
    value, past = series[-1], series[:-1]
    steps = [
        now - before
        for now, before in zip(past[YEAR:], past, strict=False)
        if now is not None and before is not None
    ]
    year_ago = past[-YEAR] if len(past) >= YEAR else None
    if year_ago is not None and len(steps) >= MOST_SHORT:
        return _against(steps, value - year_ago, year_ago, BY_YEAR)
    lately = [one for one in past[-YEAR:] if one is not None]
    if len(lately) < MOST_SHORT:
        return Unjudged(TOO_SHORT)
    return _against(lately, value, 0, BY_LEVEL)


def alarming(judged: Mapping[Key, Judged], q: float = Q) -> frozenset[Key]:
    """Those whose p-value is at most k·q/m, for the largest k that as many reach (Benjamini & Hochberg 1995)."""
    ordered = sorted(one.p_value for one in judged.values())
    limit = -1.0
    for rank, p_value in enumerate(ordered, 1):
        if p_value * len(ordered) <= rank * q:
            limit = p_value
    return frozenset(key for key, one in judged.items() if one.p_value <= limit)


def _against(sample: Sequence[int], value: int, offset: int, basis: str) -> Judged | Unjudged:
    """`value` against the median and spread of `sample`; results moved by `offset`."""
    twice_centre = _twice_median(sample)
    deviations = [abs(2 * one - twice_centre) for one in sample]
    twice_mad = _twice_median(deviations)
    if twice_mad:
        spread = NORMAL_BY_MAD * twice_mad / 4
    elif any(deviations):
        spread = NORMAL_BY_MEAN * sum(deviations) / (2 * len(sample))
    else:
        return Unjudged(NO_MOVEMENT)
    number = len(sample)
    scale = float(spread * number / (number - Fraction(4, 5))) * math.sqrt(1 + math.pi / (2 * number))
    freedom = max(2, 2 * int(EFFICIENCY_OF_MAD * number / 2))
    expected = Fraction(twice_centre, 2)
    half = Fraction(scale) * Fraction(_critical(freedom, Q))
    distance = float(abs(value - expected)) / scale
    return Judged(
        expected=offset + round(expected),
        low=offset + math.floor(expected - half),
        high=offset + math.ceil(expected + half),
        p_value=_both_tails(distance, freedom),
        basis=basis,
    )


def _twice_median(values: Sequence[int]) -> int:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return 2 * ordered[middle] if len(ordered) % 2 else ordered[middle - 1] + ordered[middle]


def _both_tails(distance: float, freedom: int) -> float:
    """P(|t| ≥ distance) for an even number of degrees of freedom (Abramowitz & Stegun 26.7.4).

    With c² = ν/(ν + t²) and s² = 1 − c² it is 1 − s·Σ C(2k,k)/4ᵏ·c²ᵏ over k < ν/2; as the whole series is 1/s, also
    s·Σ over k ≥ ν/2, which keeps its precision where the chance is small.
    """
    squared = distance * distance
    if math.isinf(squared):
        return 0.0
    cosine, sine = freedom / (freedom + squared), distance / math.sqrt(freedom + squared)
    term = head = 1.0
    for k in range(1, freedom // 2):
        term *= cosine * (2 * k - 1) / (2 * k)
        head += term
    if cosine > 0.5:  # The series would take long here, and the difference costs no digits.
        return min(max(1 - sine * head, 0.0), 1.0)
    k, tail = freedom // 2, 0.0
    while True:
        term *= cosine * (2 * k - 1) / (2 * k)
        tail += term
        k += 1
        if term <= tail * 1e-17:
            return sine * tail


@functools.cache
def _critical(freedom: int, q: float) -> float:
    """The distance that all but the share q of values keep within."""
    low, high = 0.0, 1.0
    while _both_tails(high, freedom) > q:
        high *= 2
    for _step in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _both_tails(middle, freedom) > q else (low, middle)
    return high
