"""Progress is computed by the engine and kept beside objectives, in the transaction of what moved it."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction

from okr.models import KeyResult, KeyResultEntry, Objective, OkrPolicy, ProgressPoint
from okr.queries import metrics, policies, recounts
from performance.foundation import stale


def lock(objective_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Objective]:
    """These objectives and all that they contribute to, locked in the order of their ids, so that two writers
    never wait for each other.

    While we waited, a link may have been made; whoever links holds both ends, so under the locks we see it. What it
    adds is not locked on top, which could be the wrong way round: all is let go and taken anew, in order.
    """
    asked = list(objective_ids)
    wanted = recounts.and_above(asked)
    while True:
        taken = transaction.savepoint()
        rows = Objective.objects.filter(pk__in=wanted).order_by("pk").select_related("period")
        locked = {each.pk: each for each in rows.select_for_update(of=("self",), no_key=True)}
        found = recounts.and_above(asked)
        if found <= wanted:
            transaction.savepoint_commit(taken)
            return locked
        transaction.savepoint_rollback(taken)
        wanted |= found


def roll_up(
    locked: dict[uuid.UUID, Objective], *, at: datetime.datetime, noted: Collection[uuid.UUID] = ()
) -> set[uuid.UUID]:
    """Recomputes locked objectives from the lowest up with what is expected of them, notes each new figure, and marks
    the scores of their owners as out of date. `noted` ones are noted even if their figure is the same, so that "no
    score yet" is on record too. Returns the owners' ids. A constant number of queries, three more where there are
    checkpoints or a yes-or-no."""
    key_results = _by_objective(KeyResult.objects.filter(objective_id__in=locked, removed_at=None))
    counted_by = policies.policies_of(each.period_id for each in locked.values())
    found = recounts.recount(locked, key_results, counted_by, noted=noted)
    Objective.objects.write_columns(found.replanned, ["pace_points"])
    _keep(found.moved, key_results, counted_by, at)
    owners = {objective.owner_id for objective in found.moved}
    stale.mark("score", owners, at=at)
    return owners


def _keep(
    moved: list[Objective],
    key_results: dict[uuid.UUID, list[KeyResult]],
    counted_by: dict[uuid.UUID, OkrPolicy],
    at: datetime.datetime,
) -> None:
    Objective.objects.write_columns(
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


def count_again(objective_ids: Iterable[uuid.UUID], *, at: datetime.datetime) -> int:
    """Measures every key result of these objectives anew (new text, new policy), rolls up, and notes the figures. Returns
    how many objectives have another progress than before, those above included."""
    noted = set(objective_ids)
    locked = lock(noted)
    before = {key: each.progress_micro for key, each in locked.items()}
    counted_by = policies.policies_of(each.period_id for each in locked.values())
    open_ones = KeyResult.objects.filter(objective_id__in=locked, removed_at=None).filter(
        objective__period__progress_locked_at=None
    )
    rows = list(open_ones.prefetch_related("milestones"))
    recounts.measure_each(rows, locked, counted_by)
    KeyResult.objects.write_columns(rows, ["progress_micro"])
    roll_up(locked, at=at, noted=noted)
    return sum(each.progress_micro != before[key] for key, each in locked.items())


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
        recounts.measure(moved, policies.policy_of(period))
        changed += moved
    return changed


def _note_entries(
    changed: list[KeyResult], locked: dict[uuid.UUID, Objective], at: datetime.datetime
) -> None:
    KeyResult.objects.write_columns(changed, ["current", "progress_micro", "provisional", "filled_at"])
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
