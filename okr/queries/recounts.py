"""How progress is computed: each key result by the engine, then objectives from the lowest up. Nothing is written here;
actions keep what comes out, and a preview of another policy shows it."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from okr.models import Alignment, KeyResult, Objective, OkrPolicy
from okr.queries import pacing, rollups
from performance.engine import progress
from performance.foundation import tenancy

ABOVE = """
    WITH RECURSIVE above(id) AS (
        SELECT unnest(%(ids)s::uuid[])
        UNION
        SELECT link.parent_id FROM okr_alignment link JOIN above ON link.child_id = above.id
        WHERE link.organisation_id = %(organisation)s AND link.kind = 'contributes'
    )
    SELECT id FROM above
"""


def and_above(objective_ids: list[uuid.UUID]) -> set[uuid.UUID]:
    """These objectives and all that they contribute to. One query."""
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, {"ids": objective_ids, "organisation": tenancy.current_organisation_id()})
        return {row[0] for row in cursor.fetchall()}


def as_engine_sees(key_result: KeyResult) -> progress.KeyResult:
    """A row as the engine's value. Milestones must be prefetched."""
    steps = [each for each in key_result.milestones.all() if each.removed_at is None]
    reported = any(each.done is not None for each in steps)
    return progress.KeyResult(
        kind=key_result.kind,  # type: ignore[arg-type]
        start=key_result.start,
        target=key_result.target,
        current=key_result.current,
        lower=key_result.lower,
        upper=key_result.upper,
        tolerance=key_result.tolerance or 0,
        milestones=[
            progress.Milestone(done=bool(each.done) if reported else None, weight=each.weight)
            for each in steps
        ],
        done=key_result.done,
    )


def measure(key_results: list[KeyResult], policy: OkrPolicy) -> None:
    """Sets progress_micro on each row, as the policy counts it."""
    measured = progress.key_results_progress(
        [as_engine_sees(each) for each in key_results], policy=policy.for_engine
    )
    for key_result, value in zip(key_results, measured, strict=True):
        key_result.progress_micro = value


def measure_each(
    key_results: Iterable[KeyResult],
    objectives: Mapping[uuid.UUID, Objective],
    counted_by: Mapping[uuid.UUID, OkrPolicy],
) -> None:
    """The same of several periods, each by its policy."""
    by_period: dict[uuid.UUID, list[KeyResult]] = defaultdict(list)
    for key_result in key_results:
        by_period[objectives[key_result.objective_id].period_id].append(key_result)
    for period_id, members in by_period.items():
        measure(members, counted_by[period_id])


def may_move(objective: Objective) -> bool:
    """Figures of what is in force move, until the progress of their period is locked or it is closed."""
    period = objective.period
    return objective.is_in_force and period.state != "closed" and period.progress_locked_at is None


@dataclass(frozen=True)
class Recount:
    """`moved`: objectives with other figures than before, or that are to be noted in any case; `replanned`: of the rest
    those of which something else is expected."""

    moved: list[Objective]
    replanned: list[Objective]


def recount(
    objectives: Mapping[uuid.UUID, Objective],
    key_results: Mapping[uuid.UUID, Sequence[KeyResult]],
    counted_by: Mapping[uuid.UUID, OkrPolicy],
    *,
    noted: Collection[uuid.UUID] = (),
) -> Recount:
    """Sets the figures of objectives and what is expected of them, from measured key results and from the lowest up.
    Where the progress of a period is locked, nothing moves. One query, three more where there are checkpoints or a
    yes-or-no."""
    links = Alignment.objects.filter(parent_id__in=objectives, kind="contributes").exclude(accepted_at=None)
    served_by: dict[uuid.UUID, list[Alignment]] = defaultdict(list)
    for link in links.select_related("child"):
        served_by[link.parent_id].append(link)
    found, planner = Recount([], []), pacing.Planner()
    for objective in _lowest_first(objectives, served_by):
        if not may_move(objective):
            continue
        own, policy = key_results.get(objective.pk, ()), counted_by[objective.period_id]
        contributing = [
            (objectives.get(link.child_id, link.child), link.share_ppm) for link in served_by[objective.pk]
        ]
        has_moved = _refresh(objective, own, contributing, policy) or objective.pk in noted
        points = planner.points_of(objective, own, contributing, policy)
        is_replanned = points != [tuple(point) for point in objective.pace_points]
        if is_replanned:
            objective.pace_points = points
        if has_moved:
            found.moved.append(objective)
        elif is_replanned:
            found.replanned.append(objective)
    return found


def _refresh(
    objective: Objective,
    own: Sequence[KeyResult],
    contributing: list[tuple[Objective, int]],
    policy: OkrPolicy,
) -> bool:
    rolled = rollups.counted_together(*rollups.items_of(own, contributing), policy)
    # The lowest tells the risk; a mean would hide the one key result that nobody believes in.
    confidence = min((each.confidence for each in own if each.confidence is not None), default=None)
    filled = max((each.filled_at for each in own if each.filled_at is not None), default=None)
    before = (objective.progress_micro, objective.coverage_ppm, objective.confidence, objective.checked_at)
    objective.progress_micro = rolled.value_micro
    objective.coverage_ppm = rolled.coverage_ppm
    objective.confidence = confidence
    objective.checked_at = filled
    return before != (rolled.value_micro, rolled.coverage_ppm, confidence, filled)


def _lowest_first(
    objectives: Mapping[uuid.UUID, Objective], served_by: Mapping[uuid.UUID, list[Alignment]]
) -> list[Objective]:
    """Children before what they contribute to. The database holds no cycles."""
    ordered: list[Objective] = []
    seen: set[uuid.UUID] = set()

    def visit(key: uuid.UUID) -> None:
        if key in seen or key not in objectives:
            return
        seen.add(key)
        for link in served_by[key]:
            visit(link.child_id)
        ordered.append(objectives[key])

    for key in sorted(objectives):
        visit(key)
    return ordered
