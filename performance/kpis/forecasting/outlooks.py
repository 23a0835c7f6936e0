"""The forecast of one series: the way to forecast is chosen by how each did from earlier months on."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from performance.kpis.forecasting import library, seasons, spreads
from performance.kpis.forecasting.series import SEASON, ForecastRefused, Refusal, Values, usable

HORIZON = 12
MOST_ORIGINS = 18

#: The same month a year ago; the median of the library's methods; the mean of the two.
NAIVE, BLEND, MIXED = "seasonal_naive", "blend", "mixed"
WAYS = (NAIVE, BLEND, MIXED)
#: So far must the blend be behind before the seasonal naive is trusted alone: few months decide, and half of each was
#: the better choice on the training part of the M3 series.
LEAD = 0.5

Forecaster = Callable[[str, Values, int, int], Values | None]


@dataclass(frozen=True)
class Step:
    """One month to come. Bounds lie around the value and never closer than those of the month before."""

    value: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True)
class Outlook:
    """`way` is one of WAYS. Errors are mean absolute ones over the backtest, as a share of the mean size of what was
    foreseen; None where that is zero. `steps` and `sums`: how far single months and sums of the months up to a step were
    off; `step_trial` and `sum_trial`: what intervals and chances were worth."""

    way: str
    points: tuple[Step, ...]
    error: float | None
    naive_error: float | None
    steps: spreads.Spread
    sums: spreads.Spread
    step_trial: spreads.Trial
    sum_trial: spreads.Trial


def outlook(
    values: Sequence[float | None],
    *,
    season: int = SEASON,
    horizon: int = HORIZON,
    forecaster: Forecaster | None = None,
) -> Outlook:
    """The same series always gives the same outlook. `values`: see series.usable. `forecaster`: the library's.

    Raises ForecastRefused.
    """
    forecaster = forecaster or library.forecast
    known = usable(values, season)
    # Figures of a size that every method likes, whatever the unit.
    size = float(np.abs(known).max()) or 1.0
    known = known / size
    origins = origins_of(len(known), season, horizon)
    errors = _backtest(known, origins, season, horizon, forecaster)
    found = _ahead(known, season, horizon, forecaster)
    way = _chosen({way: each for way, each in errors.items() if way in found})
    if not np.isfinite(found[way] * size).all():
        raise ForecastRefused(Refusal.FAILED, len(known))
    chosen, sums = errors[way] * size, np.cumsum(errors[way] * size, axis=1)
    steps = spreads.spread_of(chosen)
    level = float(np.mean(np.abs(known[origins[0] :]))) * size
    return Outlook(
        way=way,
        points=_points(found[way] * size, steps, is_positive=bool((known >= 0).all())),
        error=_share(chosen, level),
        naive_error=_share(errors[NAIVE] * size, level),
        steps=steps,
        sums=spreads.spread_of(sums),
        step_trial=spreads.tried(chosen, origins),
        sum_trial=spreads.tried(sums, origins),
    )


def origins_of(length: int, season: int, horizon: int) -> list[int]:
    """From how many known periods on the past is foreseen: at least one season, and enough of them that the farthest
    step is seen half a season long."""
    first = max(season, length - horizon - season // 2)
    stride = math.ceil((length - first) / MOST_ORIGINS)
    return list(range(first, length, stride))


def _backtest(
    known: Values, origins: Sequence[int], season: int, horizon: int, forecaster: Forecaster
) -> dict[str, Values]:
    """way → its errors. A way that gives no forecast from some origin on is out."""
    errors: dict[str, Values] = {way: np.full((len(origins), horizon), np.nan) for way in WAYS}
    for row, origin in enumerate(origins):
        actual = known[origin : origin + horizon]
        found = _ahead(known[:origin], season, horizon, forecaster)
        for way in list(errors):
            if way not in found:
                del errors[way]
            else:
                errors[way][row, : len(actual)] = actual - found[way][: len(actual)]
    return errors


def _ahead(known: Values, season: int, horizon: int, forecaster: Forecaster) -> dict[str, Values]:
    """way → what it foresees. Where all methods fail, the seasonal naive stands alone. What never moved goes on."""
    naive = np.resize(known[-season:], horizon)
    if (known == known[0]).all():
        return dict.fromkeys(WAYS, naive)
    given = [forecaster(method, known, season, horizon) for method in library.SEASONAL]
    given += _without_season(known, season, horizon, forecaster)
    found = [each for each in given if each is not None]
    if not found:
        return {NAIVE: naive}
    blend = np.median(np.array(found), axis=0)
    return {NAIVE: naive, BLEND: blend, MIXED: (blend + naive) / 2}


def _without_season(known: Values, season: int, horizon: int, forecaster: Forecaster) -> list[Values | None]:
    """What the methods foresee that want the season taken out, with the season put back."""
    found = seasons.season_of(known, season)
    if found is None:
        return [forecaster(method, known, season, horizon) for method in library.PLAIN]
    plain = found.without(known)
    given = [forecaster(method, plain, 1, horizon) for method in library.PLAIN]
    return [None if each is None else found.returned(each, len(known)) for each in given]


def _chosen(errors: Mapping[str, Values]) -> str:
    if BLEND not in errors:
        return NAIVE
    blend, naive = (float(np.nanmean(np.abs(errors[way]))) for way in (BLEND, NAIVE))
    if blend < naive:
        return BLEND
    return NAIVE if naive <= blend * LEAD else MIXED


def _share(errors: Values, level: float) -> float | None:
    return float(np.nanmean(np.abs(errors))) / level if level else None


def _points(found: Values, spread: spreads.Spread, *, is_positive: bool) -> tuple[Step, ...]:
    """What was never below nought is not foreseen there."""
    least = 0.0 if is_positive else -math.inf
    points = []
    for step, raw in enumerate(found):
        value = max(float(raw), least)
        near, far = spread.half_width(step, 0.8), spread.half_width(step, 0.95)
        points.append(
            Step(value, max(value - near, least), value + near, max(value - far, least), value + far)
        )
    return tuple(points)
