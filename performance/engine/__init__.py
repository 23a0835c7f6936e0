"""Accord's engine: progress, curves, weights, scores and their attribution.

Pure functions over integers. No clock, no I/O, no randomness, no settings: dates, policies and seeds
are arguments, and the same columns give the same bits on any machine, in any order and in any chunking.

Units: *micro* is 10⁻⁶ of a unit (a score of 80 points is 80_000_000), *ppm* is a millionth of a whole
(a weight of 25 % is 250_000). `ENGINE_VERSION` is stored with every frozen score; it rises whenever a
formula, a rounding or a tie-break changes, so that a replay knows which engine to ask.
"""

from performance.engine import (
    attribution,
    bands,
    curves,
    drivers,
    errors,
    fixed,
    objective,
    pairwise,
    penalty,
    planning,
    progress,
    projection,
    resampling,
    score,
    shares,
    signals,
    stages,
    weights,
)

ENGINE_VERSION = "1"

__all__ = [
    "ENGINE_VERSION",
    "attribution",
    "bands",
    "curves",
    "drivers",
    "errors",
    "fixed",
    "objective",
    "pairwise",
    "penalty",
    "planning",
    "progress",
    "projection",
    "resampling",
    "score",
    "shares",
    "signals",
    "stages",
    "weights",
]
