"""Two people at one text: on which version a form was opened, and what stands by the time it is sent."""

from typing import Any

from django.http import HttpRequest

from okr import queries
from okr.models import Content, Objective


def based_on(request: HttpRequest) -> int | None:
    """The version on which the form was opened; None where it does not say."""
    said = request.POST.get("based_on", "")
    return int(said) if said.isdecimal() and len(said) < 10 else None


def rival_of(one: Objective, standing: Content, typed: Content) -> dict[str, Any]:
    """Who proposed what stands now, and what differs from it in what was typed."""
    owners = queries.owners_named(one, (standing, typed))
    version = queries.open_proposal(one)
    return {
        "by": version.by if version is not None else None,
        "changes": queries.differences(standing, typed, owners),
    }
