"""Base weights from judgements in pairs, and how far the judgements agree with each other.

Who is asked says for each pair of components how many times as important the first is as the second: 1 to 9, or
1/9 to 1 the other way round. The weights are the principal eigenvector w of the reciprocal matrix A of all
judgements, A·w = λ·w with the largest λ. Judgements that agree fully (a_ij · a_jk = a_ik for all) give λ = n;
otherwise λ > n, and

    consistency index = (λ − n) / (n − 1),   consistency ratio = index / random index of n

where the random index is the mean index of matrices filled at random. A ratio up to 0.10 is accepted.

Sources: the Analytic Hierarchy Process, Saaty 1977 (J. Math. Psychology 15:234–281) and Saaty 1980 (The Analytic
Hierarchy Process, McGraw-Hill; the random index is his table). The judgement furthest from the rest: Saaty 2003
(EJOR 145:85–91). The eigenvalue is enclosed between the least and the greatest (A·w)_i / w_i (Collatz 1942).

Judgements that agree are computed in fractions, others in decimals of DIGITS digits over sorted keys until λ is
known to within CLOSE: the same bits on any machine and in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import combinations

from performance.engine import errors, fixed, projection, shares

LARGEST_JUDGEMENT = 9
#: Saaty's random index of n = 1, 2, …, 15, in hundredths.
RANDOM_INDEX = (0, 0, 58, 90, 112, 124, 132, 141, 145, 149, 151, 148, 156, 157, 159)
MOST_COMPONENTS = len(RANDOM_INDEX)
ACCEPTED_PPM = fixed.ONE // 10
DIGITS = 50
CLOSE = Decimal("1e-40")
#: Weights are compared and rounded from so many decimals, so that equal ones stay equal.
KEPT = Decimal("1e-30")


@dataclass(frozen=True, slots=True)
class Priorities:
    """What judgements in pairs say.

    weights_ppm: in the order of `keys`, summing to 1_000_000. lambda_micro: the largest eigenvalue in micro.
    consistency_ppm: the consistency ratio in ppm (0.10 is 100_000); 0 where it cannot be anything else (n ≤ 2).
    is_consistent: whether the ratio, as shown, is accepted. worst: the judgement furthest from what the weights
    say, as it was given; None where all agree.
    """

    keys: tuple[str, ...]
    weights_ppm: tuple[int, ...]
    lambda_micro: int
    consistency_ppm: int
    is_consistent: bool
    worst: tuple[str, str] | None


def priorities(keys: Sequence[str], judgements: Mapping[tuple[str, str], Fraction]) -> Priorities:
    """The weights of `keys` from one judgement for each pair of them, whichever way round it is given.

    judgements: (a, b) → how many times as important a is as b.
    Raises InvalidInput: "no_components", "duplicate_key", "too_many_components" (more than 15, for which there is no
    random index), "unknown_component" (a judgement of something else, or of a component against itself),
    "judgement_missing", "judgement_twice" (both ways round), "judgement_out_of_range" (outside 1/9…9),
    "inexact_number" (a float). `key` names the pair as "a/b".
    """
    if not keys:
        raise errors.InvalidInput("A policy needs at least one component.", code="no_components")
    shares.key_order(keys)
    if len(keys) > MOST_COMPONENTS:
        raise errors.InvalidInput(
            f"At most {MOST_COMPONENTS} components can be judged in pairs.", code="too_many_components"
        )
    ordered = sorted(keys)
    matrix = _matrix(ordered, judgements)
    agreed = _agreed(matrix)
    if agreed is not None:
        weights, eigenvalue = agreed, Fraction(len(keys))
    else:
        weights, eigenvalue = _principal(matrix)
    ratio_ppm = _consistency_ppm(eigenvalue, len(keys))
    shown = projection.rounded(projection.scaled_to_whole(dict(zip(ordered, weights, strict=True))))
    return Priorities(
        keys=tuple(keys),
        weights_ppm=tuple(shown[key] for key in keys),
        lambda_micro=_rounded(eigenvalue * fixed.ONE),
        consistency_ppm=ratio_ppm,
        is_consistent=ratio_ppm <= ACCEPTED_PPM,
        worst=None if agreed is not None else _worst(ordered, judgements, weights),
    )


def _matrix(
    keys: Sequence[str], judgements: Mapping[tuple[str, str], Fraction]
) -> tuple[tuple[Fraction, ...], ...]:
    """The reciprocal matrix: 1 on the diagonal, a judgement and its inverse on either side of it."""
    places = {key: place for place, key in enumerate(keys)}
    rows = [[Fraction(1)] * len(keys) for _key in keys]
    for (one, other), judgement in judgements.items():
        pair = f"{one}/{other}"
        if one not in places or other not in places or one == other:
            raise errors.InvalidInput(
                f"{pair} is not a pair of these components.", code="unknown_component", key=pair
            )
        if (other, one) in judgements:
            raise errors.InvalidInput(f"{pair} is judged both ways round.", code="judgement_twice", key=pair)
        if not isinstance(judgement, Fraction | int):
            raise errors.InvalidInput("A judgement is a fraction.", code="inexact_number", key=pair)
        if not Fraction(1, LARGEST_JUDGEMENT) <= judgement <= LARGEST_JUDGEMENT:
            raise errors.InvalidInput(
                "A judgement lies between 1/9 and 9.", code="judgement_out_of_range", key=pair
            )
        rows[places[one]][places[other]] = Fraction(judgement)
        rows[places[other]][places[one]] = 1 / Fraction(judgement)
    for one, other in combinations(keys, 2):
        if (one, other) not in judgements and (other, one) not in judgements:
            pair = f"{one}/{other}"
            raise errors.InvalidInput(f"{pair} is not judged.", code="judgement_missing", key=pair)
    return tuple(tuple(row) for row in rows)


def _agreed(matrix: Sequence[Sequence[Fraction]]) -> list[Fraction] | None:
    """The weights that all judgements give alike, or None where no weights do."""
    weights = [row[0] for row in matrix]
    for row, weight in zip(matrix, weights, strict=True):
        if any(judged * other != weight for judged, other in zip(row, weights, strict=True)):
            return None
    return weights


def _principal(matrix: Sequence[Sequence[Fraction]]) -> tuple[list[Fraction], Fraction]:
    """The principal eigenvector, summing to nearly 1, and its eigenvalue, by power iteration."""
    with localcontext(Context(prec=DIGITS)):
        rows = [[Decimal(cell.numerator) / cell.denominator for cell in row] for row in matrix]
        weights = [1 / Decimal(len(rows))] * len(rows)
        while True:
            moved = [
                sum((cell * weight for cell, weight in zip(row, weights, strict=True)), Decimal(0))
                for row in rows
            ]
            quotients = [after / before for after, before in zip(moved, weights, strict=True)]
            total = sum(moved, Decimal(0))
            weights = [weight / total for weight in moved]
            low, high = min(quotients), max(quotients)
            if high - low < CLOSE:
                break
        kept = [Fraction(weight.quantize(KEPT)) for weight in weights]
        return kept, Fraction(((low + high) / 2).quantize(KEPT))


def _consistency_ppm(eigenvalue: Fraction, size: int) -> int:
    random_index = Fraction(RANDOM_INDEX[size - 1], 100)
    if not random_index:
        return 0
    return _rounded((eigenvalue - size) / (size - 1) / random_index * fixed.ONE)


def _worst(
    keys: Sequence[str], judgements: Mapping[tuple[str, str], Fraction], weights: Sequence[Fraction]
) -> tuple[str, str]:
    """The judgement that differs most from the quotient of its weights, in either direction."""
    weight = dict(zip(keys, weights, strict=True))

    def distance(pair: tuple[str, str]) -> int:
        one, other = pair
        times = judgements[pair] * weight[other] / weight[one]
        # To the micro, so that equal distances are equal and the pair's name decides.
        return _rounded(max(times, 1 / times) * fixed.ONE)

    return min(judgements, key=lambda pair: (-distance(pair), sorted(pair)))


def _rounded(value: Fraction) -> int:
    return fixed.round_divide(value.numerator, value.denominator)
