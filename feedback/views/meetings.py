"""1:1s: whom one meets with, the meeting ahead, those that were held."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback import actions, forms, queries
from feedback.models import Meeting, OneOnOne
from feedback.views import meeting_card
from performance.foundation import access, going, refusals
from performance.people import queries as people

PAGE = 20


@require_GET
@access.member
def one_on_ones(request: HttpRequest) -> HttpResponse:
    """My manager and my reports, with the next meeting of each."""
    context = {
        "nav": "feedback",
        "tab": "one_on_ones",
        "pairs": queries.pairs_of(request.actor, people.today(request.actor.organisation)),
        "ended": queries.one_on_ones_of(request.actor)
        .exclude(ended_at=None)
        .order_by("-ended_at", "-id")[:PAGE],
    }
    return render(request, "feedback/one_on_ones.html", context)


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def begin_one_on_one(request: HttpRequest) -> HttpResponse:
    """Set one up with my manager or a report."""
    pairs = [
        each
        for each in queries.pairs_of(request.actor, people.today(request.actor.organisation))
        if each.one_on_one is None
    ]
    by_key = {str(each.other.pk): each for each in pairs}
    others = [each.other for each in pairs]
    if request.method == "GET":
        form = forms.BeginForm(initial={"other": request.GET.get("with", "")}, others=others)
        return _begin_page(request, form)
    form = forms.BeginForm(request.POST, others=others)

    def begin() -> OneOnOne:
        given = dict(form.cleaned_data)
        pair = by_key[given.pop("other")]
        both = (pair.other, request.actor.person) if pair.is_report else (request.actor.person, pair.other)
        return actions.begin_one_on_one(
            employee=both[0], manager=both[1], by=request.actor, at=timezone.now(), **given
        )

    one = refusals.attempt(form, begin)
    if one is None:
        return _begin_page(request, form, status=422)
    messages.success(request, _("The 1:1 is set up."))
    return redirect("feedback:one_on_one", one.pk)


def _begin_page(request: HttpRequest, form: Any, status: int = 200) -> HttpResponse:
    context = {"nav": "feedback", "tab": "one_on_ones", "form": form}
    return render(request, "feedback/begin_one_on_one.html", context, status=status)


@require_GET
@access.member
def one_on_one(request: HttpRequest, one_id: uuid.UUID) -> HttpResponse:
    """The meeting ahead; of a 1:1 that ended, its last one."""
    one = access.get_or_404(queries.one_on_ones_of(request.actor), pk=one_id)
    return meeting_card.shown(request, queries.latest_meeting(one.pk))


@require_GET
@access.member
def meeting(request: HttpRequest, meeting_id: uuid.UUID) -> HttpResponse:
    """Any of the meetings, as a page."""
    return meeting_card.shown(request, _meeting(request, meeting_id))


@require_GET
@access.member
def history(request: HttpRequest, one_id: uuid.UUID) -> HttpResponse:
    """What was held, newest first."""
    one = access.get_or_404(queries.one_on_ones_of(request.actor), pk=one_id)
    page = Paginator(queries.history_of(one), PAGE).get_page(request.GET.get("page"))
    context = {
        "nav": "feedback",
        "tab": "one_on_ones",
        "one": one,
        "other": queries.other_of(one, request.actor.person_id),
        "page_obj": page,
    }
    return render(request, "feedback/one_on_one_history.html", context)


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def change_one_on_one(request: HttpRequest, one_id: uuid.UUID) -> HttpResponse:
    """How often and how long, and when the next one is."""
    one = access.get_or_404(queries.one_on_ones_of(request.actor), pk=one_id)
    ahead = queries.meetings_of(request.actor).filter(one_on_one=one, held_at=None).first()
    initial = {"every_weeks": one.every_weeks, "minutes": one.minutes}
    is_rhythm = "every_weeks" in request.POST
    rhythm = forms.RhythmForm(request.POST if is_rhythm else None, initial=initial, prefix=None)
    moved = request.method == "POST" and not is_rhythm
    starts = {"starts_at": ahead.starts_at if ahead else None}
    move = forms.MoveForm(request.POST if moved else None, initial=starts)
    if request.method == "POST":
        now = timezone.now()

        def change() -> Any:
            if is_rhythm:
                return actions.change_one_on_one(one=one, by=request.actor, at=now, **rhythm.cleaned_data)
            if ahead is None:
                raise actions.MeetingRefused(_("This 1:1 has ended."), code="conflict")
            return actions.move_meeting(meeting=ahead, by=request.actor, at=now, **move.cleaned_data)

        if refusals.attempt(rhythm if is_rhythm else move, change) is not None:
            messages.success(request, _("Saved."))
            return redirect("feedback:one_on_one", one.pk)
    context = {
        "nav": "feedback",
        "tab": "one_on_ones",
        "one": one,
        "other": queries.other_of(one, request.actor.person_id),
        "rhythm": rhythm,
        "move": move if ahead else None,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "feedback/change_one_on_one.html", context, status=status)


@require_POST
@access.member
def end_one_on_one(request: HttpRequest, one_id: uuid.UUID) -> HttpResponse:
    one = access.get_or_404(queries.one_on_ones_of(request.actor), pk=one_id)
    try:
        actions.end_one_on_one(one=one, by=request.actor, at=timezone.now())
    except actions.MeetingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The 1:1 has ended."))
    return redirect("feedback:one_on_ones")


@require_POST
@access.member
def hold_meeting(request: HttpRequest, meeting_id: uuid.UUID) -> HttpResponse:
    """It was held: the next one begins with what is open."""
    found = _meeting(request, meeting_id)
    try:
        actions.hold_meeting(meeting=found, by=request.actor, at=timezone.now())
    except actions.MeetingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Held. What is open comes along to the next one."))
    return going.go_to(request, "feedback:one_on_one", found.one_on_one_id)


def _meeting(request: HttpRequest, meeting_id: uuid.UUID) -> Meeting:
    return access.get_or_404(queries.meetings_of(request.actor), pk=meeting_id)
