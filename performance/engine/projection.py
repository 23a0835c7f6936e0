"""Weights in exact proportions, held within bounds and made to sum to exactly 100 %.

Bounded proportional scaling ("water-filling", the continuous knapsack of Luss & Gupta 1975); the rounding to
whole ppm is the method of largest remainders. Weights are fractions by key, bounds whole ppm by key.
Nothing here depends on the order of the keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

from performance.engine import errors, fixed, shares


def project(
    raw: Mapping[str, Fraction], bounds: Mapping[str, tuple[int, int]], *, code: str, whole: int = fixed.ONE
) -> dict[str, Fraction]:
    """Scale `raw` by the one factor λ for which Σ min(max(λ·raw, low), high) = `whole`; exact.

    The sum never falls as λ grows and is straight between the points where a component meets a bound, so
    the segment that holds the whole is found from those points and solved. Components at a bound stay
    there; the free ones keep their proportions. Raises InvalidInput with `code` where no λ does it.
    """
    low = sum(bounds[key][0] for key in raw)
    reachable = sum(bounds[key][1] if share > 0 else bounds[key][0] for key, share in raw.items())
    if low > whole or reachable < whole:
        side = f"at least {low}" if low > whole else f"at most {reachable}"
        what = "The step cap and the bounds allow" if code == "infeasible_step" else "The bounds allow"
        raise errors.InvalidInput(f"{what} {side} ppm in all; weights need exactly {whole}.", code=code)
    meetings = sorted(
        {Fraction(bound) / share for key, share in raw.items() if share > 0 for bound in bounds[key]}
    )
    scale = _last_at_most(whole, meetings, raw, bounds)
    held = _held(raw, bounds, scale)
    missing = whole - sum(held.values())
    if missing:
        free = [
            key
            for key, share in raw.items()
            if share > 0 and bounds[key][0] <= scale * share < bounds[key][1]
        ]
        scale += missing / sum((raw[key] for key in free), Fraction(0))
    return _held(raw, bounds, scale)


def _last_at_most(
    whole: int,
    meetings: Sequence[Fraction],
    raw: Mapping[str, Fraction],
    bounds: Mapping[str, tuple[int, int]],
) -> Fraction:
    """The largest meeting point at which the weights sum to no more than the whole (or 0)."""
    low, high = 0, len(meetings)
    while low < high:
        middle = (low + high) // 2
        if sum(_held(raw, bounds, meetings[middle]).values()) <= whole:
            low = middle + 1
        else:
            high = middle
    return meetings[low - 1] if low else Fraction(0)


def _held(
    raw: Mapping[str, Fraction], bounds: Mapping[str, tuple[int, int]], scale: Fraction
) -> dict[str, Fraction]:
    return {
        key: min(max(scale * share, Fraction(bounds[key][0])), Fraction(bounds[key][1]))
        for key, share in raw.items()
    }


def reachable(
    weights: dict[str, Fraction], stepped: Mapping[str, tuple[int, int]], previous: Mapping[str, int]
) -> dict[str, Fraction]:
    """Weights that sum to the whole within their steps even where a component is on its way to 0.

    A component without any weight of its own stays at its lower step. Where the others cannot yet take up
    the rest, those leaving keep it for now, in proportion to what they had.
    """
    reach = sum(stepped[key][1] if weight > 0 else stepped[key][0] for key, weight in weights.items())
    if reach >= fixed.ONE:
        return weights
    leaving = {key: Fraction(previous.get(key, 0)) for key, weight in weights.items() if weight == 0}
    taken = {key: Fraction(stepped[key][1]) for key, weight in weights.items() if weight > 0}
    rest = fixed.ONE - int(sum(taken.values()))
    return taken | project(leaving, stepped, code="infeasible_step", whole=rest)


def scaled_to_whole(weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """The same proportions, summing to 1_000_000. Their sum must not be 0."""
    total = sum(weights.values())
    return {key: weight * fixed.ONE / total for key, weight in weights.items()}


def rounded(weights: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole ppm that sum to 1_000_000; a weight moves to a neighbouring integer, so bounds still hold."""
    keys = list(weights)
    scale = lcm(*(weight.denominator for weight in weights.values()))
    numerators = fixed.column(int(weights[key] * scale) for key in keys)[None, :]
    rows = shares.apportion(
        numerators, fixed.column([scale]), fixed.column([fixed.ONE]), shares.key_order(keys)
    )
    return dict(zip(keys, (int(weight) for weight in rows[0]), strict=True))
