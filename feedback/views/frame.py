"""What every page of feedback shows beside its own."""

from typing import Any

from django.http import HttpRequest

from feedback import queries
from performance.foundation.components import parts
from performance.people import queries as people
from performance.people import rules as people_rules


def frame(request: HttpRequest, tab: str) -> dict[str, Any]:
    on = people.today(request.actor.organisation)
    return {
        "nav": "feedback",
        "tab": tab,
        "pairs": queries.pulse_pairs(request.actor, on),
        "received": queries.titled(request.actor, queries.notes_received(request.actor)[:5]),
        "week_start": people_rules.monday_of(on),
        "agreement": parts.AGREEMENT,
    }
