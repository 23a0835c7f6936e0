"""Signals move weights by ramps: never against their values, never by a jump, and only after their months."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import errors, fixed, signals, weights

WHOLE = fixed.ONE
values = st.integers(80 * WHOLE, 120 * WHOLE)
series = st.lists(values, max_size=10)
months = st.integers(1, 4)


@st.composite
def rules(draw: st.DrawFn, measure: str = "level") -> signals.Rule:
    side = draw(st.sampled_from(["below", "above"]))
    starts, width = draw(values), draw(st.integers(1, 20 * WHOLE))
    full = starts - width if side == "below" else starts + width
    span = draw(months) if measure == "change" else 1
    return signals.Rule("demand", measure, side, starts, full, draw(months), draw(months), span)  # type: ignore[arg-type]


def _rule(**changes: Any) -> signals.Rule:
    """The consumer demand index below 95, fully at 90."""
    return signals.Rule(
        **{
            "key": "M1",
            "measure": "level",
            "side": "below",
            "starts_micro": 95 * WHOLE,
            "full_micro": 90 * WHOLE,
            **changes,
        }
    )


def _shares(rule: signals.Rule, readings: list[str | None]) -> list[int]:
    """The share after each month."""
    micro = [None if reading is None else fixed.micro(reading) for reading in readings]
    return [signals.read(rule, micro[: place + 1]).share_ppm for place in range(len(micro))]


def test_the_share_grows_in_a_straight_line() -> None:
    assert _shares(_rule(), ["96", "95", "94", "92.5", "90", "80"]) == [0, 0, 200_000, 500_000, WHOLE, WHOLE]
    above = _rule(side="above", starts_micro=10 * WHOLE, full_micro=14 * WHOLE)
    assert _shares(above, ["9", "10", "11", "14", "15"]) == [0, 0, 250_000, WHOLE, WHOLE]


def test_a_rule_for_two_months_takes_what_both_of_them_reach() -> None:
    rule = _rule(months=2)
    assert _shares(rule, ["99", "94", "92", "90", "96"]) == [0, 0, 200_000, 600_000, 0]
    found = signals.read(rule, [fixed.micro(value) for value in ("99", "94", "92")])
    assert found == signals.Reading(share_ppm=200_000, value_micro=92 * WHOLE, since=2)


def test_a_rule_ends_after_two_months_at_95_or_more() -> None:
    rule = _rule(months=2, until_months=2)
    assert _shares(rule, ["90", "90", "95", "90", "96", "97", "90"]) == [0, WHOLE, WHOLE, WHOLE, WHOLE, 0, 0]
    readings = [fixed.micro(value) for value in ("90", "90", "95", "90", "96")]
    assert signals.read(rule, readings).since == 1
    assert signals.read(rule, [*readings, fixed.micro("97")]).since is None


def test_a_partial_recovery_eases_the_rule_after_its_months() -> None:
    assert _shares(_rule(until_months=2), ["90", "94", "94"]) == [WHOLE, WHOLE, 200_000]


def test_a_month_without_a_value_keeps_the_share_and_breaks_no_run() -> None:
    assert _shares(_rule(months=2), [None, "90", None, "90", None, "96"]) == [0, 0, 0, WHOLE, WHOLE, 0]
    found = signals.read(_rule(), [90 * WHOLE, None])
    assert found == signals.Reading(share_ppm=WHOLE, value_micro=90 * WHOLE, since=0)


def test_a_series_that_says_nothing_moves_nothing() -> None:
    for nothing in ([], [None, None]):
        assert signals.read(_rule(), nothing) == signals.Reading(0, None, None)


def test_a_change_is_a_difference_over_its_span() -> None:
    """An interest rate that rises by half a point in a quarter."""
    rule = signals.Rule("M3", "change", "above", 300_000, 500_000, span=3)
    readings = [fixed.micro(value) for value in ("1.58", "1.60", "1.61", "1.62", "2.05", "2.11")]
    assert signals.read(rule, readings[:3]) == signals.Reading(0, None, None)
    assert signals.read(rule, readings[:4]) == signals.Reading(0, 40_000, None)
    assert signals.read(rule, readings[:5]) == signals.Reading(750_000, 450_000, 4)
    assert signals.read(rule, readings).share_ppm == WHOLE
    gap = [readings[0], None, *readings[2:4], readings[4]]
    assert signals.read(rule, gap) == signals.Reading(0, 40_000, None)


@given(rules(), series, st.integers(0, 9), st.integers(0, 30 * WHOLE))
def test_a_value_further_into_the_rule_never_lowers_its_share(
    rule: signals.Rule, readings: list[int], pick: int, step: int
) -> None:
    moved = list(readings)
    if moved:
        moved[pick % len(moved)] += step if rule.side == "above" else -step
    assert signals.read(rule, moved).share_ppm >= signals.read(rule, readings).share_ppm


@given(rules(), series, st.lists(st.integers(-WHOLE, WHOLE), min_size=10, max_size=10))
def test_a_share_moves_no_faster_than_its_ramp(
    rule: signals.Rule, readings: list[int], steps: list[int]
) -> None:
    moved = [value + step for value, step in zip(readings, steps, strict=False)]
    largest = max((abs(step) for step in steps[: len(readings)]), default=0)
    difference = abs(signals.read(rule, moved).share_ppm - signals.read(rule, readings).share_ppm)
    width = abs(rule.full_micro - rule.starts_micro)
    assert (difference - 1) * width <= largest * WHOLE  # each share is rounded to a ppm


@given(rules("change"), series, st.integers(-(10**9), 10**9))
def test_a_change_does_not_depend_on_the_level(rule: signals.Rule, readings: list[int], level: int) -> None:
    assert signals.read(rule, [value + level for value in readings]) == signals.read(rule, readings)


@given(st.lists(st.booleans(), max_size=14), months, months)
def test_fully_in_or_out_is_a_switch_that_waits(inside: list[bool], until_on: int, until_off: int) -> None:
    """The plain reading of "for N months" and "ends after N months", without any share."""
    on, since, run_in, run_out = False, None, 0, 0
    for place, within in enumerate(inside):
        run_in, run_out = (run_in + 1, 0) if within else (0, run_out + 1)
        if run_in >= until_on and not on:
            on, since = True, place
        elif run_out >= until_off:
            on, since = False, None
    found = signals.read(
        _rule(months=until_on, until_months=until_off),
        [90 * WHOLE if within else 99 * WHOLE for within in inside],
    )
    assert found.share_ppm == (WHOLE if on else 0)
    assert found.since == since


@given(rules(), series, st.lists(st.integers(0, 10), max_size=5))
def test_gaps_anywhere_change_no_share(rule: signals.Rule, readings: list[int], places: list[int]) -> None:
    with_gaps: list[int | None] = list(readings)
    for place in places:
        with_gaps.insert(place, None)
    found, plain = signals.read(rule, with_gaps), signals.read(rule, readings)
    assert (found.share_ppm, found.value_micro) == (plain.share_ppm, plain.value_micro)
    assert (found.since is None) == (plain.since is None) == (plain.share_ppm == 0)


@given(st.integers(0, WHOLE), st.integers(0, WHOLE), st.integers(500_000, 2_000_000))
def test_a_multiplier_goes_with_its_share_from_none_to_full(one: int, other: int, full: int) -> None:
    low, high = (signals.factor_ppm(share, full) for share in sorted((one, other)))
    assert (high - low) * (full - WHOLE) >= 0
    for factor in (low, high):
        assert min(WHOLE, full) <= factor <= max(WHOLE, full)
    assert signals.factor_ppm(0, full) == WHOLE
    assert signals.factor_ppm(WHOLE, full) == full


@given(st.integers(0, WHOLE), st.integers(500_000, 2_000_000))
def test_a_weight_moves_in_the_direction_of_its_multiplier_and_no_further_than_fully(
    share: int, full: int
) -> None:
    def effective(factor: int) -> int:
        cash = weights.Component("cash", 200_000, factors=(weights.Factor("market", "M1", factor),))
        return weights.effective_weights([cash, weights.Component("rest", 800_000)])[0].effective_ppm

    moved = effective(signals.factor_ppm(share, full))
    assert min(200_000, effective(full)) <= moved <= max(200_000, effective(full))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"measure": "mood"}, "unknown_measure"),
        ({"side": "beside"}, "unknown_side"),
        ({"full_micro": 95 * WHOLE}, "no_ramp"),
        ({"full_micro": 96 * WHOLE}, "ramp_reversed"),
        ({"side": "above"}, "ramp_reversed"),
        ({"months": 0}, "months_out_of_range"),
        ({"until_months": 0}, "months_out_of_range"),
        ({"span": 0}, "months_out_of_range"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_by_its_name(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        signals.read(_rule(**changes), [])
    assert (refusal.value.code, refusal.value.key) == (code, "M1")


@pytest.mark.parametrize(
    ("share", "full", "code"),
    [
        (-1, WHOLE, "share_out_of_range"),
        (WHOLE + 1, WHOLE, "share_out_of_range"),
        (0, 499_999, "factor_out_of_range"),
        (0, 2_000_001, "factor_out_of_range"),
    ],
)
def test_a_multiplier_beyond_its_limits_is_refused(share: int, full: int, code: str) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        signals.factor_ppm(share, full)
    assert refusal.value.code == code
