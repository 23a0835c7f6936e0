"""What a file of objectives says about itself: which filter made it, and what each column holds."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from okr.models.objectives import State
from performance.foundation import i18n
from performance.foundation.components import formats
from performance.people import models as people_models

#: What each column of the export holds, by its name.
DEFINITIONS: dict[str, Any] = {
    "period": gettext_lazy("The period that the objective is to be reached in."),
    "owner_number": gettext_lazy("The number of the person who answers for the objective."),
    "owner": gettext_lazy("Who answers for the objective; of a team’s or the organisation’s: who leads."),
    "team": gettext_lazy("The team that the objective stands in."),
    "objective": gettext_lazy("What is to be reached, as it stands: in force, or proposed while nothing is."),
    "description": gettext_lazy("Why it matters, in the owner’s words."),
    "type": gettext_lazy(
        "Committed: to be reached in full. Aspirational: further than one can see. Learning."
    ),
    "state": gettext_lazy(
        "How far it is: draft, proposed and in discussion until both agree, then agreed, active, closed."
    ),
    "visibility": gettext_lazy("Who may read the objective."),
    "progress": gettext_lazy(
        "How far the objective is, counted by its period’s policy; empty while nothing counts yet."
    ),
    "key_result": gettext_lazy("How one sees that the objective is reached; one row each."),
    "kind": gettext_lazy("How the key result is measured."),
    "weight": gettext_lazy("The key result’s share among those of its objective; they sum to 100%."),
    "unit": gettext_lazy("What the amounts are counted in; of money, its currency."),
    "start": gettext_lazy("The value at which progress is 0%."),
    "target": gettext_lazy("The value at which progress is 100%."),
    "current": gettext_lazy("The value last checked in, or last read from the metric."),
    "key_result_progress": gettext_lazy(
        "How far the last value is from start to target, by the same policy."
    ),
    "confidence": gettext_lazy("From one to five: how sure the owner was at the last check-in."),
    "owned_by": gettext_lazy("Whether a person, a team or the organisation owns the objective."),
    "objective_weight": gettext_lazy(
        "What the objective weighs among those of the same owner, from 1 to 100."
    ),
    "key_result_owner": gettext_lazy("The number of the person who checks the key result in."),
    "commit": gettext_lazy("What is promised at the least."),
    "stretch": gettext_lazy("What would be outstanding, beyond the target."),
    "lower": gettext_lazy("The least value inside the band."),
    "upper": gettext_lazy("The greatest value inside the band."),
    "tolerance": gettext_lazy("How far outside the band progress falls to nothing."),
    "milestones": gettext_lazy("The steps of a key result of that kind, one a line."),
    "metric": gettext_lazy("The key of the metric that fills the value."),
    "slice": gettext_lazy("The part of the business that the metric is read for; empty for all of it."),
    "checkpoints": gettext_lazy("The values expected by certain days, one a line; empty where pace is even."),
    "policy_version": gettext_lazy("The version of the period’s policy; its words stand above."),
    "objective_id": gettext_lazy("What the import and the API find the objective by; never changes."),
    "key_result_id": gettext_lazy("What the import and the API find the key result by; never changes."),
}


def filter_in_words(filters: Mapping[str, Any]) -> str:
    """ "Period: Q2 2026; Owner: Lin Yue". One query for each of period, owner and team that is asked for."""
    asked = {name: str(filters.get(name) or "").strip() for name in ("period", "owner", "team", "state", "q")}
    told = [
        (_("Period"), _named(people_models.Period, asked["period"]) or _("all")),
        (_("Owner"), _named(people_models.Person, asked["owner"])),
        (_("Team"), _named(people_models.Team, asked["team"])),
        (_("State"), _state(asked["state"])),
        (_("Words"), asked["q"]),
    ]
    return formats.mark(";").join(f"{label}{formats.mark(':')}{value}" for label, value in told if value)


def _named(model: Any, key: str) -> str:
    """What it is called, in the reader's language; what is no key is told as it was asked."""
    try:
        found = model.objects.filter(pk=uuid.UUID(key)).first()
    except ValueError:
        return key
    return i18n.local(found, "name") if found else key


def _state(code: str) -> str:
    waiting = {"waiting": _("Waiting for agreement")}
    return str((dict(State.choices) | waiting).get(code, code))
