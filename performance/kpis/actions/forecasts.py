"""Forecasts: which are due, and writing what was foreseen."""

import datetime
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from performance.foundation import stale
from performance.kpis import forecasting
from performance.kpis.models import Forecast, ForecastRefusal, Metric
from performance.kpis.queries import forecasts

#: Sizes of errors that are kept for each forecast.
MOST_SIZES = 40
MOST_ERROR_PPM = 10**12


def mark_due_forecasts(*, today: datetime.date, at: datetime.datetime) -> int:
    """Marks the metrics that a new month came to. Answers how many."""
    due = forecasts.metrics_to_foresee(today)
    stale.mark(forecasts.STALE, due, at=at)
    return len(due)


def store_forecasts(
    *, metric_id: uuid.UUID, found: Sequence[forecasting.Foreseen], at: datetime.datetime
) -> int:
    """Keeps what was foreseen. What is as before is not written; what is no longer foreseen is superseded by nothing.
    Answers how many forecasts changed. To be called in a transaction."""
    Metric.objects.select_for_update(no_key=True).get(pk=metric_id)
    current = forecasts.current_bases(metric_id)
    fresh = [each for each in found if current.get(each.history.slice_key) != each.basis]
    gone = set(current) - {each.history.slice_key for each in found}
    outdated = gone | {each.history.slice_key for each in fresh if each.history.slice_key in current}
    Forecast.objects.filter(metric=metric_id, superseded_at=None, slice_key__in=outdated).update(
        superseded_at=at
    )
    Forecast.objects.bulk_create([_row(metric_id, each, at) for each in fresh])
    return len(fresh) + len(gone)


def _row(metric_id: uuid.UUID, foreseen: forecasting.Foreseen, at: datetime.datetime) -> Forecast:
    history, outlook = foreseen.history, foreseen.outlook
    row = Forecast(
        metric_id=metric_id,
        slice=history.slice,
        slice_key=history.slice_key,
        after_month=history.after_month,
        refusal=foreseen.refusal or ("" if outlook else ForecastRefusal.FAILED),
        known_months=foreseen.known_months,
        basis=foreseen.basis,
        made_at=at,
    )
    if outlook is not None:
        row.way = outlook.way
        row.points = [
            [_text(each) for each in (step.value, step.low_80, step.high_80, step.low_95, step.high_95)]
            for step in outlook.points
        ]
        row.error_ppm, row.naive_error_ppm = _ppm(outlook.error), _ppm(outlook.naive_error)
        row.backtest = {
            "steps": _backtest(outlook.steps, outlook.step_trial),
            "sums": _backtest(outlook.sums, outlook.sum_trial),
        }
    return row


def _backtest(spread: forecasting.Spread, trial: forecasting.Trial) -> dict[str, Any]:
    thin = spread.thinned(MOST_SIZES)
    return {
        "scales": [float(f"{scale:.6g}") for scale in thin.scales],
        "sizes": [float(f"{size:.6g}") for size in thin.sizes],
        "origins": thin.origins,
        "tested": trial.tested,
        "covered_80": trial.covered_80,
        "covered_95": trial.covered_95,
        "places": list(trial.places),
    }


def _text(value: float) -> str:
    """Eight digits that count, as plain decimal text."""
    return f"{Decimal(f'{value:.8g}'):f}"


def _ppm(share: float | None) -> int | None:
    return None if share is None else min(round(share * 1_000_000), MOST_ERROR_PPM)
