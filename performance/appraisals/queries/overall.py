"""What the ratings of a review come to. Exact, whatever the order."""

from collections.abc import Sequence
from fractions import Fraction

MICRO = 1_000_000


def overall_of(rated: Sequence[tuple[int, int, int]]) -> int | None:
    """The weighted mean on the scale from 1 to 5, in millionths, of (weight, rating, highest rating of its scale).
    A scale of its own is stretched to that from 1 to 5. Rounded half to even; None where nothing is rated."""
    whole = sum(weight for weight, _rating, _highest in rated)
    if not whole:
        return None
    places = sum(weight * (1 + Fraction(4 * (rating - 1), highest - 1)) for weight, rating, highest in rated)
    return round(Fraction(MICRO) * places / whole)


def rating_of(overall_micro: int | None) -> int | None:
    """The rating that a mean comes to: the nearest, from the middle on the better one."""
    return None if overall_micro is None else (overall_micro + MICRO // 2) // MICRO
