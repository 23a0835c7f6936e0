"""Series in, forecast out. Pure functions; the library behind them is imported by whoever forecasts, never by a page."""

from performance.kpis.forecasting.foreseeing import Foreseen, History, foresee
from performance.kpis.forecasting.library import is_installed
from performance.kpis.forecasting.outlooks import BLEND, HORIZON, MIXED, NAIVE, WAYS, Outlook, Step, outlook
from performance.kpis.forecasting.series import (
    LEAST_SEASONS,
    MOST_SEASONS,
    SEASON,
    ForecastRefused,
    Refusal,
    usable,
)
from performance.kpis.forecasting.spreads import Spread, Trial

__all__ = [
    "BLEND",
    "HORIZON",
    "LEAST_SEASONS",
    "MIXED",
    "MOST_SEASONS",
    "NAIVE",
    "SEASON",
    "WAYS",
    "ForecastRefused",
    "Foreseen",
    "History",
    "Outlook",
    "Refusal",
    "Spread",
    "Step",
    "Trial",
    "foresee",
    "is_installed",
    "outlook",
    "usable",
]
