"""What became of a team's goals in a period: proposals, agreements, changes with their reasons, the end."""

import datetime
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from okr.models import Agreement, Objective, ObjectiveVersion
from okr.models.agreements import VersionState
from okr.queries import contents, sight, thread
from okr.queries.objectives import percent
from performance.foundation import access
from performance.people import models as people_models


@dataclass(frozen=True)
class TeamEvent:
    """`kind` is "proposed", "agreed", "withdrawn", "lapsed" or "closed"; `percent` the progress that a goal was
    closed with."""

    kind: str
    at: datetime.datetime
    objective: Objective
    version: ObjectiveVersion | None = None
    changes: tuple[contents.Difference, ...] = ()
    percent: int | None = None


def team_history(objectives: QuerySet[Objective], actor: access.Actor) -> list[TeamEvent]:
    """What happened to these objectives, newest first, as far as somebody who sees them may read it. Seven queries for
    any number of rows."""
    rows = {one.pk: one for one in objectives.select_related("owner", "team", "period")}
    signed = Agreement.objects.order_by("at")
    texts: dict[uuid.UUID, list[ObjectiveVersion]] = defaultdict(list)
    for version in (
        ObjectiveVersion.objects.filter(objective__in=list(rows))
        .select_related("by")
        .prefetch_related(Prefetch("agreements", queryset=signed))
        .order_by("number")
    ):
        texts[version.objective_id].append(version)
    sights = sight.sights_of(rows.values(), actor)
    named = _owners_named(texts)
    events = []
    for key, one in rows.items():
        reads = sights[key]
        steps = thread.steps_of_versions(
            reads.versions(texts[key]), reads, {**named, None: one.owner}, one.period
        )
        events += [event for step in steps for event in _events_of(one, step)]
        if one.is_final and one.period.closed_at is not None:
            events.append(TeamEvent("closed", one.period.closed_at, one, percent=percent(one.progress_micro)))
    order = {"proposed": 0, "agreed": 1, "withdrawn": 2, "lapsed": 2, "closed": 3}
    return sorted(events, key=lambda event: (event.at, order[event.kind], event.objective.pk), reverse=True)


def _events_of(one: Objective, step: dict[str, Any]) -> list[TeamEvent]:
    version = step["version"]
    if step["kind"] == "agreed":
        return [TeamEvent("agreed", step["at"], one, version)]
    found = [TeamEvent("proposed", step["at"], one, version, tuple(step["changes"]))]
    if version.state == VersionState.WITHDRAWN and version.settled_at is not None:
        found.append(
            TeamEvent("lapsed" if step["has_lapsed"] else "withdrawn", version.settled_at, one, version)
        )
    return found


def _owners_named(texts: dict[uuid.UUID, list[ObjectiveVersion]]) -> dict[uuid.UUID | None, Any]:
    """Whom all these texts name as owners of key results."""
    ids = {
        key_result.owner_id
        for versions in texts.values()
        for version in versions
        for key_result in version.as_content.key_results
        if key_result.owner_id
    }
    return dict(people_models.Person.objects.in_bulk(list(ids)))
