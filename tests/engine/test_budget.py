"""A pool is shared out to the cent, whoever takes part and in whatever order they come."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import budget, errors

PEOPLE = st.lists(
    st.tuples(st.integers(0, 10**12), st.integers(0, 500), st.one_of(st.none(), st.integers(0, 10**6))),
    min_size=1,
    max_size=12,
)


def test_a_pool_by_weight_and_equal_remainders_by_key() -> None:
    assert budget.split(100, [1, 1, 1], ["c", "b", "a"]) == budget.Split((33, 33, 34), 0)
    assert budget.split(1000, [3, 1], ["a", "b"]) == budget.Split((750, 250), 0)


def test_caps_and_floors_leave_the_rest_to_the_others() -> None:
    assert budget.split(1000, [8, 1, 1], ["a", "b", "c"], caps=[400, None, None]).amounts == (400, 300, 300)
    assert budget.split(1000, [8, 1, 1], ["a", "b", "c"], floors=[0, 300, 0]).amounts == (622, 300, 78)
    assert budget.split(1000, [1, 1], ["a", "b"], caps=[100, 200]) == budget.Split((100, 200), 700)
    assert budget.split(1000, [0, 0], ["a", "b"], floors=[10, 0]) == budget.Split((10, 0), 990)


@given(st.integers(0, 10**13), PEOPLE, st.randoms(use_true_random=False))
def test_every_cent_is_there_within_bounds_and_in_any_order(
    extra: int, people: list[tuple[int, int, int | None]], chance: random.Random
) -> None:
    floors = [floor for _weight, floor, _cap in people]
    caps = [None if cap is None else floor + cap for _weight, floor, cap in people]
    pool = sum(floors) + extra
    rows = [
        (str(number), weight, floor, cap)
        for number, ((weight, _floor, _cap), floor, cap) in enumerate(zip(people, floors, caps, strict=True))
    ]

    def shared(given: list[tuple[str, int, int, int | None]]) -> tuple[dict[str, int], int]:
        keys, weights, least, most = (list(column) for column in zip(*given, strict=True))
        found = budget.split(pool, weights, keys, floors=least, caps=most)  # type: ignore[arg-type]
        return dict(zip(keys, found.amounts, strict=True)), found.left  # type: ignore[arg-type]

    amounts, left = shared(rows)
    assert sum(amounts.values()) + left == pool
    assert left >= 0
    for key, weight, floor, cap in rows:
        assert amounts[key] >= floor
        assert cap is None or amounts[key] <= cap
        # Nothing is left while somebody who takes part may have more.
        assert not left or not weight or amounts[key] == cap
    mixed = list(rows)
    chance.shuffle(mixed)
    assert shared(mixed) == (amounts, left)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=2, max_size=8))
def test_who_weighs_more_never_gets_less(pool: int, weights: list[int]) -> None:
    found = budget.split(pool, weights, [str(number) for number in range(len(weights))])
    for one, weight in zip(found.amounts, weights, strict=True):
        for other, lighter in zip(found.amounts, weights, strict=True):
            assert weight <= lighter or one >= other


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"pool": -1}, "negative"),
        ({"weights": [1]}, "lengths"),
        ({"keys": ["a", "a"]}, "duplicate_key"),
        ({"floors": [5, 0], "caps": [4, None]}, "floor_over_cap"),
        ({"floors": [60, 60]}, "floors_over_pool"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(given_: dict[str, object], code: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        budget.split(**{"pool": 100, "weights": [1, 1], "keys": ["a", "b"], **given_})  # type: ignore[arg-type]
    assert refused.value.code == code
