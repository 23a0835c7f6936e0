"""What if: drivers of a result are moved, and the result follows by its own formula.

A move is x → factor · x + shift, so that moves one after another are a move again. A metric that *rides* on a volume
keeps its amount for each unit: amount₁ = move(amount₀) · volume₁ / volume₀, which splits it into price and volume.
Everything is exact in fractions; what each driver brought comes from the midpoint split of `change`, and sums to the
change of the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from performance.engine import change, errors

HUNDRED = Fraction(100)


@dataclass(frozen=True)
class Move:
    """x → factor · x + shift. Moves nothing unless told otherwise."""

    factor: Fraction = Fraction(1)
    shift: Fraction = Fraction(0)

    def of(self, value: Fraction) -> Fraction:
        return value * self.factor + self.shift

    def then(self, other: Move) -> Move:
        """This move, then the other, as one."""
        return Move(self.factor * other.factor, other.of(self.shift))


def by_percent(percent: Decimal | Fraction) -> Move:
    """+5 per cent is 1.05 times as much."""
    return Move(factor=1 + Fraction(percent) / HUNDRED)


def by_amount(amount: Decimal | Fraction) -> Move:
    return Move(shift=Fraction(amount))


def to_value(value: Decimal | Fraction) -> Move:
    return Move(factor=Fraction(0), shift=Fraction(value))


def driven(key: str, base: Fraction, move: Move) -> change.Step:
    """A driver before and after its move."""
    return change.given(key, base, move.of(base))


def riding(own: change.Step, volume: change.Step) -> change.Step:
    """What grows with a volume: `own` is its step at the same volume (its price).

    Raises InvalidInput("divided_by_zero") where there was no volume to begin with.
    """
    if volume.before == 0:
        raise errors.InvalidInput("There was no volume.", code="divided_by_zero")
    return own * (volume / change.number(volume.before))


@dataclass(frozen=True)
class Attribution:
    """A result before and after, to the places that are shown, and what each driver brought: they sum to the change."""

    before: Decimal
    after: Decimal
    brought: Mapping[str, Decimal]

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def attributed(result: change.Step, drivers: Mapping[str, change.Step], places: int) -> Attribution:
    """`drivers`: every driver that moved, by the key of its slope."""
    before, after = change.rounded(result.before, places), change.rounded(result.after, places)
    exact = {
        key: result.slopes.get(key, Fraction(0)) * step.change
        for key, step in sorted(drivers.items())
        if result.slopes.get(key) and step.change
    }
    brought = change.rounded_to_sum(list(exact.values()), after - before, places)
    return Attribution(before, after, dict(zip(exact, brought, strict=True)))
