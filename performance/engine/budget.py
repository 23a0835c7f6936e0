"""A pool of money shared out by weight, to the cent, between a floor and a cap for each.

Everybody gets a part of the pool in proportion to their weight (salary × multiplier, say); who would get less than their
floor or more than their cap gets just that, and the others share the rest by the same rule. That is the water-filling of a
bounded proportional share; who is held is found as in "Resolving Flexible Lengths" (CSS Flexible Box Layout Module Level 1,
§ 9.7), whose result does not depend on the order. Cents go by largest remainders (shares.apportion).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from performance.engine import errors, shares


@dataclass(frozen=True)
class Split:
    """`amounts`: in the order of the keys. `left`: what nobody may take, because of caps or because nobody has a weight."""

    amounts: tuple[int, ...]
    left: int


def split(
    pool: int,
    weights: Sequence[int],
    keys: Sequence[str],
    *,
    floors: Sequence[int] | None = None,
    caps: Sequence[int | None] | None = None,
) -> Split:
    """`pool` in the smallest unit of money (cents), as are `floors` and `caps` (None for no cap). Keys settle ties.

    amounts + left == pool, always. Raises InvalidInput: negative, lengths, duplicate_key, floor_over_cap, floors_over_pool.
    """
    people = len(keys)
    least = list(floors) if floors is not None else [0] * people
    given = list(caps) if caps is not None else [None] * people
    _judge(pool, weights, keys, least, given)
    # Nobody can get more than there is.
    most = [pool if cap is None else cap for cap in given]
    # Who has no weight takes no part.
    held = {place: least[place] for place in range(people) if not weights[place]}
    free = [place for place in range(people) if weights[place]]
    rest = pool - sum(held.values())
    while free:
        rate = Fraction(rest, sum(weights[place] for place in free))
        wanted = {place: rate * weights[place] for place in free}
        low = [place for place in free if wanted[place] < least[place]]
        high = [place for place in free if wanted[place] > most[place]]
        added = sum(least[place] - wanted[place] for place in low)
        taken = sum(wanted[place] - most[place] for place in high)
        if not low and not high:
            break
        if added >= taken:
            held |= {place: least[place] for place in low}
        if taken >= added:
            held |= {place: most[place] for place in high}
        free = [place for place in free if place not in held]
        rest = pool - sum(held.values())
    amounts = [held.get(place, 0) for place in range(people)]
    if free:
        for place, amount in zip(free, _apportioned(rest, weights, keys, free), strict=True):
            amounts[place] = amount
    return Split(tuple(amounts), pool - sum(amounts))


def _apportioned(rest: int, weights: Sequence[int], keys: Sequence[str], free: Sequence[int]) -> list[int]:
    numerators = np.array([[rest * weights[place] for place in free]], dtype=object)
    whole = np.array([sum(weights[place] for place in free)], dtype=object)
    order = shares.key_order([keys[place] for place in free])
    found = shares.apportion(numerators, whole, np.array([rest], dtype=object), order)
    return [int(amount) for amount in found[0]]


def _judge(
    pool: int,
    weights: Sequence[int],
    keys: Sequence[str],
    floors: Sequence[int],
    caps: Sequence[int | None],
) -> None:
    if not len(weights) == len(keys) == len(floors) == len(caps):
        raise errors.InvalidInput("Everybody needs a weight, a floor and a cap.", code="lengths")
    shares.key_order(keys)
    if pool < 0 or any(number < 0 for number in (*weights, *floors)):
        raise errors.InvalidInput("Pool, weights and floors are not negative.", code="negative")
    if any(cap is not None and cap < floor for floor, cap in zip(floors, caps, strict=True)):
        raise errors.InvalidInput("A cap is not below its floor.", code="floor_over_cap")
    if sum(floors) > pool:
        raise errors.InvalidInput("The floors are more than the pool.", code="floors_over_pool")
