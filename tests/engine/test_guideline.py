"""Heads of a guideline: they sum to the group, and stand next to their exact share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import errors, guideline

PERCENTAGES = st.lists(st.integers(0, 1000), min_size=2, max_size=7).map(
    lambda parts: [*(part for part in parts), guideline.WHOLE - sum(parts)]
)


def test_twenty_seventy_ten_of_thirteen_and_equal_remainders() -> None:
    # 2.6, 9.1 and 1.3 heads.
    assert guideline.headcounts(13, [2000, 7000, 1000]) == (3, 9, 1)
    # Half a head each: the earlier level gets it.
    assert guideline.headcounts(1, [5000, 5000]) == (1, 0)


@given(st.integers(0, 200_000), PERCENTAGES)
def test_heads_sum_to_the_group_and_are_next_to_their_share(size: int, percentages: list[int]) -> None:
    found = guideline.headcounts(size, percentages)
    assert sum(found) == size
    for heads, percentage in zip(found, percentages, strict=True):
        assert abs(heads * guideline.WHOLE - size * percentage) < guideline.WHOLE


@given(st.lists(st.integers(0, 50), min_size=3, max_size=3))
def test_differences_sum_to_nothing_and_end_there(actual: list[int]) -> None:
    found = guideline.compare(actual, [2000, 7000, 1000])
    assert sum(level.difference for level in found.levels) == 0
    assert found.levels[-1].cumulative == 0
    assert found.is_within == all(level.difference == 0 for level in found.levels)


def test_tolerance_counts_heads_and_small_groups_are_exempt() -> None:
    percentages = [2000, 7000, 1000]
    assert not guideline.compare([4, 5, 1], percentages, tolerance=1).is_within
    assert guideline.compare([3, 6, 1], percentages, tolerance=1).is_within
    small = guideline.compare([4, 0, 0], percentages, least_size=5)
    assert (small.is_exempt, small.is_within) == (True, True)


@pytest.mark.parametrize(
    ("actual", "percentages", "code"),
    [
        ([1, 1], [5000, 4000], "not_whole"),
        ([1], [5000, 5000], "lengths"),
        ([-1, 1], [5000, 5000], "negative"),
    ],
)
def test_what_makes_no_guideline_is_refused(actual: list[int], percentages: list[int], code: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        guideline.compare(actual, percentages)
    assert refused.value.code == code
