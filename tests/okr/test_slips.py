"""Which numbers are asked about, and what was probably meant."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from okr import rules
from okr.forms.fields import AmountField


@pytest.mark.parametrize(
    ("value", "before", "meant"),
    [
        ("29", "2.9", "2.9"),
        ("29", "3.1", "2.9"),
        ("0.29", "2.9", "2.9"),
        ("2900", "2.9", "2.9"),
        ("-45", "-4.5", "-4.5"),
        ("5", "2.9", None),
        ("29", "0", None),
        ("0", "29", None),
        ("-29", "2.9", None),
        ("50", "9.9", None),
    ],
)
def test_a_shifted_point_is_recognised(value: str, before: str, meant: str | None) -> None:
    found = rules.likely_slip(Decimal(value), Decimal(before))
    assert found == (None if meant is None else Decimal(meant))


def test_the_first_number_is_never_asked_about() -> None:
    assert rules.likely_slip(Decimal(29), None) is None


@given(st.decimals("0.01", 10**6, places=2), st.decimals("0.2", 5, places=2))
def test_a_number_near_the_last_is_never_asked_about(before: Decimal, times: Decimal) -> None:
    assert rules.likely_slip(before * times, before) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1,874.5", Decimal("1874.5")),
        ("１２．５", Decimal("12.5")),
        ("￥800,000", Decimal(800_000)),
        ("−3 ％", Decimal(-3)),
        ("1 234", Decimal(1234)),
        ("10²", None),
        ("①0", None),
        ("1½", None),
    ],
)
def test_an_amount_is_read_in_any_width_and_never_as_another_number(typed, read):
    field = AmountField()
    if read is None:
        with pytest.raises(ValidationError, match="in figures alone"):
            field.clean(typed)
    else:
        assert field.clean(typed) == read
