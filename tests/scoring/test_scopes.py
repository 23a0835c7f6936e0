"""Which groups may be told beside one another: nothing that a reader can take away from anything leaves a few people."""

import itertools
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from performance.scoring.queries.scopes import Counted, UnitId, told_among
from performance.scoring.queries.suppressing import LEAST

UNITS = [uuid.UUID(int=number) for number in range(1, 8)]


def _tree(*parents: int) -> dict[uuid.UUID, UnitId]:
    """Unit n lies below unit `parents[n]`; 0 is the whole organisation."""
    return {UNITS[at]: UNITS[parent - 1] if parent else None for at, parent in enumerate(parents)}


def _own(*numbers: int, without: int = 0) -> dict[UnitId, Counted]:
    counted: dict[UnitId, Counted] = {
        UNITS[at]: Counted(each, each) for at, each in enumerate(numbers) if each
    }
    return counted | ({None: Counted(without, without)} if without else {})


@pytest.mark.parametrize(
    ("numbers", "without", "told"),
    [
        ((9, 7), 0, {0, 1, 2}),
        ((9, 7, 4), 0, {0, 1}),  # 20 − 9 − 7 would tell of the four: the seven go with them.
        ((9, 7, 4, 1), 0, {0, 1, 2}),  # the four and the one are five.
        ((9, 7), 2, {0, 1}),  # the two without a unit are a rest, too.
        ((4,), 0, set()),
        ((5, 4), 0, {0}),
    ],
)
def test_a_unit_is_withheld_where_the_rest_would_tell_of_few(
    numbers: tuple[int, ...], without: int, told: set[int]
) -> None:
    found = told_among(_own(*numbers, without=without), _tree(*([0] * len(numbers))))
    assert found == {UNITS[each - 1] if each else None for each in told}


def test_a_part_of_a_part_gives_nobody_away_either() -> None:
    # Unit 1 has eight people, of whom six work in unit 2 below it: unit 2 is not told beside unit 1.
    assert told_among(_own(2, 6, 9), _tree(0, 1, 0)) == {None, UNITS[0], UNITS[2]}


def test_people_whose_scores_the_reader_sees_anyway_are_nobody_to_protect() -> None:
    own: dict[UnitId, Counted] = {UNITS[0]: Counted(3, 0), UNITS[1]: Counted(8, 8)}
    assert told_among(own, _tree(0, 0)) == {None, UNITS[0], UNITS[1]}
    # Of seven the reader sees six: the mean would tell the seventh.
    assert told_among({UNITS[0]: Counted(7, 1)}, _tree(0)) == frozenset()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 5)), max_size=6),
    st.integers(0, 8),
)
def test_whatever_the_units_no_sum_or_difference_tells_of_one_to_four_people(
    units: list[tuple[int, int, int]], without: int
) -> None:
    parents = _tree(*(above % (at + 1) for at, (_number, _unseen, above) in enumerate(units)))
    own: dict[UnitId, Counted] = {
        UNITS[at]: Counted(number, min(unseen, number)) for at, (number, unseen, _above) in enumerate(units)
    }
    own[None] = Counted(without, without)
    told = told_among(own, parents)
    within = {node: frozenset(_within(node, parents, own)) for node in told}
    for node in told:
        inner = [within[part] for part in told if within[part] < within[node]]
        # Whatever of the units inside is known is taken away from the unit.
        for known in itertools.chain.from_iterable(
            itertools.combinations(inner, count) for count in range(len(inner) + 1)
        ):
            rest = within[node].difference(*known)
            unseen = sum(own[unit].unseen for unit in rest if unit in own)
            assert unseen == 0 or unseen >= LEAST


def _within(node: UnitId, parents: dict[uuid.UUID, UnitId], own: dict[UnitId, Counted]) -> list[UnitId]:
    if node is None:
        return [None, *parents]
    return [
        node,
        *(
            each
            for child, parent in parents.items()
            if parent == node
            for each in _within(child, parents, own)
        ),
    ]
