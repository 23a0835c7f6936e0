"""The change of a formula is made up of what its inputs brought, to the last digit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from performance.engine import change, errors

amounts = st.fractions(min_value=-1000, max_value=1000, max_denominator=1000)
positive = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000)
pairs = st.tuples(positive, positive)


def moved(step: change.Step, inputs: dict[str, tuple[Fraction, Fraction]]) -> Fraction:
    return sum((slope * (inputs[key][1] - inputs[key][0]) for key, slope in step.slopes.items()), Fraction(0))


def steps(inputs: dict[str, tuple[Fraction, Fraction]]) -> list[change.Step]:
    return [change.given(key, *pair) for key, pair in inputs.items()]


def test_a_margin_is_split_between_price_and_volume_by_the_mean_of_the_other():
    price, volume = change.given("price", Fraction(10), Fraction(12)), change.given("volume", 100, 80)
    revenue = price * volume
    assert revenue.change == -40
    assert revenue.slopes["price"] * 2 == 180, "2 more a piece on 90 pieces"
    assert revenue.slopes["volume"] * -20 == -220, "20 fewer pieces at 11"


@drawn(pairs, pairs, pairs)
def test_whatever_the_formula_the_inputs_bring_the_whole_change(a, b, c):
    inputs = {"a": a, "b": b, "c": c}
    x, y, z = steps(inputs)
    for step in (
        (x - y) / z,
        x * y * z,
        x / (y + z) * change.number(100),
        (x - y).absolute() / z,
        x.largest(y) - y.smallest(z),
        (x / y).rounded(2),
        -x + y * x,
    ):
        assert moved(step, inputs) == step.change


@drawn(pairs, pairs)
def test_back_and_forth_gives_the_same_with_the_other_sign(a, b):
    there = change.given("a", *a) / change.given("b", *b)
    back = change.given("a", *reversed(a)) / change.given("b", *reversed(b))
    assert there.slopes == back.slopes
    assert there.change == -back.change


@drawn(pairs, pairs)
def test_a_ratio_is_split_as_shapley_does(a, b):
    """The mean over both orders in which the two inputs can move."""
    ratio = change.given("a", *a) / change.given("b", *b)
    first = a[1] / b[0] - a[0] / b[0]
    last = a[1] / b[1] - a[0] / b[1]
    assert ratio.slopes["a"] * (a[1] - a[0]) == (first + last) / 2


@drawn(st.lists(st.tuples(pairs, pairs), min_size=1, max_size=6), st.integers(0, 5))
def test_what_parts_of_the_business_brought_sums_to_the_whole_at_every_depth(parts, cut):
    whole = {
        key: (sum(part[place][0] for part in parts), sum(part[place][1] for part in parts))
        for place, key in enumerate(("revenue", "customers"))
    }
    revenue, customers = steps(whole)
    each = revenue / customers

    def brought(of):
        return sum(
            each.slopes["revenue"] * (part[0][1] - part[0][0])
            + each.slopes["customers"] * (part[1][1] - part[1][0])
            for part in of
        )

    assert brought(parts) == each.change
    assert brought(parts[:cut]) + brought(parts[cut:]) == each.change


def test_a_division_by_zero_has_no_change_to_explain():
    with pytest.raises(errors.InvalidInput) as refused:
        change.given("a", 1, 2) / change.given("b", 0, 1)
    assert refused.value.code == "divided_by_zero"


@drawn(st.lists(amounts, min_size=1, max_size=8), st.integers(0, 4))
def test_rounded_parts_sum_to_the_rounded_total(parts, places):
    total = Decimal(round(sum(parts) * 10**places)).scaleb(-places)
    rounded = change.rounded_to_sum(parts, total, places)
    assert sum(rounded) == total
    assert all(
        abs(Fraction(shown) - part) < 2 * Fraction(1, 10**places)
        for shown, part in zip(rounded, parts, strict=True)
    )


def test_parts_that_do_not_make_up_the_total_are_refused():
    with pytest.raises(errors.InvalidInput):
        change.rounded_to_sum([Fraction(1), Fraction(2)], Decimal(30), 0)
