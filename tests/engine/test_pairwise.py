"""Judgements in pairs give the weights that the literature gives, and say how far they agree."""

import time
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from performance.engine import errors, fixed, pairwise, weights

DRINKS = ("coffee", "wine", "tea", "beer", "soda", "milk", "water")
#: Above the diagonal, row by row.
DRINKS_JUDGED = ("9 5 2 1 1 1/2", "1/3 1/9 1/9 1/9 1/9", "1/3 1/4 1/3 1/9", "1/2 1 1/3", "2 1/2", "1/3")
HOUSE = ("size", "transport", "neighbourhood", "age", "yard", "facilities", "condition", "financing")
HOUSE_JUDGED = (
    "5 3 7 6 6 1/3 1/4",
    "1/3 5 3 3 1/5 1/7",
    "6 3 4 6 1/5",
    "1/3 1/4 1/7 1/8",
    "1/2 1/5 1/6",
    "1/5 1/6",
    "1/2",
)


def _judged(keys: tuple[str, ...], rows: tuple[str, ...]) -> dict[tuple[str, str], Fraction]:
    return {
        (keys[row], keys[row + 1 + place]): Fraction(cell)
        for row, cells in enumerate(rows)
        for place, cell in enumerate(cells.split())
    }


@st.composite
def judgements(draw: st.DrawFn, least: int = 1, most: int = 7) -> tuple[list[str], dict[Any, Fraction]]:
    """Components and a judgement of Saaty's scale for each pair, some of them the other way round."""
    keys = [f"c{place}" for place in range(draw(st.integers(least, most)))]
    given_ = {}
    for one, other in combinations(keys, 2):
        times = Fraction(draw(st.integers(1, 9)))
        pair = (one, other) if draw(st.booleans()) else (other, one)
        given_[pair] = times if draw(st.booleans()) else 1 / times
    return keys, given_


def test_the_drinks_of_saaty_weigh_what_he_printed() -> None:
    """Saaty 2008, "Decision making with the analytic hierarchy process", Int. J. Services Sciences 1(1):83–98, the
    relative consumption of drinks. He prints three decimals, .327 for water; the ratio as .022."""
    found = pairwise.priorities(DRINKS, _judged(DRINKS, DRINKS_JUDGED))
    assert [round(Fraction(one, fixed.ONE), 3) for one in found.weights_ppm] == [
        Fraction(one) for one in ("0.177", "0.019", "0.042", "0.116", "0.190", "0.129", "0.327")
    ]
    assert round(Fraction(found.consistency_ppm, fixed.ONE), 3) == Fraction("0.022")
    assert found.is_consistent


def test_the_house_of_saaty_weighs_what_he_printed_and_names_what_he_would_ask_again() -> None:
    """Saaty 1990, "How to make a decision: the analytic hierarchy process", EJOR 48(1):9–26, buying a house: three
    decimals, λ 9.669, ratio .169. Saaty 2003 (EJOR 145:85–91) finds neighbourhood against condition furthest from the
    rest and puts 1/2 there; of that, the weights are compared."""
    judged = _judged(HOUSE, HOUSE_JUDGED)
    found = pairwise.priorities(HOUSE, judged)
    assert [round(Fraction(one, fixed.ONE), 3) for one in found.weights_ppm] == [
        Fraction(one) for one in ("0.173", "0.054", "0.188", "0.018", "0.031", "0.036", "0.167", "0.333")
    ]
    assert round(Fraction(found.lambda_micro, fixed.ONE), 3) == Fraction("9.669")
    assert round(Fraction(found.consistency_ppm, fixed.ONE), 3) == Fraction("0.169")
    assert not found.is_consistent
    assert found.worst == ("neighbourhood", "condition")

    mended = pairwise.priorities(HOUSE, {**judged, found.worst: Fraction(1, 2)})
    assert [round(Fraction(one, fixed.ONE), 3) for one in mended.weights_ppm] == [
        Fraction(one) for one in ("0.175", "0.062", "0.103", "0.019", "0.034", "0.041", "0.221", "0.345")
    ]
    assert mended.is_consistent


@given(judgements())
def test_weights_sum_to_the_whole_and_no_judgements_agree_better_than_fully(
    case: tuple[list[str], dict[Any, Fraction]],
) -> None:
    keys, judged = case
    found = pairwise.priorities(keys, judged)
    assert sum(found.weights_ppm) == fixed.ONE
    assert min(found.weights_ppm) > 0
    assert found.lambda_micro >= len(keys) * fixed.ONE
    assert found.consistency_ppm >= 0
    assert found.is_consistent == (found.consistency_ppm <= 100_000)
    assert (found.worst in judged) == (found.lambda_micro > len(keys) * fixed.ONE)


@given(judgements(most=5), st.randoms())
def test_neither_order_nor_the_way_round_of_judgements_matters(
    case: tuple[list[str], dict[Any, Fraction]], random: Any
) -> None:
    keys, judged = case
    turned = {(other, one): 1 / times for (one, other), times in judged.items()}
    moved, pairs = list(keys), list(turned.items())
    random.shuffle(moved)
    random.shuffle(pairs)
    straight, again = pairwise.priorities(keys, judged), pairwise.priorities(moved, dict(pairs))
    assert dict(zip(again.keys, again.weights_ppm, strict=True)) == dict(
        zip(straight.keys, straight.weights_ppm, strict=True)
    )
    assert again.lambda_micro == straight.lambda_micro
    assert again.consistency_ppm == straight.consistency_ppm
    assert again.worst == (straight.worst and straight.worst[::-1])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=7))
def test_judgements_that_agree_give_back_the_weights_they_came_from(sizes: list[int]) -> None:
    keys = [f"c{place}" for place in range(len(sizes))]
    size = dict(zip(keys, sizes, strict=True))
    found = pairwise.priorities(
        keys, {(one, other): Fraction(size[one], size[other]) for one, other in combinations(keys, 2)}
    )
    plain = weights.effective_weights([weights.Component(key, size[key]) for key in keys])
    assert found.weights_ppm == tuple(one.effective_ppm for one in plain)
    assert (found.consistency_ppm, found.is_consistent, found.worst) == (0, True, None)
    assert found.lambda_micro == len(keys) * fixed.ONE


@given(judgements(least=3, most=6))
def test_the_eigenvalue_is_the_one_of_linear_algebra(case: tuple[list[str], dict[Any, Fraction]]) -> None:
    keys, judged = case
    matrix = np.eye(len(keys))
    for (one, other), times in judged.items():
        matrix[keys.index(one), keys.index(other)] = float(times)
        matrix[keys.index(other), keys.index(one)] = float(1 / times)
    found = pairwise.priorities(keys, judged)
    assert found.lambda_micro / fixed.ONE == pytest.approx(max(np.linalg.eigvals(matrix).real), abs=2e-6)
    shares = np.array(found.weights_ppm) / fixed.ONE
    assert matrix @ shares == pytest.approx(shares * found.lambda_micro / fixed.ONE, abs=5e-5)


@given(judgements(least=2, most=5), st.data())
def test_judging_one_higher_over_another_never_lowers_it_against_that_other(
    case: tuple[list[str], dict[Any, Fraction]], data: st.DataObject
) -> None:
    keys, judged = case
    one, other = data.draw(st.sampled_from(sorted(judged)))
    higher = data.draw(st.sampled_from([Fraction(times) for times in range(1, 10)]))
    assume(higher >= judged[one, other])

    def times(by_pair: dict[Any, Fraction]) -> Fraction:
        found = pairwise.priorities(keys, by_pair)
        weight = dict(zip(keys, found.weights_ppm, strict=True))
        return Fraction(weight[one], weight[other])

    # Both weights are rounded to a ppm, and none is below half a percent.
    assert times({**judged, (one, other): higher}) >= times(judged) * Fraction(999, 1000)


def test_two_components_always_agree() -> None:
    found = pairwise.priorities(["a", "b"], {("b", "a"): Fraction(3)})
    assert found.weights_ppm == (250_000, 750_000)
    assert (found.consistency_ppm, found.worst) == (0, None)


def test_judgements_that_go_round_in_a_circle_are_flagged_and_weigh_alike() -> None:
    """a over b over c over a, 9 times each: by symmetry all weigh the same; λ = 1 + 9 + 1/9."""
    found = pairwise.priorities(
        ["a", "b", "c"], {("a", "b"): Fraction(9), ("b", "c"): Fraction(9), ("c", "a"): Fraction(9)}
    )
    assert found.weights_ppm == (333_334, 333_333, 333_333)
    assert found.lambda_micro == 10_111_111
    assert found.consistency_ppm == fixed.round_divide(64 * 100 * fixed.ONE, 9 * 2 * 58 * 1)
    assert not found.is_consistent
    assert found.worst == ("a", "b")


def test_the_most_that_can_be_judged_is_judged_within_the_blink_of_an_eye() -> None:
    """Fifteen components with judgements at both ends of the scale, where power iteration is slow."""
    keys = [f"c{place:02}" for place in range(15)]
    judged = {
        (one, other): Fraction(9) if (row * 7 + column * 3) % 2 else Fraction(1, 9)
        for (row, one), (column, other) in combinations(enumerate(keys), 2)
    }
    started = time.perf_counter()
    found = pairwise.priorities(keys, judged)
    assert time.perf_counter() - started < 2  # a few hundredths of a second; the limit only catches a mishap
    assert sum(found.weights_ppm) == fixed.ONE


THREE = {("a", "b"): Fraction(2), ("a", "c"): Fraction(3), ("b", "c"): Fraction(2)}


@pytest.mark.parametrize(
    ("keys", "judged", "code", "key"),
    [
        ([], {}, "no_components", None),
        (["a", "a"], {}, "duplicate_key", None),
        ([f"c{place}" for place in range(16)], {}, "too_many_components", None),
        (["a", "b"], {("a", "x"): Fraction(1)}, "unknown_component", "a/x"),
        (["a", "b"], {("a", "a"): Fraction(1), ("a", "b"): Fraction(1)}, "unknown_component", "a/a"),
        (["a", "b", "c"], {("a", "b"): Fraction(2), ("c", "b"): Fraction(1)}, "judgement_missing", "a/c"),
        (["a", "b", "c"], {**THREE, ("c", "a"): Fraction(1, 3)}, "judgement_twice", "a/c"),
        (["a", "b", "c"], {**THREE, ("b", "c"): Fraction(19, 2)}, "judgement_out_of_range", "b/c"),
        (["a", "b", "c"], {**THREE, ("b", "c"): Fraction(1, 10)}, "judgement_out_of_range", "b/c"),
        (["a", "b", "c"], {**THREE, ("b", "c"): Fraction(0)}, "judgement_out_of_range", "b/c"),
        (["a", "b", "c"], {**THREE, ("b", "c"): 0.5}, "inexact_number", "b/c"),
    ],
)
def test_judgements_that_say_nothing_are_refused_with_the_pair(
    keys: list[str], judged: Any, code: str, key: str | None
) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        pairwise.priorities(keys, judged)
    assert (refusal.value.code, refusal.value.key) == (code, key)
