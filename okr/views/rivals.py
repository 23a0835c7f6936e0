"""Two people at one text: on which text a form was opened, and what stands by the time it is sent."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from okr import queries
from okr.models import Content, Objective


@dataclass(frozen=True)
class Basis:
    """The text that a form was opened on: the number of its version, of a draft its mark. None where it does not say."""

    number: int | None = None
    mark: str | None = None


def standing_basis(one: Objective) -> Basis:
    return Basis(queries.standing_number(one), queries.draft_mark(one) or None)


def basis_of(request: HttpRequest) -> Basis:
    """What the form says that it was opened on."""
    said = request.POST.get("based_on", "")
    number = int(said) if said.isdecimal() and len(said) < 10 else None
    return Basis(number, request.POST.get("made_from") or None)


def rival_of(one: Objective, standing: Content, typed: Content) -> dict[str, Any]:
    """Who proposed what stands now, and what differs from it in what was typed."""
    owners = queries.owners_named(one, (standing, typed))
    version = queries.open_proposal(one)
    return {
        "by": version.by if version is not None else None,
        "changes": queries.differences(standing, typed, owners),
    }
