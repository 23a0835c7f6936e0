"""The only room that knows statsforecast. It is imported where it is first needed, which is in a worker: it weighs a
quarter of a gigabyte of memory and two seconds, and no page needs it."""

import importlib.util
import warnings
from typing import Any

import numpy as np

from performance.kpis.forecasting.series import Values

LIBRARY = "statsforecast"
#: Theta (Assimakopoulos and Nikolopoulos, 2000) and its dynamic optimised form (Fiorucci et al., 2016), for series without
#: season; complex exponential smoothing (Svetunkov et al., 2022), which finds the season itself.
PLAIN, SEASONAL = ("theta", "dynamic_theta"), ("ces",)
METHODS = PLAIN + SEASONAL


def is_installed() -> bool:
    """Whether this process could forecast. Imports nothing."""
    return importlib.util.find_spec(LIBRARY) is not None


def forecast(method: str, values: Values, season: int, horizon: int) -> Values | None:
    """The next values by one of METHODS; None where it finds none for this series."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = _model(method, season).forecast(values, horizon)["mean"]
    except ImportError:
        raise
    except Exception:  # noqa: BLE001 - a method that fails on a series is left out of its blend
        return None
    mean = np.asarray(found, dtype=np.float64)
    return mean if mean.shape == (horizon,) and np.isfinite(mean).all() else None


def _model(method: str, season: int) -> Any:
    from statsforecast import models

    match method:
        case "theta":
            return models.Theta(season_length=season)
        case "dynamic_theta":
            return models.DynamicOptimizedTheta(season_length=season)
        case "ces":
            return models.AutoCES(season_length=season)
    raise ValueError(method)
