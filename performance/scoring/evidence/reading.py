"""The door through which a kept score is read."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from performance.scoring.evidence import keeping
from performance.scoring.evidence.columns import Input
from performance.scoring.models import Score


def segments_named(score: Score) -> Sequence[Mapping[str, Any]]:
    """The stretches: version (id as text), number, from, until, days, and the keys of their components."""
    segments: Sequence[Mapping[str, Any]] = score.basis.content["segments"]
    return segments


def explanation_of(score: Score) -> dict[str, Any]:
    """The whole sum: each component from its raw value to its points, and what moved its weight."""
    return keeping.explanation(score.basis.content, score)


def inputs_of(score: Score) -> list[dict[str, Input]]:
    """What it was computed from, without the trails: one mapping a stretch."""
    return keeping.inputs_from(score.basis.content, score)


def evidence_of(score: Score, trails: keeping.Trails) -> dict[str, list[dict[str, Any]]]:
    """What it was computed from, with the trails. `trails`: those that the score shares with others, by id."""
    return keeping.whole_evidence(score.basis.content, score, score.refs, trails)


def trails_named(scores: Iterable[Score]) -> set[uuid.UUID]:
    """The shared trails that these scores name."""
    return {uuid.UUID(each) for score in scores for each in keeping.shared_in(score.refs)}
