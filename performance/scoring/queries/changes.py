"""What moved a score since the last closed period: performance or weights, to the last micro."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from performance.engine import attribution
from performance.engine import score as engine_score
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring.models import CurrentScore, Score
from performance.scoring.queries.keeping import trails_of
from performance.scoring.queries.lines import Line, lines_of, shared_out, tenths, versions_of


@dataclass(frozen=True)
class ChangedLine:
    """What one component did to the change; `before` or `now` is None where that period does not have it, and `line` is
    the newest of the two, for its name and colour.

    `performance` and `weights` are as the page writes them, with one place: each column sums to the figure below it.
    """

    line: Line
    before: Line | None
    now: Line | None
    effect: attribution.Effect
    performance: Decimal
    weights: Decimal

    @property
    def key(self) -> str:
        return self.line.key

    @property
    def points(self) -> Decimal:
        return self.performance + self.weights

    @property
    def has_entered(self) -> bool:
        return self.counts_now and not self.counted

    @property
    def has_left(self) -> bool:
        return self.counted and not self.counts_now

    @property
    def counted(self) -> bool:
        return self.before is not None and self.before.counts

    @property
    def counts_now(self) -> bool:
        return self.now is not None and self.now.counts


@dataclass(frozen=True)
class Change:
    """The change of a score in micro points: performance + weights, exactly; `effects` by component key."""

    period: people.Period
    before: Score
    change_micro: int
    performance_micro: int
    weight_micro: int
    effects: Mapping[str, attribution.Effect]
    #: As the page writes them, with one place: they sum to the difference of the two scores as written.
    points: Decimal
    from_performance: Decimal
    from_weights: Decimal
    #: The components of both periods, those of this one first.
    moved: tuple[ChangedLine, ...]

    @property
    def most(self) -> ChangedLine | None:
        """The component that moved the score furthest; None where none moved it visibly."""
        furthest = max(self.moved, key=lambda each: abs(each.points), default=None)
        return furthest if furthest is not None and furthest.points else None


def change_since(score: Score) -> Change | None:
    """None where this or the last closed period has no score. One query, and one for the plans of both periods."""
    before = (
        CurrentScore.objects.filter(
            person_id=score.person_id, is_frozen=True, period__ends_on__lt=score.period.starts_on
        )
        .order_by("-period__ends_on")
        .select_related("score__basis", "period")
        .first()
    )
    if before is None or before.score.score_micro is None or score.score_micro is None:
        return None
    split = attribution.attribute_change(_as_reckoned(before.score), _as_reckoned(score))
    written = tenths(score.score_micro) - tenths(before.score.score_micro)
    performance, weights = shared_out(
        [split.performance_micro, split.weight_micro], written, ["performance", "weights"]
    )
    return Change(
        period=before.period,
        before=before.score,
        change_micro=score.score_micro - before.score.score_micro,
        performance_micro=split.performance_micro,
        weight_micro=split.weight_micro,
        effects=split.effects,
        points=Decimal(written) / 10,
        from_performance=performance,
        from_weights=weights,
        moved=_moved(before.score, score, split.effects, performance, weights),
    )


def _moved(
    before: Score,
    now: Score,
    effects: Mapping[str, attribution.Effect],
    performance: Decimal,
    weights: Decimal,
) -> tuple[ChangedLine, ...]:
    versions, trails = versions_of(before, now), trails_of([before, now])
    were, are = ({line.key: line for line in lines_of(score, versions, trails)} for score in (before, now))
    keys = [*are, *(key for key in were if key not in are)]
    by_work = shared_out([effects[key].performance_micro for key in keys], int(performance * 10), keys)
    by_weight = shared_out([effects[key].weight_micro for key in keys], int(weights * 10), keys)
    return tuple(
        ChangedLine((were | are)[key], were.get(key), are.get(key), effects[key], work, weight)
        for key, work, weight in zip(keys, by_work, by_weight, strict=True)
    )


def _as_reckoned(score: Score) -> engine_score.Score:
    """The sum as the score keeps it."""
    lines: list[Mapping[str, Any]] = evidence.explanation_of(score)["components"]
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
