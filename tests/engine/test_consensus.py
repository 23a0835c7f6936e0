"""Progress and roll-up cases on which several OKR products agree, from the shared data folder."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from performance.engine import fixed, progress

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "scoring" / "consensus_cases.json"

# The cases count a missing value and an empty list as 0; here that is a policy, chosen by name.
MISSING_AS_ZERO = progress.ProgressPolicy(missing="zero")


def _key_result(inputs: dict[str, Any]) -> int | None:
    return progress.key_result_progress("percent", **inputs, policy=MISSING_AS_ZERO)


def _less_is_better(inputs: dict[str, Any]) -> int | None:
    return progress.target_ratio(inputs["target"], inputs["actual"], better="less", policy=MISSING_AS_ZERO)


def _rolled_up(pairs: list[tuple[int | None, int]]) -> int | None:
    items = [progress.RollupItem(f"part {place}", *pair) for place, pair in enumerate(pairs)]
    return progress.rollup(items, missing="zero").value_micro


def _percent(value: float | str | None) -> int | None:
    return None if value is None else fixed.micro(str(value))


def _objective(inputs: dict[str, Any]) -> int | None:
    targets = [
        _key_result(target) if isinstance(target, dict) else _percent(target) for target in inputs["targets"]
    ]
    checks = [progress.key_result_progress("yes_no", done=done) for done in inputs["checks"]]
    return _rolled_up([(value, 1) for value in [*targets, *checks]])


FORMULAS: dict[str, Callable[[dict[str, Any]], int | None]] = {
    "kr_progress_pct": _key_result,
    "piecewise_checkpoints_pct": _key_result,
    "less_is_better_pct": _less_is_better,
    "objective_progress_pct": _objective,
    "weighted_pct": lambda inputs: _rolled_up(
        [(_percent(value), weight) for value, weight in inputs["items"]]
    ),
    "average_pct": lambda inputs: _rolled_up([(_percent(value), 1) for value in inputs["children"]]),
}


def _cases() -> list[Any]:
    if CASES.exists():
        return [pytest.param(case, id=case["id"]) for case in json.loads(CASES.read_text())]
    reason = f"the shared data folder is absent: {CASES.name} is not beside the repository"
    return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))]


@pytest.mark.parametrize("case", _cases())
def test_the_engine_agrees_with_the_consensus(case: dict[str, Any]) -> None:
    found = FORMULAS[case["kind"]](case["inputs"])
    assert found is not None
    # Products that print whole percents round half up.
    shown = fixed.round_divide(found, fixed.ONE) * fixed.ONE if isinstance(case["expected"], int) else found
    assert shown == fixed.micro(str(case["expected"]))


def test_the_cases_are_present_in_continuous_integration() -> None:
    if os.environ.get("CI", "").lower() not in ("1", "true"):
        pytest.skip("only continuous integration must have the shared data folder")
    assert CASES.exists()
