"""Expected pace by own checkpoints: laws of the columns, and days on which nobody works."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance.engine import errors, fixed, progress

PERCENT = fixed.ONE


@st.composite
def calendars(draw: st.DrawFn) -> list[int]:
    """How many workdays have passed by the end of each calendar day; before the first stands a 0."""
    worked = draw(st.lists(st.booleans(), min_size=1, max_size=60))
    return np.cumsum([0, *worked]).tolist()


@st.composite
def plans(draw: st.DrawFn) -> tuple[list[int], list[progress.Checkpoint]]:
    calendar = draw(calendars())
    last = len(calendar) - 1
    days = sorted(draw(st.sets(st.integers(1, last - 1), max_size=8))) if last > 1 else []
    percents = sorted(draw(st.lists(st.integers(0, fixed.HUNDRED), min_size=len(days), max_size=len(days))))
    return calendar, [
        progress.Checkpoint(day, calendar[day], percent) for day, percent in zip(days, percents, strict=True)
    ]


def expected(calendar: list[int], points: list[progress.Checkpoint], day: int) -> int:
    held = min(max(day, 0), len(calendar) - 1)
    return progress.expected_pace(
        day=day,
        last_day=len(calendar) - 1,
        elapsed=calendar[held],
        total=calendar[-1],
        checkpoints=points,
    )


@given(plans())
def test_what_is_expected_never_falls_and_stays_within_0_and_100_percent(plan) -> None:
    calendar, points = plan
    course = [expected(calendar, points, day) for day in range(-1, len(calendar) + 2)]
    assert all(before <= after for before, after in pairwise(course))
    assert course[0] >= 0
    assert course[-1] == fixed.HUNDRED


@given(plans())
def test_each_checkpoint_is_expected_exactly_on_its_day_and_all_on_the_last(plan) -> None:
    calendar, points = plan
    for point in points:
        assert expected(calendar, points, point.day) == point.percent_micro
    if points:
        assert expected(calendar, points, len(calendar) - 1) == fixed.HUNDRED
        assert expected(calendar, points, 0) == 0


@given(calendars(), st.integers(-2, 70))
def test_without_checkpoints_the_plan_is_linear_by_workday(calendar: list[int], day: int) -> None:
    elapsed, total = calendar[min(max(day, 0), len(calendar) - 1)], calendar[-1]
    linear = progress.linear_pace_columns(fixed.column([elapsed]), fixed.column([total]))[0]
    assert expected(calendar, [], day) == linear


@given(plans())
def test_between_two_checkpoints_every_workday_asks_for_the_same(plan) -> None:
    calendar, points = plan
    last = len(calendar) - 1
    ends = [(0, 0, 0), *((each.day, each.elapsed, each.percent_micro) for each in points)]
    ends.append((last, calendar[-1], fixed.HUNDRED))
    if not points:
        return
    for (day, elapsed, micro), (next_day, next_elapsed, next_micro) in pairwise(ends):
        for between in range(day + 1, next_day):
            if next_elapsed == elapsed:
                assert expected(calendar, points, between) == micro
                continue
            part = (calendar[between] - elapsed) * (next_micro - micro)
            exact = micro + fixed.round_divide(part, next_elapsed - elapsed)
            assert expected(calendar, points, between) == exact


@given(st.lists(plans(), min_size=1, max_size=6), st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 62))))
def test_many_plans_at_once_are_what_each_is_alone(told, rows) -> None:
    asked = [(number % len(told), day) for number, day in rows]
    columns = [
        [day, len(told[n][0]) - 1, told[n][0][min(max(day, 0), len(told[n][0]) - 1)], told[n][0][-1]]
        for n, day in asked
    ]
    days = progress.Days(*np.array(columns, dtype=np.int64).reshape(-1, 4).T)
    found = progress.pace_columns(
        days,
        progress.Plans.of([points for _calendar, points in told]),
        np.array([n for n, _day in asked], dtype=np.int64),
    )
    assert found.tolist() == [expected(*told[n], day) for n, day in asked]


def test_two_checkpoints_within_a_holiday_each_wait_for_their_day() -> None:
    # Day 1 and 2 are worked, 3 to 7 are a holiday, 8 to 10 are worked.
    calendar = [0, 1, 2, 2, 2, 2, 2, 2, 3, 4, 5]
    points = [progress.Checkpoint(4, 2, 30 * PERCENT), progress.Checkpoint(6, 2, 50 * PERCENT)]
    course = [expected(calendar, points, day) // PERCENT for day in range(1, 11)]
    assert course == [15, 30, 30, 30, 30, 50, 50, 66, 83, 100]


@pytest.mark.parametrize(
    "points",
    [
        [progress.Checkpoint(5, 5, 40), progress.Checkpoint(5, 5, 50)],
        [progress.Checkpoint(5, 5, 40), progress.Checkpoint(6, 6, 30)],
        [progress.Checkpoint(5, 5, 40), progress.Checkpoint(6, 4, 50)],
        [progress.Checkpoint(0, 0, 40)],
        [progress.Checkpoint(10, 10, 40)],
        [progress.Checkpoint(3, 3, 101 * PERCENT)],
        [progress.Checkpoint(3, 3, -1)],
    ],
)
def test_checkpoints_that_do_not_rise_within_the_period_are_refused(points) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        progress.expected_pace(day=2, last_day=10, elapsed=2, total=10, checkpoints=points)
    assert refusal.value.code == "checkpoints_not_ordered"
