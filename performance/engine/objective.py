"""Objective weights: how much each component tells units apart, by entropy or by CRITIC, with an interval.

Entropy (Shannon 1948; as weights Zeleny 1982): with p_ij = x_ij / Σ_i x_ij over m units, a component has the entropy
e_j = −Σ_i p_ij·ln p_ij / ln m, where 0·ln 0 = 0, and weighs in proportion to 1 − e_j. Values are not negative.

CRITIC (Diakoulaki, Mavrotas & Papayannakis 1995, Comput. Oper. Res. 22:763–770): with values scaled from least to
greatest into 0…1, their standard deviation σ_j and the correlations r_jk, a component weighs in proportion to
σ_j·Σ_k (1 − r_jk): by its contrast and by its conflict with the others.

Either way a component that is the same in all units weighs nothing and changes nothing for the others. (CRITIC leaves
its correlation undefined; taking it as 0 would let a column without information move the other weights.)

The interval is the percentile interval of the bootstrap (Efron 1979): units are drawn with replacement, and of the
weights so found the (R + 1)·(1 − level)/2 lowest and highest end it. Resamples in which no weights can be found, as
no unit drawn differs from the others, are left out.

Exact up to the logarithms and roots, which are integers with so many digits that the least difference there can be
between integers of the given size is known to twelve digits. Logarithms come from Decimal, which rounds them correctly
on any machine, roots from math.isqrt. Values are taken by their least common unit, so another scale of a component (and,
for CRITIC, another zero) gives the same bits; so does another order of units or components.

Objective weights belong to the values of a *closed* period and are kept with the plan; were they to follow the values
that they weigh, raising a value could lower a score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from itertools import combinations
from math import gcd, isqrt, lcm
from typing import Literal, TypeAlias

import numpy as np

from performance.engine import errors, fixed, projection, resampling, shares
from performance.engine.fixed import AnyInts, Ints

Method: TypeAlias = Literal["entropy", "critic"]
LEAST_UNITS = 15
RESAMPLES = 999
LEVEL_PPM = 950_000
SURE_DIGITS = 12
#: Sums over units are taken in parts of so many bits, which int64 holds for any number of units.
PART_BITS = 31
#: As many cells of resamples × units are held at once.
BLOCK = 2_000_000
Column: TypeAlias = list[int]
#: From counts (rows × units) to one list a row: numbers in proportion to the weights; all 0 where there are none.
PartsOf: TypeAlias = Callable[[Ints], Iterator[list[int]]]


@dataclass(frozen=True, slots=True)
class Objective:
    """Objective weights of the components `keys` over `units` units.

    weights_ppm sums to 1_000_000; low_ppm and high_ppm hold each weight in level_ppm of resamples. The interval of a
    weight may lie beside it: a resample repeats units, and what repeats tells less apart.
    """

    keys: tuple[str, ...]
    weights_ppm: tuple[int, ...]
    low_ppm: tuple[int, ...]
    high_ppm: tuple[int, ...]
    units: int
    method: Method
    level_ppm: int


def entropy_weights(values_micro: AnyInts, keys: Sequence[str]) -> tuple[int, ...]:
    """Weights in ppm by entropy, in the order of `keys`, summing to 1_000_000.

    values_micro (units × components): any one unit a component, ≥ 0. Raises InvalidInput: "shape_mismatch",
    "duplicate_key", "inexact_number", "negative_value" (`key` names the component), "no_variation" where every
    component is the same in all units.
    """
    return _estimate(_entropy(_columns(values_micro, keys, "entropy")), len(values_micro), keys)


def critic_weights(values_micro: AnyInts, keys: Sequence[str]) -> tuple[int, ...]:
    """Weights in ppm by CRITIC, in the order of `keys`, summing to 1_000_000.

    values_micro (units × components): more is better in each. Raises InvalidInput as `entropy_weights` (values may
    be negative), and "no_conflict" where fewer than two components vary or all that do go up and down together.
    """
    return _estimate(_critic(_columns(values_micro, keys, "critic")), len(values_micro), keys)


def objective_weights(
    values_micro: AnyInts,
    *,
    units: Sequence[str],
    keys: Sequence[str],
    method: Method,
    resamples: int = RESAMPLES,
    seed: int,
    least_units: int = LEAST_UNITS,
    level_ppm: int = LEVEL_PPM,
) -> Objective:
    """Weights by `method` over `units` (the keys of the rows, in any order), with their interval.

    Raises InvalidInput as `entropy_weights` and `critic_weights`, and: "unknown_method", "too_few_units" (fewer than
    `least_units`), "duplicate_unit", "level_out_of_range", "too_few_resamples" (for the level), "seed_out_of_range".
    """
    if method not in _METHODS:
        raise errors.InvalidInput(f"Unknown method {method!r}.", code="unknown_method", key="method")
    columns = _columns(values_micro, keys, method)
    order = _unit_order(units, len(values_micro), least_units)
    if not 0 < level_ppm < fixed.ONE:
        raise errors.InvalidInput(
            "A level lies between 0 % and 100 %.", code="level_out_of_range", key="level"
        )
    if _rank(resamples, level_ppm) < 1:
        raise errors.InvalidInput(
            "An interval of this level needs more resamples.", code="too_few_resamples", key="resamples"
        )
    parts_of = _METHODS[method]([[column[place] for place in order] for column in columns])
    weights_ppm = _estimate(parts_of, len(units), keys)
    found = _resampled(parts_of, len(units), resamples, seed)
    rank = max(1, _rank(len(found), level_ppm))
    sorted_ppm = [sorted(row[place] for row in found) for place in range(len(keys))]
    return Objective(
        keys=tuple(keys),
        weights_ppm=weights_ppm,
        low_ppm=tuple(weights[rank - 1] for weights in sorted_ppm),
        high_ppm=tuple(weights[-rank] for weights in sorted_ppm),
        units=len(units),
        method=method,
        level_ppm=level_ppm,
    )


def _rank(resamples: int, level_ppm: int) -> int:
    """How far from either end of the sorted weights the interval ends."""
    return (resamples + 1) * (fixed.ONE - level_ppm) // (2 * fixed.ONE)


def _unit_order(units: Sequence[str], rows: int, least: int) -> list[int]:
    if len(units) != rows:
        raise errors.InvalidInput("Each row is a unit.", code="shape_mismatch", key="units")
    if len(set(units)) != rows:
        raise errors.InvalidInput("Each unit stands there once.", code="duplicate_unit", key="units")
    if rows < least:
        raise errors.InvalidInput(
            f"Objective weights need at least {least} units; there are {rows}.",
            code="too_few_units",
            key="units",
        )
    return sorted(range(rows), key=lambda place: units[place])


def _columns(values_micro: AnyInts, keys: Sequence[str], method: Method) -> list[Column]:
    """Each component's values as small integers in the same proportion; for CRITIC from their least on."""
    values = fixed.integers(values_micro)
    if values.ndim != 2 or values.shape[1] != len(keys) or values.size == 0:
        raise errors.InvalidInput("Values need a cell for each unit and component.", code="shape_mismatch")
    shares.key_order(keys)
    columns = []
    for key, column in zip(keys, values.T.tolist(), strict=True):
        least = min(column)
        if method == "entropy":
            if least < 0:
                raise errors.InvalidInput(
                    "Entropy is of shares; a value is below zero.", code="negative_value", key=key
                )
            least = 0
        unit = gcd(*(value - least for value in column)) or 1
        columns.append([(value - least) // unit for value in column])
    return columns


def _estimate(parts_of: PartsOf, units: int, keys: Sequence[str]) -> tuple[int, ...]:
    """The weights of all units, each once."""
    (parts,) = parts_of(np.ones((1, units), dtype=np.int64))
    if not any(parts):
        raise errors.InvalidInput("CRITIC needs components that vary apart.", code="no_conflict")
    by_key = {key: Fraction(part) for key, part in zip(keys, parts, strict=True)}
    shown = projection.rounded(projection.scaled_to_whole(by_key))
    return tuple(shown[key] for key in keys)


def _resampled(parts_of: PartsOf, units: int, resamples: int, seed: int) -> list[list[int]]:
    """Weights in ppm of each resample that has any."""
    step = max(1, BLOCK // units)
    found = []
    for first in range(0, resamples, step):
        drawn = resampling.counts(seed, min(step, resamples - first), units, first=first)
        for parts in parts_of(drawn):
            total = sum(parts)
            if total:
                found.append([fixed.round_divide(part * fixed.ONE, total) for part in parts])
    if not found:
        raise errors.InvalidInput("All resamples are alike in every component.", code="no_variation")
    return found


def _entropy(columns: Sequence[Column]) -> PartsOf:
    """Numbers in proportion to 1 − e_j = (ln m − ln S + Σ x·ln x / S) / ln m, where S = Σ x."""
    _refuse_no_variation(columns)
    units = len(columns[0])
    # The least that a component which varies at all can give is about 1 / (2·m·x²).
    logarithm = _logarithms(2 * len(str(_largest(columns))) + len(str(units)) + 1 + SURE_DIGITS)
    weighed = [[value * logarithm(value) if value else 0 for value in column] for column in columns]
    whole = logarithm(units)

    def parts_of(counts: Ints) -> Iterator[list[int]]:
        sums = zip(_sums(counts, columns), _sums(counts, weighed), *_ends(columns, counts), strict=True)
        for totals, products, lows, highs in sums:
            yield [
                whole - logarithm(total) + fixed.round_divide(product, total) if low < high else 0
                for total, product, low, high in zip(totals, products, lows, highs, strict=True)
            ]

    return parts_of


def _logarithms(digits: int) -> Callable[[int], int]:
    """ln as a whole number of 10^−digits."""
    context = Context(prec=digits + 6)
    known: dict[int, int] = {}

    def logarithm(value: int) -> int:
        if value not in known:
            scaled = Decimal(value).ln(context).scaleb(digits, context)
            known[value] = int(scaled.to_integral_value(context=context))
        return known[value]

    return logarithm


def _critic(columns: Sequence[Column]) -> PartsOf:
    """Numbers in proportion to σ_j·Σ_k (1 − r_jk) of the columns scaled into 0…1.

    With V_j = m·Σx² − (Σx)² and K_jk = m·Σxy − Σx·Σy this is Σ_k (√V_j − K_jk/√V_k) over the range of x_j.
    """
    _refuse_no_variation(columns)
    units, size = len(columns[0]), len(columns)
    pairs = [(one, other) for one in range(size) for other in range(one, size)]
    products = [[x * y for x, y in zip(columns[one], columns[other], strict=True)] for one, other in pairs]
    # The least that two columns which are not in step can give is 1 / (2·V_k·√V_j), and V ≤ (m·x)².
    scale = 10 ** (3 * len(str(units * _largest(columns))) + 1 + SURE_DIGITS)

    def parts_of(counts: Ints) -> Iterator[list[int]]:
        sums = zip(_sums(counts, columns), _sums(counts, products), *_ends(columns, counts), strict=True)
        for totals, crossed, lows, highs in sums:
            moments = {
                (one, other): units * product - totals[one] * totals[other]
                for (one, other), product in zip(pairs, crossed, strict=True)
            }
            yield _contrast_and_conflict(
                moments, [high - low for low, high in zip(lows, highs, strict=True)], scale
            )

    return parts_of


def _contrast_and_conflict(
    moments: Mapping[tuple[int, int], int], ranges: Sequence[int], scale: int
) -> list[int]:
    roots = {place: isqrt(moments[place, place] * scale**2) for place, wide in enumerate(ranges) if wide}
    apart = [0] * len(ranges)
    for one, other in combinations(roots, 2):
        joint = moments[one, other]
        if joint > 0 and joint**2 == moments[one, one] * moments[other, other]:
            continue
        apart[one] += roots[one] - joint * scale**2 // roots[other]
        apart[other] += roots[other] - joint * scale**2 // roots[one]
    common = lcm(*(ranges[place] for place in roots))
    return [part * (common // wide) if wide else 0 for part, wide in zip(apart, ranges, strict=True)]


_METHODS: Mapping[Method, Callable[[Sequence[Column]], PartsOf]] = {"entropy": _entropy, "critic": _critic}


def _refuse_no_variation(columns: Sequence[Column]) -> None:
    if all(len(set(column)) == 1 for column in columns):
        raise errors.InvalidInput("All units are alike in every component.", code="no_variation")


def _largest(columns: Sequence[Column]) -> int:
    return max(map(max, columns))


def _sums(counts: Ints, columns: Sequence[Column]) -> list[list[int]]:
    """Σ counts × column for each row of counts and each column (≥ 0), exact however large."""
    sums = np.zeros((len(counts), len(columns)), dtype=object)
    for shift in range(0, _largest(columns).bit_length(), PART_BITS):
        parts = [[(value >> shift) % 2**PART_BITS for value in column] for column in columns]
        sums += (counts @ np.array(parts, dtype=np.int64).T).astype(object) << shift
    rows: list[list[int]] = sums.tolist()
    return rows


def _ends(columns: Sequence[Column], counts: Ints) -> tuple[list[list[int]], list[list[int]]]:
    """The least and the greatest value that each row of counts draws of each column."""
    drawn = counts > 0
    lows, highs = [], []
    for column in columns:
        known = sorted(set(column))
        rank = {value: place for place, value in enumerate(known)}
        ranks = np.array([rank[value] for value in column], dtype=np.int64)
        lows.append([known[place] for place in np.where(drawn, ranks, len(known)).min(axis=1).tolist()])
        highs.append([known[place] for place in np.where(drawn, ranks, -1).max(axis=1).tolist()])
    return [list(row) for row in zip(*lows, strict=True)], [list(row) for row in zip(*highs, strict=True)]
