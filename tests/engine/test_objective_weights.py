"""Entropy and CRITIC give the weights of the literature, the interval is a bootstrap's, and nothing hangs on order."""

import math
import time
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from performance.engine import errors, fixed, objective, resampling

METHODS = {"entropy": objective.entropy_weights, "critic": objective.critic_weights}


def _values(*rows: str) -> Any:
    return np.array([[fixed.micro(cell) for cell in row.split()] for row in rows], dtype=np.int64)


def _keys(values: Any) -> list[str]:
    return [f"c{place}" for place in range(values.shape[1])]


def _printed(weights_ppm: tuple[int, ...], decimals: int) -> list[str]:
    return [str(fixed.decimal(one).quantize(Decimal(1).scaleb(-decimals))) for one in weights_ppm]


XU = _values("30 30 38 29", "19 54 86 29", "19 15 85 28.9", "68 70 60 29")
ZAVADSKAS = _values("3 100 10 7", "2.5 80 8 5", "1.8 50 20 11", "2.2 70 12 9")
DIAKOULAKI = _values(
    "61 1.08 4.33",
    "20.7 0.26 4.34",
    "16.3 1.98 2.53",
    "9 3.29 1.65",
    "5.4 2.77 2.33",
    "4 4.12 1.21",
    "-6.1 3.52 2.10",
    "-34.6 3.31 0.98",
)
TUS = _values("5000 3 3 4 3 2", "680 5 3 2 2 1", "2000 3 2 3 4 3", "600 4 3 1 2 2", "800 2 4 3 3 4")


def test_entropy_gives_what_xu_prints() -> None:
    """Xu 2004, "A note on the subjective and objective integrated approach to determine attribute weights", EJOR
    156(2):530–532: four decimals. The last attribute is the same but for one part in three hundred."""
    assert _printed(objective.entropy_weights(XU, _keys(XU)), 4) == ["0.4630", "0.3992", "0.1378", "0.0000"]


def test_entropy_gives_what_zavadskas_and_podvezko_print() -> None:
    """Zavadskas & Podvezko 2016, "Integrated determination of objective criteria weights in MCDM", IJITDM
    15(2):267–283: four decimals."""
    found = objective.entropy_weights(ZAVADSKAS, _keys(ZAVADSKAS))
    assert _printed(found, 4) == ["0.1146", "0.1981", "0.4185", "0.2689"]


def test_critic_gives_what_tus_and_adali_print() -> None:
    """Tuş & Aytaç Adalı 2019, "The new combination with CRITIC and WASPAS methods for the time and attendance software
    selection problem", Opsearch 56(2):528–538: three decimals."""
    found = objective.critic_weights(TUS, _keys(TUS))
    assert _printed(found, 3) == ["0.157", "0.249", "0.168", "0.121", "0.154", "0.151"]


def test_critic_gives_what_is_computed_for_the_firms_of_its_authors() -> None:
    """The eight firms of Diakoulaki, Mavrotas & Papayannakis 1995, Comput. Oper. Res. 22(7):763–770, with the weights
    that scikit-criteria computes for them, 0.20222554, 0.48090173, 0.31687273, to four decimals. Two are negative."""
    found = objective.critic_weights(DIAKOULAKI, _keys(DIAKOULAKI))
    assert _printed(found, 4) == ["0.2022", "0.4809", "0.3169"]


@pytest.mark.parametrize(
    ("method", "values"), [("entropy", XU), ("entropy", ZAVADSKAS), ("critic", DIAKOULAKI), ("critic", TUS)]
)
@pytest.mark.parametrize("constant", ["0", "7.5"])
def test_a_component_that_is_the_same_everywhere_weighs_nothing_and_changes_nothing(
    method: str, values: Any, constant: str
) -> None:
    added = np.column_stack([values, np.full(len(values), fixed.micro(constant))])
    plain = METHODS[method](values, _keys(values))
    assert METHODS[method](added, _keys(added)) == (*plain, 0)


def test_a_zero_has_no_share_and_no_entropy() -> None:
    """All in one place is 1 − e = 1, evenly in two of four places 1 − ln 2 / ln 4 = 1/2, evenly everywhere 0."""
    values = _values("8 5 1", "0 0 1", "0 5 1", "0 0 1")
    assert objective.entropy_weights(values, _keys(values)) == (666_667, 333_333, 0)


def test_components_that_oppose_each_other_alike_weigh_alike() -> None:
    """r = −1 between the two, the third is uncorrelated with both; all have the same standard deviation. So their
    conflicts are 2 + 1, 2 + 1 and 1 + 1."""
    values = _values("0 10 0", "0 10 10", "10 0 0", "10 0 10")
    assert objective.critic_weights(values, _keys(values)) == (375_000, 375_000, 250_000)


@st.composite
def matrices(draw: st.DrawFn, least: int = 2, most: int = 9, low: int = 0) -> Any:
    """Units × components of few distinct values, so that zeros, ties and constant columns are common."""
    units, size = draw(st.integers(least, most)), draw(st.integers(1, 4))
    cell = st.integers(low, 6) | st.integers(low, 120 * fixed.ONE)
    row = st.lists(cell, min_size=size, max_size=size)
    return np.array(draw(st.lists(row, min_size=units, max_size=units)), dtype=np.int64)


def _found(method: str, values: Any, keys: list[str] | None = None) -> Any:
    """The weights by key, or the code of the refusal."""
    keys = keys or _keys(values)
    try:
        return dict(zip(keys, METHODS[method](values, keys), strict=True))
    except errors.InvalidInput as refusal:
        return refusal.code


methods = st.sampled_from(["entropy", "critic"])


@given(methods, matrices())
def test_weights_sum_to_the_whole_and_only_what_varies_weighs(method: str, values: Any) -> None:
    found = _found(method, values)
    varying = [len(set(column)) > 1 for column in values.T.tolist()]
    if isinstance(found, str):
        assert found == ("no_conflict" if any(varying) else "no_variation")
        return
    assert sum(found.values()) == fixed.ONE
    for weight, varies in zip(found.values(), varying, strict=True):
        assert weight >= 0
        assert varies or weight == 0


@given(methods, matrices(), st.randoms())
def test_weights_do_not_depend_on_the_order_of_units_or_components(
    method: str, values: Any, random: Any
) -> None:
    rows, columns = (list(range(size)) for size in values.shape)
    random.shuffle(rows)
    random.shuffle(columns)
    keys = _keys(values)
    moved = _found(method, values[rows][:, columns], [keys[place] for place in columns])
    assert moved == _found(method, values)


@given(methods, matrices(), st.integers(2, 1000))
def test_another_scale_of_a_component_changes_nothing(method: str, values: Any, scale: int) -> None:
    scaled = values.copy()
    scaled[:, 0] *= scale
    assert _found(method, scaled) == _found(method, values)


@given(matrices(), st.integers(-(10**9), 10**9))
def test_another_zero_of_a_component_changes_nothing_for_critic(values: Any, shift: int) -> None:
    shifted = values.copy()
    shifted[:, 0] += shift
    assert _found("critic", shifted) == _found("critic", values)


def _plainly(method: str, values: Any) -> Any:
    """The formulas as the literature writes them, in floats; None where they give nothing."""
    varying = [place for place, column in enumerate(values.T.tolist()) if len(set(column)) > 1]
    columns = values[:, varying].astype(float)
    if method == "entropy":
        share = columns / columns.sum(axis=0)
        logs = np.log(share, out=np.zeros_like(share), where=share > 0)
        parts = 1 + (share * logs).sum(axis=0) / math.log(len(values))
    else:
        scaled = (columns - columns.min(axis=0)) / (columns.max(axis=0) - columns.min(axis=0))
        parts = np.zeros(len(varying))
        if len(varying) > 1:
            parts = scaled.std(axis=0, ddof=1) * (1 - np.corrcoef(scaled.T)).sum(axis=0)
    if not len(varying) or parts.sum() < 1e-6:
        return None
    weights = np.zeros(values.shape[1])
    weights[varying] = parts / parts.sum()
    return weights


@given(methods, matrices(least=3))
def test_weights_are_what_the_formulas_give_in_floats(method: str, values: Any) -> None:
    plain, found = _plainly(method, values), _found(method, values)
    if plain is not None and not isinstance(found, str):
        assert list(found.values()) == pytest.approx(plain * fixed.ONE, abs=2)


def test_twelve_digits_of_the_least_difference_are_kept() -> None:
    """Values that differ in the last of fifteen digits; floats see none of it. Entropy goes with the variance over the
    squared mean there: 1 : 4 for one step against two."""
    base = 10**15
    values = np.array([[base + step, base + 2 * step] for step in (0, 1, 0, 1)], dtype=np.int64)
    assert objective.entropy_weights(values, ["a", "b"]) == (200_000, 800_000)
    apart = np.array([[base, base], [base + 1, base], [base, base + 1], [base + 1, base + 1]], dtype=np.int64)
    assert objective.critic_weights(apart, ["a", "b"]) == (500_000, 500_000)


UNITS = [f"store {place:02}" for place in range(20)]
STORES = np.random.default_rng(3).integers(0, 120 * fixed.ONE, (20, 3))


def _interval(method: Any, values: Any = STORES, units: list[str] = UNITS, **options: Any) -> Any:
    return objective.objective_weights(
        values, units=units, keys=_keys(values), method=method, **{"resamples": 99, "seed": 5, **options}
    )


@pytest.mark.parametrize("method", ["entropy", "critic"])
def test_the_interval_is_the_percentiles_of_the_resampled_weights(method: str) -> None:
    """Each resample is written out row by row and weighed as if it were data; of 99 at 90 %, the fifth from either end."""
    found = _interval(method, level_ppm=900_000)
    assert found.weights_ppm == METHODS[method](STORES, _keys(STORES))
    resampled = [
        METHODS[method](np.repeat(STORES, counts, axis=0), _keys(STORES))
        for counts in resampling.counts(5, 99, 20)
    ]
    for place, (low, high) in enumerate(zip(found.low_ppm, found.high_ppm, strict=True)):
        weights = sorted(row[place] for row in resampled)
        # Rounded one by one there, by largest remainders here.
        assert low == pytest.approx(weights[4], abs=1)
        assert high == pytest.approx(weights[-5], abs=1)
    assert (found.units, found.method, found.level_ppm) == (20, method, 900_000)


@given(methods, matrices(least=15, most=18), st.integers(0, 2**64 - 1), st.randoms())
@settings(max_examples=25)
def test_the_interval_can_be_repeated_in_any_order_of_units_and_components(
    method: str, values: Any, seed: int, random: Any
) -> None:
    def interval(rows: list[int], columns: list[int]) -> Any:
        keys = [f"c{place}" for place in columns]
        try:
            found = objective.objective_weights(
                values[rows][:, columns],
                units=[UNITS[place] for place in rows],
                keys=keys,
                method=method,  # type: ignore[arg-type]
                resamples=39,
                seed=seed,
            )
        except errors.InvalidInput as refusal:
            return refusal.code
        assert all(low <= high for low, high in zip(found.low_ppm, found.high_ppm, strict=True))
        each = zip(found.weights_ppm, found.low_ppm, found.high_ppm, strict=True)
        return dict(zip(keys, each, strict=True))

    rows, columns = (list(range(size)) for size in values.shape)
    straight = interval(rows, columns)
    assert interval(rows, columns) == straight
    random.shuffle(rows)
    random.shuffle(columns)
    assert interval(rows, columns) == straight


def test_more_resamples_than_fit_a_block_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _interval("critic")
    monkeypatch.setattr(objective, "BLOCK", 7 * len(UNITS))
    assert _interval("critic") == whole


def test_a_resample_of_units_that_are_all_alike_is_left_out() -> None:
    """One store in twenty differs: about a third of all resamples miss it and say nothing."""
    values = np.full((20, 2), 50 * fixed.ONE)
    values[7, 0] += fixed.ONE
    found = _interval("entropy", values)
    assert (found.weights_ppm, found.low_ppm, found.high_ppm) == (
        (fixed.ONE, 0),
        (fixed.ONE, 0),
        (fixed.ONE, 0),
    )


def test_the_same_stores_ten_times_over_narrow_the_interval() -> None:
    few = _interval("entropy", resamples=199)
    many = _interval(
        "entropy", np.tile(STORES, (10, 1)), [f"{place:03}" for place in range(200)], resamples=199
    )
    assert many.weights_ppm == pytest.approx(few.weights_ppm, abs=60_000)
    for place in range(3):
        assert many.high_ppm[place] - many.low_ppm[place] < few.high_ppm[place] - few.low_ppm[place]


@pytest.mark.parametrize("method", ["entropy", "critic"])
def test_two_hundred_units_are_resampled_within_a_second_or_so(method: str) -> None:
    values = np.random.default_rng(1).integers(0, 120 * fixed.ONE, (200, 8))
    started = time.perf_counter()
    _interval(method, values, [f"{place:03}" for place in range(200)], resamples=999)
    assert time.perf_counter() - started < 10  # half a second on a laptop; the limit only catches a mishap


@pytest.mark.parametrize(
    ("method", "options", "code", "key"),
    [
        ("entropy", {"values": STORES[:14], "units": UNITS[:14]}, "too_few_units", "units"),
        ("critic", {"least_units": 21}, "too_few_units", "units"),
        ("entropy", {"units": UNITS[:19]}, "shape_mismatch", "units"),
        ("entropy", {"units": [*UNITS[:19], UNITS[0]]}, "duplicate_unit", "units"),
        ("entropy", {"values": STORES - 200 * fixed.ONE}, "negative_value", "c0"),
        ("entropy", {"values": STORES * 0}, "no_variation", None),
        ("critic", {"values": STORES * 0 + 5}, "no_variation", None),
        ("critic", {"values": STORES[:, :1]}, "no_conflict", None),
        ("critic", {"values": STORES[:, [0, 0]]}, "no_conflict", None),
        ("entropy", {"values": STORES * 0.5}, "inexact_number", None),
        ("entropy", {"values": STORES[:, 0][:, None][:, :0]}, "shape_mismatch", None),
        ("gini", {}, "unknown_method", "method"),
        ("entropy", {"level_ppm": 0}, "level_out_of_range", "level"),
        ("entropy", {"level_ppm": fixed.ONE}, "level_out_of_range", "level"),
        ("entropy", {"resamples": 38}, "too_few_resamples", "resamples"),
        ("entropy", {"seed": -1}, "seed_out_of_range", "seed"),
    ],
)
def test_what_gives_no_weights_is_refused_with_the_reason(
    method: str, options: dict[str, Any], code: str, key: str | None
) -> None:
    with pytest.raises(errors.InvalidInput) as refusal:
        _interval(method, **options)
    assert (refusal.value.code, refusal.value.key) == (code, key)


@pytest.mark.parametrize("weigh", METHODS.values())
def test_each_component_has_a_key_of_its_own_and_a_column(weigh: Any) -> None:
    for keys, code in ((["a", "a", "b", "c"], "duplicate_key"), (["a"], "shape_mismatch")):
        with pytest.raises(errors.InvalidInput) as refusal:
            weigh(XU, keys)
        assert refusal.value.code == code
