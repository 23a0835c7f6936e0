"""What is told of groups gives no small group away, neither by itself nor by what is left of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.scoring.queries.suppressing import LEAST, Cell, told

SIZES = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), max_size=8)


def _cells(*numbers: int, unseen: int | None = None) -> list[Cell]:
    return [
        Cell(chr(65 + place), number, number, number if unseen is None else min(unseen, number))
        for place, number in enumerate(numbers)
    ]


def _names(*numbers: int) -> str:
    return "".join(cell.name for cell in told(_cells(*numbers))[0])


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ((5, 6), "AB"),
        ((9, 7, 4), "A"),  # C alone would be the rest of the whole: B goes with it.
        ((9, 7, 4, 1), "AB"),  # C and D together are five.
        ((9, 7, 3, 1), "A"),
        ((9, 4), ""),
        ((4,), ""),
        ((), ""),
    ],
)
def test_small_groups_are_withheld_and_so_is_what_would_give_them_away(
    numbers: tuple[int, ...], shown: str
) -> None:
    assert _names(*numbers) == shown


def test_who_knows_most_of_a_group_by_name_does_not_learn_the_rest_of_it() -> None:
    # Of seven the reader sees six: the average would tell the seventh.
    assert told(_cells(7, 20, unseen=1))[0] == []
    assert len(told(_cells(7, 20, unseen=0))[0]) == 2


@given(SIZES)
def test_whatever_the_groups_none_of_one_to_four_people_can_be_reckoned(sizes: list[tuple[int, int]]) -> None:
    cells = [Cell(str(at), number, 0, min(unseen, number)) for at, (number, unseen) in enumerate(sizes)]
    shown, withheld = told(cells)
    assert len(shown) + withheld == len(cells)
    rest = [cell for cell in cells if cell not in shown]
    for group in ([cell] for cell in shown):
        _tells_on_nobody(group)
    if shown:
        _tells_on_nobody(rest)


def _tells_on_nobody(group: list[Cell]) -> None:
    for count in (sum(cell.number for cell in group), sum(cell.unseen for cell in group)):
        assert count == 0 or count >= LEAST
