from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import attribution, fixed, score

POINT = fixed.ONE
parts = st.lists(
    st.tuples(st.none() | st.integers(0, 120 * POINT), st.integers(0, fixed.ONE)), min_size=4, max_size=4
)


def _score(cells: list[tuple[int | None, int]], keys: str = "abcd") -> score.Score:
    return score.score_one(
        [
            score.ComponentValue(key, value, weight, 250_000)
            for key, (value, weight) in zip(keys, cells, strict=True)
        ]
    )


@given(parts, parts, st.sampled_from(["abcd", "dcba", "cdef", "wxyz"]))
def test_the_effects_sum_exactly_to_the_change_of_the_score(before: Any, after: Any, keys: str) -> None:
    one, other = _score(before), _score(after, keys)
    found = attribution.attribute_change(one, other)
    if one.score_micro is None or other.score_micro is None:
        assert found.change_micro is None
        assert found.performance_micro == found.weight_micro == 0
        return
    assert found.change_micro == other.score_micro - one.score_micro
    assert found.performance_micro + found.weight_micro == found.change_micro
    assert sum(effect.performance_micro for effect in found.effects.values()) == found.performance_micro
    assert sum(effect.weight_micro for effect in found.effects.values()) == found.weight_micro


@given(parts, parts)
def test_going_back_undoes_every_effect(before: Any, after: Any) -> None:
    there = attribution.attribute_change(_score(before), _score(after))
    back = attribution.attribute_change(_score(after), _score(before))
    for key, effect in there.effects.items():
        assert back.effects[key] == attribution.Effect(-effect.performance_micro, -effect.weight_micro)


@given(parts, st.lists(st.integers(0, 120 * POINT), min_size=4, max_size=4))
def test_without_a_change_of_weights_all_is_performance(cells: Any, later: list[int]) -> None:
    before = [(value or 0, weight) for value, weight in cells]
    after = [(value, weight) for value, (_value, weight) in zip(later, before, strict=True)]
    assert attribution.attribute_change(_score(before), _score(after)).weight_micro == 0


@given(parts, parts)
def test_equal_values_leave_no_performance_effect_where_weights_moved(cells: Any, weights: Any) -> None:
    before = [(50 * POINT, weight) for _value, weight in cells]
    after = [(50 * POINT, weight) for _value, weight in weights]
    found = attribution.attribute_change(_score(before), _score(after))
    assert found.performance_micro == 0
    assert found.weight_micro in (0, found.change_micro)


def test_both_effects_take_the_middle_of_the_two_periods() -> None:
    before = _score([(60 * POINT, 400_000), (80 * POINT, 600_000)], "ab")
    after = _score([(70 * POINT, 600_000), (80 * POINT, 400_000)], "ab")
    found = attribution.attribute_change(before, after)
    assert found.change_micro == 2 * POINT
    assert found.effects["a"] == attribution.Effect(5 * POINT, 13 * POINT)
    assert found.effects["b"] == attribution.Effect(0, -16 * POINT)


def test_a_component_that_enters_is_a_matter_of_weights() -> None:
    before = _score([(60 * POINT, 1)], "a")
    after = _score([(60 * POINT, 1), (90 * POINT, 1)], "ab")
    found = attribution.attribute_change(before, after)
    assert (found.performance_micro, found.weight_micro) == (0, 15 * POINT)


@given(st.lists(st.tuples(parts, parts), min_size=1, max_size=4))
def test_columns_give_what_each_person_gives_alone(people: Any) -> None:
    def columns(period: int) -> score.ScoreColumns:
        cells = [person[period] for person in people]
        return score.score_columns(
            keys=list("abcd"),
            values_micro=np.array([[value or 0 for value, _weight in row] for row in cells], dtype=np.int64),
            present=np.array(
                [[value is not None for value, _weight in row] for row in cells], dtype=np.bool_
            ),
            effective_ppm=np.array([[weight for _value, weight in row] for row in cells], dtype=np.int64),
            base_ppm=np.full(4, 250_000, dtype=np.int64),
        )

    together = attribution.attribute_columns(columns(0), columns(1))
    for row, (before, after) in enumerate(people):
        alone = attribution.attribute_change(_score(before), _score(after))
        assert together.performance_micro[row].tolist() == [
            one.performance_micro for one in alone.effects.values()
        ]
        assert together.weight_micro[row].tolist() == [one.weight_micro for one in alone.effects.values()]
        assert bool(together.compared[row]) == (alone.change_micro is not None)
