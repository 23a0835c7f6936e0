"""From rows to the engine's columns and back: plans of weights, gathered evidence, reckoned scores."""

from performance.scoring.evidence.bands import (
    LONGEST_NAME,
    MOST_BANDS,
    Band,
    band_troubles,
    bands_from,
    bounds_of,
    kept_bands,
)
from performance.scoring.evidence.gathering import check_sources, gather, known_sources
from performance.scoring.evidence.plans import ComponentDraft, Trouble, frozen_plan, is_slice, troubles
from performance.scoring.evidence.reckoning import (
    Input,
    Reckoned,
    Segment,
    carrying,
    digest,
    inputs_from,
    is_same,
    kept,
    reckon,
)
from performance.scoring.evidence.simulating import Kept, Resimulated, resimulated

__all__ = [
    "LONGEST_NAME",
    "MOST_BANDS",
    "Band",
    "ComponentDraft",
    "Input",
    "Kept",
    "Reckoned",
    "Resimulated",
    "Segment",
    "Trouble",
    "band_troubles",
    "bands_from",
    "bounds_of",
    "carrying",
    "check_sources",
    "digest",
    "frozen_plan",
    "gather",
    "inputs_from",
    "is_same",
    "is_slice",
    "kept",
    "kept_bands",
    "known_sources",
    "reckon",
    "resimulated",
    "troubles",
]
