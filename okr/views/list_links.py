"""The links above a list: one's own with one press, and what it is sorted by."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from okr import queries

#: What a narrowed list keeps when it is narrowed otherwise.
KEPT = ("q", "period", "state", "sort")


def quick(request: HttpRequest, team: Any) -> list[tuple[Any, str, bool]]:
    """One press instead of a choice among everybody: (label, address, whether it is on). A second press takes it away."""
    mine, asked = str(request.actor.person_id), request.GET
    ways = [(_("Mine"), {"owner": mine})]
    if team is not None:
        ways.append((_("My team’s"), {"team": str(team.pk)}))
    others = {name: asked[name] for name in KEPT if asked.get(name)}
    rows = []
    for label, chosen in ways:
        is_on = all(asked.get(name) == value for name, value in chosen.items())
        rows.append((label, f"?{urlencode(others if is_on else others | chosen)}", is_on))
    return rows


@dataclass(frozen=True)
class Heading:
    """A column that a list can be sorted by. `state` is "ascending", "descending" or "" where it is not; `address` is
    where a press leads: the other way round, and then back to the newest first."""

    label: str
    state: str
    address: str


def headings(request: HttpRequest) -> dict[str, Heading]:
    """By the name of the order."""
    labels = {
        "title": _("Objective"),
        "owner": _("Owner"),
        "progress": _("Progress and pace"),
        "confidence": _("Lowest confidence"),
        "checked": _("Last update"),
        "state": _("State"),
    }
    others = request.GET.copy()
    others.pop("page", None)
    asked = (others.pop("sort", None) or [""])[-1]
    found = {}
    for name, label in labels.items():
        state = {name: "ascending", f"-{name}": "descending"}.get(asked, "")
        following = {"": name, "ascending": f"-{name}", "descending": ""}[state]
        address = others.copy()
        if following:
            address["sort"] = following
        found[name] = Heading(label, state, f"?{address.urlencode()}")
    return found


def newest_first(request: HttpRequest) -> str:
    """Where the list is as it was before anybody sorted it; "" where it is."""
    if not queries.is_order(request.GET.get("sort", "")):
        return ""
    others = request.GET.copy()
    for name in ("sort", "page"):
        others.pop(name, None)
    return f"?{others.urlencode()}"
