"""What every page of feedback shows beside its own, and how a form ends."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

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


def done(request: HttpRequest, text: str, address: str) -> HttpResponse:
    messages.success(request, text)
    if request.htmx:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse(address)
        return response
    return redirect(address)
