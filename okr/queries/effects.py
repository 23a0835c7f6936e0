"""What a proposed change would do to the figure of its objective today."""

from dataclasses import dataclass

from okr.models import Alignment, KeyResult, KeyResultContent, Objective, ObjectiveVersion
from okr.queries import policies, rollups
from okr.queries.objectives import percent
from performance.engine import progress


@dataclass(frozen=True)
class Effect:
    """Progress in whole percent as it stands, and with the proposed text in force. None is no score."""

    before: int | None
    after: int | None


def effect_of(objective: Objective, proposal: ObjectiveVersion) -> Effect | None:
    """By the engine and the policy that count; nothing is written. None where figures do not move any more, and where
    another metric would fill a key result: what it says is known once it is in force. Four queries."""
    period = objective.period
    if objective.is_final or period.state == "closed" or period.progress_locked_at is not None:
        return None
    rows = {each.pk: each for each in objective.key_results.prefetch_related("milestones")}
    wanted = proposal.as_content.key_results
    if any(each.kind == "kpi" and not _is_filled(each, rows.get(each.id)) for each in wanted):
        return None
    policy = policies.policy_of(period)
    measured = progress.key_results_progress(
        [_as_would_be(each, rows.get(each.id)) for each in wanted], policy=policy.for_engine
    )
    own = [
        progress.RollupItem(str(each.id), value, each.weight_ppm)
        for each, value in zip(wanted, measured, strict=True)
    ]
    links = Alignment.objects.filter(parent=objective, kind="contributes").exclude(accepted_at=None)
    contributing = [(link.child, link.share_ppm) for link in links.select_related("child")]
    _none, others = rollups.items_of([], contributing)
    together = rollups.counted_together(own, others, policy)
    return Effect(percent(objective.progress_micro), percent(together.value_micro))


def _is_filled(wanted: KeyResultContent, row: KeyResult | None) -> bool:
    return row is not None and (row.metric_key, dict(row.slice)) == (wanted.metric_key, dict(wanted.slice))


def _as_would_be(wanted: KeyResultContent, row: KeyResult | None) -> progress.KeyResult:
    """The proposed text with what has been reported so far."""
    done = {each.pk: each.done for each in row.milestones.all()} if row else {}
    is_reported = any(done.get(step.id) is not None for step in wanted.milestones)
    return progress.KeyResult(
        kind=wanted.kind,  # type: ignore[arg-type]
        start=wanted.start,
        target=wanted.target,
        current=row.current if row else None,
        lower=wanted.lower,
        upper=wanted.upper,
        tolerance=wanted.tolerance or 0,
        milestones=[
            progress.Milestone(done=bool(done.get(step.id)) if is_reported else None, weight=step.weight)
            for step in wanted.milestones
        ],
        done=row.done if row else None,
    )
