"""The list of what waits for me, and its card on the home page."""

import datetime
import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from performance.foundation import access, jobs, refusals
from performance.foundation.components import formats
from performance.inbox import actions, forms, kinds, queries, tasks
from performance.inbox.models import Area, WorkItem
from performance.people import queries as people

CARD = 6
PAGE = 50
LISTS = ("waiting", "later", "handed", "done")


def _shown(items: Any, on: datetime.date) -> list[dict[str, Any]]:
    return [
        {
            "item": item,
            "icon": queries.icon_of(item),
            "urgency": queries.urgency_of(item, on),
            "is_overdue": item.done_at is None and item.due_on is not None and item.due_on < on,
            "is_note": kinds.is_note(item.kind),
            "can_be_handed": item.handed_by_id is None and kinds.can_be_handed(item.kind),
            "snooze": forms.SnoozeForm(today=on, auto_id=f"snooze-{item.pk}-%s"),
        }
        for item in items
    ]


@require_GET
@access.member
def waiting(request: HttpRequest) -> HttpResponse:
    """Everything that waits for me; also what I put off, and what is done."""
    actor = request.actor
    on = people.today(actor.organisation)
    shown = request.GET.get("list", "waiting")
    shown = shown if shown in LISTS else "waiting"
    area = request.GET.get("area", "")
    lists = {
        "waiting": queries.open_items(actor.person_id, on=on),
        "later": queries.snoozed_items(actor.person_id, on=on),
        "handed": queries.handed_items(actor.person_id),
        "done": queries.done_items(actor.person_id),
    }
    page = Paginator(queries.in_area(lists[shown], area), PAGE).get_page(request.GET.get("page"))
    rule = queries.standing_overdue_rule()
    context = {
        "nav": "home",
        "list": shown,
        "area": area,
        "areas": [(value, label) for value, label in Area.choices if value != Area.HOME],
        "open_counts": queries.open_counts(actor.person_id, on=on),
        "list_counts": queries.list_counts(actor.person_id, on=on),
        "page": page,
        "rows": [row | {"goes_up": queries.goes_up(row["item"], rule)} for row in _shown(page, on)],
        "today": on,
        "tomorrow": on + datetime.timedelta(days=1),
        "next_week": on + datetime.timedelta(days=7 - on.weekday()),
        "overdue_rule": rule,
    }
    return render(request, "inbox/list.html", context)


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def hand(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Into the hands of somebody who may do it in my place."""
    item, actor = _own(request, item_id), request.actor
    stand_ins = queries.stand_ins(item, people.today(actor.organisation))
    form = forms.HandForm(request.POST or None, stand_ins=stand_ins)
    if request.method == "POST" and form.is_valid():
        try:
            actions.hand_work(item=item, to=form.cleaned_data["to"], by=actor, at=timezone.now())
        except actions.InboxRefused as refusal:
            form.add_error("to" if refusal.field == "to" else None, str(refusal.message))
        else:
            jobs.nudge(tasks.deliver_waiting)
            messages.success(
                request,
                _("%(person)s has it in hand now.")
                % {"person": formats.person_name(form.cleaned_data["to"])},
                extra_tags=f"undo:{reverse('inbox:take_back', args=[item.pk])}",
            )
            return redirect("inbox:list")
    context = {"nav": "home", "item": item, "form": form, "has_stand_ins": stand_ins.exists()}
    return render(request, "inbox/hand.html", context, status=422 if form.errors else 200)


@require_POST
@access.member
def take_back(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Back to whoever handed it over."""
    item, actor = _own(request, item_id), request.actor
    try:
        actions.take_work_back(item=item, by=actor, at=timezone.now())
    except actions.InboxRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(
            request, _("It waits for you again.") if item.handed_by_id is None else _("It went back.")
        )
    return _changed(request)


@require_GET
@access.member
def card(request: HttpRequest) -> HttpResponse:
    """The most urgent few, for the home page; loads itself again on `todo:changed`."""
    actor = request.actor
    on = people.today(actor.organisation)
    items = list(queries.open_items(actor.person_id, on=on)[: CARD + 1])
    context = {
        "rows": _shown(items[:CARD], on),
        "has_more": len(items) > CARD,
        "total": queries.open_counts(actor.person_id, on=on)["home"],
        "today": on,
    }
    return render(request, "inbox/_card_todo.html", context)


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def snooze(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Off the list until a day; a day that cannot be comes back on a page of its own (422)."""
    item, actor = _own(request, item_id), request.actor
    form = forms.SnoozeForm(request.POST or None, today=people.today(actor.organisation))
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["until"]
        try:
            actions.snooze_work(item=item, until=until, by=actor, at=timezone.now())
        except actions.InboxRefused as refusal:
            refusals.place(form, refusal)
        else:
            undo = reverse("inbox:wake", args=[item.pk])
            messages.success(request, _put_off(item, until), extra_tags=f"undo:{undo}")
            return _changed(request)
    context = {"nav": "home", "item": item, "form": form}
    return render(request, "inbox/snooze.html", context, status=422 if form.errors else 200)


def _put_off(item: WorkItem, until: datetime.date) -> str:
    told = {"day": formats.day(until), "due": formats.day(item.due_on)}
    if item.due_on is not None and until > item.due_on:
        return _("Put off until %(day)s. Its due day, %(due)s, stays.") % told
    return _("Put off until %(day)s.") % told


@require_POST
@access.member
def wake(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Back on the list."""
    item = _own(request, item_id)
    actions.wake_work(item=item, by=request.actor, at=timezone.now())
    return _changed(request)


@require_POST
@access.member(auditor_may_write=True)
def read(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """What only tells something has been read."""
    actions.read_note(item=_own(request, item_id), by=request.actor, at=timezone.now())
    return _changed(request)


def _own(request: HttpRequest, item_id: uuid.UUID) -> WorkItem:
    actor = request.actor
    return access.get_or_404(queries.items_of(actor.person_id), pk=item_id)


def _changed(request: HttpRequest) -> HttpResponse:
    if request.htmx:
        return trigger_client_event(HttpResponseClientRefresh(), "todo:changed")
    return redirect("inbox:list")
