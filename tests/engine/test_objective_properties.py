"""Laws of an objective's progress, whatever its key results and contributions are."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from performance.engine import fixed, progress

PERCENT = fixed.ONE
numbers = st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False)
weights = st.integers(1, 1_000_000)
values = st.none() | st.integers(0, 100 * PERCENT)
own_parts = st.lists(st.tuples(values, weights), max_size=6)
policies = st.builds(
    progress.ProgressPolicy,
    over=st.sampled_from(["clamp", "cap"]),
    cap_micro=st.integers(100 * PERCENT, 300 * PERCENT),
    missing=st.sampled_from(["leave_out", "zero"]),
    start_equals_target=st.sampled_from(["reached_or_not", "leave_out"]),
)
sources = st.sampled_from(["key_results", "objectives", "both"])
methods = st.sampled_from(["weighted_mean", "worst"])


@st.composite
def shares(draw: st.DrawFn) -> list[int]:
    """Shares of contributing objectives that together pass the whole by nothing."""
    cuts = sorted(draw(st.sets(st.integers(1, fixed.ONE), max_size=4)))
    return [b - a for a, b in zip([0, *cuts], cuts, strict=False)]


def _items(parts: list[tuple[int | None, int]], prefix: str) -> list[progress.RollupItem]:
    return [
        progress.RollupItem(f"{prefix}{place}", value, weight) for place, (value, weight) in enumerate(parts)
    ]


@given(own_parts, st.integers(2, 1000), methods)
def test_scaling_all_weights_changes_nothing(
    parts: list[tuple[int | None, int]], factor: int, method: progress.rollups.Method
) -> None:
    plain = progress.objective_progress(_items(parts, "k"), method=method)
    scaled = progress.objective_progress(
        _items([(value, weight * factor) for value, weight in parts], "k"), method=method
    )
    assert scaled.value_micro == plain.value_micro
    assert scaled.coverage_ppm == plain.coverage_ppm
    assert [part.contribution_micro for part in scaled.parts] == [
        part.contribution_micro for part in plain.parts
    ]


@given(own_parts, st.data(), sources, methods, st.sampled_from(["leave_out", "zero"]))
def test_the_order_of_key_results_and_contributions_changes_nothing(
    parts: list[tuple[int | None, int]], data: st.DataObject, source: Any, method: Any, missing: Any
) -> None:
    own = _items(parts, "k")
    others = _items([(data.draw(values), share) for share in data.draw(shares())], "o")
    found = progress.objective_progress(own, others, source=source, method=method, missing=missing)
    again = progress.objective_progress(
        data.draw(st.permutations(own)),
        data.draw(st.permutations(others)),
        source=source,
        method=method,
        missing=missing,
    )
    assert again.value_micro == found.value_micro
    assert {part.key: part for part in again.parts} == {part.key: part for part in found.parts}


@given(
    st.lists(st.tuples(numbers, numbers, st.none() | numbers, weights), min_size=1, max_size=5),
    st.data(),
    policies,
    methods,
)
def test_improving_a_key_result_never_lowers_its_objective(
    rows: list[tuple[Any, Any, Any, int]], data: st.DataObject, policy: progress.ProgressPolicy, method: Any
) -> None:
    """Improving is moving a reported value on in the direction of the target."""
    place = data.draw(st.integers(0, len(rows) - 1))
    start, target, current, weight = rows[place]
    if current is None:
        current = start
        rows[place] = (start, target, current, weight)
    step = data.draw(st.decimals(0, 10**9, places=4, allow_nan=False, allow_infinity=False))
    better = list(rows)
    better[place] = (start, target, current + step if target >= start else current - step, weight)

    def objective(given_rows: list[tuple[Any, Any, Any, int]]) -> int | None:
        found = progress.key_results_progress(
            [
                progress.KeyResult("increase" if goal >= first else "decrease", first, goal, value)
                for first, goal, value, _weight in given_rows
            ],
            policy=policy,
        )
        items = _items([(value, row[3]) for value, row in zip(found, given_rows, strict=True)], "k")
        return progress.objective_progress(items, method=method, missing=policy.missing).value_micro

    before, after = objective(rows), objective(better)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after >= before


@given(st.lists(weights, max_size=6), shares(), sources, methods)
def test_an_objective_without_check_ins_has_no_score(
    own: list[int], others: list[int], source: Any, method: Any
) -> None:
    rolled = progress.objective_progress(
        _items([(None, weight) for weight in own], "k"),
        _items([(None, share) for share in others], "o"),
        source=source,
        method=method,
    )
    assert rolled.value_micro is None
    assert rolled.coverage_ppm == 0


@given(
    st.lists(st.tuples(st.integers(0, 100 * PERCENT), weights), min_size=1, max_size=5), shares(), st.data()
)
def test_a_roll_up_with_shares_conserves(
    own: list[tuple[int, int]], given_shares: list[int], data: st.DataObject
) -> None:
    """Each contributing objective brings its share of its progress, the key results bring what the shares leave;
    nothing is lost and nothing is counted twice."""
    contributed = [(data.draw(st.integers(0, 100 * PERCENT)), share) for share in given_shares]
    rolled = progress.objective_progress(
        _items([(value, weight) for value, weight in own], "k"),
        _items([(value, share) for value, share in contributed], "o"),
        source="both",
    )
    left = fixed.ONE - sum(given_shares)
    own_mean = sum(value * weight for value, weight in own) / sum(weight for _value, weight in own)
    exact = (left * own_mean + sum(value * share for value, share in contributed)) / fixed.ONE
    assert rolled.value_micro is not None
    assert abs(rolled.value_micro - exact) <= 1
    assert sum(part.contribution_micro for part in rolled.parts) == rolled.value_micro
    assert sum(part.effective_ppm for part in rolled.parts) == fixed.ONE
    for part, share in zip(rolled.parts[len(own) :], given_shares, strict=True):
        assert abs(part.effective_ppm - share) <= 1
