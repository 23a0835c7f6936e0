"""What if: moves compose, no move changes nothing, and what the drivers brought is the whole change."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from performance.engine import change, drivers, errors

amounts = st.fractions(min_value=-1000, max_value=1000, max_denominator=1000)
positive = st.fractions(min_value=Fraction(1, 100), max_value=1000, max_denominator=100)
moves = st.one_of(
    st.fractions(min_value=-90, max_value=200, max_denominator=100).map(drivers.by_percent),
    amounts.map(drivers.by_amount),
    amounts.map(drivers.to_value),
)
KEYS = ("a", "b", "c")


def profit(steps: dict[str, change.Step]) -> change.Step:
    """(a − b) · c: a price and a cost for each piece, and pieces."""
    return (steps["a"] - steps["b"]) * steps["c"]


def driven(base: dict[str, Fraction], moved: dict[str, drivers.Move]) -> dict[str, change.Step]:
    return {key: drivers.driven(key, base[key], moved.get(key, drivers.Move())) for key in base}


bases = st.fixed_dictionaries(dict.fromkeys(KEYS, positive))
moved = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, moves))


@drawn(amounts, moves, moves, moves)
def test_moves_one_after_another_are_a_move(value, first, second, third):
    assert first.then(second).of(value) == second.of(first.of(value))
    assert first.then(second).then(third) == first.then(second.then(third))
    assert first.then(drivers.Move()) == first == drivers.Move().then(first)


@drawn(bases, st.integers(0, 4))
def test_no_move_gives_exactly_the_base(base, places):
    result = profit(driven(base, {}))
    assert result.before == result.after
    told = drivers.attributed(result, driven(base, {}), places)
    assert told.change == 0
    assert not told.brought


@drawn(bases, moved, st.permutations(KEYS), st.integers(0, 4))
def test_the_order_of_drivers_does_not_matter(base, given, order, places):
    steps = driven(base, given)
    turned = {key: steps[key] for key in order}
    result = profit(steps)
    assert profit(turned) == result
    assert drivers.attributed(result, steps, places) == drivers.attributed(result, turned, places)


@drawn(bases, moved, st.integers(0, 4))
def test_what_the_drivers_brought_is_the_change_to_its_last_digit(base, given, places):
    steps = driven(base, given)
    told = drivers.attributed(profit(steps), steps, places)
    if told.brought:
        assert sum(told.brought.values()) == told.change
    assert told.before == change.rounded(profit(steps).before, places)


@drawn(bases, moved)
def test_the_result_is_that_of_the_moved_numbers(base, given):
    after = {key: given.get(key, drivers.Move()).of(value) for key, value in base.items()}
    assert profit(driven(base, given)).after == (after["a"] - after["b"]) * after["c"]


@drawn(positive, positive, moves, moves)
def test_what_rides_on_a_volume_keeps_its_price(amount, volume, price_move, volume_move):
    own, pieces = drivers.driven("own", amount, price_move), drivers.driven("pieces", volume, volume_move)
    both = drivers.riding(own, pieces)
    assert both.before == amount
    assert both.after == price_move.of(amount) * volume_move.of(volume) / volume
    split = both.slopes["own"] * own.change + both.slopes["pieces"] * pieces.change
    assert split == both.change


def test_without_a_volume_nothing_rides_on_it():
    with pytest.raises(errors.InvalidInput):
        drivers.riding(change.given("own", 1, 1), change.given("pieces", 0, 2))


def test_price_and_volume_each_bring_their_part():
    steps = {
        "price": drivers.driven("price", Fraction(100), drivers.by_percent(Decimal(10))),
        "pieces": drivers.driven("pieces", Fraction(50), drivers.by_percent(Decimal(-20))),
    }
    told = drivers.attributed(drivers.riding(steps["price"], steps["pieces"]), steps, 2)
    assert (told.before, told.after) == (Decimal("100.00"), Decimal("88.00"))
    assert told.brought == {"price": Decimal("9.00"), "pieces": Decimal("-21.00")}
