"""The directory, the organisation chart, changes by date, and the export."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from performance.foundation import access
from performance.people import actions, forms, queries, rules
from performance.people.models import Person
from performance.people.views import frame

CHANGES_SHOWN = 6


@require_GET
@access.member
def directory(request: HttpRequest) -> HttpResponse:
    """Everybody, narrowed by words, team, city and state; beside the list, the reader's own card."""
    context = _directory(request)
    if request.htmx and request.htmx.target == "people-list":
        return render(request, "people/_list.html", context)
    person = request.actor.person
    return render(request, "people/directory.html", context | _person(request, person))


@require_GET
@access.member
def person(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """One person: facts, reporting line up and down, changes by date, and for HR the change of manager."""
    found = access.get_or_404(
        queries.people_visible_to(request.actor).select_related("unit"),
        pk=person_id,
    )
    return render(request, "people/directory.html", page_of(request, found))


def page_of(request: HttpRequest, person: Person) -> dict[str, Any]:
    """Context of a person's page."""
    return _directory(request) | _person(request, person) | {"is_chosen": True}


@require_GET
@access.member
def reports(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """One branch of the outline, fifty people at a time."""
    manager = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
    on = frame.day_shown(request)
    offset = request.GET.get("after", "0")
    node = queries.branch(manager, on, request.actor, offset=int(offset) if offset.isdecimal() else 0)
    return render(request, "people/_branch.html", {"node": node, "asof": on, "today": frame.today(request)})


@require_GET
@access.member
def organisation_chart(request: HttpRequest) -> HttpResponse:
    """The whole organisation as an outline, from whoever stands at the top."""
    on = frame.day_shown(request)
    tops = queries.tops(on)
    if len(tops) == 1:
        tops = [queries.branch(tops[0].person, on, request.actor)]
        tops[0].is_open = True
    context = frame.people_frame(request, "organisation") | {
        "asof": on,
        "tops": tops,
        "outside": queries.outside_every_line(on),
        "headcount": queries.headcount(on),
    }
    return render(request, "people/organisation_chart.html", context)


@require_GET
@access.member
def changes(request: HttpRequest) -> HttpResponse:
    """Every change of a reporting line that the reader may know, planned ones first."""
    on = frame.today(request)
    page = Paginator(queries.line_changes(request.actor), queries.PAGE).get_page(request.GET.get("page"))
    context = frame.people_frame(request, "changes") | {
        "page": page,
        "changes": queries.changes(list(page), on),
    }
    return render(request, "people/changes.html", context)


@require_GET
@access.member
def picker(request: HttpRequest) -> HttpResponse:
    """Options of a select: the first people who match the words, chosen already where one alone does; nobody too where
    the form says so, and where it asks for help only who can give it."""
    words = request.GET.get("q", "").strip()[:80]
    those = queries.people_who_write if "writes" in request.GET else queries.active_people
    people = those(frame.today(request)).order_by("name_sort")
    found = queries.matching(people, words) if words else people
    return render(
        request,
        "people/_options.html",
        {"people": list(found[:30]), "words": words, "is_optional": "optional" in request.GET},
    )


@require_GET
@access.role("hr")
def export(request: HttpRequest) -> Any:
    """The people that the filters leave, as CSV that a spreadsheet opens with its characters intact."""
    actor = request.actor
    access.require(rules.can_export_people(actor))
    on = frame.today(request)
    filters = forms.DirectoryFilters(request.GET).filters()
    file = actions.export_people(
        people=queries.directory(actor, filters, on),
        on=on,
        filters=request.GET.dict(),
        by=actor,
        at=timezone.now(),
    )
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"people-{on.isoformat()}.csv",
        content_type="text/csv; charset=utf-8",
    )


def _directory(request: HttpRequest) -> dict[str, Any]:
    actor = request.actor
    on = frame.today(request)
    filters = forms.DirectoryFilters(request.GET).filters()
    page = Paginator(queries.directory(actor, filters, on), queries.PAGE).get_page(request.GET.get("page"))
    return frame.people_frame(request, "directory") | {
        "filters": filters,
        "people": page,
        "counts": queries.directory_counts(actor, filters, on),
        "headcount": queries.headcount(on),
        "teams": queries.teams(on),
        "cities": queries.cities(),
        "address": reverse("people:directory"),
        "kept": _kept(request),
    }


def _kept(request: HttpRequest) -> str:
    """The filters as they stand in the address, for links that keep them."""
    kept = request.GET.copy()
    for key in ("page", "state"):
        kept.pop(key, None)
    return kept.urlencode()


def _person(request: HttpRequest, person: Person) -> dict[str, Any]:
    actor = request.actor
    on, today = frame.day_shown(request), frame.today(request)
    lines = list(queries.line_changes(actor, person)[: CHANGES_SHOWN + 1])
    root = queries.outline(person, on, actor)
    can_edit = rules.can_edit_people(actor)
    above = queries.line_above(person.pk, today)
    sees_absences = rules.can_see_absences(actor, person, above)
    return {
        "person": person,
        "sees_absences": sees_absences,
        "absences": queries.absences_of(person.pk, today) if sees_absences else [],
        "can_note_absence": rules.can_note_absence(actor, person, above),
        "absence_form": forms.AbsenceForm(auto_id="absence_%s"),
        "asof": on,
        "root": root,
        "line": queries.current_line(person.pk, on),
        "team": queries.team_of(person.pk, on),
        "earlier_units": queries.earlier_units(person),
        "reports_today": root.find(person.pk),
        "changes": queries.changes(lines[:CHANGES_SHOWN], today),
        "has_more_changes": len(lines) > CHANGES_SHOWN,
        "next_plan": queries.next_planned_day(actor, today),
        "has_left": person.left_on is not None and person.left_on < today,
        "can_see_last_day": rules.can_see_last_day(actor, person, today),
        "can_deactivate": rules.can_deactivate(actor, person),
        "can_erase": rules.can_erase(actor, person),
        "managers": queries.managers(today).exclude(pk=person.pk)[:100] if can_edit else [],
        "next_month": _next_month(today),
        "invitation": queries.latest_invitation(person) if can_edit else None,
    }


def _next_month(on: Any) -> Any:
    return on.replace(year=on.year + on.month // 12, month=on.month % 12 + 1, day=1)
