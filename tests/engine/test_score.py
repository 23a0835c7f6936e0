import time
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import curves, errors, fixed, score, weights

POINT = fixed.ONE
values = st.none() | st.integers(0, 120 * POINT)
ppm = st.integers(0, fixed.ONE)


@st.composite
def people(draw: st.DrawFn, rows: int = 5) -> dict[str, Any]:
    """Arguments of `score_columns` for a few people, each with weights of their own."""
    count, size = draw(st.integers(1, 6)), draw(st.integers(1, rows))
    cells = draw(st.lists(st.lists(values, min_size=count, max_size=count), min_size=size, max_size=size))
    earlier = draw(st.lists(st.lists(values, min_size=count, max_size=count), min_size=size, max_size=size))

    def matrix(strategy: st.SearchStrategy[int]) -> Any:
        row = st.lists(strategy, min_size=count, max_size=count)
        return np.array(draw(st.lists(row, min_size=size, max_size=size)), dtype=np.int64)

    return {
        "keys": [f"c{place}" for place in range(count)],
        "values_micro": np.array([[cell or 0 for cell in row] for row in cells], dtype=np.int64),
        "present": np.array([[cell is not None for cell in row] for row in cells], dtype=np.bool_),
        "effective_ppm": matrix(ppm),
        "base_ppm": matrix(ppm),
        "missing": draw(
            st.lists(st.sampled_from(["leave_out", "zero", "carry_forward"]), min_size=count, max_size=count)
        ),
        "previous_micro": np.array([[cell or 0 for cell in row] for row in earlier], dtype=np.int64),
        "previous_present": np.array([[cell is not None for cell in row] for row in earlier], dtype=np.bool_),
        "coverage_ppm": matrix(ppm),
    }


CELLS = (
    "values_micro",
    "present",
    "effective_ppm",
    "base_ppm",
    "previous_micro",
    "previous_present",
    "coverage_ppm",
)
BY_ROW = ("score_micro", "constant_score_micro", "scored", "coverage_ppm", "penalised")
BY_CELL = (
    "values_micro",
    "treatment",
    "effective_ppm",
    "constant_ppm",
    "contributions_micro",
    "constant_contributions_micro",
)


@given(people())
def test_contributions_and_weights_sum_exactly(arguments: dict[str, Any]) -> None:
    found = score.score_columns(**arguments)
    assert (found.contributions_micro.sum(axis=1) == found.score_micro).all()
    assert (found.constant_contributions_micro.sum(axis=1) == found.constant_score_micro).all()
    assert (found.effective_ppm.sum(axis=1) == np.where(found.scored, fixed.ONE, 0)).all()
    assert (found.constant_ppm.sum(axis=1) == np.where(found.scored, fixed.ONE, 0)).all()


@given(people())
def test_a_score_lies_between_its_lowest_and_highest_component(arguments: dict[str, Any]) -> None:
    found = score.score_columns(**arguments)
    for row in np.flatnonzero(found.scored):
        counted = found.values_micro[row][found.treatment[row] != score.LEFT_OUT]
        for one in (found.score_micro[row], found.constant_score_micro[row]):
            assert counted.min() <= one <= counted.max()
    assert (found.coverage_ppm >= 0).all()
    assert (found.coverage_ppm <= fixed.ONE).all()


@given(people(), st.integers(0, 10**6), st.integers(0, 30 * POINT))
def test_raising_a_component_never_lowers_a_score(arguments: dict[str, Any], pick: int, gain: int) -> None:
    before = score.score_columns(**arguments)
    raised = arguments["values_micro"].copy()
    raised[:, pick % raised.shape[1]] += gain
    after = score.score_columns(**{**arguments, "values_micro": raised})
    assert (after.score_micro >= before.score_micro).all()
    assert (after.constant_score_micro >= before.constant_score_micro).all()


@given(people(), st.randoms())
def test_scores_do_not_depend_on_the_order_of_people_or_components(
    arguments: dict[str, Any], random: Any
) -> None:
    straight = score.score_columns(**arguments)
    rows, columns = (list(range(size)) for size in arguments["values_micro"].shape)
    random.shuffle(rows)
    random.shuffle(columns)
    moved = {name: arguments[name][rows][:, columns] for name in CELLS}
    moved["keys"] = [arguments["keys"][place] for place in columns]
    moved["missing"] = [arguments["missing"][place] for place in columns]
    shuffled = score.score_columns(**moved)
    for name in BY_ROW:
        assert (getattr(shuffled, name) == getattr(straight, name)[rows]).all()
    for name in BY_CELL:
        assert (getattr(shuffled, name) == getattr(straight, name)[rows][:, columns]).all()


@given(people(), st.integers(0, 5))
def test_scores_do_not_depend_on_chunks(arguments: dict[str, Any], cut: int) -> None:
    whole = score.score_columns(**arguments)
    chunks = [
        score.score_columns(**{**arguments, **{name: arguments[name][part] for name in CELLS}})
        for part in (slice(None, cut), slice(cut, None))
    ]
    for name in (*BY_ROW, *BY_CELL):
        joined = np.concatenate([getattr(chunk, name) for chunk in chunks])
        assert joined.dtype == getattr(whole, name).dtype
        assert joined.tobytes() == getattr(whole, name).tobytes()


@given(people(), st.integers(1, 900))
def test_scaling_all_weights_changes_nothing(arguments: dict[str, Any], scale: int) -> None:
    scaled = {name: arguments[name] * scale for name in ("effective_ppm", "base_ppm")}
    plain, again = score.score_columns(**arguments), score.score_columns(**{**arguments, **scaled})
    for name in (*BY_ROW, *BY_CELL):
        assert (getattr(again, name) == getattr(plain, name)).all()


@given(
    st.lists(st.tuples(st.integers(1, fixed.ONE), values), min_size=1, max_size=6),
    st.integers(500_000, 2_000_000),
)
def test_equal_multipliers_give_the_constant_weight_score(
    parts: list[tuple[int, int | None]], factor: int
) -> None:
    effective = weights.effective_weights(
        [
            weights.Component(f"c{place}", base, factors=(weights.Factor("market", "demand", factor),))
            for place, (base, _value) in enumerate(parts)
        ]
    )
    plain = weights.effective_weights(
        [weights.Component(f"c{place}", base) for place, (base, _value) in enumerate(parts)]
    )
    found = score.score_one(
        [
            score.ComponentValue(one.key, value, one.effective_ppm, base.effective_ppm)
            for one, base, (_base, value) in zip(effective, plain, parts, strict=True)
        ]
    )
    assert found.score_micro == found.constant_score_micro


def test_the_score_is_what_the_shown_weights_and_values_give() -> None:
    found = score.score_one(
        [
            score.ComponentValue("okr", 80 * POINT, 300_000, 250_000),
            score.ComponentValue("turnover", 88 * POINT, 250_000, 220_000),
            score.ComponentValue("profit", None, 450_000, 530_000),
        ]
    )
    assert [line.effective_ppm for line in found.lines] == [545_455, 454_545, 0]
    assert found.score_micro == 83_636_360
    assert [line.contribution_micro for line in found.lines] == [43_636_400, 39_999_960, 0]
    assert [line.treatment for line in found.lines] == ["measured", "measured", "left_out"]
    assert found.lines[2].value_micro is None
    assert found.constant_score_micro == 83_744_680
    assert found.coverage_ppm == 550_000


def _cell(arguments: dict[str, Any], row: int, place: int) -> tuple[str, int | None]:
    """How a cell should count by its policy, told without columns."""
    if arguments["present"][row, place]:
        return "measured", int(arguments["values_micro"][row, place])
    if arguments["missing"][place] == "zero":
        return "zero", 0
    if arguments["missing"][place] == "carry_forward" and arguments["previous_present"][row, place]:
        return "carried", int(arguments["previous_micro"][row, place])
    return "left_out", None


@given(people())
def test_a_missing_component_counts_as_its_policy_says_and_as_nothing_else(arguments: dict[str, Any]) -> None:
    """Each row scores as somebody would who has only the components that count, all of them measured."""
    found = score.score_columns(**arguments)
    for row in range(len(arguments["values_micro"])):
        mine = score.score_of(found, row)
        cells = [_cell(arguments, row, place) for place in range(len(mine.lines))]
        assert [(line.treatment, line.value_micro) for line in mine.lines] == cells
        effective, base = (arguments[name][row].tolist() for name in ("effective_ppm", "base_ppm"))
        counting = [
            score.ComponentValue(line.key, line.value_micro, effective[place], base[place])
            for place, line in enumerate(mine.lines)
            if line.treatment != "left_out"
        ]
        alone = score.score_one(counting) if counting else None
        assert mine.score_micro == (alone and alone.score_micro)
        assert mine.constant_score_micro == (alone and alone.constant_score_micro)
        sums = [replace(line, treatment="measured") for line in mine.lines if line.treatment != "left_out"]
        assert sums == list(alone.lines if alone else ())
        for line in mine.lines:
            if line.treatment == "left_out":
                assert (line.effective_ppm, line.constant_ppm, line.contribution_micro) == (0, 0, 0)
        measured = sum(
            weight * int(arguments["coverage_ppm"][row, place])
            for place, weight in enumerate(effective)
            if cells[place][0] == "measured"
        )
        assert mine.coverage_ppm == fixed.round_divide(measured, sum(effective) or 1)


def test_a_missing_component_follows_the_policy() -> None:
    components = [
        score.ComponentValue("a", 80 * POINT, 500_000, 500_000),
        score.ComponentValue("b", None, 500_000, 500_000, previous_micro=60 * POINT),
    ]
    assert score.score_one(components).score_micro == 80 * POINT
    assert score.score_one(components, missing="zero").score_micro == 40 * POINT
    carried = score.score_one(components, missing="carry_forward")
    assert carried.score_micro == 70 * POINT
    assert carried.lines[1].treatment == "carried"
    assert carried.coverage_ppm == 500_000


def test_carrying_forward_without_a_previous_value_leaves_the_component_out() -> None:
    found = score.score_one(
        [score.ComponentValue("a", 80 * POINT, 1, 1), score.ComponentValue("b", None, 1, 1)],
        missing="carry_forward",
    )
    assert found.score_micro == 80 * POINT
    assert found.lines[1].treatment == "left_out"


def test_nothing_measured_is_no_score() -> None:
    found = score.score_one([score.ComponentValue("a", None, 1, 1)])
    assert found.score_micro is None
    assert found.constant_score_micro is None
    assert found.coverage_ppm == 0


def segments_of(arguments: dict[str, Any], person: list[int], days: list[int]) -> score.BlendedColumns:
    columns = score.score_columns(**arguments)
    who, long = np.array(person, dtype=np.int64), np.array(days, dtype=np.int64)
    return score.blend_segments(columns, person=who, days=long, people=max(person) + 1)


@given(people(), st.data())
def test_segments_sum_exactly_within_their_people(arguments: dict[str, Any], data: st.DataObject) -> None:
    size = len(arguments["values_micro"])
    person = data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    days = data.draw(st.lists(st.integers(1, 366), min_size=size, max_size=size))
    blended = segments_of(arguments, person, days)
    found = blended.columns
    rows = score.score_columns(**arguments)
    assert (found.contributions_micro.sum(axis=1) == found.score_micro).all()
    assert (found.constant_contributions_micro.sum(axis=1) == found.constant_score_micro).all()
    assert (found.effective_ppm.sum(axis=1) == np.where(found.scored, fixed.ONE, 0)).all()
    for one in range(max(person) + 1):
        mine = [place for place, who in enumerate(person) if who == one and rows.scored[place]]
        assert bool(found.scored[one]) == bool(mine)
        if mine:
            scores = rows.score_micro[mine]
            assert scores.min() <= found.score_micro[one] <= scores.max()
            assert blended.segment_ppm[mine].sum() == fixed.ONE


@given(people(rows=1), st.integers(1, 300), st.integers(1, 300))
def test_cutting_a_segment_in_two_changes_nothing(arguments: dict[str, Any], first: int, second: int) -> None:
    plain = score.score_columns(**arguments)
    one = segments_of(arguments, [0], [first + second]).columns
    twice = {**arguments, **{name: np.repeat(arguments[name], 2, axis=0) for name in CELLS}}
    two = segments_of(twice, [0, 0], [first, second]).columns
    for name in (*BY_ROW, *BY_CELL):
        assert (getattr(one, name) == getattr(plain, name)).all()
        assert (getattr(two, name) == getattr(plain, name)).all()


@given(people(), st.data(), st.integers(1, 700))
def test_a_longer_segment_weighs_more(arguments: dict[str, Any], data: st.DataObject, longer: int) -> None:
    """Lengthening a segment pulls the score towards what it scored in that segment, and never beyond."""
    size = len(arguments["values_micro"])
    person = data.draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    days = data.draw(st.lists(st.integers(1, 366), min_size=size, max_size=size))
    pick = data.draw(st.integers(0, size - 1))
    rows = score.score_columns(**arguments)
    before = segments_of(arguments, person, days)
    after = segments_of(
        arguments, person, [long + (longer if place == pick else 0) for place, long in enumerate(days)]
    )
    mine = [place for place, who in enumerate(person) if who == person[pick] and rows.scored[place]]
    for one, other in permutations(mine, 2):
        if days[one] > days[other]:
            assert before.segment_ppm[one] >= before.segment_ppm[other]
    for name, of_row in (
        ("score_micro", rows.score_micro),
        ("constant_score_micro", rows.constant_score_micro),
    ):
        old, new = (getattr(each.columns, name) for each in (before, after))
        if pick not in mine:
            assert (new == old).all()
            continue
        own, was, now = (
            int(column[place]) for column, place in ((of_row, pick), (old, person[pick]), (new, person[pick]))
        )
        assert min(was, own) <= now <= max(was, own)
        # Whole ppm: a share may lose the crumb that it had been rounded up by.
        assert after.segment_ppm[pick] >= before.segment_ppm[pick] - 1
        assert all(after.segment_ppm[one] <= before.segment_ppm[one] + 1 for one in mine if one != pick)
        total = sum(days[one] for one in mine)
        if longer * (total - days[pick]) * fixed.ONE > 2 * total * (total + longer):
            assert after.segment_ppm[pick] > before.segment_ppm[pick]
        weighed = sum(int(of_row[one]) * days[one] for one in mine)
        assert abs(Fraction(weighed, total) - was) <= 1
        assert abs(Fraction(weighed + own * longer, total + longer) - now) <= 1


def test_segments_weigh_by_their_days() -> None:
    arguments = {
        "keys": ["a", "b"],
        "values_micro": np.array([[90 * POINT, 0], [0, 60 * POINT]], dtype=np.int64),
        "present": np.array([[True, False], [False, True]]),
        "effective_ppm": np.array([[fixed.ONE, 0], [0, fixed.ONE]], dtype=np.int64),
        "base_ppm": np.array([[fixed.ONE, 0], [0, fixed.ONE]], dtype=np.int64),
    }
    blended = segments_of(arguments, [0, 0], [61, 30])
    found = score.score_of(blended.columns, 0)
    assert found.score_micro == fixed.round_divide((90 * 61 + 60 * 30) * POINT, 91)
    assert [line.value_micro for line in found.lines] == [90 * POINT, 60 * POINT]
    assert blended.segment_ppm.tolist() == [670_330, 329_670]
    assert [line.effective_ppm for line in found.lines] == [670_330, 329_670]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"keys": ["a", "a"]}, "duplicate_key"),
        ({"values_micro": np.array([[-1, 0]])}, "value_out_of_range"),
        ({"values_micro": np.array([[1]])}, "shape_mismatch"),
        ({"effective_ppm": np.array([1])}, "shape_mismatch"),
        ({"base_ppm": np.array([1, -1])}, "weight_out_of_range"),
        ({"missing": "guess"}, "unknown_policy"),
        ({"values_micro": np.array([[0.5, 1.0]])}, "inexact_number"),
        ({"coverage_ppm": np.array([[0, 1_000_001]])}, "coverage_out_of_range"),
    ],
)
def test_columns_without_meaning_are_refused(change: dict[str, Any], code: str) -> None:
    arguments: dict[str, Any] = {
        "keys": ["a", "b"],
        "values_micro": np.array([[1, 2]]),
        "present": np.array([[True, True]]),
        "effective_ppm": np.array([1, 1]),
        "base_ppm": np.array([1, 1]),
    }
    with pytest.raises(errors.InvalidInput) as refusal:
        score.score_columns(**{**arguments, **change})
    assert refusal.value.code == code


@pytest.mark.parametrize("days", [[0, 1], [3000, 3000]])
def test_segments_without_days_or_with_too_many_are_refused(days: list[int]) -> None:
    arguments = {
        "keys": ["a"],
        "values_micro": np.array([[1], [2]]),
        "present": np.array([[True], [True]]),
        "effective_ppm": np.array([1]),
        "base_ppm": np.array([1]),
    }
    with pytest.raises(errors.InvalidInput) as refusal:
        segments_of(arguments, [0, 0], days)
    assert refusal.value.code == "days_out_of_range"


def test_a_hundred_thousand_people_are_scored_within_seconds() -> None:
    size, count = 100_000, 8
    generator = np.random.default_rng(7)
    curve = curves.Curve.from_dict(
        {"kind": "linear", "floor": "81234.56", "target": "912345.67", "stretch": "1200000"}
    )
    raw = generator.integers(0, 1_500_000 * fixed.ONE, (count, size))
    present = generator.random((size, count)) > 0.1
    started = time.perf_counter()
    normalised = np.stack([curve.normalise_column(column, present[:, 0]) for column in raw], axis=1)
    found = score.score_columns(
        keys=[f"c{place}" for place in range(count)],
        values_micro=normalised,
        present=present,
        effective_ppm=generator.integers(1, fixed.ONE, (size, count)),
        base_ppm=np.full(count, 125_000, dtype=np.int64),
    )
    assert time.perf_counter() - started < 10  # about one second on a laptop; the limit only catches a mishap
    assert (found.contributions_micro.sum(axis=1) == found.score_micro).all()


def test_narrow_columns_score_like_wide_ones() -> None:
    wide = {
        "keys": ["a", "b"],
        "values_micro": np.array([[90 * POINT, 60 * POINT]]),
        "present": np.array([[True, True]]),
        "effective_ppm": np.array([700_000, 300_000]),
        "base_ppm": np.array([500_000, 500_000]),
    }
    names = ("values_micro", "effective_ppm", "base_ppm")
    narrow = {**wide, **{name: np.asarray(wide[name]).astype(np.int32) for name in names}}
    assert score.score_of(score.score_columns(**narrow), 0) == score.score_of(score.score_columns(**wide), 0)  # type: ignore[arg-type]
