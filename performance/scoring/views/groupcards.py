"""Scorecards of groups: of a manager's people, of a unit, of the whole organisation."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from performance.foundation import access
from performance.people import queries as people_queries
from performance.scoring import actions, queries
from performance.scoring.views import scorecards


@require_GET
@access.member
def team_card(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """A manager's people, for the manager, the line above, HR and auditors."""
    return _page(request, _scope(request, person_id=person_id))


@require_GET
@access.member
def unit_card(request: HttpRequest, unit_id: uuid.UUID) -> HttpResponse:
    """A unit with those below it."""
    return _page(request, _scope(request, unit_id=unit_id))


@require_GET
@access.member
def organisation_card(request: HttpRequest) -> HttpResponse:
    """Everybody."""
    return _page(request, _scope(request))


@require_GET
@access.member
def team_file(request: HttpRequest, person_id: uuid.UUID) -> Any:
    """The same as a PDF, as the two below."""
    return _file(request, _scope(request, person_id=person_id))


@require_GET
@access.member
def unit_file(request: HttpRequest, unit_id: uuid.UUID) -> Any:
    return _file(request, _scope(request, unit_id=unit_id))


@require_GET
@access.member
def organisation_file(request: HttpRequest) -> Any:
    return _file(request, _scope(request))


def _scope(request: HttpRequest, **named: uuid.UUID) -> queries.Scope:
    found = queries.visible_scope(request.actor, scorecards.today_of(request), **named)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, scope: queries.Scope) -> HttpResponse:
    today = scorecards.today_of(request)
    period = scorecards.chosen_period(request, today)
    listed = queries.members_seen(scope, period, request.actor, today)
    page = Paginator(listed.order_by("name_sort", "number"), scorecards.PEOPLE_A_PAGE).get_page(
        request.GET.get("page")
    )
    persons = list(page.object_list)
    card = queries.group_card(scope, period, request.actor, today) if period else None
    context = {
        "nav": "performance",
        "scope": scope,
        "period": period,
        "periods": queries.periods_begun(today),
        "card": card,
        "open_units": _open_units(request, card),
        "page": page,
        "rows": queries.team_rows(persons, period),
        "leaders": queries.who_leads(persons, today),
        "is_own": scope.manager is not None and scope.manager.pk == request.actor.person_id,
        "manager": people_queries.manager_of(scope.manager.pk, today) if scope.manager else None,
        "opens_organisation": queries.may_open_organisation(request.actor, today),
    }
    return render(request, "scoring/group.html", context)


def _file(request: HttpRequest, scope: queries.Scope) -> Any:
    today = scorecards.today_of(request)
    period = scorecards.chosen_period(request, today)
    card = queries.group_card(scope, period, request.actor, today) if period else None
    if card is None or not card.has_file:
        raise Http404
    file = actions.export_group_card(card=card, by=request.actor, at=timezone.now(), on=today)
    return FileResponse(file, as_attachment=True, filename=actions.group_file_name(card))


def _open_units(request: HttpRequest, card: queries.GroupCard | None) -> set[uuid.UUID]:
    """Which of the units below the reader may open."""
    if card is None or not card.below:
        return set()
    seen = queries.units_with_visible_cards(
        request.actor, scorecards.today_of(request), queries.unit_parents()
    )
    return set(seen.filter(pk__in=[row.unit.pk for row in card.below]).values_list("pk", flat=True))
