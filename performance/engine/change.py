"""Why a formula's value changed: how much of the change each input brought, exactly.

A formula is walked once with both of its values at hand (before, after). Every step splits its change with the mean of
the other side, which leaves nothing over:
    Δ(a + b) = Δa + Δb
    Δ(a · b) = Δa · (b₀ + b₁)/2 + Δb · (a₀ + a₁)/2
    Δ(a / b) = Δa · (1/b₀ + 1/b₁)/2 − Δb · (a₀ + a₁)/(2 · b₀ · b₁)
For sums, products and ratios of two inputs this is the Shapley value of their changes (Shapley 1953; the midpoint
or Marshall–Edgeworth weights of index numbers, Diewert 2005). What results is a *slope* for each input, so that
    value₁ − value₀ = Σ slopeᵢ · (inputᵢ₁ − inputᵢ₀)
holds as an identity of fractions. Because it is linear in the inputs, the same slopes split the change by parts of the
business, and the parts of a part sum to it: contributions agree at every depth of a drill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from performance.engine import errors

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Step:
    """A part of a formula with its value before and after, and the slope of each input in its change."""

    before: Fraction
    after: Fraction
    slopes: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def change(self) -> Fraction:
        return self.after - self.before

    @property
    def _mean(self) -> Fraction:
        return (self.before + self.after) * HALF

    def _scaled(self, factor: Fraction) -> dict[str, Fraction]:
        return {key: slope * factor for key, slope in self.slopes.items()}

    def __neg__(self) -> Step:
        return Step(-self.before, -self.after, self._scaled(Fraction(-1)))

    def __add__(self, other: Step) -> Step:
        return Step(
            self.before + other.before,
            self.after + other.after,
            _merged(self.slopes, other.slopes),
        )

    def __sub__(self, other: Step) -> Step:
        return self + -other

    def __mul__(self, other: Step) -> Step:
        return Step(
            self.before * other.before,
            self.after * other.after,
            _merged(self._scaled(other._mean), other._scaled(self._mean)),
        )

    def __truediv__(self, other: Step) -> Step:
        """Raises InvalidInput where the divisor is zero before or after: there is no value to explain."""
        if other.before == 0 or other.after == 0:
            raise errors.InvalidInput("A divisor is zero.", code="divided_by_zero")
        of_divisor = -self._mean / (other.before * other.after)
        of_dividend = (1 / other.before + 1 / other.after) * HALF
        return Step(
            self.before / other.before,
            self.after / other.after,
            _merged(self._scaled(of_dividend), other._scaled(of_divisor)),
        )

    def _bent(self, before: Fraction, after: Fraction, otherwise: Fraction) -> Step:
        """Through a function of one value: by the secant; where nothing changed, by the slope `otherwise`."""
        slope = (after - before) / self.change if self.change else otherwise
        return Step(before, after, self._scaled(slope))

    def absolute(self) -> Step:
        sign = Fraction(1 if self.before > 0 else -1 if self.before < 0 else 0)
        return self._bent(abs(self.before), abs(self.after), sign)

    def rounded(self, places: int) -> Step:
        """Half away from zero, as PostgreSQL rounds a numeric."""
        return self._bent(_rounded(self.before, places), _rounded(self.after, places), Fraction(1))

    def largest(self, other: Step) -> Step:
        """max(a, b) = (a + b + |a − b|) / 2."""
        return (self + other + (self - other).absolute()) * number(HALF)

    def smallest(self, other: Step) -> Step:
        """min(a, b) = (a + b − |a − b|) / 2."""
        return (self + other - (self - other).absolute()) * number(HALF)


def number(value: Fraction | Decimal | int) -> Step:
    """A number of the formula: it does not change."""
    return Step(Fraction(value), Fraction(value))


def given(key: str, before: Fraction | Decimal, after: Fraction | Decimal) -> Step:
    """An input of the formula."""
    return Step(Fraction(before), Fraction(after), {key: Fraction(1)})


def rounded_to_sum(parts: Sequence[Fraction], total: Decimal, places: int) -> list[Decimal]:
    """Each part to so many places, so that they sum to `total` (which has no more places) exactly.

    Largest remainders, ties to the earlier part; so every part is off by less than one unit of its last place.
    Raises InvalidInput where `total` is further from the sum of the parts than rounding can explain.
    """
    unit = Fraction(1, 10**places)
    whole = Fraction(total) / unit
    floors = [part // unit for part in parts]
    missing = whole - sum(floors)
    if whole.denominator != 1 or abs(whole - sum(parts, Fraction(0)) / unit) > len(parts) + 1:
        raise errors.InvalidInput("The parts do not make up the total.", code="parts_not_total")
    if not parts:
        return []
    by_remainder = sorted(range(len(parts)), key=lambda place: (floors[place] * unit - parts[place], place))
    each, extra = divmod(int(missing), len(parts))
    chosen = set(by_remainder[:extra])
    return [Decimal(floor + each + (place in chosen)).scaleb(-places) for place, floor in enumerate(floors)]


def rounded(value: Fraction, places: int) -> Decimal:
    """As a Decimal of so many places, half away from zero."""
    return Decimal(int(_rounded(value, places) * 10**places)).scaleb(-places)


def _rounded(value: Fraction, places: int) -> Fraction:
    scaled = abs(value) * 10**places + HALF
    whole = scaled.numerator // scaled.denominator
    return Fraction(whole if value >= 0 else -whole, 10**places)


def _merged(*slopes: Mapping[str, Fraction]) -> dict[str, Fraction]:
    merged: dict[str, Fraction] = {}
    for each in slopes:
        for key, slope in each.items():
            merged[key] = merged.get(key, Fraction(0)) + slope
    return merged
