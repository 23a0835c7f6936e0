"""Requests for feedback: what waits for me, what I asked, asking, answering, declining."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback import actions, forms, queries, rules
from feedback.models import FeedbackRequest
from feedback.views.notes import goal_parts, id_from
from performance.foundation import access, once, refusals
from performance.people import queries as people

SHOWN = 50


@require_GET
@access.member
def feedback_requests(request: HttpRequest) -> HttpResponse:
    """What waits for a word from me, and what I asked others."""
    context = {
        "nav": "feedback",
        "tab": "requests",
        "waiting": queries.titled(request.actor, queries.requests_waiting_for(request.actor)[:SHOWN]),
        "asked": queries.titled(request.actor, queries.requests_by(request.actor)[:SHOWN]),
        "today": people.today(request.actor.organisation),
    }
    return render(request, "feedback/requests.html", context)


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask colleagues, about oneself or somebody whom one leads."""
    on = people.today(request.actor.organisation)
    given = request.POST if request.method == "POST" else request.GET
    objective_id = id_from(given.get("objective_id") or given.get("objective", ""))
    chosen = [key for key in map(id_from, given.getlist("to")) if key]
    near = queries.colleagues_near(request.actor, on, also=chosen)
    colleagues = near.filter(pk__in=people.people_who_write(on).values("pk"))
    options: dict[str, Any] = {
        "colleagues": colleagues,
        "askable": queries.askable_about(request.actor, on),
        "parts": goal_parts(request, objective_id),
    }
    if request.method == "GET":
        initial = {
            "about": id_from(given.get("about", "")) or request.actor.person_id,
            "to": chosen,
            "objective_id": objective_id,
        }
        return _ask_page(request, forms.RequestForm(initial=initial, **options))
    form = forms.RequestForm(request.POST, **options)
    key = once.key_of(request, request.POST)
    rows = refusals.attempt(
        form,
        lambda: actions.ask_for_feedback(by=request.actor, at=timezone.now(), key=key, **form.cleaned_data),
    )
    if rows is None:
        return _ask_page(request, form, status=422)
    told = ngettext("%(count)s person is asked.", "%(count)s people are asked.", len(rows))
    messages.success(request, told % {"count": len(rows)})
    return redirect("feedback:requests")


def _ask_page(request: HttpRequest, form: Any, status: int = 200) -> HttpResponse:
    context = {"nav": "feedback", "tab": "requests", "form": form}
    return render(request, "feedback/ask.html", context, status=status)


@require_http_methods(["GET", "POST"])
@access.member
def feedback_request(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """One request: for whoever is asked with the form to answer, for whoever asked with how it stands."""
    found = _request(request, request_id)
    if request.method == "GET":
        return _request_page(request, found)
    form = forms.AnswerForm(request.POST, request=found)
    note = refusals.attempt(
        form,
        lambda: actions.answer_request(
            request=found, by=request.actor, at=timezone.now(), **form.cleaned_data
        ),
    )
    if note is None:
        return _request_page(request, found, status=422, answer=form)
    messages.success(request, _("Sent to %(person)s") % {"person": found.by})
    return redirect("feedback:requests")


@require_POST
@access.member
def decline(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    found = _request(request, request_id)
    form = forms.DeclineForm(request.POST)
    declined = refusals.attempt(
        form,
        lambda: actions.decline_request(
            request=found, by=request.actor, at=timezone.now(), **form.cleaned_data
        ),
    )
    if declined is None:
        return _request_page(request, found, status=422, declining=form)
    messages.success(request, _("%(person)s is told.") % {"person": found.by})
    return redirect("feedback:requests")


@require_POST
@access.member
def withdraw(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    found = _request(request, request_id)
    try:
        actions.withdraw_request(request=found, by=request.actor, at=timezone.now())
    except actions.RequestRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Taken back"))
    return redirect("feedback:requests")


def _request(request: HttpRequest, request_id: uuid.UUID) -> FeedbackRequest:
    return access.get_or_404(queries.requests_seen_by(request.actor), pk=request_id)


def _request_page(
    request: HttpRequest,
    found: FeedbackRequest,
    status: int = 200,
    answer: Any = None,
    declining: Any = None,
) -> HttpResponse:
    (titled,) = queries.titled(request.actor, [found])
    context = {
        "nav": "feedback",
        "tab": "requests",
        "asked": titled,
        "may_answer": rules.can_answer(request.actor, found) and found.is_open,
        "answer": answer or forms.AnswerForm(request=found),
        "declining": declining or forms.DeclineForm(),
        "notes": queries.titled(request.actor, queries.notes_visible_to(request.actor).filter(request=found)),
    }
    return render(request, "feedback/request.html", context, status=status)
