from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from performance.engine import errors, weights

WHOLE = weights.WHOLE


def _stage(ppm: int) -> tuple[weights.Factor, ...]:
    return (weights.Factor("stage", "growth", ppm),)


def _effective(components: list[weights.Component], **options: Any) -> dict[str, int]:
    return {one.key: one.effective_ppm for one in weights.effective_weights(components, **options)}


@st.composite
def policies(draw: st.DrawFn) -> list[weights.Component]:
    """Components whose bounds leave room for 100 %, with up to two multipliers each."""
    count = draw(st.integers(1, 7))
    components = []
    for place in range(count):
        low = draw(st.integers(0, WHOLE // count))
        high = draw(st.integers(max(low, -(-WHOLE // count)), WHOLE))
        factors = tuple(
            weights.Factor("market", f"signal {number}", draw(st.integers(400_000, 2_500_000)))
            for number in range(draw(st.integers(0, 2)))
        )
        components.append(weights.Component(f"c{place}", draw(st.integers(1, WHOLE)), low, high, factors))
    return components


@given(policies())
def test_weights_sum_to_the_whole_within_their_bounds(components: list[weights.Component]) -> None:
    found = _effective(components)
    assert sum(found.values()) == WHOLE
    for component in components:
        assert component.min_ppm <= found[component.key] <= component.max_ppm


@given(policies(), st.randoms())
def test_weights_do_not_depend_on_the_order_of_components(
    components: list[weights.Component], random: Any
) -> None:
    shuffled = list(components)
    random.shuffle(shuffled)
    again = {one.key: one for one in weights.effective_weights(shuffled)}
    assert again == {one.key: one for one in weights.effective_weights(components)}


@given(policies(), st.integers(2, 1000))
def test_scaling_all_base_weights_changes_nothing(components: list[weights.Component], scale: int) -> None:
    scaled = [
        weights.Component(one.key, one.base_ppm * scale, one.min_ppm, one.max_ppm, one.factors)
        for one in components
    ]
    assert _effective(scaled) == _effective(components)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=7), st.integers(500_000, 2_000_000))
def test_equal_multipliers_leave_the_base_proportions(bases: list[int], factor: int) -> None:
    plain = [weights.Component(f"c{place}", base) for place, base in enumerate(bases)]
    moved = [weights.Component(one.key, one.base_ppm, factors=_stage(factor)) for one in plain]
    assert _effective(moved) == _effective(plain)


@given(policies())
def test_free_components_keep_their_proportions(components: list[weights.Component]) -> None:
    explained = weights.effective_weights(components)
    free = [one for one in explained if one.bounded is None and one.effective_ppm > 1000]
    assume(len(free) > 1)
    for left, right in pairwise(free):
        raw = {one.key: Fraction(one.base_ppm) for one in free}
        for one in (left, right):
            for factor in one.factors:
                raw[one.key] *= Fraction(factor.applied_ppm, WHOLE)
        # Equal up to the rounding of each weight to a whole ppm.
        difference = left.effective_ppm * raw[right.key] - right.effective_ppm * raw[left.key]
        assert abs(difference) <= raw[left.key] + raw[right.key]


@given(policies(), st.integers(0, WHOLE - 1), st.integers(0, WHOLE // 2))
def test_no_weight_moves_further_than_the_step_cap(
    components: list[weights.Component], smoothing: int, step: int
) -> None:
    before = _effective([weights.Component(one.key, 1, one.min_ppm, one.max_ppm) for one in components])
    found = _effective(components, previous_ppm=before, smoothing_ppm=smoothing, step_cap_ppm=step)
    assert sum(found.values()) == WHOLE
    for component in components:
        assert component.min_ppm <= found[component.key] <= component.max_ppm
        assert abs(found[component.key] - before[component.key]) <= step


@st.composite
def blends(draw: st.DrawFn, components: list[weights.Component]) -> dict[str, Any]:
    """Objective weights of some or all components, and how much of them is blended in."""
    keys = draw(st.lists(st.sampled_from([one.key for one in components]), min_size=1, unique=True))
    objective = {key: draw(st.integers(0, WHOLE)) for key in keys}
    assume(any(objective.values()))
    return {"objective_ppm": objective, "blend_ppm": draw(st.integers(0, weights.MOST_BLEND))}


@given(policies(), st.data(), st.integers(0, WHOLE - 1), st.integers(0, WHOLE // 2))
def test_blended_weights_sum_to_the_whole_within_bounds_and_step(
    components: list[weights.Component], data: st.DataObject, smoothing: int, step: int
) -> None:
    blend = data.draw(blends(components))
    before = _effective([weights.Component(one.key, 1, one.min_ppm, one.max_ppm) for one in components])
    found = weights.effective_weights(
        components, previous_ppm=before, smoothing_ppm=smoothing, step_cap_ppm=step, **blend
    )
    assert sum(one.effective_ppm for one in found) == WHOLE
    assert sum(one.blended_ppm for one in found) == WHOLE
    for component, one in zip(components, found, strict=True):
        assert component.min_ppm <= one.effective_ppm <= component.max_ppm
        assert abs(one.effective_ppm - before[component.key]) <= step


@given(policies(), st.data(), st.integers(1, 900), st.randoms())
def test_a_blend_moves_no_share_by_more_than_itself_whatever_order_or_scale(
    components: list[weights.Component], data: st.DataObject, scale: int, random: Any
) -> None:
    blend = data.draw(blends(components))
    found = weights.effective_weights(components, **blend)
    for one in found:
        assert abs(one.blended_ppm - one.raw_ppm) <= blend["blend_ppm"] + 1  # both are rounded
        assert one.objective_ppm == blend["objective_ppm"].get(one.key)
        if one.key not in blend["objective_ppm"]:
            assert abs(one.blended_ppm - one.raw_ppm) <= 1
    shuffled = list(components)
    random.shuffle(shuffled)
    again = {one.key: one for one in weights.effective_weights(shuffled, **blend)}
    assert again == {one.key: one for one in found}
    smaller = {key: weight // scale for key, weight in blend["objective_ppm"].items()}
    assume(any(smaller.values()))
    larger = {key: weight * scale for key, weight in smaller.items()}
    assert [
        one.effective_ppm
        for one in weights.effective_weights(components, **{**blend, "objective_ppm": larger})
    ] == [
        one.effective_ppm
        for one in weights.effective_weights(components, **{**blend, "objective_ppm": smaller})
    ]


@given(policies(), st.data())
def test_without_a_blend_objective_weights_are_shown_and_move_nothing(
    components: list[weights.Component], data: st.DataObject
) -> None:
    objective = data.draw(blends(components))["objective_ppm"]
    found = weights.effective_weights(components, objective_ppm=objective)
    plain = weights.effective_weights(components)
    assert [replace(one, objective_ppm=None) for one in found] == list(plain)
    assert all(one.blended_ppm == one.raw_ppm for one in plain)


def test_a_fifth_of_the_weight_comes_from_what_tells_stores_apart() -> None:
    components = [
        weights.Component("turnover", 300_000),
        weights.Component("profit", 300_000),
        weights.Component("okr", 400_000),
    ]
    found = weights.effective_weights(
        components, objective_ppm={"turnover": 750_000, "profit": 250_000}, blend_ppm=200_000
    )
    assert [one.raw_ppm for one in found] == [300_000, 300_000, 400_000]
    assert [one.blended_ppm for one in found] == [330_000, 270_000, 400_000]
    assert [one.effective_ppm for one in found] == [330_000, 270_000, 400_000]
    assert [one.objective_ppm for one in found] == [750_000, 250_000, None]


def test_each_weight_explains_itself() -> None:
    found = weights.effective_weights(
        [
            weights.Component("okr", 500_000, max_ppm=450_000, factors=_stage(1_500_000)),
            weights.Component("profit", 300_000, min_ppm=280_000),
            weights.Component("turnover", 200_000, factors=(weights.Factor("market", "demand", 3_000_000),)),
        ]
    )
    okr, profit, turnover = found
    assert [one.raw_ppm for one in found] == [517_241, 206_897, 275_862]
    assert [one.effective_ppm for one in found] == [450_000, 280_000, 270_000]
    assert (okr.bounded, okr.guardrails) == ("capped", ("max",))
    assert profit.bounded == "floored"
    assert profit.guardrails == ("min",)
    assert turnover.guardrails == ("factor",)
    assert turnover.factors[0].stated_ppm == 3_000_000
    assert turnover.factors[0].applied_ppm == 2_000_000


def test_a_step_cap_measured_from_the_base_says_that_it_held() -> None:
    components = [
        weights.Component("a", 200_000, factors=_stage(2_000_000)),
        weights.Component("b", 800_000),
    ]
    capped, rest = weights.effective_weights(
        components, previous_ppm={"a": 200_000, "b": 800_000}, step_cap_ppm=50_000
    )
    assert (capped.raw_ppm, capped.effective_ppm, capped.guardrails) == (333_333, 250_000, ("step_up",))
    assert (capped.bounded, rest.effective_ppm, rest.guardrails) == ("capped", 750_000, ("step_down",))


def test_smoothing_keeps_a_share_of_the_previous_weight() -> None:
    components = [weights.Component("a", 400_000), weights.Component("b", 600_000)]
    found = weights.effective_weights(
        components, previous_ppm={"a": 200_000, "b": 800_000}, smoothing_ppm=500_000
    )
    assert [one.effective_ppm for one in found] == [300_000, 700_000]
    assert [one.smoothed_ppm for one in found] == [300_000, 700_000]


def test_a_component_on_its_way_out_leaves_in_steps() -> None:
    components = [weights.Component("a", 0), weights.Component("b", 0), weights.Component("c", 10)]
    found = _effective(
        components, previous_ppm={"a": 300_000, "b": 300_000, "c": 400_000}, step_cap_ppm=50_000
    )
    assert found == {"a": 275_000, "b": 275_000, "c": 450_000}


@pytest.mark.parametrize(
    ("components", "options", "code"),
    [
        ([], {}, "no_components"),
        ([weights.Component("a", 1), weights.Component("a", 1)], {}, "duplicate_key"),
        ([weights.Component("a", 0)], {}, "no_base_weight"),
        ([weights.Component("a", -1)], {}, "base_out_of_range"),
        ([weights.Component("a", 1, 5, 4)], {}, "bounds_reversed"),
        (
            [weights.Component("a", 1, max_ppm=400_000), weights.Component("b", 1, max_ppm=400_000)],
            {},
            "infeasible_bounds",
        ),
        (
            [weights.Component("a", 1, min_ppm=600_000), weights.Component("b", 1, min_ppm=600_000)],
            {},
            "infeasible_bounds",
        ),
        ([weights.Component("a", 1, max_ppm=400_000), weights.Component("b", 0)], {}, "infeasible_bounds"),
        ([weights.Component("a", 1)], {"previous_ppm": {"a": 300_000}, "step_cap_ppm": 1}, "infeasible_step"),
        ([weights.Component("a", 1)], {"smoothing_ppm": WHOLE}, "smoothing_out_of_range"),
        ([weights.Component("a", 1)], {"step_cap_ppm": -1}, "step_cap_out_of_range"),
        ([weights.Component("a", 1)], {"previous_ppm": {"a": -1}}, "previous_out_of_range"),
        ([weights.Component("a", 1)], {"blend_ppm": -1}, "blend_out_of_range"),
        (
            [weights.Component("a", 1)],
            {"objective_ppm": {"a": 1}, "blend_ppm": 200_001},
            "blend_out_of_range",
        ),
        ([weights.Component("a", 1)], {"blend_ppm": 1}, "no_objective"),
        ([weights.Component("a", 1)], {"objective_ppm": {"a": 0}, "blend_ppm": 1}, "no_objective"),
        ([weights.Component("a", 1)], {"objective_ppm": {"b": 1}, "blend_ppm": 1}, "unknown_component"),
        ([weights.Component("a", 1)], {"objective_ppm": {"a": -1}}, "objective_out_of_range"),
        ([weights.Component("a", 1)], {"objective_ppm": {"a": WHOLE + 1}}, "objective_out_of_range"),
    ],
)
def test_weights_that_cannot_exist_are_refused_with_the_reason(
    components: list[weights.Component], options: dict[str, Any], code: str
) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        weights.effective_weights(components, **options)
    assert refusal.value.code == code


def test_a_sound_policy_has_no_problems() -> None:
    assert weights.problems([weights.Component("a", 600_000), weights.Component("b", 400_000)]) == ()


def test_problems_name_everything_the_author_must_mend() -> None:
    found = weights.problems(
        [
            weights.Component("a", 300_000, min_ppm=400_000, max_ppm=450_000, factors=_stage(5)),
            weights.Component("a", 600_000, min_ppm=700_000, max_ppm=500_000),
        ]
    )
    assert [problem.code for problem in found] == [
        "duplicate_key",
        "base_not_whole",
        "base_outside_bounds",
        "factor_out_of_range",
        "bounds_reversed",
        "minimums_too_high",
        "maximums_too_low",
    ]
    assert weights.problems([])[0].code == "no_components"
