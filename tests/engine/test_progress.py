from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import errors, fixed, progress

PERCENT = fixed.ONE
CAPPED = progress.ProgressPolicy(over="cap", cap_micro=130 * PERCENT)
numbers = st.decimals(-(10**12), 10**12, places=8, allow_nan=False, allow_infinity=False)
percents = st.integers(0, 120 * PERCENT)


@pytest.mark.parametrize(
    ("kind", "start", "target", "current", "expected"),
    [
        ("increase", 0, 10, 4, 40),
        ("decrease", "5.2", 4, "4.6", 50),
        ("decrease", 100, 20, 110, 0),
        ("money", "1000000.10", "3000000.10", "2500000.10", 75),
        ("percent", -5, 5, 0, 50),
        ("kpi", "0.00000001", "0.00000003", "0.00000002", 50),
        ("increase", 0, 10, 25, 100),
    ],
)
def test_progress_is_the_share_of_the_way_from_start_to_target(
    kind: Any, start: Any, target: Any, current: Any, expected: int
) -> None:
    found = progress.key_result_progress(
        kind, start=Decimal(start), target=Decimal(target), current=Decimal(current)
    )
    assert found == expected * PERCENT


def test_over_achievement_shows_up_to_the_cap_where_the_policy_says_so() -> None:
    assert (
        progress.key_result_progress("increase", start=0, target=10, current=12, policy=CAPPED)
        == 120 * PERCENT
    )
    assert (
        progress.key_result_progress("increase", start=0, target=10, current=99, policy=CAPPED)
        == 130 * PERCENT
    )


def test_no_value_yet_is_no_progress_unless_the_policy_counts_it_as_zero() -> None:
    zero = progress.ProgressPolicy(missing="zero")
    for kind, fields in [
        ("increase", {"start": 0, "target": 1}),
        ("yes_no", {}),
        ("milestones", {}),
        ("band", {"lower": 1}),
    ]:
        assert progress.key_result_progress(kind, **fields) is None  # type: ignore[arg-type]
        assert progress.key_result_progress(kind, **fields, policy=zero) == 0  # type: ignore[arg-type]


def test_start_equal_to_target_is_reached_or_not() -> None:
    found = [
        progress.key_result_progress(kind, start=5, target=5, current=current)  # type: ignore[arg-type]
        for kind, current in [
            ("increase", 5),
            ("increase", 4),
            ("decrease", 5),
            ("decrease", 6),
            ("decrease", 4),
        ]
    ]
    assert found == [100 * PERCENT, 0, 100 * PERCENT, 0, 100 * PERCENT]
    left_out = progress.ProgressPolicy(start_equals_target="leave_out")
    assert progress.key_result_progress("increase", start=5, target=5, current=5, policy=left_out) is None


@pytest.mark.parametrize(
    ("current", "expected"), [(10, 100), (12, 100), (11, 100), (9, 50), (8, 0), (7, 0), ("12.5", 75), (99, 0)]
)
def test_a_band_is_full_inside_and_falls_off_within_its_tolerance(current: Any, expected: int) -> None:
    found = progress.key_result_progress("band", lower=10, upper=12, tolerance=2, current=Decimal(current))
    assert found == expected * PERCENT


def test_a_band_without_tolerance_or_with_an_open_side_is_inside_or_not() -> None:
    assert progress.key_result_progress("band", lower=10, upper=12, current=13) == 0
    assert progress.key_result_progress("band", lower=10, current=10**9) == 100 * PERCENT
    assert progress.key_result_progress("band", upper=10, tolerance=4, current=11) == 75 * PERCENT


def test_milestones_count_by_weight() -> None:
    steps = [progress.Milestone(True, 3), progress.Milestone(False, 1), progress.Milestone(None, 4)]
    assert progress.key_result_progress("milestones", milestones=steps) == 37_500_000
    assert progress.key_result_progress("milestones", milestones=[progress.Milestone(None)]) is None


def test_checkpoints_bend_the_line_and_the_last_slope_goes_on_beyond_the_target() -> None:
    bent = {"start": 0, "target": 100, "checkpoints": [(50, 40), (80, 70)]}
    found = [
        progress.key_result_progress("increase", **bent, current=current, policy=CAPPED)  # type: ignore[arg-type]
        for current in (-10, 25, 50, 65, 80, 90, 100, 110, 500)
    ]
    assert found == [part * PERCENT for part in (0, 20, 40, 55, 70, 85, 100, 115, 130)]
    falling = progress.key_result_progress(
        "decrease", start=100, target=0, checkpoints=[(60, 70)], current=80
    )
    assert falling == 35 * PERCENT


def test_many_rows_give_what_each_gives_alone() -> None:
    rows = [
        progress.KeyResult("increase", start=0, target=3, current=1),
        progress.KeyResult("yes_no", done=True),
        progress.KeyResult("decrease", start=10, target=0),
        progress.KeyResult("band", lower=1, upper=2, tolerance=1, current=3),
        progress.KeyResult("increase", start=0, target=10**30, current=10**29),
        progress.KeyResult("increase", start=0, target=4, checkpoints=[(1, 50)], current=2),
        progress.KeyResult("milestones", milestones=[progress.Milestone(True), progress.Milestone(False)]),
    ]
    together = progress.key_results_progress(rows)
    assert together == tuple(progress.key_results_progress([row])[0] for row in rows)
    assert together == (33_333_333, 100_000_000, None, 0, 10_000_000, 66_666_667, 50_000_000)


@given(numbers, numbers, numbers)
def test_progress_stays_within_its_bounds_and_depends_on_proportions_alone(
    start: Decimal, target: Decimal, current: Decimal
) -> None:
    found = progress.key_result_progress(
        "percent", start=start, target=target, current=current, policy=CAPPED
    )
    assert found is not None
    assert 0 <= found <= 130 * PERCENT
    doubled = progress.key_result_progress(
        "percent", start=start * 2, target=target * 2, current=current * 2, policy=CAPPED
    )
    assert doubled == found


@given(numbers, numbers, numbers, numbers)
def test_a_value_nearer_the_target_never_lowers_progress(
    start: Decimal, target: Decimal, one: Decimal, other: Decimal
) -> None:
    worse, better = sorted([one, other], reverse=target < start)
    low = progress.key_result_progress("percent", start=start, target=target, current=worse)
    high = progress.key_result_progress("percent", start=start, target=target, current=better)
    assert low is not None
    assert high is not None
    assert low <= high


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "increase", "target": 1}, "missing_field"),
        ({"kind": "band"}, "missing_field"),
        ({"kind": "band", "lower": 2, "upper": 1}, "band_reversed"),
        ({"kind": "band", "lower": 1, "tolerance": -1}, "negative_tolerance"),
        ({"kind": "guess"}, "unknown_kind"),
        ({"kind": "increase", "start": 0.5, "target": 1}, "inexact_number"),
        (
            {"kind": "increase", "start": 0, "target": 9, "current": 1, "checkpoints": [(9, 5)]},
            "checkpoints_not_ordered",
        ),
        (
            {"kind": "increase", "start": 0, "target": 9, "current": 1, "checkpoints": [(3, 101)]},
            "checkpoints_not_ordered",
        ),
    ],
)
def test_progress_refuses_a_key_result_without_meaning(fields: dict[str, Any], code: str) -> None:
    kind = fields.pop("kind")
    with pytest.raises(errors.InvalidInput) as refusal:
        progress.key_result_progress(kind, **fields)
    assert refusal.value.code == code


def test_target_ratio_follows_the_scorecard_definition() -> None:
    assert progress.target_ratio(10, 8, better="less", policy=CAPPED) == 120 * PERCENT
    assert progress.target_ratio(10, 15, better="less") == 50 * PERCENT
    assert progress.target_ratio(0, 0, better="less") == 100 * PERCENT
    assert progress.target_ratio(85, 34, better="more") == 40 * PERCENT
    assert progress.target_ratio(85, None, better="more") is None


def test_pace_is_linear_by_workday_or_follows_its_own_checkpoints() -> None:
    assert progress.expected_pace(elapsed=15, total=60) == 25 * PERCENT
    assert progress.expected_pace(elapsed=-1, total=60) == 0
    assert progress.expected_pace(elapsed=70, total=60) == 100 * PERCENT
    assert progress.expected_pace(elapsed=0, total=0) == 100 * PERCENT
    plan = [progress.Checkpoint(day=56, elapsed=40, percent_micro=20 * PERCENT)]
    at = {"last_day": 84, "total": 60, "checkpoints": plan}
    assert progress.expected_pace(day=28, elapsed=20, **at) == 10 * PERCENT
    assert progress.expected_pace(day=56, elapsed=40, **at) == 20 * PERCENT
    assert progress.expected_pace(day=70, elapsed=50, **at) == 60 * PERCENT
    assert progress.expected_pace(day=84, elapsed=60, **at) == 100 * PERCENT


def test_status_tells_how_far_progress_lies_behind_the_plan() -> None:
    plan = 48 * PERCENT
    found = [progress.pace_status(part * PERCENT, plan) for part in (55, 46, 44, 34, 12)]
    assert found == ["good", "good", "warn", "warn", "bad"]
    assert progress.pace_status(None, plan) == "none"


def test_status_rolls_up_worst_wins_or_latest_wins() -> None:
    statuses: list[Any] = ["bad", "none", "good"]
    assert progress.rollup_status(statuses) == "bad"
    assert progress.rollup_status(statuses, how="latest_wins") == "good"
    assert progress.rollup_status(["none"]) == "none"


def _items(parts: list[tuple[int | None, int]]) -> list[progress.RollupItem]:
    return [progress.RollupItem(f"k{place}", value, weight) for place, (value, weight) in enumerate(parts)]


def test_a_rollup_leaves_missing_parts_out_and_renormalises() -> None:
    found = progress.rollup(_items([(50 * PERCENT, 1), (None, 2), (100 * PERCENT, 1)]))
    assert found.value_micro == 75 * PERCENT
    assert found.coverage_ppm == 500_000
    assert [part.effective_ppm for part in found.parts] == [500_000, 0, 500_000]
    assert progress.rollup(_items([(50 * PERCENT, 1), (None, 1)]), missing="zero").value_micro == 25 * PERCENT
    assert progress.rollup([]).value_micro is None
    assert progress.rollup([], missing="zero").value_micro == 0


def test_the_worst_part_decides_where_the_method_says_so() -> None:
    found = progress.rollup(_items([(50 * PERCENT, 1), (None, 1), (20 * PERCENT, 9)]), method="worst")
    assert found.value_micro == 20 * PERCENT
    assert [part.contribution_micro for part in found.parts] == [0, 0, 20 * PERCENT]


def test_an_objective_rolls_up_its_key_results_and_the_shares_of_others() -> None:
    own = [progress.RollupItem("kr1", 40 * PERCENT, 3), progress.RollupItem("kr2", 80 * PERCENT, 1)]
    others = [progress.RollupItem("o1", 100 * PERCENT, 300_000), progress.RollupItem("o2", None, 200_000)]
    assert progress.objective_progress(own, others).value_micro == 50 * PERCENT
    assert progress.objective_progress(own, others, source="objectives").value_micro == 100 * PERCENT
    both = progress.objective_progress(own, others, source="both")
    assert both.value_micro == 68_750_000  # (50 × 0.5 + 100 × 0.3) / 0.8
    assert both.coverage_ppm == 800_000
    assert progress.objective_progress(own, [], source="both").value_micro == 50 * PERCENT
    assert progress.objective_progress([], others, source="both").value_micro == 100 * PERCENT


@given(st.lists(st.tuples(st.none() | percents, st.integers(0, 10**9)), max_size=8), st.randoms())
def test_rollups_sum_stay_within_their_parts_and_ignore_order(
    parts: list[tuple[int | None, int]], random: Any
) -> None:
    items = _items(parts)
    found = progress.rollup(items)
    known = [value for value, weight in parts if value is not None and weight]
    if not known:
        assert found.value_micro is None
        return
    assert found.value_micro is not None
    assert min(known) <= found.value_micro <= max(known)
    assert sum(part.contribution_micro for part in found.parts) == found.value_micro
    assert sum(part.effective_ppm for part in found.parts) == fixed.ONE
    shuffled = list(items)
    random.shuffle(shuffled)
    again = progress.rollup(shuffled)
    assert again.value_micro == found.value_micro
    assert {part.key: part for part in again.parts} == {part.key: part for part in found.parts}


@given(
    st.lists(
        st.lists(st.tuples(st.none() | percents, st.integers(0, 10**15)), max_size=5), min_size=1, max_size=6
    )
)
def test_many_rollups_at_once_are_what_each_is_alone(grouped: list[list[tuple[int | None, int]]]) -> None:
    flat = [(group, *part) for group, parts in enumerate(grouped) for part in parts]
    values, present = fixed.optional_column(value for _group, value, _weight in flat)
    columns = progress.rollup_columns(
        groups=np.array([group for group, _value, _weight in flat], dtype=np.int64),
        values=values,
        present=present,
        weights=fixed.column(weight for _group, _value, weight in flat),
        group_count=len(grouped),
    )
    together = fixed.optional_values(columns.values_micro, columns.present)
    alone = [progress.rollup(_items(parts)) for parts in grouped]
    assert together == [one.value_micro for one in alone]
    assert columns.contributions_micro.tolist() == [
        part.contribution_micro for one in alone for part in one.parts
    ]
