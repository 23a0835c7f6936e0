"""Forecasts as functions: what is foreseen, how sure, and when nothing is said."""

import datetime
import itertools
import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from performance.config.benchmark import forecast as benchmark
from performance.kpis import forecasting
from performance.kpis.forecasting import foreseeing, library, outlooks, seasons, spreads

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "forecast" / "m3_odd"
needs_library = pytest.mark.skipif(not library.is_installed(), reason="the extra `forecast` is not installed")

amounts = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False).map(lambda value: round(value, 4))
series = st.lists(amounts, min_size=24, max_size=60)


def drift(method: str, values: np.ndarray, season: int, horizon: int) -> np.ndarray:
    """Stands for the library: the last value and the mean step, a little different for each method."""
    step = (values[-1] - values[0]) / (len(values) - 1)
    lean = 1 + library.METHODS.index(method) / 10
    return values[-1] + lean * step * np.arange(1, horizon + 1)


def foreseen(values: list[float], horizon: int = 12) -> forecasting.Outlook:
    return forecasting.outlook(values, horizon=horizon, forecaster=drift)


def yearly(months: int, noise: float = 0.0, trend: float = 0.0) -> list[float]:
    chance = random.Random(7)
    return [
        100 + trend * month + 20 * math.sin(month * math.pi / 6) + chance.gauss(0, noise)
        for month in range(months)
    ]


@given(series)
@settings(max_examples=40, deadline=None)
def test_the_same_values_give_the_same_forecast(values: list[float]) -> None:
    assert foreseen(values) == foreseen(values)


@given(series)
@settings(max_examples=40, deadline=None)
def test_bounds_lie_around_the_value_and_the_wide_ones_outside(values: list[float]) -> None:
    for step in foreseen(values).points:
        assert step.low_95 <= step.low_80 <= step.value <= step.high_80 <= step.high_95


@given(series)
@settings(max_examples=40, deadline=None)
def test_a_farther_month_is_never_foreseen_more_closely(values: list[float]) -> None:
    found = foreseen(values)
    for level in (0.8, 0.95):
        widths = [found.steps.half_width(step, level) for step in range(12)]
        assert widths == sorted(widths)


@given(series, st.integers(min_value=0, max_value=11), st.floats(min_value=0, max_value=1e12))
@settings(max_examples=40, deadline=None)
def test_a_higher_target_is_never_likelier_and_nothing_is_certain(
    values: list[float], step: int, gap: float
) -> None:
    spread = foreseen(values).sums
    near, far = spread.chance_of_at_least(step, gap), spread.chance_of_at_least(step, gap * 2 + 1)
    assert 0 < far <= near < 1
    assert spread.chance_of_at_least(step, -gap) == pytest.approx(1 - near)


@given(st.lists(amounts, min_size=24, max_size=40), st.floats(min_value=0.001, max_value=1000))
@settings(max_examples=30, deadline=None)
def test_another_unit_gives_the_same_forecast_in_that_unit(values: list[float], unit: float) -> None:
    plain, other = foreseen(values), foreseen([value * unit for value in values])
    if plain.way == other.way:
        scale = max(abs(value) for value in values) * unit or 1
        for one, another in zip(plain.points, other.points, strict=True):
            assert abs(one.value * unit - another.value) <= scale * 1e-6


@given(amounts, st.integers(min_value=24, max_value=60))
@settings(max_examples=30, deadline=None)
def test_what_never_moved_is_foreseen_as_it_is_without_any_doubt(value: float, months: int) -> None:
    found = foreseen([value] * months)
    assert found.way == forecasting.NAIVE
    for step in found.points:
        assert (step.low_95, step.value, step.high_95) == pytest.approx((value, value, value))
    assert found.error == (0 if value else None)


@given(st.lists(st.one_of(st.none(), amounts), max_size=60))
@settings(max_examples=80, deadline=None)
def test_only_two_years_in_a_row_up_to_the_last_month_are_foreseen(values: list[float | None]) -> None:
    run = len(list(itertools.takewhile(lambda value: value is not None, reversed(values))))
    if run >= 24:
        assert len(forecasting.usable(values)) == run
        return
    with pytest.raises(forecasting.ForecastRefused) as refused:
        forecasting.usable(values)
    known = sum(value is not None for value in values)
    if values and values[-1] is None and known:
        assert refused.value.code == "ended"
    else:
        assert refused.value.code == ("gaps" if known >= 24 else "too_short")


def test_a_gap_is_said_and_what_came_after_it_is_counted() -> None:
    with pytest.raises(forecasting.ForecastRefused) as refused:
        forecasting.usable([*yearly(24), None, *yearly(11)])
    assert (refused.value.code, refused.value.known) == ("gaps", 11)


def test_years_long_past_do_not_count() -> None:
    assert len(forecasting.usable(yearly(200))) == 120


def test_a_year_that_repeats_itself_is_left_to_the_seasonal_naive() -> None:
    found = foreseen(yearly(36))
    assert found.way == forecasting.NAIVE
    assert found.error == pytest.approx(0, abs=1e-9)


def test_a_line_is_left_to_the_blend_which_beats_the_year_before() -> None:
    found = foreseen([10.0 + month for month in range(48)])
    assert found.way == forecasting.BLEND
    assert found.error is not None
    assert found.naive_error is not None
    assert found.error < found.naive_error / 2


def test_where_neither_wins_clearly_half_of_each_is_taken() -> None:
    values = yearly(48, noise=4)
    found = foreseen(values)
    assert found.way == forecasting.MIXED
    ahead = outlooks._ahead(np.array(values), 12, 12, drift)
    half = (ahead[forecasting.NAIVE] + ahead[forecasting.BLEND]) / 2
    assert [step.value for step in found.points] == pytest.approx(list(half))


def test_two_years_of_a_clear_season_are_foreseen_with_it() -> None:
    values = yearly(36, noise=3, trend=1)
    found = foreseen(values)
    assert found.way == forecasting.BLEND
    peak = max(range(12), key=lambda step: found.points[step].value)
    assert abs(peak - max(range(12), key=lambda step: yearly(48, trend=1)[36 + step])) <= 1
    swing = max(step.value for step in found.points) - min(step.value for step in found.points)
    assert swing > 25


def test_noise_is_not_taken_for_a_season() -> None:
    chance = random.Random(1)
    found = seasons.season_of(np.array([100 + chance.gauss(0, 10) for _month in range(60)]), 12)
    assert found is not None
    assert np.abs(found.indices).max() < 0.02


@given(series)
@settings(max_examples=40, deadline=None)
def test_a_season_taken_out_and_put_back_changes_nothing(values: list[float]) -> None:
    known = np.array(values)
    found = seasons.season_of(known, 12)
    assert found is not None
    again = found.returned(found.without(known), 0)
    assert again == pytest.approx(known, rel=1e-6, abs=1e-3)


def test_a_series_that_no_method_takes_falls_back_to_the_year_before() -> None:
    found = forecasting.outlook(yearly(36, noise=5), forecaster=lambda *given: None)
    assert found.way == forecasting.NAIVE


def test_what_was_never_negative_is_not_foreseen_below_nought() -> None:
    falling = [max(100.0 - 4 * month, 0.5) for month in range(30)]
    assert min(step.low_95 for step in foreseen(falling).points) == 0
    assert min(step.low_95 for step in foreseen([value - 50 for value in falling]).points) < 0


def test_errors_never_reach_into_what_was_not_known_yet() -> None:
    """Each origin is foreseen from the months before it alone."""
    seen: list[int] = []

    def spy(method: str, values: np.ndarray, season: int, horizon: int) -> np.ndarray:
        seen.append(len(values))
        return drift(method, values, season, horizon)

    forecasting.outlook(yearly(40, noise=3), forecaster=spy)
    origins = outlooks.origins_of(40, 12, 12)
    assert sorted(set(seen)) == [*origins, 40]
    assert (origins[0], origins[-1]) == (22, 39)


def test_scales_of_steps_are_pooled_where_they_would_fall() -> None:
    errors = np.array([[1.0, 5.0, 3.0], [3.0, 5.0, np.nan]])
    assert spreads.spread_of(errors).scales == pytest.approx((2.0, 13 / 3, 13 / 3))


def test_a_spread_kept_in_fewer_sizes_is_no_narrower() -> None:
    chance = random.Random(3)
    errors = np.array([[chance.gauss(0, 1 + step) for step in range(12)] for _origin in range(18)])
    whole = spreads.spread_of(errors)
    thin = whole.thinned(40)
    assert len(thin.sizes) == 40
    for level in (0.5, 0.8, 0.95):
        assert whole.half_width(3, level) <= thin.half_width(3, level) <= whole.half_width(3, level) * 1.3


def test_honest_chances_come_true_about_as_often_as_they_say() -> None:
    chance = random.Random(11)
    places = [0] * spreads.BINS
    tested = covered = 0
    for _series in range(40):
        errors = np.array([[chance.gauss(0, 1) for _step in range(12)] for _origin in range(18)])
        trial = spreads.tried(errors, range(30, 48))
        places = [one + another for one, another in zip(places, trial.places, strict=True)]
        tested, covered = tested + trial.tested, covered + trial.covered_80
    pooled = spreads.Trial(tested, covered, covered, tuple(places))
    # Counted in origins, bounds are wide for errors that are as independent as these; never narrow.
    assert 0.8 <= covered / tested <= 0.92
    for said in (0.2, 0.5, 0.8):
        assert pooled.came_true(said, above=True) == pytest.approx(said, abs=0.12)
        assert pooled.came_true(said, above=False) == pytest.approx(said, abs=0.12)


def history(name: str, values: list[float | None]) -> forecasting.History:
    slice = {"store": name} if name else {}
    return forecasting.History(slice, name, datetime.date(2026, 4, 1), values)


def test_the_largest_parts_are_foreseen_and_what_is_kept_is_not_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    def counted(method: str, values: np.ndarray, season: int, horizon: int) -> np.ndarray:
        made.append(len(values))
        return drift(method, values, season, horizon)

    monkeypatch.setattr(library, "is_installed", lambda: True)
    monkeypatch.setattr(library, "forecast", counted)
    monkeypatch.setattr(foreseeing, "MOST_PARTS", 2)
    everything = [history(name, yearly(30, noise=2)) for name in ("", "a", "b", "c")]
    found = forecasting.foresee(everything, {})
    assert [each.history.slice_key for each in found] == ["", "a", "b"]
    made.clear()
    again = forecasting.foresee(everything, {each.history.slice_key: each.basis for each in found})
    assert made == []
    assert [each.basis for each in again] == [each.basis for each in found]


def test_why_the_whole_is_not_foreseen_is_said_and_parts_are_just_left_out() -> None:
    found = forecasting.foresee([history("", yearly(10)), history("a", yearly(10))], {})
    assert [(each.history.slice_key, each.refusal, each.known_months) for each in found] == [
        ("", "too_short", 10)
    ]


def test_without_the_library_it_is_said_that_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "is_installed", lambda: False)
    (found,) = forecasting.foresee([history("", yearly(30)), history("a", yearly(30))], {})
    assert (found.refusal, found.known_months) == ("not_installed", 30)


@needs_library
@pytest.mark.parametrize(
    "values",
    [[0.0] * 12 + yearly(12), [-value for value in yearly(30, noise=9)], [1e-9, 1e11] * 15, yearly(24)],
    ids=["from nothing", "negative", "wild", "just two years"],
)
def test_the_library_foresees_awkward_series_and_always_alike(values: list[float]) -> None:
    found = forecasting.outlook(values)
    assert found == forecasting.outlook(values)
    assert all(math.isfinite(bound) for step in found.points for bound in (step.low_95, step.high_95))


@needs_library
@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data/forecast/m3_odd")
@pytest.mark.parametrize(("kind", "smape", "mase"), [("M", 15.0, 0.90), ("Q", 9.6, 1.15)])
def test_series_of_the_m3_competition_are_foreseen_better_than_by_the_year_before(
    kind: str, smape: float, mase: float
) -> None:
    """A tenth of them; all of them by `manage.py benchmark forecast`."""
    tally = benchmark.Tally()
    for one in [each for each in benchmark.read(DATA) if each.kind == kind][::10]:
        benchmark.count(one, tally)
    found = benchmark.result_of(kind, tally)
    assert found.series >= 30
    assert found.smape <= smape
    assert found.mase <= mase
    assert found.smape < found.naive_smape
    assert found.mase < found.naive_mase
    assert 70 <= found.held_80 <= 90
    assert 85 <= found.held_95 <= 99
