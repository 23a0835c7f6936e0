"""Notes: the overview, received, given, one note, writing one."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback import actions, forms, queries, rules
from feedback.models import NoteKind, NoteVisibility
from feedback.views import frame, meeting_card
from performance.foundation import access, going, once, refusals
from performance.people import queries as people
from performance.people.models import Person

PAGE = 20


@require_GET
@access.member
def home(request: HttpRequest) -> HttpResponse:
    """The next 1:1, what I received, the pulse with my manager and my reports, and a form to write."""
    ahead = queries.next_meeting(request.actor)
    talk = meeting_card.card(request, ahead) if ahead else {}
    waiting = queries.titled(request.actor, queries.requests_waiting_for(request.actor)[:5])
    context = frame.frame(request, "home") | talk | _note_form(request) | {"waiting": waiting}
    context["today"] = people.today(request.actor.organisation)
    return render(request, "feedback/home.html", context)


@require_GET
@access.member
def received(request: HttpRequest) -> HttpResponse:
    return _note_list(request, "received", queries.notes_received(request.actor))


@require_GET
@access.member
def given(request: HttpRequest) -> HttpResponse:
    return _note_list(request, "given", queries.notes_given(request.actor))


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def write(request: HttpRequest) -> HttpResponse:
    """The form on a page of its own, and where it is sent to."""
    if request.method == "GET":
        return render(request, "feedback/write.html", frame.frame(request, "write") | _note_form(request))
    form = _bound_note_form(request)
    key = once.key_of(request, request.POST)
    note = refusals.attempt(
        form, lambda: actions.write_note(by=request.actor, at=timezone.now(), key=key, **form.cleaned_data)
    )
    if note is not None:
        return going.done(request, _("Sent to %(person)s") % {"person": note.about}, "feedback:given")
    template = "feedback/_card_write.html" if request.htmx else "feedback/write.html"
    return render(request, template, frame.frame(request, "write") | {"form": form}, status=422)


@require_GET
@access.member
def note(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    """One note. Opening it is what resolves the recipient's work item."""
    found = access.get_or_404(queries.notes_visible_to(request.actor), pk=note_id)
    actions.read_note(note=found, by=request.actor, at=timezone.now())
    queries.titled(request.actor, [found])
    context = {"note": found, "can_retract": rules.can_retract(request.actor, found, timezone.now())}
    return render(request, "feedback/note.html", frame.frame(request, "received") | context)


@require_POST
@access.member
def retract(request: HttpRequest, note_id: uuid.UUID) -> HttpResponse:
    found = access.get_or_404(queries.notes_given(request.actor), pk=note_id)
    actions.retract_note(note=found, by=request.actor, at=timezone.now())
    return going.done(request, _("Taken back"), "feedback:given")


@require_GET
@access.member
def objective_notes(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Panel of an objective's page: the notes tied to it that this reader may see."""
    context = {
        "notes": queries.titled(
            request.actor, queries.notes_on_objective(request.actor, objective_id)[:PAGE]
        ),
        "objective_id": objective_id,
        "about": request.GET.get("about", ""),
    }
    return render(request, "feedback/_card_objective.html", context)


@require_GET
@access.member
def recognition(request: HttpRequest) -> HttpResponse:
    """Panel of Home: public praise."""
    return render(request, "feedback/_card_recognition.html", {"notes": queries.recognition(request.actor)})


def _note_list(request: HttpRequest, tab: str, notes: Any) -> HttpResponse:
    page = Paginator(notes, PAGE).get_page(request.GET.get("page"))
    page.object_list = queries.titled(request.actor, page.object_list)
    now = timezone.now()
    retractable = [each.pk for each in page if rules.can_retract(request.actor, each, now)]
    context = {"page_obj": page, "retractable": retractable}
    return render(request, "feedback/notes.html", frame.frame(request, tab) | context)


def _note_form(request: HttpRequest) -> dict[str, Any]:
    asked = (
        access.get_or_404(Person.objects.all(), pk=request.GET["about"]) if request.GET.get("about") else None
    )
    objective_id = id_from(request.GET.get("objective", ""))
    initial = {
        "about": asked,
        "kind": NoteKind.PRAISE,
        "visibility": NoteVisibility.MANAGER,
        "objective_id": objective_id or "",
    }
    return {
        "objective_title": _title_of(request, objective_id),
        "form": forms.NoteForm(
            initial=initial,
            colleagues=_colleagues(request, asked.pk if asked else None),
            parts=goal_parts(request, objective_id),
            **_points(request),
        ),
    }


def _title_of(request: HttpRequest, objective_id: uuid.UUID | None) -> str:
    if objective_id is None:
        return ""
    return queries.objective_titles(request.actor, [objective_id]).get(objective_id, "")


def id_from(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _bound_note_form(request: HttpRequest) -> forms.NoteForm:
    chosen = id_from(request.POST.get("about", ""))
    parts = goal_parts(request, id_from(request.POST.get("objective_id", "")))
    return forms.NoteForm(
        request.POST, colleagues=_colleagues(request, chosen), parts=parts, **_points(request)
    )


def _points(request: HttpRequest) -> dict[str, Any]:
    left = queries.points_left(request.actor.person_id, timezone.now())
    return {"values": queries.company_values(), "left": left}


def goal_parts(request: HttpRequest, objective_id: uuid.UUID | None) -> list[tuple[uuid.UUID, str]]:
    """The key results of an objective that its reader may see."""
    if objective_id is None:
        return []
    found = queries.key_result_titles(request.actor, [objective_id])
    return [(key, title) for key, (_objective, title) in found.items()]


def _colleagues(request: HttpRequest, also: uuid.UUID | None) -> Any:
    return queries.colleagues_near(
        request.actor, people.today(request.actor.organisation), also=[also] if also else []
    )
