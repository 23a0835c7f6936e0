"""Who moves band is the same told from either side, and nobody is counted twice or lost."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import bands, errors, fixed

POINT = fixed.ONE
GRADES = bands.Bands((60 * POINT, 75 * POINT, 85 * POINT))
optional_scores = st.lists(st.tuples(*[st.none() | st.integers(0, 120 * POINT)] * 2), max_size=12)
tables = st.lists(st.integers(0, 120 * POINT), max_size=5, unique=True).map(
    lambda bounds: bands.Bands(tuple(sorted(bounds)))
)


def _column(scores: list[int | None]) -> Any:
    return fixed.optional_column(scores)


def test_a_band_begins_with_its_lower_bound_and_nothing_is_rounded_up_into_it() -> None:
    scores = [0, 59_999_999, 60_000_000, 74_999_999, 75_000_000, 84_999_999, 85_000_000, 120_000_000, None]
    assert bands.band_columns(*_column(scores), GRADES).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, -1]


def test_without_bounds_all_is_one_band() -> None:
    assert bands.band_columns(*_column([0, 50, None]), bands.Bands(())).tolist() == [0, 0, -1]


def test_who_moves_is_who_has_another_band_after() -> None:
    before = [74_900_000, 85_000_000, 70_000_000, None, 50_000_000]
    after = [75_100_000, 84_999_999, 70_000_000, 80_000_000, None]
    found = bands.moves(_column(before), _column(after), GRADES)
    assert found.before_band.tolist() == [1, 3, 1, -1, 0]
    assert found.after_band.tolist() == [2, 2, 1, 2, -1]
    assert found.change_micro.tolist() == [200_000, -1, 0, 0, 0]
    assert found.compared.tolist() == [True, True, True, False, False]


@given(optional_scores, tables)
def test_going_back_undoes_every_move(pairs: list[tuple[int | None, int | None]], table: bands.Bands) -> None:
    before, after = ([pair[side] for pair in pairs] for side in (0, 1))
    there = bands.moves(_column(before), _column(after), table)
    back = bands.moves(_column(after), _column(before), table)
    assert (back.before_band == there.after_band).all()
    assert (back.after_band == there.before_band).all()
    assert (back.change_micro == -there.change_micro).all()
    # The band never goes against the score.
    difference = there.after_band - there.before_band
    assert (difference * there.change_micro >= 0)[there.compared].all()


@given(optional_scores, tables)
def test_a_higher_score_is_in_no_lower_band(
    pairs: list[tuple[int | None, int | None]], table: bands.Bands
) -> None:
    scores = sorted(score for pair in pairs for score in pair if score is not None)
    found = bands.band_columns(*_column(list(scores)), table)
    assert (np.diff(found) >= 0).all()
    for score, band in zip(scores, found.tolist(), strict=True):
        assert band == sum(bound <= score for bound in table.bounds_micro)


@given(optional_scores, st.integers(1, 3 * POINT), st.integers(1, 10))
def test_a_histogram_counts_everybody_compared_once(
    pairs: list[tuple[int | None, int | None]], width: int, half: int
) -> None:
    before, after = ([pair[side] for pair in pairs] for side in (0, 1))
    found = bands.moves(_column(before), _column(after), GRADES)
    edge = half * width
    counts = bands.histogram(found.change_micro, found.compared, width_micro=width, edge_micro=edge)
    expected = [0] * (2 * half)
    for change in found.change_micro[found.compared].tolist():
        inside = [
            place
            for place in range(2 * half)
            if -edge + place * width <= change < -edge + (place + 1) * width
        ]
        expected[inside[0] if inside else 0 if change < 0 else -1] += 1
    assert list(counts) == expected


def test_no_change_is_counted_upwards_and_the_ends_hold_what_lies_beyond() -> None:
    changes, compared = _column([0, -1, 250_000, -250_000, 9 * POINT, -9 * POINT, 500_000])
    found = bands.histogram(changes, compared, width_micro=250_000, edge_micro=500_000)
    assert found == (1, 2, 1, 3)


@pytest.mark.parametrize("bounds", [(2, 1), (1, 1)])
def test_bands_that_do_not_rise_are_refused(bounds: tuple[int, ...]) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        bands.Bands(bounds)
    assert (refusal.value.code, refusal.value.key) == ("bands_not_ordered", "bands")


@pytest.mark.parametrize(("width", "edge"), [(0, 1), (-1, 1), (1, 0), (2, 3)])
def test_bins_without_width_or_with_a_part_of_one_are_refused(width: int, edge: int) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        bands.histogram(*_column([1]), width_micro=width, edge_micro=edge)
    assert refusal.value.code == "width_out_of_range"


def test_columns_of_different_people_are_refused() -> None:
    one, two = _column([1]), _column([1, 2])
    for attempt in (
        lambda: bands.band_columns(one[0], two[1], GRADES),
        lambda: bands.moves(one, two, GRADES),
        lambda: bands.histogram(one[0], two[1], width_micro=1, edge_micro=1),
    ):
        with pytest.raises(errors.InvalidInput) as refusal:
            attempt()
        assert refusal.value.code == "shape_mismatch"
