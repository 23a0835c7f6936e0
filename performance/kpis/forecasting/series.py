"""What a series must be like before anything is said about its future."""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

#: Months in a season, seasons that must be known, and seasons that are looked at.
SEASON = 12
LEAST_SEASONS, MOST_SEASONS = 2, 10


class Refusal(StrEnum):
    """Why there is no forecast."""

    TOO_SHORT = "too_short"
    ENDED = "ended"
    GAPS = "gaps"
    NOT_INSTALLED = "not_installed"
    FAILED = "failed"


class ForecastRefused(Exception):
    """`code` is one of Refusal; `known` how many values there are without a gap up to the last one."""

    def __init__(self, code: Refusal, known: int = 0) -> None:
        super().__init__(code)
        self.code, self.known = code, known


def usable(values: Sequence[float | None], season: int = SEASON) -> Values:
    """The unbroken end of the series, at most ten seasons of it. `values` are in the order of time, the last one being
    that of the last period that stands still; None is a missing one.

    Raises ForecastRefused: ended (the last value is missing), gaps (there are two seasons, but not in one piece),
    too_short.
    """
    if values and values[-1] is None and any(value is not None for value in values):
        raise ForecastRefused(Refusal.ENDED)
    least = LEAST_SEASONS * season
    known = next((back for back, value in enumerate(reversed(values)) if value is None), len(values))
    if known < least:
        has_enough = sum(value is not None for value in values) >= least
        raise ForecastRefused(Refusal.GAPS if has_enough else Refusal.TOO_SHORT, known)
    run = np.array(values[len(values) - known :], dtype=np.float64)[-MOST_SEASONS * season :]
    if not np.isfinite(run).all():
        raise ForecastRefused(Refusal.FAILED, known)
    return run
