from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import curves, errors, fixed

POINT = fixed.ONE
HIGHER = {
    "kind": "linear",
    "direction": "higher",
    "floor": "4",
    "target": "5",
    "stretch": "5.5",
    "cap": "120",
}
LOWER = {"kind": "linear", "direction": "lower", "floor": "60", "target": "45", "stretch": "40"}
WITHIN = {"kind": "within", "lower": "10", "upper": "12", "tolerance": "2"}
STEPS = {"kind": "steps", "steps": [{"from": "80", "score": "60"}, {"from": "100", "score": "100"}]}
BANDS = {
    "kind": "bands",
    "bands": [{"up_to": "10", "score": 20}, {"up_to": "20", "score": 100}, {"score": 50}],
}
CURVES = [HIGHER, LOWER, WITHIN, STEPS, BANDS, {"kind": "identity", "cap": "110"}]
values = st.integers(-(10**20), 10**20) | st.integers(-200 * POINT, 200 * POINT)


@pytest.mark.parametrize(
    ("source", "value", "expected"),
    [
        (HIGHER, "3", 0),
        (HIGHER, "4.62", 62),
        (HIGHER, "5", 100),
        (HIGHER, "5.25", 110),
        (HIGHER, "9", 120),
        (LOWER, "61", 0),
        (LOWER, "52.5", 50),
        (LOWER, "45", 100),
        (LOWER, "42.5", 110),
        (LOWER, "0", 120),
        ({"kind": "linear", "floor": 0, "target": 10}, "25", 100),
        (WITHIN, "11", 100),
        (WITHIN, "9", 50),
        (WITHIN, "13.5", 25),
        (WITHIN, "20", 0),
        ({"kind": "within", "lower": 5, "upper": 5}, "5", 100),
        ({"kind": "within", "lower": 5, "upper": 5}, "5.000001", 0),
        (STEPS, "79.999999", 0),
        (STEPS, "80", 60),
        (STEPS, "1000", 100),
        (
            {**STEPS, "direction": "lower", "steps": [{"from": 5, "score": 100}, {"from": 9, "score": 40}]},
            "7",
            40,
        ),
        (BANDS, "9.999999", 20),
        (BANDS, "10", 100),
        (BANDS, "20", 50),
        ({"kind": "identity"}, "73", 73),
        ({"kind": "identity"}, "130", 100),
    ],
)
def test_a_curve_turns_a_measured_value_into_points(
    source: dict[str, Any], value: str, expected: int
) -> None:
    assert curves.Curve.from_dict(source).normalise(fixed.micro(value)) == expected * POINT


def test_a_missing_value_stays_missing() -> None:
    assert curves.Curve.from_dict(HIGHER).normalise(None) is None


@pytest.mark.parametrize("source", CURVES)
def test_a_curve_survives_the_way_to_a_dict_and_back(source: dict[str, Any]) -> None:
    curve = curves.Curve.from_dict(source)
    assert curves.Curve.from_dict(curve.to_dict()) == curve


@pytest.mark.parametrize("source", CURVES)
@given(column=st.lists(values, min_size=1, max_size=6))
def test_scores_stay_within_the_cap_and_do_not_depend_on_their_column(
    source: dict[str, Any], column: list[int]
) -> None:
    curve = curves.Curve.from_dict(source)
    together = curve.normalise_column(fixed.column(column), np.ones(len(column), dtype=np.bool_)).tolist()
    assert together == [curve.normalise(value) for value in column]
    assert all(0 <= score <= curve.cap_micro for score in together)


@given(values, values)
def test_a_better_value_never_scores_less(one: int, other: int) -> None:
    low, high = sorted([one, other])
    for source in (HIGHER, STEPS, {"kind": "identity"}):
        curve = curves.Curve.from_dict(source)
        assert curve.normalise(low) <= curve.normalise(high)  # type: ignore[operator]
    falling = curves.Curve.from_dict(LOWER)
    assert falling.normalise(low) >= falling.normalise(high)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("source", "code", "key"),
    [
        ([], "not_a_curve", None),
        ({"kind": "spline"}, "unknown_kind", "kind"),
        ({**HIGHER, "ceiling": 1}, "unknown_field", "ceiling"),
        ({"kind": "linear", "target": 1}, "missing_field", "floor"),
        ({"kind": "linear", "floor": 0.1, "target": 1}, "inexact_number", "floor"),
        ({"kind": "linear", "floor": "a lot", "target": 1}, "not_a_number", "floor"),
        ({**HIGHER, "floor": 6}, "floor_not_before_target", "floor"),
        ({**LOWER, "floor": 44}, "floor_not_before_target", "floor"),
        ({**HIGHER, "stretch": 5}, "stretch_not_after_target", "stretch"),
        ({**HIGHER, "cap": 90}, "cap_out_of_range", "cap"),
        ({"kind": "linear", "floor": 0, "target": 1, "cap": 120}, "cap_without_stretch", "cap"),
        ({**HIGHER, "direction": "up"}, "unknown_direction", "direction"),
        ({**WITHIN, "lower": 13}, "band_reversed", "lower"),
        ({**WITHIN, "tolerance": 0}, "tolerance_not_positive", "tolerance"),
        ({"kind": "steps", "steps": []}, "missing_field", "steps"),
        (
            {"kind": "steps", "steps": [{"from": 1, "score": 1}, {"from": 1, "score": 2}]},
            "duplicate_step",
            "steps",
        ),
        (
            {"kind": "steps", "steps": [{"from": 1, "score": 9}, {"from": 2, "score": 2}]},
            "steps_not_monotone",
            "steps",
        ),
        ({"kind": "steps", "steps": [{"from": 1, "score": 121}]}, "score_out_of_range", "score"),
        ({"kind": "bands", "bands": [{"up_to": 1, "score": 1}]}, "last_band_closed", "bands"),
        (
            {"kind": "bands", "bands": [{"up_to": 2, "score": 1}, {"up_to": 1, "score": 1}, {"score": 1}]},
            "bands_not_ordered",
            "bands",
        ),
    ],
)
def test_a_curve_that_cannot_be_read_says_which_field_is_wrong(
    source: Any, code: str, key: str | None
) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        curves.Curve.from_dict(source)
    assert (refusal.value.code, refusal.value.key) == (code, key)
