"""Progress is computed by the engine and kept beside objectives, in the transaction of what moved it."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction

from okr.actions import pacing
from okr.models import Alignment, KeyResult, KeyResultEntry, Objective, OkrPolicy, ProgressPoint
from okr.queries import metrics, policies, rollups
from performance.engine import progress
from performance.foundation import stale, tenancy

#: So many rows are written in one statement.
BATCH = 500

ABOVE = """
    WITH RECURSIVE above(id) AS (
        SELECT unnest(%(ids)s::uuid[])
        UNION
        SELECT link.parent_id FROM okr_alignment link JOIN above ON link.child_id = above.id
        WHERE link.organisation_id = %(organisation)s AND link.kind = 'contributes'
    )
    SELECT id FROM above
"""


def lock(objective_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Objective]:
    """These objectives and all that they contribute to, locked in the order of their ids, so that two writers
    never wait for each other.

    While we waited, a link may have been made; whoever links holds both ends, so under the locks we see it. What it
    adds is not locked on top, which could be the wrong way round: all is let go and taken anew, in order.
    """
    asked = list(objective_ids)
    wanted = _above(asked)
    while True:
        taken = transaction.savepoint()
        rows = Objective.objects.filter(pk__in=wanted).order_by("pk").select_related("period")
        locked = {each.pk: each for each in rows.select_for_update(of=("self",), no_key=True)}
        found = _above(asked)
        if found <= wanted:
            transaction.savepoint_commit(taken)
            return locked
        transaction.savepoint_rollback(taken)
        wanted |= found


def _above(objective_ids: list[uuid.UUID]) -> set[uuid.UUID]:
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
    """Sets progress_micro on each row, as the policy counts it. Writes nothing."""
    measured = progress.key_results_progress(
        [as_engine_sees(each) for each in key_results], policy=policy.for_engine
    )
    for key_result, value in zip(key_results, measured, strict=True):
        key_result.progress_micro = value


def roll_up(
    locked: dict[uuid.UUID, Objective], *, at: datetime.datetime, noted: Collection[uuid.UUID] = ()
) -> set[uuid.UUID]:
    """Recomputes locked objectives from the lowest up with what is expected of them, notes each new figure, and marks
    the scores of their owners as out of date. `noted` ones are noted even if their figure is the same, so that "no
    score yet" is on record too. Where the progress of a period is locked, nothing moves. Returns the owners' ids. A
    constant number of queries, three more where there are checkpoints or a yes-or-no."""
    key_results = _by_objective(KeyResult.objects.filter(objective_id__in=locked, removed_at=None))
    links = Alignment.objects.filter(parent_id__in=locked, kind="contributes").exclude(accepted_at=None)
    links = links.select_related("child")
    served_by: dict[uuid.UUID, list[Alignment]] = defaultdict(list)
    for link in links:
        served_by[link.parent_id].append(link)
    counted_by = policies.policies_of(each.period_id for each in locked.values())
    moved, replanned, planner = [], [], pacing.Planner()
    for objective in _lowest_first(locked, served_by):
        period = objective.period
        if not objective.is_in_force or period.state == "closed" or period.progress_locked_at is not None:
            continue
        own = key_results[objective.pk]
        contributing = [
            (locked.get(link.child_id, link.child), link.share_ppm) for link in served_by[objective.pk]
        ]
        has_moved = _refresh(objective, own, contributing, counted_by[objective.period_id])
        if has_moved or objective.pk in noted:
            moved.append(objective)
        points = planner.points_of(objective, own, contributing, counted_by[objective.period_id])
        if points != [tuple(point) for point in objective.pace_points]:
            objective.pace_points = points
            if not moved or moved[-1] is not objective:
                replanned.append(objective)
    Objective.objects.bulk_update(replanned, ["pace_points"], batch_size=BATCH)
    _keep(moved, key_results, counted_by, at)
    owners = {objective.owner_id for objective in moved}
    stale.mark("score", owners, at=at)
    return owners


def _refresh(
    objective: Objective, own: list[KeyResult], contributing: list[tuple[Objective, int]], policy: OkrPolicy
) -> bool:
    rolled = rollups.counted_together(*rollups.items_of(own, contributing), policy)
    answers = [each.confidence for each in own if each.confidence is not None]
    confidence = (2 * sum(answers) + len(answers)) // (2 * len(answers)) if answers else None
    filled = max((each.filled_at for each in own if each.filled_at is not None), default=None)
    before = (objective.progress_micro, objective.coverage_ppm, objective.confidence, objective.checked_at)
    objective.progress_micro = rolled.value_micro
    objective.coverage_ppm = rolled.coverage_ppm
    objective.confidence = confidence
    objective.checked_at = filled
    return before != (rolled.value_micro, rolled.coverage_ppm, confidence, filled)


def _keep(
    moved: list[Objective],
    key_results: dict[uuid.UUID, list[KeyResult]],
    counted_by: dict[uuid.UUID, OkrPolicy],
    at: datetime.datetime,
) -> None:
    Objective.objects.bulk_update(
        moved, ["progress_micro", "coverage_ppm", "confidence", "checked_at", "pace_points"]
    )
    ProgressPoint.objects.bulk_create(
        ProgressPoint(
            objective=objective,
            at=at,
            progress_micro=objective.progress_micro,
            coverage_ppm=objective.coverage_ppm,
            provisional=any(each.provisional for each in key_results[objective.pk]),
            version_number=objective.version_number or 0,
            policy_number=counted_by[objective.period_id].number,
        )
        for objective in moved
    )


def _by_objective(rows: Any) -> dict[uuid.UUID, list[KeyResult]]:
    grouped: dict[uuid.UUID, list[KeyResult]] = defaultdict(list)
    for key_result in rows:
        grouped[key_result.objective_id].append(key_result)
    return grouped


def _lowest_first(
    locked: dict[uuid.UUID, Objective], served_by: dict[uuid.UUID, list[Alignment]]
) -> list[Objective]:
    """Children before what they contribute to. The database holds no cycles."""
    ordered: list[Objective] = []
    seen: set[uuid.UUID] = set()

    def visit(key: uuid.UUID) -> None:
        if key in seen or key not in locked:
            return
        seen.add(key)
        for link in served_by[key]:
            visit(link.child_id)
        ordered.append(locked[key])

    for key in sorted(locked):
        visit(key)
    return ordered


def count_again(objective_ids: Iterable[uuid.UUID], *, at: datetime.datetime) -> None:
    """Measures every key result of these objectives anew (new text, new policy), rolls up, and notes the figures."""
    noted = set(objective_ids)
    locked = lock(noted)
    counted_by = policies.policies_of(each.period_id for each in locked.values())
    rows = KeyResult.objects.filter(objective_id__in=locked, removed_at=None).prefetch_related("milestones")
    rows = rows.filter(objective__period__progress_locked_at=None)
    by_period: dict[uuid.UUID, list[KeyResult]] = defaultdict(list)
    for key_result in rows:
        by_period[locked[key_result.objective_id].period_id].append(key_result)
    for period_id, key_results in by_period.items():
        measure(key_results, counted_by[period_id])
        KeyResult.objects.bulk_update(key_results, ["progress_micro"], batch_size=BATCH)
    roll_up(locked, at=at, noted=noted)


def refresh_bound_key_results(
    *, at: datetime.datetime, objective_ids: Collection[uuid.UUID] | None = None
) -> int:
    """Key results bound to a metric fill themselves: where the metric's value of the period has moved, notes an
    entry without a check-in and rolls up. Only what has moved is locked, so that a look at what has not keeps nobody
    waiting. Returns how many moved."""
    bound = metrics.bound_key_results()
    if objective_ids is not None:
        bound = bound.filter(objective_id__in=objective_ids)
    ids = metrics.moved_objectives(bound)
    if not ids:
        return 0
    with transaction.atomic():
        locked = lock(ids)
        rows = list(
            bound.filter(objective_id__in=ids)
            .select_related("objective__period__organisation")
            .prefetch_related("milestones")
        )
        changed = _fill(rows, at)
        _note_entries(changed, locked, at)
        roll_up(locked, at=at)
    return len(changed)


def _fill(rows: list[KeyResult], at: datetime.datetime) -> list[KeyResult]:
    changed: list[KeyResult] = []
    by_period: dict[uuid.UUID, list[KeyResult]] = defaultdict(list)
    for key_result in rows:
        by_period[key_result.objective.period_id].append(key_result)
    for members in by_period.values():
        period = members[0].objective.period
        values = metrics.metric_values(members)
        moved = [each for each in members if metrics.take(each, values.get(each.pk))]
        for each in moved:
            each.filled_at = each.filled_at or at
        measure(moved, policies.policy_of(period))
        changed += moved
    return changed


def _note_entries(
    changed: list[KeyResult], locked: dict[uuid.UUID, Objective], at: datetime.datetime
) -> None:
    KeyResult.objects.bulk_update(changed, ["current", "progress_micro", "provisional", "filled_at"])
    KeyResultEntry.objects.bulk_create(
        KeyResultEntry(
            key_result=each,
            value=each.current,
            progress_micro=each.progress_micro,
            provisional=each.provisional,
            value_as_of=each.filled_at,
            version_number=locked[each.objective_id].version_number or 0,
            at=at,
        )
        for each in changed
    )
