"""The card of one meeting: agenda, action items and notes. Each form answers with the card, or leads back to its page."""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from feedback import actions, forms, queries, rules
from feedback.models import Meeting
from performance.foundation import access, once, refusals
from performance.people import queries as people


def shown(
    request: HttpRequest, meeting: Meeting | None, *, status: int = 200, **forms_of: Any
) -> HttpResponse:
    """The page of a meeting, or its card where a form of it asks."""
    if meeting is None:
        raise Http404
    context = card(request, meeting, **forms_of) | {"nav": "feedback", "tab": "one_on_ones"}
    is_card = request.htmx and request.method == "POST"
    template = "feedback/_card_one_on_one.html" if is_card else "feedback/one_on_one.html"
    response = render(request, template, context, status=status)
    if is_card and status == 200:
        response["HX-Trigger"] = "todo:changed"
    return response


def card(request: HttpRequest, meeting: Meeting, **forms_of: Any) -> dict[str, Any]:
    page = queries.meeting_page(request.actor, meeting)
    may_work = rules.can_work_on(request.actor, meeting)
    both = (request.actor.person, page.other)
    return {
        "page": page,
        "may_work": may_work,
        "may_note": not request.actor.only_reads,
        "today": people.today(request.actor.organisation),
        "topic_form": forms.TopicForm(auto_id="topic_%s"),
        "action_form": forms.ActionItemForm(both=both, auto_id="action_%s"),
        "refused": None,
        **forms_of,
    }


@require_POST
@access.member
def add_topic(request: HttpRequest, meeting_id: uuid.UUID) -> HttpResponse:
    found = _meeting(request, meeting_id)
    form = forms.TopicForm(request.POST, auto_id="topic_%s")

    def add() -> Any:
        return actions.add_topic(
            meeting=found,
            by=request.actor,
            at=timezone.now(),
            key=once.key_of(request, request.POST),
            **form.cleaned_data,
        )

    if refusals.attempt(form, add) is None:
        return shown(request, found, status=422, topic_form=form)
    return _done(request, found)


@require_POST
@access.member
def take_point(request: HttpRequest, meeting_id: uuid.UUID) -> HttpResponse:
    """A suggestion goes on the agenda; a blocker is ticked off where it stands."""
    found = _meeting(request, meeting_id)
    point, is_discussed = request.POST.get("point", ""), request.POST.get("discussed") == "1"
    return _tried(
        request,
        found,
        lambda: actions.take_point(
            meeting=found, point=point, is_discussed=is_discussed, by=request.actor, at=timezone.now()
        ),
    )


@require_POST
@access.member
def mark_topic(request: HttpRequest, topic_id: uuid.UUID) -> HttpResponse:
    topic = access.get_or_404(queries.topics_of(request.actor), pk=topic_id)
    is_discussed = request.POST.get("discussed") == "1"
    return _tried(
        request,
        _meeting(request, topic.meeting_id),
        lambda: actions.mark_topic(
            topic=topic, is_discussed=is_discussed, by=request.actor, at=timezone.now()
        ),
    )


@require_POST
@access.member
def remove_topic(request: HttpRequest, topic_id: uuid.UUID) -> HttpResponse:
    topic = access.get_or_404(queries.topics_of(request.actor), pk=topic_id)
    return _tried(
        request,
        _meeting(request, topic.meeting_id),
        lambda: actions.remove_topic(topic=topic, by=request.actor, at=timezone.now()),
    )


@require_POST
@access.member
def add_action_item(request: HttpRequest, meeting_id: uuid.UUID) -> HttpResponse:
    found = _meeting(request, meeting_id)
    other = queries.other_of(found.one_on_one, request.actor.person_id)
    both = {str(each.pk): each for each in (request.actor.person, other)}
    form = forms.ActionItemForm(request.POST, both=both.values(), auto_id="action_%s")

    def add() -> Any:
        given = dict(form.cleaned_data)
        return actions.add_action_item(
            meeting=found,
            owner=both[given.pop("owner")],
            by=request.actor,
            at=timezone.now(),
            key=once.key_of(request, request.POST),
            **given,
        )

    if refusals.attempt(form, add) is None:
        return shown(request, found, status=422, action_form=form)
    return _done(request, found)


@require_POST
@access.member
def mark_action_item(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    item = access.get_or_404(queries.action_items_of(request.actor), pk=item_id)
    is_done = request.POST.get("done") == "1"
    actions.mark_action_item(item=item, is_done=is_done, by=request.actor, at=timezone.now())
    return _done(request, queries.latest_meeting(item.one_on_one_id))


@require_POST
@access.member
def shared_notes(request: HttpRequest, meeting_id: uuid.UUID) -> HttpResponse:
    """Saves while one types. Answers only with when it was saved, never with the field in use."""
    found = _meeting(request, meeting_id)
    revision = request.POST.get("revision", "")
    try:
        found = actions.save_shared_notes(
            meeting=found,
            text=request.POST.get("notes", ""),
            revision=int(revision) if revision.isdecimal() else -1,
            by=request.actor,
            at=timezone.now(),
        )
    except actions.NotesConflict as conflict:
        state = {"meeting": conflict.meeting, "refusal": conflict, "theirs": conflict.meeting.notes}
        return _noted(request, found, state, 409, typed=request.POST.get("notes", ""))
    except actions.MeetingRefused as refusal:
        return _noted(request, found, {"meeting": found, "refusal": refusal}, refusal.status)
    return _noted(request, found, {"meeting": found, "saved_at": found.notes_at}, 200)


@require_POST
@access.member
def private_note(request: HttpRequest, meeting_id: uuid.UUID) -> HttpResponse:
    """The same for oneself alone."""
    found = _meeting(request, meeting_id)
    try:
        note = actions.save_private_note(
            meeting=found, text=request.POST.get("private", ""), by=request.actor, at=timezone.now()
        )
    except actions.MeetingRefused as refusal:
        return _noted(request, found, {"meeting": found, "refusal": refusal}, refusal.status)
    return _noted(request, found, {"meeting": found, "saved_at": note.saved_at}, 200)


def _noted(
    request: HttpRequest, meeting: Meeting, state: dict[str, Any], status: int, typed: str | None = None
) -> HttpResponse:
    if request.htmx:
        return render(request, "feedback/_notes_state.html", state, status=status)
    if status != 200:
        return shown(request, meeting, status=status, notes_state=state, typed=typed)
    return redirect("feedback:meeting", meeting.pk)


def _tried(request: HttpRequest, meeting: Meeting, act: Callable[[], Any]) -> HttpResponse:
    try:
        act()
    except actions.MeetingRefused as refusal:
        return shown(request, meeting, status=refusal.status, refused=refusal)
    return _done(request, meeting)


def _done(request: HttpRequest, meeting: Meeting | None) -> HttpResponse:
    if request.htmx or meeting is None:
        return shown(request, meeting)
    return redirect("feedback:meeting", meeting.pk)


def _meeting(request: HttpRequest, meeting_id: uuid.UUID) -> Meeting:
    return access.get_or_404(queries.meetings_of(request.actor), pk=meeting_id)
