"""Fixed-point numbers in columns.

Everything is an integer. Columns are NumPy int64; where a product or a value does not fit, that row
alone is computed with Python's unbounded integers, so the answer is exact either way and never depends
on which path was taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from performance.engine import errors

Ints: TypeAlias = npt.NDArray[np.int64]
AnyInts: TypeAlias = npt.NDArray[Any]  # int64, or objects holding Python ints where int64 is too small
Flags: TypeAlias = npt.NDArray[np.bool_]

ONE = 1_000_000  # micro in one unit, ppm in one whole
HUNDRED = 100 * ONE  # one hundred points, or one hundred percent, in micro
LARGEST = 2**63 - 1
#: Every digit of what is kept, thirty-eight less thirty-eight too: the usual context would round beyond 28.
EXACT = Context(prec=80)
#: What a number may look like: at most so many places before or behind the point of its first digit, so many digits.
#: Text is short where the number is not: "1e10000000" would take seconds and megabytes to write out.
MOST_PLACES, MOST_DIGITS = 30, 60


def micro(value: Decimal | int | str) -> int:
    """`value` in micro, rounded half away from zero at the sixth decimal. Floats are refused."""
    exact = fraction(value) * ONE
    return round_divide(exact.numerator, exact.denominator)


def decimal(value_micro: int) -> Decimal:
    """The exact Decimal of a micro value, with six decimals."""
    sign, digits = int(value_micro < 0), tuple(int(digit) for digit in str(abs(value_micro)))
    return Decimal((sign, digits, -6))


def fraction(value: Decimal | int | str) -> Fraction:
    """The exact value of a number or of its text; NaN, infinity, floats, booleans and what is beyond all measure
    (code "number_too_long") are refused."""
    if isinstance(value, bool | float):
        raise errors.InvalidInput(
            f"{value!r} is not an exact number; write it as text or as a Decimal.", code="inexact_number"
        )
    try:
        exact = value if isinstance(value, int | Decimal) else Decimal(str(value).strip())
        if not _is_too_long(exact):
            return Fraction(exact)
    except (ArithmeticError, ValueError) as refusal:
        raise errors.InvalidInput(f"{value!r} is not a number.", code="not_a_number") from refusal
    raise errors.InvalidInput(
        f"A number has at most {MOST_PLACES} places and {MOST_DIGITS} digits.", code="number_too_long"
    )


def _is_too_long(value: Decimal | int) -> bool:
    if isinstance(value, int):
        return abs(value) >= 10 ** (MOST_PLACES + 1)
    return abs(value.adjusted()) > MOST_PLACES or len(value.as_tuple().digits) > MOST_DIGITS


def common_scale(values: Sequence[Decimal | int]) -> list[int]:
    """The values multiplied by their least common denominator: integers in the same proportion."""
    fractions = [fraction(value) for value in values]
    scale = lcm(*(value.denominator for value in fractions))
    return [value.numerator * (scale // value.denominator) for value in fractions]


def column(values: Iterable[int]) -> AnyInts:
    """A column of integers: int64 where all fit, Python ints otherwise."""
    listed = [int(value) for value in values]
    if all(fits(value) for value in listed):
        return np.array(listed, dtype=np.int64)
    unbounded = np.empty(len(listed), dtype=object)
    unbounded[:] = listed
    return unbounded


def integers(values: npt.NDArray[Any]) -> AnyInts:
    """The column as int64 (or as Python ints where it holds such); anything but integers is refused.

    A narrower integer type would overflow silently in the engine's products, and a float is not exact.
    """
    if values.dtype == np.int64 or values.dtype == object:
        return values
    if values.dtype.kind == "u" and values.dtype.itemsize == 8:
        return column(values.ravel().tolist()).reshape(values.shape)
    if values.dtype.kind in "iu" or values.size == 0:
        return values.astype(np.int64)
    raise errors.InvalidInput(f"A column of {values.dtype} does not hold integers.", code="inexact_number")


def optional_column(values: Iterable[int | None]) -> tuple[AnyInts, Flags]:
    """A column with its presence mask; a missing value holds 0."""
    listed = list(values)
    present = np.array([value is not None for value in listed], dtype=np.bool_)
    return column(0 if value is None else value for value in listed), present


def optional_values(values: AnyInts, present: Flags) -> list[int | None]:
    """The way back from `optional_column`."""
    pairs = zip(values.tolist(), present.tolist(), strict=True)
    return [int(value) if known else None for value, known in pairs]


def fits(bound: int) -> bool:
    """Whether integers up to `bound` in size are safe in int64."""
    return abs(bound) <= LARGEST


def largest(values: AnyInts) -> int:
    """The largest absolute value in the column as a Python int; 0 for an empty column."""
    if values.size == 0:
        return 0
    return max(abs(int(values.max())), abs(int(values.min())))


def wide(values: AnyInts) -> AnyInts:
    """The same integers as Python ints."""
    return values.astype(object)


def subtract(left: AnyInts, right: AnyInts) -> AnyInts:
    """`left - right`, widened where int64 would overflow."""
    left, right = integers(left), integers(right)
    if not fits(largest(left) + largest(right)):
        return wide(left) - wide(right)
    difference: AnyInts = left - right
    return difference


def round_divide(numerator: int, denominator: int) -> int:
    """`numerator / denominator` for a positive denominator, rounded half away from zero."""
    quotient = (abs(numerator) + denominator // 2) // denominator
    return quotient if numerator >= 0 else -quotient


def round_divide_columns(numerators: AnyInts, denominators: AnyInts | int) -> AnyInts:
    """`round_divide` for columns. Numerators must leave room for half a denominator."""
    size = np.abs(numerators)
    quotients: AnyInts = (size + denominators // 2) // denominators
    result: AnyInts = np.where(numerators < 0, -quotients, quotients)
    return result


def multiply_divide(
    values: AnyInts,
    by: AnyInts | int,
    over: AnyInts | int,
    *,
    low: int = -LARGEST,
    high: int = LARGEST,
) -> Ints:
    """`values * by / over` (over > 0), rounded half away from zero and held within low..high.

    Rows whose product does not fit in int64 are computed one by one with Python ints.
    """
    values, by, over = np.broadcast_arrays(values, _as_column(by), _as_column(over))
    narrow = all(part.dtype != object for part in (values, by, over))
    if not narrow:
        return _multiply_divide_wide(values, by, over, low, high)
    common = np.gcd(by, over)
    by, over = by // common, over // common
    room = (LARGEST - over // 2) // np.maximum(np.abs(by), 1)
    safe = (values <= room) & (values >= -room)
    result: Ints = np.clip(round_divide_columns(np.where(safe, values, 0) * by, over), low, high)
    if not safe.all():
        result[~safe] = _multiply_divide_wide(values[~safe], by[~safe], over[~safe], low, high)
    return result


def _as_column(value: AnyInts | int) -> AnyInts:
    return integers(value) if isinstance(value, np.ndarray) else column([value])


def _multiply_divide_wide(values: AnyInts, by: AnyInts, over: AnyInts, low: int, high: int) -> Ints:
    rows = zip(values.ravel().tolist(), by.ravel().tolist(), over.ravel().tolist(), strict=True)
    held = [min(max(round_divide(value * factor, part), low), high) for value, factor, part in rows]
    return np.array(held, dtype=np.int64).reshape(values.shape)


def interpolate(values: AnyInts, xs: Sequence[int], ys: Sequence[int]) -> Ints:
    """Piecewise linear through the points (xs strictly increasing), flat outside the first and last.

    Between two points it is their straight line, y₀ + (x − x₀)·(y₁ − y₀)/(x₁ − x₀): Newton's interpolation of degree 1.
    """
    if len(xs) != len(ys) or len(xs) == 0 or any(b <= a for a, b in pairwise(xs)):
        raise errors.InvalidInput("The points must strictly increase.", code="points_not_increasing")
    knots, values = column(xs), integers(values)
    if knots.dtype == object:
        values = wide(values)
    held = np.clip(values, xs[0], xs[-1])
    result: Ints = np.full(held.shape, ys[0], dtype=np.int64)
    segment = np.searchsorted(knots, held, side="left")
    for right in range(1, len(xs)):
        here = segment == right
        if not here.any():
            continue
        rise, run = ys[right] - ys[right - 1], xs[right] - xs[right - 1]
        result[here] = ys[right - 1] + multiply_divide(
            subtract(held[here], column([xs[right - 1]])), rise, run
        )
    return result
