"""What every page's frame shows: composed here, because only the composition root knows all apps."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, tenancy
from performance.inbox import queries as inbox
from performance.people import queries as people

# Each returns up to eight (label, detail, address, icon) for an actor and words.
SEARCHES = [
    (_("People"), "performance.people.queries.search"),
    (_("Goals"), "okr.queries.search"),
    (_("Metrics"), "performance.kpis.queries.search"),
]


def context(request: HttpRequest) -> dict[str, Any]:
    """Counts beside the entries, the organisations to switch between, and the switches of the installation."""
    actor = getattr(request, "actor", None)
    shared: dict[str, Any] = {"signup_is_open": settings.ACCORD_SIGNUP_OPEN}
    if actor is None or tenancy.organisation_id_or_none() is None:
        # Signed out, or an error page: it is rendered after the organisation was left.
        return shared
    return {
        **shared,
        "actor": actor,
        "nav_counts": inbox.open_counts(actor.person_id, on=people.today(actor.organisation)),
        "organisations": getattr(request, "organisations", []),
    }


def count_sources() -> int:
    """Connections of the organisation, for the set-up list."""
    return int(apps.get_model("sources", "Connection").objects.count())


def count_objectives() -> int:
    """Objectives of the organisation, for the set-up list."""
    return int(apps.get_model("okr", "Objective").objects.count())


@access.member
def search(request: HttpRequest) -> HttpResponse:
    """The command palette's answer: people, goals and metrics that carry these words, each as its reader may see."""
    words = request.GET.get("q", "").strip()[:80]
    groups = []
    if words:
        for title, find in SEARCHES:
            found = import_string(find)(request.actor, words)
            if found:
                groups.append((title, found))
    template = "components/_search_results.html" if request.headers.get("HX-Request") else "search.html"
    return render(request, template, {"groups": groups, "words": words})
