"""How well series are foreseen whose continuation is known: the M3 competition's, or any in the same shape."""

from __future__ import annotations

import csv
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import CommandError

from performance.config.benchmark import report
from performance.kpis import forecasting

HELP = "Error of forecasts against the seasonal naive, how often intervals held, and seconds for a thousand series."
#: Beside the checkout, as tests find it.
DATA = Path("../shared/data/forecast/m3_odd")
#: Letter that names of series of this kind go by in M3 → (name, season, largest sMAPE, largest MASE).
KINDS = {"M": ("monthly", 12, 15.0, 0.90), "Q": ("quarterly", 4, 9.6, None)}
SERIES, NAMES = "m3_odd.parquet", "m3_odd_meta.csv"


@dataclass(frozen=True)
class Series:
    """One series with what came after it."""

    kind: str
    known: list[float]
    coming: list[float]


@dataclass
class Tally:
    """Errors of one kind of series, one entry for each series."""

    smape: list[float] = field(default_factory=list)
    mase: list[float] = field(default_factory=list)
    naive_smape: list[float] = field(default_factory=list)
    naive_mase: list[float] = field(default_factory=list)
    held_80: list[float] = field(default_factory=list)
    held_95: list[float] = field(default_factory=list)
    #: Places that the sums of what came took within what had been foreseen, in fifths.
    fifths: list[int] = field(default_factory=lambda: [0] * 5)
    ways: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0


@dataclass(frozen=True)
class Result:
    """What is said about one kind of series; errors in per cent, MASE in errors of the seasonal naive on what was known."""

    kind: str
    series: int
    refused: int
    smape: float
    naive_smape: float
    mase: float
    naive_mase: float
    held_80: float
    held_95: float
    seconds_per_thousand: float
    processor_seconds_per_thousand: float
    ways: dict[str, int]
    sums_in_fifths: list[float]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, help=f"Folder of {SERIES} and {NAMES}.")
    parser.add_argument("--every", type=int, default=1, help="Take every n-th series only.")


def run(options: dict[str, Any], say: Callable[[str], None]) -> report.Report:
    if not forecasting.is_installed():
        raise CommandError("Forecasting is not installed: make forecast")
    tallies: dict[str, Tally] = defaultdict(Tally)
    _warm_up()
    for number, series in enumerate(read(settings.BASE_DIR / options["data"])):
        if number % options["every"] == 0:
            count(series, tallies[series.kind])
        if number % 200 == 199:
            say(f"{number + 1} series")
    found = report.Report(
        subject="forecast",
        columns=(
            "series of",
            "count",
            "sMAPE",
            "naive sMAPE",
            "MASE",
            "naive MASE",
            "80 % held",
            "95 % held",
            "s per 1,000",
            "of processor",
        ),
    )
    results = [result_of(kind, tallies[kind]) for kind in KINDS if tallies[kind].smape]
    for each in results:
        found.rows.append(
            (
                each.kind,
                each.series,
                *(f"{value:.2f}" for value in (each.smape, each.naive_smape)),
                *(f"{value:.3f}" for value in (each.mase, each.naive_mase)),
                each.held_80,
                each.held_95,
                each.seconds_per_thousand,
                each.processor_seconds_per_thousand,
            )
        )
        ways = ", ".join(f"{count} {way}" for way, count in sorted(each.ways.items()))
        fifths = ", ".join(f"{share:.0f}" for share in each.sums_in_fifths)
        found.notes.append(
            f"{each.kind}: {ways}; sums fell into the fifths of what was foreseen with {fifths} per cent."
        )
    found.problems = [problem for each in results for problem in problems_of(each)]
    found.figures = {"results": [asdict(each) for each in results]}
    return found


def read(folder: Path) -> Iterator[Series]:
    """Every monthly and quarterly series of the folder."""
    from pyarrow import parquet

    if not (folder / SERIES).exists():
        raise CommandError(f"There is no {SERIES} in {folder}.")
    with (folder / NAMES).open(newline="") as names:
        kinds = {row["unique_id"]: row["st"][0] for row in csv.DictReader(names)}
    values: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: {"train": [], "test": []})
    columns = parquet.read_table(folder / SERIES).to_pydict()
    for name, place, split, value in zip(
        *(columns[key] for key in ("unique_id", "t", "split", "y")), strict=True
    ):
        values[name][split].append((place, value))
    for name, kind in kinds.items():
        if kind in KINDS:
            known, coming = (
                [value for _place, value in sorted(values[name][split])] for split in ("train", "test")
            )
            yield Series(kind, known, coming)


def count(series: Series, tally: Tally) -> None:
    """Foresees one series as a worker would, and holds it against what came."""
    season = KINDS[series.kind][1]
    begun, worked = time.perf_counter(), time.process_time()
    try:
        found = forecasting.outlook(series.known, season=season, horizon=len(series.coming))
    except forecasting.ForecastRefused:
        tally.refused += 1
        return
    tally.seconds += time.perf_counter() - begun
    tally.processor_seconds += time.process_time() - worked
    known, coming = np.array(series.known), np.array(series.coming)
    foreseen = np.array([point.value for point in found.points])
    naive = np.resize(known[-season:], len(coming))
    scale = float(np.abs(known[season:] - known[:-season]).mean())
    tally.smape.append(smape(foreseen, coming))
    tally.naive_smape.append(smape(naive, coming))
    tally.mase.append(float(np.abs(foreseen - coming).mean()) / scale)
    tally.naive_mase.append(float(np.abs(naive - coming).mean()) / scale)
    held_80 = [p.low_80 <= value <= p.high_80 for p, value in zip(found.points, coming, strict=True)]
    held_95 = [p.low_95 <= value <= p.high_95 for p, value in zip(found.points, coming, strict=True)]
    tally.held_80.append(float(np.mean(held_80)))
    tally.held_95.append(float(np.mean(held_95)))
    quarter = min(3, len(coming)) - 1
    gap = float((coming - foreseen)[: quarter + 1].sum())
    below = 1.0 - found.sums.chance_of_at_least(quarter, gap)
    tally.fifths[min(int(below * 5), 4)] += 1
    tally.ways[found.way] += 1


def smape(foreseen: np.ndarray, actual: np.ndarray) -> float:
    """Symmetric mean absolute error in per cent, as in the M3 competition (Makridakis and Hibon, 2000)."""
    return float((200.0 * np.abs(foreseen - actual) / (np.abs(foreseen) + np.abs(actual))).mean())


def result_of(kind: str, tally: Tally) -> Result:
    count = len(tally.smape)
    return Result(
        kind=KINDS[kind][0],
        series=count,
        refused=tally.refused,
        smape=float(np.mean(tally.smape)),
        naive_smape=float(np.mean(tally.naive_smape)),
        mase=float(np.mean(tally.mase)),
        naive_mase=float(np.mean(tally.naive_mase)),
        held_80=100 * float(np.mean(tally.held_80)),
        held_95=100 * float(np.mean(tally.held_95)),
        seconds_per_thousand=tally.seconds / count * 1000,
        processor_seconds_per_thousand=tally.processor_seconds / count * 1000,
        ways=dict(tally.ways),
        sums_in_fifths=[100 * hits / count for hits in tally.fifths],
    )


def problems_of(result: Result) -> list[str]:
    """Aims that were missed."""
    most_smape, most_mase = next(limits[2:] for limits in KINDS.values() if limits[0] == result.kind)
    found = []
    if result.smape > most_smape:
        found.append(f"{result.kind}: sMAPE {result.smape:.2f} is above {most_smape}")
    if most_mase is not None and result.mase > most_mase:
        found.append(f"{result.kind}: MASE {result.mase:.3f} is above {most_mase}")
    if result.smape >= result.naive_smape or result.mase >= result.naive_mase:
        found.append(f"{result.kind}: no better than the seasonal naive")
    return found


def _warm_up() -> None:
    """Loading the library is no part of the time for a series."""
    forecasting.outlook([float(month % 12) for month in range(24)])
