"""Bands: what scores are called. They are read from a score and never change it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from performance.engine import bands as engine_bands
from performance.scoring.evidence.plans import Trouble
from performance.scoring.models import WHOLE

#: A bound lies among the scores that there can be.
HIGHEST_BOUND = 1000 * WHOLE
MOST_BANDS = 7
LONGEST_NAME = 60


@dataclass(frozen=True)
class Band:
    """One band by its lower bound in micro points, inclusive; the lowest has none."""

    name_en: str
    name_zh: str = ""
    from_micro: int | None = None


def bands_from(kept: Iterable[Mapping[str, Any]]) -> tuple[Band, ...]:
    """As a version or its plan keeps them."""
    return tuple(Band(item["name_en"], item["name_zh"], item["from_micro"]) for item in kept)


def kept_bands(bands: Iterable[Band]) -> list[dict[str, Any]]:
    return [
        {"name_en": band.name_en, "name_zh": band.name_zh, "from_micro": band.from_micro} for band in bands
    ]


def band_troubles(bands: Sequence[Band]) -> list[Trouble]:
    """What keeps them from being bands, lowest first; `key` is the place in the list. No bands at all are none."""
    found = [Trouble("too_many_bands", None)] if len(bands) > MOST_BANDS else []
    for place, band in enumerate(bands):
        if not band.name_en.strip():
            found.append(Trouble("band_unnamed", str(place), "name_en"))
        if place == 0 and band.from_micro is not None:
            found.append(Trouble("lowest_band_bound", "0", "from"))
        if place and band.from_micro is None:
            found.append(Trouble("band_unbound", str(place), "from"))
        if band.from_micro is not None and not 0 < band.from_micro <= HIGHEST_BOUND:
            found.append(Trouble("band_out_of_range", str(place), "from"))
    for place, (lower, upper) in enumerate(pairwise(bands), 1):
        bounds = lower.from_micro, upper.from_micro
        if None not in bounds and bounds[0] >= bounds[1]:  # type: ignore[operator]
            found.append(Trouble("bands_not_ordered", str(place), "from"))
    return found


def bounds_of(bands: Sequence[Band]) -> engine_bands.Bands:
    """As the engine reads them; without bands all is one."""
    return engine_bands.Bands(tuple(band.from_micro for band in bands if band.from_micro is not None))
