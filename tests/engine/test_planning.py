"""A target that is spread loses nothing, whatever the shares and the places."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from performance.engine import errors, planning

weights = st.lists(
    st.fractions(min_value=0, max_value=1000, max_denominator=1000), min_size=1, max_size=24
).filter(any)
totals = st.integers(min_value=-(10**12), max_value=10**12)


@drawn(totals, weights, st.integers(0, 4))
def test_months_sum_to_the_year_to_its_last_digit(units, given, places):
    total = Decimal(units).scaleb(-places)
    shares = planning.shares_of(given)
    months = planning.spread(total, shares, places)
    assert sum(months) == total
    unit = Fraction(1, 10**places)
    assert all(
        abs(Fraction(month) - Fraction(total) * share) < unit
        for month, share in zip(months, shares, strict=True)
    )


@drawn(totals, st.integers(1, 24), st.integers(0, 4))
def test_an_even_spread_differs_by_one_unit_at_most(units, places_in_time, places):
    months = planning.spread(Decimal(units).scaleb(-places), planning.even_shares(places_in_time), places)
    assert max(months) - min(months) <= Decimal(1).scaleb(-places)


@drawn(st.lists(weights.filter(lambda year: len(year) == 4), min_size=1, max_size=3), st.integers(2, 9))
def test_a_year_counts_by_its_shape_whatever_its_size(years, factor):
    larger = [[value * factor for value in years[0]], *years[1:]]
    assert planning.seasonal_shares(years) == planning.seasonal_shares(larger)
    assert sum(planning.seasonal_shares(years)) == 1


def test_the_season_of_a_december_shop_is_kept():
    quiet, december = [Fraction(1)] * 11, Fraction(9)
    months = planning.spread(Decimal(1000), planning.seasonal_shares([[*quiet, december]]), 0)
    assert months == [*[Decimal(50)] * 11, Decimal(450)]


@drawn(totals, totals, st.integers(1, 24), st.integers(0, 4))
def test_a_straight_line_ends_at_its_target_and_never_turns(start, end, steps, places):
    line = planning.straight_line(Fraction(start), Decimal(end), steps, places)
    assert len(line) == steps
    assert line[-1] == end
    assert sorted(line, reverse=start > end) == line


@pytest.mark.parametrize(
    ("given", "code"), [([1, -1, 5], "negative_weight"), ([0, 0], "no_weight"), ([], "no_weight")]
)
def test_what_says_nothing_about_shares_is_refused(given, code):
    with pytest.raises(errors.InvalidInput) as refused:
        planning.shares_of([Fraction(weight) for weight in given])
    assert refused.value.code == code


def test_shares_that_are_not_a_whole_are_refused():
    with pytest.raises(errors.InvalidInput):
        planning.spread(Decimal(10), [Fraction(1, 2)], 0)
