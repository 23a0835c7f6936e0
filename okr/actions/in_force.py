"""What comes into force: a version that both sides have signed takes the place of the one before."""

import datetime
import uuid

from okr.actions import narrowing, progress, texts
from okr.models import Objective, ObjectiveVersion
from okr.models.agreements import VersionState
from okr.models.objectives import State
from performance.foundation import access, audit, stale
from performance.people import queries as people


def put_in_force(
    objective: Objective, version: ObjectiveVersion, *, by: access.Actor, at: datetime.datetime
) -> None:
    """Brings the objective, locked by whoever calls, to a version that is agreed, and counts its progress anew."""
    former = ObjectiveVersion.objects.filter(objective=objective, state=VersionState.IN_FORCE)
    former.update(state=VersionState.SUPERSEDED, settled_at=at)
    settle(version, VersionState.IN_FORCE, at)
    before = objective.state
    counted_before = _key_results_in_force(objective)
    texts.apply_content(objective, version.as_content, at=at)
    _begin_pace(objective, counted_before, people.day_at(by.organisation, at))
    objective.version_number = version.number
    objective.agreed_at = at
    if objective.is_open:
        runs = objective.period.state in ("active", "closing")
        objective.state = State.ACTIVE if runs else State.AGREED
    objective.save(update_fields=["version_number", "agreed_at", "state"])
    narrowing.note_fewer_readers(objective, by=by, at=at)
    progress.count_again([objective.pk], at=at)
    progress.refresh_bound_key_results(at=at, objective_ids=[objective.pk])
    stale.mark("score", [objective.owner_id], at=at)
    audit.record(
        by=by,
        action="okr.put_in_force",
        subject=objective,
        changes={"state": [before, objective.state], "version": version.number},
        at=at,
    )


def settle(version: ObjectiveVersion, state: str, at: datetime.datetime) -> None:
    version.state = state
    version.settled_at = at
    version.save(update_fields=["state", "settled_at"])


def _key_results_in_force(objective: Objective) -> list[uuid.UUID]:
    standing = objective.key_results.filter(removed_at=None)
    return list(standing.values_list("pk", flat=True)) if objective.is_in_force else []


def _begin_pace(objective: Objective, counted_before: list[uuid.UUID], today: datetime.date) -> None:
    """Of what comes into force while its period runs, nothing is expected for the days before. What was removed keeps
    the day from which it was expected."""
    if objective.period.starts_on < today <= objective.period.ends_on:
        begins = objective.key_results.filter(removed_at=None, paced_from=None).exclude(pk__in=counted_before)
        begins.update(paced_from=today)
