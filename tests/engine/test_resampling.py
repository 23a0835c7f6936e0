import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import errors, resampling

seeds = st.integers(0, resampling.MOST_SEED)


def test_draws_are_those_of_the_published_generator() -> None:
    """SplitMix64 from seed 1234567: the values that Rosetta Code prints, "Pseudo-random numbers/Splitmix64"."""
    assert resampling.draws(1234567, 0, 5).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@given(seeds, st.integers(0, 50), st.integers(0, 50))
def test_draws_continue_where_they_were_cut(seed: int, first: int, second: int) -> None:
    whole = resampling.draws(seed, 0, first + second)
    parts = [resampling.draws(seed, 0, first), resampling.draws(seed, first, second)]
    assert np.concatenate(parts).tolist() == whole.tolist()


@given(seeds, st.integers(0, 20), st.integers(0, 20), st.integers(1, 40))
def test_resamples_do_not_depend_on_blocks(seed: int, first: int, second: int, units: int) -> None:
    whole = resampling.counts(seed, first + second, units)
    parts = [
        resampling.counts(seed, first, units),
        resampling.counts(seed, second, units, first=first),
    ]
    assert whole.shape == (first + second, units)
    assert (whole.sum(axis=1) == units).all()
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@given(seeds, st.integers(1, resampling.MOST_UNITS))
def test_a_draw_becomes_the_high_part_of_its_product_with_the_units(seed: int, units: int) -> None:
    drawn = resampling.draws(seed, 0, 5)
    assert resampling.units_of(drawn, units).tolist() == [draw * units >> 64 for draw in drawn.tolist()]


def test_each_unit_is_drawn_about_equally_often() -> None:
    """A chi-square of 49 degrees of freedom; 85.35 is passed by chance in one of a thousand seeds."""
    often = resampling.counts(20260601, 1000, 50).sum(axis=0)
    assert ((often - 1000) ** 2 / 1000).sum() < 85.35


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_is_a_number_of_64_bits(seed: int) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        resampling.counts(seed, 1, 2)
    assert refusal.value.code == "seed_out_of_range"


@pytest.mark.parametrize("units", [0, 2**31])
def test_there_must_be_something_to_draw_from(units: int) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        resampling.counts(1, 1, units)
    assert refusal.value.code == "units_out_of_range"
