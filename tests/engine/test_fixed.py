from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import errors, fixed, shares

integers = st.integers(-(10**24), 10**24)


def _half_away_from_zero(value: Fraction) -> int:
    size = int(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


@given(st.lists(st.tuples(integers, st.integers(-(10**12), 10**12), st.integers(1, 10**24)), min_size=1))
def test_multiply_divide_is_exact_however_large_its_numbers(rows: list[tuple[int, int, int]]) -> None:
    values, by, over = (fixed.column(part) for part in zip(*rows, strict=True))
    found = fixed.multiply_divide(values, by, over, low=-(10**15), high=10**15)
    for (value, factor, part), result in zip(rows, found.tolist(), strict=True):
        expected = _half_away_from_zero(Fraction(value * factor, part))
        assert result == min(max(expected, -(10**15)), 10**15)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15))
def test_micro_rounds_half_away_from_zero(value: Decimal) -> None:
    assert fixed.micro(value) == _half_away_from_zero(Fraction(value) * 10**6)


@given(integers)
def test_decimal_is_the_exact_value_of_a_micro(value: int) -> None:
    assert fixed.micro(fixed.decimal(value)) == value


@pytest.mark.parametrize("value", [0.5, True, Decimal("NaN"), Decimal("Infinity"), "twelve", ""])
def test_micro_refuses_what_is_not_an_exact_number(value: object) -> None:
    with pytest.raises(errors.InvalidInput):
        fixed.micro(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        "1e10000000",
        "-1e10000000",
        "1e-10000000",
        "0e10000000",
        Decimal("1e31"),
        10**31,
        "1" * 61,
        "0." + "1" * 61,
    ],
)
def test_a_number_beyond_all_measure_is_refused_and_never_written_out(value: Decimal | int | str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        fixed.micro(value)
    assert refused.value.code == "number_too_long"


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20),
        min_size=2,
        max_size=5,
    )
)
def test_common_scale_keeps_proportions(values: list[Decimal]) -> None:
    scaled = fixed.common_scale(values)
    for left, right in zip(values, scaled, strict=True):
        assert Fraction(left) * scaled[0] == Fraction(values[0]) * right


@given(st.integers(-(10**20), 10**20))
def test_interpolate_meets_its_points_and_stays_flat_outside(value: int) -> None:
    xs, ys = [-5, 10, 10**19], [3, 0, 70]
    found = int(fixed.interpolate(fixed.column([value]), xs, ys)[0])
    assert 0 <= found <= 70
    if value <= -5:
        assert found == 3
    if value >= 10**19:
        assert found == 70


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=9), st.integers(1, 10**6), st.randoms())
def test_apportion_sums_exactly_and_ignores_the_order_of_columns(
    numerators: list[int], total: int, random: object
) -> None:
    keys = [f"c{place}" for place in range(len(numerators))]
    whole = max(sum(numerators), 1)
    wanted = total if sum(numerators) else 0

    def split(places: list[int]) -> dict[str, int]:
        columns = np.array([[numerators[place] * total for place in places]], dtype=np.int64)
        order = shares.key_order([keys[place] for place in places])
        row = shares.apportion(columns, np.array([whole]), np.array([wanted]), order)[0]
        return {keys[place]: int(part) for place, part in zip(places, row, strict=True)}

    straight = split(list(range(len(keys))))
    shuffled = list(range(len(keys)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sum(straight.values()) == wanted
    assert split(shuffled) == straight
    for place, key in enumerate(keys):
        assert abs(straight[key] * whole - numerators[place] * total) < whole


def test_narrow_integers_are_widened_and_floats_refused() -> None:
    assert fixed.integers(np.array([2**31 - 1], dtype=np.int32)).dtype == np.int64
    assert fixed.integers(np.array([2**64 - 1], dtype=np.uint64)).tolist() == [2**64 - 1]
    with pytest.raises(errors.InvalidInput):
        fixed.integers(np.array([0.5]))
