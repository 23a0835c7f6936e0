"""What moved a score since the last closed period: performance or weights, to the last micro."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from performance.engine import attribution
from performance.engine import score as engine_score
from performance.people import models as people
from performance.scoring.models import CurrentScore, Score
from performance.scoring.queries import scorecards


@dataclass(frozen=True)
class Change:
    """The change of a score in micro points: performance + weights, exactly; `effects` by component key."""

    period: people.Period
    change_micro: int
    performance_micro: int
    weight_micro: int
    effects: Mapping[str, attribution.Effect]
    #: As the page writes them, with one place: they sum to the difference of the two scores as written.
    points: Decimal
    from_performance: Decimal
    from_weights: Decimal


def change_since(score: Score) -> Change | None:
    """None where this or the last closed period has no score. One query."""
    before = (
        CurrentScore.objects.filter(
            person_id=score.person_id, is_frozen=True, period__ends_on__lt=score.period.starts_on
        )
        .order_by("-period__ends_on")
        .select_related("score", "period")
        .first()
    )
    if before is None or before.score.score_micro is None or score.score_micro is None:
        return None
    split = attribution.attribute_change(_as_reckoned(before.score), _as_reckoned(score))
    written = scorecards.tenths(score.score_micro) - scorecards.tenths(before.score.score_micro)
    performance, weights = scorecards.shared_out(
        [split.performance_micro, split.weight_micro], written, ["performance", "weights"]
    )
    return Change(
        period=before.period,
        change_micro=score.score_micro - before.score.score_micro,
        performance_micro=split.performance_micro,
        weight_micro=split.weight_micro,
        effects=split.effects,
        points=Decimal(written) / 10,
        from_performance=performance,
        from_weights=weights,
    )


def _as_reckoned(score: Score) -> engine_score.Score:
    """The sum as the score keeps it."""
    lines: list[Mapping[str, Any]] = score.explanation["components"]
    return engine_score.Score(
        score_micro=score.score_micro,
        constant_score_micro=score.constant_micro,
        coverage_ppm=score.coverage_ppm,
        lines=tuple(
            engine_score.ScoreLine(
                **{name: line[name] for name in engine_score.ScoreLine.__dataclass_fields__}
            )
            for line in lines
        ),
    )
