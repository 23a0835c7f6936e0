"""What every page's frame shows: composed here, because only the composition root knows all apps."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, tenancy
from performance.inbox import queries as inbox
from performance.kpis import queries as kpis
from performance.people import queries as people

# Each returns up to eight (label, detail, address, icon) for an actor and words.
SEARCHES = [
    (_("Pages"), "performance.config.shell.pages"),
    (_("People"), "performance.people.queries.search"),
    (_("Goals"), "okr.queries.search"),
    (_("Metrics"), "performance.kpis.queries.search"),
    (_("Periods"), "okr.queries.search_periods"),
    (_("Retrospectives"), "okr.queries.search_retrospectives"),
]
#: Letters of a search that are looked at.
MOST_WORDS = 80

#: A kind's name and its hits.
Group = tuple[Any, list[tuple[str, str, str, str]]]
#: Hits of one kind where several kinds were found.
MOST_OF_A_KIND = 5

OF_SOURCES = frozenset({"business_owner", "finance_owner", "administrator", "auditor"})
OF_GROUPS = frozenset({"hr", "administrator", "auditor", "business_owner", "finance_owner"})
#: Where the palette jumps to: label, address, icon, who else than everybody it is for, other words for it.
PAGES: list[tuple[Any, str, str, frozenset[str], Any]] = [
    (_("My week"), "okr:home", "home", frozenset(), _("home check-in")),
    (_("My team"), "okr:my_team", "users", frozenset(), _("check-ins of reports")),
    (_("Waiting for you"), "inbox:list", "inbox", frozenset(), _("inbox to do")),
    (_("Goals"), "okr:objectives", "target", frozenset(), _("objectives OKR list")),
    (_("Strategy map"), "okr:strategy", "sitemap", frozenset(), _("alignment")),
    (_("Timeline"), "okr:timeline", "timeline", frozenset(), _("year")),
    (_("Compare periods"), "okr:compare", "arrows-left-right", frozenset(), _("quarters")),
    (_("Propose an objective"), "okr:propose", "plus", frozenset(), _("new goal")),
    (_("My scorecard"), "scoring:my_scorecard", "award", frozenset(), _("performance score")),
    (
        _("Organisation scorecard"),
        "scoring:organisation_card",
        "building",
        OF_GROUPS,
        _("mean, spread, units"),
    ),
    (_("Weight policies"), "scoring:policies", "adjustments-horizontal", frozenset(), _("weights")),
    (_("Metrics"), "kpis:board", "chart-dots", frozenset(), _("KPI board")),
    (_("Metric library"), "kpis:library", "list-details", frozenset(), _("definitions")),
    (
        _("Scenarios"),
        "kpis:scenarios",
        "adjustments-horizontal",
        frozenset(),
        _("what if, compared, turned into targets"),
    ),
    (_("Alerts"), "kpis:alerts", "bell", frozenset(), _("anomalies, limits, late data")),
    (_("Sources"), "sources:list", "database", OF_SOURCES, _("connections datasets")),
    (_("Feedback"), "feedback:home", "message-heart", frozenset(), _("praise pulse")),
    (_("People"), "people:directory", "users-group", frozenset(), _("directory")),
    (_("Organisation"), "people:organisation_chart", "hierarchy", frozenset(), _("chart")),
    (_("Import people"), "people:import_people", "file-import", frozenset({"hr"}), _("CSV XLSX")),
    (_("Appraisal cycles"), "appraisals:cycles", "clipboard-check", frozenset(), _("results")),
    (
        _("Settings"),
        "people:settings",
        "settings",
        frozenset({"hr", "administrator", "auditor"}),
        _("time zone"),
    ),
    (_("Periods"), "people:periods", "calendar", frozenset(), _("quarters")),
    (_("Log"), "people:audit_log", "history", frozenset({"hr", "administrator", "auditor"}), _("audit")),
    (_("Webhooks"), "inbox:webhooks", "send", frozenset({"administrator", "auditor"}), _("endpoints events")),
    (
        _("How I am told"),
        "inbox:mail",
        "bell",
        frozenset(),
        _("e-mail chat Feishu DingTalk WeCom Slack Teams"),
    ),
    (_("My account"), "people:profile", "user-circle", frozenset(), _("password language tokens")),
]


#: What somebody who only reads has no use for.
WRITING = frozenset({"okr:propose", "people:import_people", "inbox:mail"})


def offered(actor: access.Actor) -> list[tuple[Any, str, str, Any]]:
    """(label, address, icon, other words) of the pages that this person may open."""
    return [
        (label, address, icon, also)
        for label, address, icon, roles, also in PAGES
        if (not roles or actor.roles & roles) and not (actor.only_reads and address in WRITING)
    ]


def pages(actor: access.Actor, words: str) -> list[tuple[str, str, str, str]]:
    """Up to eight pages whose name, or another word for it, has all the words."""
    asked = words.casefold().split()
    return [
        (str(label), "", reverse(address), icon)
        for label, address, icon, also in offered(actor)
        if all(word in f"{label} {also}".casefold() for word in asked)
    ][:8]


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
        "pinned": kpis.pinned(actor),
        "organisations": getattr(request, "organisations", []),
    }


def count_sources() -> int:
    """Connections of the organisation, for the set-up list."""
    return int(apps.get_model("sources", "Connection").objects.count())


def count_objectives() -> int:
    """Objectives of the organisation, for the set-up list."""
    return int(apps.get_model("okr", "Objective").objects.count())


def _best_first(groups: list[Group], words: str) -> list[Group]:
    """Kinds with a hit that is itself called so come before those that were found by what else is known of them;
    where there are several kinds, none fills the list."""
    wanted = words.casefold().split()

    def is_called_so(hit: tuple[str, str, str, str]) -> bool:
        return all(word in hit[0].casefold() for word in wanted)

    ranked = sorted(groups, key=lambda group: not any(map(is_called_so, group[1])))
    return ranked if len(ranked) == 1 else [(title, hits[:MOST_OF_A_KIND]) for title, hits in ranked]


@access.member
def search(request: HttpRequest) -> HttpResponse:
    """The command palette's answer: what of each kind carries these words, as its reader may see it."""
    words = request.GET.get("q", "").strip()[:MOST_WORDS]
    groups: list[Group] = []
    if words:
        for title, find in SEARCHES:
            found = import_string(find)(request.actor, words)
            if found:
                groups.append((title, found))
    groups = _best_first(groups, words)
    template = "components/_search_results.html" if request.headers.get("HX-Request") else "search.html"
    return render(request, template, {"groups": groups, "words": words})
