"""What the penalty for what is weak did to a score: its kept inputs reckoned once more without it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from performance.engine import penalty
from performance.scoring import evidence
from performance.scoring.models import PolicyVersion, Score
from performance.scoring.queries.replays import segments_of


@dataclass(frozen=True)
class Penalty:
    """alpha_quarters: as the last of its versions has it. without_micro: the score if weights did not depend on results.
    weights_ppm: what each component would weigh then."""

    alpha_quarters: int
    without_micro: int
    effect_micro: int
    weights_ppm: Mapping[str, int]


def penalty_of(score: Score, versions: Mapping[uuid.UUID, PolicyVersion]) -> Penalty | None:
    """None where no version that it was computed with has a penalty, and where nothing counts. No query: `versions`, by
    id, are those that the score names."""
    segments = segments_of(score, versions)
    alphas = [_alpha(segment.plan) for segment in segments]
    if score.score_micro is None or set(alphas) <= {penalty.OFF}:
        return None
    plain = _plain(segments)
    [without] = evidence.reckon(plain, [evidence.inputs_of(score)])
    if without.score_micro is None:
        return None
    lines = without.explanation["components"]
    return Penalty(
        alpha_quarters=next(alpha for alpha in reversed(alphas) if alpha != penalty.OFF),
        without_micro=without.score_micro,
        effect_micro=score.score_micro - without.score_micro,
        weights_ppm={line["key"]: line["effective_ppm"] for line in lines},
    )


def _alpha(plan: Mapping[str, Any]) -> int:
    alpha: int = plan.get("alpha_quarters", penalty.OFF)
    return alpha


def _plain(segments: Sequence[evidence.Segment]) -> list[evidence.Segment]:
    return [replace(each, plan={**each.plan, "alpha_quarters": penalty.OFF}) for each in segments]
