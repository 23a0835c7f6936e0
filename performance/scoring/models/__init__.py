"""Tables of scoring: weight policies with their versions, score runs, and scores that never change."""

from performance.scoring.models.policies import (
    FACTOR_HIGHEST,
    FACTOR_LOWEST,
    OWN_UNIT,
    WHOLE,
    Category,
    Missing,
    PolicyApproval,
    PolicyComponent,
    PolicyVersion,
    Side,
    SourceKind,
    Stage,
    StageMultiplier,
    VersionState,
    WeightPolicy,
)
from performance.scoring.models.scores import CurrentScore, RunKind, RunState, Score, ScoreRun, ScoreState

__all__ = [
    "FACTOR_HIGHEST",
    "FACTOR_LOWEST",
    "OWN_UNIT",
    "WHOLE",
    "Category",
    "CurrentScore",
    "Missing",
    "PolicyApproval",
    "PolicyComponent",
    "PolicyVersion",
    "RunKind",
    "RunState",
    "Score",
    "ScoreRun",
    "ScoreState",
    "Side",
    "SourceKind",
    "Stage",
    "StageMultiplier",
    "VersionState",
    "WeightPolicy",
]
