"""A target spread over months and shared out over parts, without losing any of it.

Shares are exact fractions; what is shown is rounded by largest remainders (Hamilton's apportionment, ties to the
earlier place), so that the parts sum to the target to its last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from performance.engine import change, errors


def even_shares(places: int) -> list[Fraction]:
    """The same share for each place."""
    return [Fraction(1, places)] * places


def shares_of(weights: Sequence[Fraction]) -> list[Fraction]:
    """Each weight's share of their sum.

    Raises InvalidInput: "negative_weight" (the share of what is partly below zero says nothing), "no_weight" where all
    of them are zero or there is none.
    """
    if any(weight < 0 for weight in weights):
        raise errors.InvalidInput("A weight is below zero.", code="negative_weight")
    whole = sum(weights, Fraction(0))
    if whole == 0:
        raise errors.InvalidInput("There is nothing to share by.", code="no_weight")
    return [weight / whole for weight in weights]


def seasonal_shares(years: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """The mean share of each place over years (each the same places): a year counts by its shape, not by its size.

    Raises InvalidInput as `shares_of`, and "no_weight" without any year.
    """
    if not years:
        raise errors.InvalidInput("There is no year to share by.", code="no_weight")
    shares = [shares_of(year) for year in years]
    return [sum(each, Fraction(0)) / len(years) for each in zip(*shares, strict=True)]


def spread(total: Decimal, shares: Sequence[Fraction], places: int) -> list[Decimal]:
    """`total` by shares that sum to 1, each part to so many places; the parts sum to `total` exactly.

    Raises InvalidInput ("parts_not_total") where the shares do not sum to 1 or `total` has more places.
    """
    if sum(shares, Fraction(0)) != 1:
        raise errors.InvalidInput("The shares do not make up the whole.", code="parts_not_total")
    return change.rounded_to_sum([Fraction(total) * share for share in shares], total, places)


def straight_line(start: Fraction, end: Decimal, steps: int, places: int) -> list[Decimal]:
    """From `start` in equal steps to `end`: the values after each step, half rounded away from zero, the last of them
    exactly `end`."""
    rise = Fraction(end) - start
    inner = [change.rounded(start + rise * step / steps, places) for step in range(1, steps)]
    return [*inner, end]
