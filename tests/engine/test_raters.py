"""Agreement as in the paper that named it, and severity that is refused where it cannot be known."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from performance.engine import errors, raters
from performance.engine.raters import Rating

#: Shrout and Fleiss (1979), table 2: six targets, four judges.
PUBLISHED = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def _crossed(table: list[list[float]]) -> list[Rating]:
    return [Rating(f"t{n}", f"j{k}", value) for n, row in enumerate(table) for k, value in enumerate(row)]


def test_agreement_is_as_published() -> None:
    found = raters.agreement(PUBLISHED)
    squares = [found.between, found.within, found.judges, found.residual]
    assert [round(each, 2) for each in squares] == [11.24, 6.26, 32.49, 1.02]
    single = [found.single_one_way, found.single_random, found.single_mixed]
    mean = [found.mean_one_way, found.mean_random, found.mean_mixed]
    assert [round(each, 2) for each in single] == [0.17, 0.29, 0.71]
    assert [round(each, 2) for each in mean] == [0.44, 0.62, 0.91]


def test_severity_of_a_full_table_is_the_shrunken_difference_of_means() -> None:
    # Without gaps, the variances are those of the mean squares, and effects shrink by 1 - residual / judges.
    table = raters.agreement(PUBLISHED)
    means = [sum(row[k] for row in PUBLISHED) / 6 for k in range(4)]
    shrunken = [(sum(means) / 4 - mean) * (1 - table.residual / table.judges) for mean in means]
    found = raters.severities(_crossed(PUBLISHED))
    assert [each.rater for each in found] == ["j0", "j1", "j2", "j3"]
    assert [each.estimate for each in found] == pytest.approx(shrunken, abs=1e-4)
    assert all(each.low < each.estimate < each.high for each in found)
    assert found[1].low > 0 > found[0].estimate


def test_raters_who_share_nobody_are_not_compared() -> None:
    apart = [*_crossed(PUBLISHED), *(Rating(f"u{n}", f"i{k}", n + k) for n in range(4) for k in range(3))]
    assert raters.groups(apart) == (("i0", "i1", "i2"), ("j0", "j1", "j2", "j3"))
    with pytest.raises(errors.InvalidInput) as refused:
        raters.severities(apart)
    assert refused.value.code == "not_connected"
    assert len(raters.severities([*apart, Rating("t0", "i0", 3)])) == 7


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ([Rating("a", "x", 1), Rating("b", "x", 2)], "too_few"),
        ([Rating("a", "x", 1), Rating("a", "y", 2), Rating("b", "x", 2)], "too_few"),
        ([Rating("a", "x", 1), Rating("a", "x", 2)], "rated_twice"),
        ([Rating(one, other, 3) for one in "abc" for other in "xyz"], "no_variation"),
    ],
)
def test_what_tells_nothing_is_refused(given_: list[Rating], code: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        raters.severities(given_)
    assert refused.value.code == code


def test_agreement_needs_a_table_that_differs() -> None:
    for table, code in (([[1.0, 2.0]], "too_few"), ([[1.0, 2.0], [1.0, 2.0]], "no_variation")):
        with pytest.raises(errors.InvalidInput) as refused:
            raters.agreement(table)
        assert refused.value.code == code


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=3, max_size=6),
    st.randoms(use_true_random=False),
)
def test_order_does_not_count_and_a_shift_of_all_changes_nothing(
    table: list[list[int]], chance: random.Random
) -> None:
    ratings = _crossed([[float(value) for value in row] for row in table])
    try:
        found = raters.severities(ratings)
    except errors.InvalidInput as refused:
        assert refused.code == "no_variation"  # noqa: PT017 - where all are the same
        return
    mixed = list(ratings)
    chance.shuffle(mixed)
    assert raters.severities(mixed) == found
    shifted = raters.severities([Rating(each.ratee, each.rater, each.value + 10) for each in ratings])
    assert [each.estimate for each in shifted] == pytest.approx([each.estimate for each in found], abs=1e-3)
