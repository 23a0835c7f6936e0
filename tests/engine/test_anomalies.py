"""What stands out: laws of the judgement and of the choice among many."""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import anomalies
from performance.engine.anomalies import Judged, Unjudged

whole = st.integers(-(10**15), 10**15)
pasts = st.lists(whole, min_size=anomalies.MOST_SHORT, max_size=60)


def p_of(series: Sequence[int | None]) -> float:
    found = anomalies.judge(series)
    return found.p_value if isinstance(found, Judged) else 1.0


@pytest.mark.parametrize(
    ("distance", "freedom", "expected"),
    # Tables of Student's t: Fisher & Yates 1963, two tails.
    [
        (4.303, 2, 0.05),
        (2.776, 4, 0.05),
        (4.604, 4, 0.01),
        (2.306, 8, 0.05),
        (3.355, 8, 0.01),
        (0.695, 12, 0.5),
    ],
)
def test_tails_are_those_of_students_tables(distance: float, freedom: int, expected: float) -> None:
    assert anomalies._both_tails(distance, freedom) == pytest.approx(expected, rel=2e-3)


def test_tails_join_where_the_ways_of_counting_meet() -> None:
    for freedom in range(2, 24, 2):
        meeting = freedom**0.5
        below, above = (anomalies._both_tails(meeting * factor, freedom) for factor in (1 - 1e-9, 1 + 1e-9))
        assert below == pytest.approx(above, rel=1e-7)


def test_a_lone_jump_stands_out_and_an_ordinary_month_does_not() -> None:
    past: list[int | None] = [100, 104, 98, 101, 99, 103, 97, 102, 100, 101, 99, 100]
    ordinary, jump = anomalies.judge([*past, 103]), anomalies.judge([*past, 160])
    assert isinstance(ordinary, Judged)
    assert not ordinary.is_outside
    assert isinstance(jump, Judged)
    assert jump.is_outside
    assert jump.low < 100 < jump.high < 160
    assert (jump.expected, jump.basis) == (100, "level")


def test_a_season_that_comes_every_year_is_expected() -> None:
    """December is three times any other month; after two years it alarms no more, and its absence does."""
    rng = random.Random(5)
    months = [(300 if month % 12 == 11 else 100) + rng.randint(-4, 4) + month for month in range(35)]
    december, missed = anomalies.judge([*months, 336]), anomalies.judge([*months, 135])
    assert isinstance(december, Judged)
    assert not december.is_outside
    assert december.basis == "year"
    assert isinstance(missed, Judged)
    assert missed.is_outside
    assert missed.expected == pytest.approx(336, abs=8)


@given(pasts, whole)
def test_what_never_moved_raises_no_alarm(past: list[int], value: int) -> None:
    assert anomalies.judge([past[0]] * 30 + [value]) == Unjudged("no_movement")


@given(st.lists(whole, max_size=anomalies.MOST_SHORT - 1), whole)
def test_a_series_too_short_is_refused(past: list[int], value: int) -> None:
    assert anomalies.judge([*past, value]) == Unjudged("too_short")
    assert anomalies.judge([*past, None]) == Unjudged("missing")


@given(pasts, st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_larger_residual_is_never_less_alarming(past: list[int], near: int, more: int) -> None:
    judged = anomalies.judge([*past, 0])
    if isinstance(judged, Unjudged):
        return
    # The expectation may lie between two whole numbers: up from the one above it.
    start = judged.expected + 1
    assert p_of([*past, start + near + more]) <= p_of([*past, start + near]) * (1 + 1e-9)


@given(pasts, whole, st.integers(-(10**12), 10**12), st.integers(1, 1000))
def test_neither_the_unit_nor_a_constant_changes_the_judgement(
    past: list[int], value: int, shift: int, factor: int
) -> None:
    moved = [one * factor + shift for one in (*past, value)]
    assert p_of(moved) == pytest.approx(p_of([*past, value]), rel=1e-9)


@given(pasts, whole)
def test_outside_the_band_and_alarming_alone_are_the_same(past: list[int], value: int) -> None:
    judged = anomalies.judge([*past, value])
    if isinstance(judged, Judged):
        if value < judged.low or value > judged.high:
            assert judged.is_outside
        if judged.low < value < judged.high:
            assert not judged.is_outside


@given(st.lists(whole, min_size=8, max_size=11), whole, st.randoms(use_true_random=False))
def test_the_level_does_not_depend_on_the_order_of_the_past(
    past: list[int], value: int, rng: random.Random
) -> None:
    mixed = past[:]
    rng.shuffle(mixed)
    assert anomalies.judge([*past, value]) == anomalies.judge([*mixed, value])


def chances(values: list[float]) -> dict[int, Judged]:
    return {number: Judged(0, 0, 0, value, "level") for number, value in enumerate(values)}


p_values = st.lists(st.floats(0, 1), max_size=40)


@given(p_values, st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order(values: list[float], rng: random.Random) -> None:
    judged = list(chances(values).items())
    rng.shuffle(judged)
    assert anomalies.alarming(dict(judged)) == anomalies.alarming(chances(values))


@given(p_values)
def test_the_chosen_are_the_smallest_and_as_many_as_the_rule_allows(values: list[float]) -> None:
    chosen = anomalies.alarming(chances(values))
    limit = max((values[key] for key in chosen), default=-1.0)
    assert chosen == {key for key, value in enumerate(values) if value <= limit}
    assert limit * len(values) <= len(chosen) * anomalies.Q or not chosen
    assert all(value <= anomalies.Q for key, value in enumerate(values) if key in chosen)
    # No larger choice keeps to the rule.
    ordered = sorted(values)
    for more in range(len(chosen) + 1, len(values) + 1):
        assert ordered[more - 1] * len(values) > more * anomalies.Q


@given(p_values, st.integers(0, 39))
def test_a_smaller_chance_of_one_takes_no_alarm_from_it(values: list[float], place: int) -> None:
    if place >= len(values):
        return
    smaller = [value / 2 if key == place else value for key, value in enumerate(values)]
    assert anomalies.alarming(chances(values)) <= anomalies.alarming(chances(smaller))


@pytest.mark.parametrize("length", [8, 12, 24, 47])
def test_normal_noise_alarms_no_more_often_than_it_says(length: int) -> None:
    """Seeded: 4,000 series of pure chance, each judged alone at one in twenty."""
    rng = random.Random(20260514)
    outside = 0
    for _series in range(4000):
        judged: Any = anomalies.judge([round(rng.gauss(0, 10**6)) for _month in range(length + 1)])
        outside += judged.is_outside
    assert outside / 4000 < 0.056


def test_among_many_quiet_series_the_one_that_jumps_is_found_and_hardly_another() -> None:
    rng = random.Random(7)
    series = {key: [round(rng.gauss(1000, 10)) for _month in range(37)] for key in range(200)}
    series[17][-1] = 1400
    judged = {key: anomalies.judge(values) for key, values in series.items()}
    chosen = anomalies.alarming({key: one for key, one in judged.items() if isinstance(one, Judged)})
    assert 17 in chosen
    assert len(chosen) <= 3
