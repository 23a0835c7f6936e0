"""From rows to the engine's columns and back: plans of weights, gathered evidence, reckoned scores."""

from performance.scoring.evidence.gathering import check_sources, gather, known_sources
from performance.scoring.evidence.plans import ComponentDraft, Trouble, frozen_plan, is_slice, troubles
from performance.scoring.evidence.reckoning import (
    Input,
    Reckoned,
    Segment,
    carrying,
    digest,
    inputs_from,
    kept,
    reckon,
)

__all__ = [
    "ComponentDraft",
    "Input",
    "Reckoned",
    "Segment",
    "Trouble",
    "carrying",
    "check_sources",
    "digest",
    "frozen_plan",
    "gather",
    "inputs_from",
    "is_slice",
    "kept",
    "known_sources",
    "reckon",
    "troubles",
]
