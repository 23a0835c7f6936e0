"""What a draft would have done: which past periods it is tried on, and what came out for whom."""

import datetime
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from performance.people import models as people
from performance.scoring.models import CurrentScore, PolicyVersion, Simulation, SimulationState
from performance.scoring.queries.governing import people_in_scope
from performance.scoring.queries.policies import plan_of

#: The latest past periods; what lies further back was measured in another business.
PERIODS_SIMULATED = 3


def content_digest(version: PolicyVersion, plan: Mapping[str, Any]) -> str:
    """Of everything that a draft says: the plan that it would be locked with, for which period, and for whom. What a
    signal said is in its share; when it was read is not."""
    unit_id = version.policy.unit_id
    said = {**plan, "market": [{**signal, "as_of": ""} for signal in plan.get("market", ())]}
    if plan.get("objective"):
        said["objective"] = {**plan["objective"], "as_of": ""}
    whole = {"period": str(version.period_id), "unit": unit_id and str(unit_id), "plan": said}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def periods_to_simulate(version: PolicyVersion, today: datetime.date) -> list[people.Period]:
    """The latest periods that are over and have scores of people whom the version would score, oldest first."""
    scored = CurrentScore.objects.filter(person__in=people_in_scope(version))
    over = people.Period.objects.filter(ends_on__lt=today, pk__in=scored.values("period_id"))
    return list(over.order_by("-ends_on", "-pk")[:PERIODS_SIMULATED])[::-1]


def is_simulated(version: PolicyVersion, today: datetime.date) -> bool:
    """Whether it was simulated, as it stands now, on every past period that it is to be tried on; true without any."""
    wanted = {period.pk for period in periods_to_simulate(version, today)}
    return not wanted or wanted <= simulated_periods(version)


def simulated_periods(version: PolicyVersion) -> set[uuid.UUID]:
    """The periods with a finished simulation of what the version says now."""
    done = Simulation.objects.filter(version=version, state=SimulationState.DONE)
    return set(
        done.filter(digest=content_digest(version, plan_of(version))).values_list("period_id", flat=True)
    )
