"""The signs of cash flows propose the stage that the literature gives them."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import stages

flows = st.integers(1, 10**18)
SIGNS = list(product((-1, 1), repeat=3))


@pytest.mark.parametrize(
    ("signs", "stage"),
    [
        ("--+", "introduction"),
        ("+-+", "growth"),
        ("+--", "mature"),
        ("---", "shake_out"),
        ("+++", "shake_out"),
        ("++-", "shake_out"),
        ("-++", "decline"),
        ("-+-", "decline"),
    ],
)
def test_each_pattern_of_dickinsons_table_1_gives_its_stage(signs: str, stage: str) -> None:
    """Dickinson 2011, The Accounting Review 86(6):1969–1994, table 1: operating, investing, financing."""
    operating, investing, financing = (int(f"{sign}1") for sign in signs)
    assert stages.stage_of(operating, investing, financing) == stage


@given(st.sampled_from(SIGNS), flows, flows, flows)
def test_only_the_signs_matter(signs: tuple[int, int, int], one: int, two: int, three: int) -> None:
    assert stages.stage_of(signs[0] * one, signs[1] * two, signs[2] * three) == stages.stage_of(*signs)


@given(st.sampled_from(SIGNS), st.integers(0, 2))
def test_a_flow_of_nothing_proposes_nothing(signs: tuple[int, int, int], place: int) -> None:
    flows = list(signs)
    flows[place] = 0
    assert stages.stage_of(*flows) is None
