"""Weights of the penalty type: what is weak weighs more, and raising a value still never lowers a score."""

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from performance.engine import attribution, errors, fixed, penalty, score, shares
from tests.engine.test_score import BY_CELL, BY_ROW, CELLS, POINT, people, segments_of

quarters = st.integers(0, 3)


def _one(parts: list[tuple[str | None, int]], alpha: int, **options: Any) -> score.Score:
    """The score of one person from values in points and weights in ppm."""
    return score.score_one(
        [
            score.ComponentValue(f"c{place}", None if value is None else fixed.micro(value), weight, weight)
            for place, (value, weight) in enumerate(parts)
        ],
        alpha_quarters=alpha,
        **options,
    )


def test_at_a_half_two_equal_weights_give_the_geometric_mean_and_at_nothing_the_harmonic() -> None:
    """With w₁ = w₂ and α = ½, Σ w·√x / Σ w/√x is √(x₁·x₂); with α = 0, 1 / Σ w/x."""
    parts: list[tuple[str | None, int]] = [("80", 500_000), ("40", 500_000)]
    assert [_one(parts, alpha).score_micro for alpha in (0, 2, 4)] == [53_333_333, 56_568_542, 60 * POINT]
    halved = _one(parts, 2)
    assert [line.effective_ppm for line in halved.lines] == [414_214, 585_786]  # 1 : √2
    assert [line.contribution_micro for line in halved.lines] == [33_137_085, 23_431_457]
    assert halved.constant_score_micro == 60 * POINT


def test_a_quarter_and_three_quarters_lie_where_floats_say() -> None:
    values, weights = np.array([95.0, 70.0, 12.5]), np.array([0.5, 0.3, 0.2])
    parts: list[tuple[str | None, int]] = [("95", 500_000), ("70", 300_000), ("12.5", 200_000)]
    for alpha in range(5):
        varied = weights * values ** (alpha / 4 - 1)
        found = _one(parts, alpha)
        assert found.score_micro == pytest.approx((values * varied).sum() / varied.sum() * POINT, abs=1)
        shown = [line.effective_ppm for line in found.lines]
        assert shown == pytest.approx(varied / varied.sum() * fixed.ONE, abs=1)


def test_a_value_of_nothing_pulls_down_without_deciding_alone() -> None:
    """Below one point a weight grows no further: half the weight on 0 leaves 100·u₁₀₀ / (u₁₀₀ + u₁)."""
    found = _one([("100", 500_000), ("0", 500_000)], 2)
    assert found.score_micro == fixed.round_divide(100 * POINT, 11)
    assert [line.contribution_micro for line in found.lines] == [found.score_micro, 0]


def test_what_is_left_out_draws_no_weight() -> None:
    found = _one([("80", 500_000), (None, 300_000), ("40", 500_000)], 2)
    assert found.score_micro == 56_568_542
    assert found.lines[1].effective_ppm == 0
    assert _one([("80", 1), (None, 1)], 0).score_micro == 80 * POINT
    assert _one([(None, 1)], 0).score_micro is None


@given(people(), quarters)
def test_contributions_and_weights_sum_exactly_under_a_penalty(arguments: dict[str, Any], alpha: int) -> None:
    found = score.score_columns(**arguments, alpha_quarters=alpha)
    assert (found.contributions_micro.sum(axis=1) == found.score_micro).all()
    assert (found.effective_ppm.sum(axis=1) == np.where(found.scored, fixed.ONE, 0)).all()
    assert found.penalised.all()
    for name in ("score_micro", "contributions_micro", "effective_ppm"):
        assert getattr(found, name).dtype == np.int64


@given(people(), st.integers(0, 2))
def test_a_penalty_only_lowers_a_score_and_a_weaker_one_lowers_it_less(
    arguments: dict[str, Any], alpha: int
) -> None:
    plain = score.score_columns(**arguments)
    strong, weak = (score.score_columns(**arguments, alpha_quarters=one) for one in (alpha, alpha + 1))
    assert (strong.score_micro <= weak.score_micro).all()
    assert (weak.score_micro <= plain.score_micro).all()
    for row in np.flatnonzero(plain.scored):
        counted = plain.values_micro[row][plain.treatment[row] != score.LEFT_OUT]
        assert strong.score_micro[row] >= counted.min()
    for name in (*BY_ROW, *BY_CELL):
        if name not in ("score_micro", "contributions_micro", "effective_ppm", "penalised"):
            assert (getattr(strong, name) == getattr(plain, name)).all()


@given(people())
def test_at_one_nothing_varies(arguments: dict[str, Any]) -> None:
    plain = score.score_columns(**arguments)
    found = penalty.penalised_columns(
        plain.values_micro,
        plain.effective_ppm,
        plain.treatment != score.LEFT_OUT,
        alpha_quarters=penalty.OFF,
        order=shares.key_order(arguments["keys"]),
    )
    assert (found.score_micro == plain.score_micro).all()
    assert (found.varied_ppm == plain.effective_ppm).all()
    assert (found.contributions_micro == plain.contributions_micro).all()
    assert not plain.penalised.any()


@given(people(), quarters, st.integers(0, 10**6), st.integers(0, 2) | st.integers(0, 30 * POINT))
def test_raising_a_component_never_lowers_a_penalised_score(
    arguments: dict[str, Any], alpha: int, pick: int, gain: int
) -> None:
    before = score.score_columns(**arguments, alpha_quarters=alpha)
    raised = arguments["values_micro"].copy()
    raised[:, pick % raised.shape[1]] += gain
    after = score.score_columns(**{**arguments, "values_micro": raised}, alpha_quarters=alpha)
    assert (after.score_micro >= before.score_micro).all()


@pytest.mark.parametrize("alpha", range(4))
def test_not_even_a_micro_is_lost_on_the_way_up(alpha: int) -> None:
    """Each step of one micro, around the floor of one point, at 100 points and at the largest value, for weights that are
    alike and that are a millionth of the others."""
    point, count = penalty.ONE_POINT, 300
    for start in (0, point - 150, 100 * point, score.LARGEST_VALUE - count):
        rising = np.arange(start, start + count, dtype=np.int64)
        for weight in (1, 500_000):
            found = score.score_columns(
                keys=["a", "b", "c"],
                values_micro=np.stack(
                    [rising, np.full(count, 7 * point + 1), np.full(count, 119 * point)], axis=1
                ),
                present=np.ones((count, 3), dtype=np.bool_),
                effective_ppm=np.array([weight, 300_000, 200_000]),
                base_ppm=np.array([1, 1, 1]),
                alpha_quarters=alpha,
            )
            assert (np.diff(found.score_micro) >= 0).all()


def test_the_incentive_type_would_lower_a_score_as_a_value_rises() -> None:
    """Why it is refused: at α = 1¼, 10 and 100 points of equal weight give less when the 10 become 11."""

    def incentive(*values: float) -> float:
        varied = np.array(values) ** 0.25
        return float((np.array(values) * varied).sum() / varied.sum())

    assert incentive(11, 100) < incentive(10, 100)
    assert _one([("11", 1), ("100", 1)], 3).score_micro > _one([("10", 1), ("100", 1)], 3).score_micro  # type: ignore[operator]


@given(people(), quarters, st.randoms(), st.integers(1, 900))
def test_neither_order_nor_scale_matters_under_a_penalty(
    arguments: dict[str, Any], alpha: int, random: Any, scale: int
) -> None:
    straight = score.score_columns(**arguments, alpha_quarters=alpha)
    rows, columns = (list(range(size)) for size in arguments["values_micro"].shape)
    random.shuffle(rows)
    random.shuffle(columns)
    moved = {name: arguments[name][rows][:, columns] for name in CELLS}
    moved["keys"] = [arguments["keys"][place] for place in columns]
    moved["missing"] = [arguments["missing"][place] for place in columns]
    moved["effective_ppm"] = moved["effective_ppm"] * scale
    shuffled = score.score_columns(**moved, alpha_quarters=alpha)
    for name in BY_ROW:
        assert (getattr(shuffled, name) == getattr(straight, name)[rows]).all()
    for name in BY_CELL:
        assert (getattr(shuffled, name) == getattr(straight, name)[rows][:, columns]).all()


@given(people(), quarters, st.integers(0, 5))
def test_penalised_scores_do_not_depend_on_chunks(arguments: dict[str, Any], alpha: int, cut: int) -> None:
    whole = score.score_columns(**arguments, alpha_quarters=alpha)
    chunks = [
        score.score_columns(
            **{**arguments, **{name: arguments[name][part] for name in CELLS}}, alpha_quarters=alpha
        )
        for part in (slice(None, cut), slice(cut, None))
    ]
    for name in (*BY_ROW, *BY_CELL):
        joined = np.concatenate([getattr(chunk, name) for chunk in chunks])
        assert joined.tobytes() == getattr(whole, name).tobytes()


@given(people(rows=1), quarters, st.integers(1, 300), st.integers(1, 300))
def test_cutting_a_penalised_segment_in_two_changes_nothing(
    arguments: dict[str, Any], alpha: int, first: int, second: int
) -> None:
    plain = score.score_columns(**arguments, alpha_quarters=alpha)
    twice = {**arguments, **{name: np.repeat(arguments[name], 2, axis=0) for name in CELLS}}
    two = segments_of({**twice, "alpha_quarters": alpha}, [0, 0], [first, second]).columns
    for name in (*BY_ROW, *BY_CELL):
        if name != "penalised" or plain.scored.all():
            assert (getattr(two, name) == getattr(plain, name)).all()


@given(people(), st.data())
def test_segments_with_and_without_a_penalty_blend_exactly_and_rise_together(
    arguments: dict[str, Any], data: st.DataObject
) -> None:
    """A policy that switches the penalty on in mid-period: rows of both kinds for the same people."""
    size = len(arguments["values_micro"])
    person = np.array(data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)), dtype=np.int64)
    days = np.array(data.draw(st.lists(st.integers(1, 366), min_size=size, max_size=size)), dtype=np.int64)

    def blend(values: Any) -> Any:
        both = [
            score.score_columns(**{**arguments, "values_micro": values}, alpha_quarters=alpha)
            for alpha in (penalty.OFF, 1)
        ]
        stacked = score.ScoreColumns(
            keys=both[0].keys,
            **{name: np.concatenate([getattr(part, name) for part in both]) for name in (*BY_ROW, *BY_CELL)},
        )
        rows, long = np.tile(person, 2), np.tile(days, 2)
        return both, score.blend_segments(stacked, person=rows, days=long, people=3).columns

    both, found = blend(arguments["values_micro"])
    assert (found.contributions_micro.sum(axis=1) == found.score_micro).all()
    assert (found.effective_ppm.sum(axis=1) == np.where(found.scored, fixed.ONE, 0)).all()
    for one in np.flatnonzero(found.scored):
        mine = (person == one) & both[0].scored
        weighed = ((both[0].score_micro + both[1].score_micro) * days)[mine].sum() / (2 * days[mine].sum())
        assert found.score_micro[one] == pytest.approx(weighed, abs=1)
        assert found.penalised[one]
    _both, risen = blend(arguments["values_micro"] + 5)
    assert (risen.score_micro >= found.score_micro).all()


@given(people(rows=2), quarters)
def test_the_split_of_a_change_is_exact_under_a_penalty(arguments: dict[str, Any], alpha: int) -> None:
    assume(len(arguments["values_micro"]) == 2)
    found = score.score_columns(**arguments, alpha_quarters=alpha)
    before, after = score.score_of(found, 0), score.score_of(found, 1)
    split = attribution.attribute_change(before, after)
    if split.change_micro is not None:
        assert split.performance_micro + split.weight_micro == split.change_micro
        assert split.change_micro == int(after.score_micro or 0) - int(before.score_micro or 0)


def test_twenty_thousand_people_are_penalised_within_seconds() -> None:
    size, count = 20_000, 8
    generator = np.random.default_rng(7)
    started = time.perf_counter()
    found = score.score_columns(
        keys=[f"c{place}" for place in range(count)],
        values_micro=generator.integers(0, 120 * POINT, (size, count)),
        present=generator.random((size, count)) > 0.1,
        effective_ppm=generator.integers(1, fixed.ONE, (size, count)),
        base_ppm=np.full(count, 125_000, dtype=np.int64),
        alpha_quarters=1,
    )
    assert time.perf_counter() - started < 15  # about a second on a laptop; the limit only catches a mishap
    assert (found.contributions_micro.sum(axis=1) == found.score_micro).all()


@pytest.mark.parametrize(
    ("alpha", "code"),
    [
        (5, "incentive_refused"),
        (400, "incentive_refused"),
        (-1, "alpha_out_of_range"),
        (2.5, "alpha_out_of_range"),
    ],
)
def test_other_exponents_are_refused(alpha: Any, code: str) -> None:
    for attempt in (
        lambda: _one([("1", 1)], alpha),
        lambda: penalty.penalised_columns(
            np.array([[1]]), np.array([[1]]), np.array([[True]]), alpha_quarters=alpha, order=np.array([0])
        ),
    ):
        with pytest.raises(errors.InvalidInput) as refusal:
            attempt()
        assert (refusal.value.code, refusal.value.key) == (code, "alpha_quarters")
