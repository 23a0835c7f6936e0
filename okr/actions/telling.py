"""What the log keeps of the texts of goals. It is read by people who may not see the goal itself."""

from typing import Any, TypedDict

from okr.models import Objective
from okr.models.objectives import State, Visibility


class Told(TypedDict):
    """Arguments for `audit.record`."""

    why: str
    changes: dict[str, Any]


def is_for_everybody(objective: Objective, *visibilities: str) -> bool:
    """Everybody sees the objective, and would see it under each of these visibilities of texts that are proposed."""
    return objective.state != State.DRAFT and {objective.visibility, *visibilities} == {Visibility.PUBLIC}


def told(reason: str, changes: dict[str, Any], *, openly: bool) -> Told:
    """A reason that speaks of what not everybody sees is a private change: `log_private` of the app keeps it for HR
    and auditors."""
    if openly or not reason:
        return {"why": reason, "changes": changes}
    return {"why": "", "changes": {**changes, "reason": reason}}
