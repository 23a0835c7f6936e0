"""The list of what waits for me, and its card on the home page."""

import datetime
import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh, trigger_client_event

from performance.foundation import access
from performance.inbox import actions, queries
from performance.inbox.models import Area, WorkItem
from performance.people import queries as people

CARD = 6
PAGE = 50
LISTS = ("waiting", "later", "done")


def _shown(items: Any, on: datetime.date) -> list[dict[str, Any]]:
    return [
        {
            "item": item,
            "icon": queries.icon_of(item),
            "urgency": queries.urgency_of(item, on),
            "is_overdue": item.due_on is not None and item.due_on < on,
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
        "done": queries.done_items(actor.person_id),
    }
    page = Paginator(queries.in_area(lists[shown], area), PAGE).get_page(request.GET.get("page"))
    context = {
        "nav": "home",
        "list": shown,
        "area": area,
        "areas": [(value, label) for value, label in Area.choices if value != Area.HOME],
        "open_counts": queries.open_counts(actor.person_id, on=on),
        "page": page,
        "rows": _shown(page, on),
        "today": on,
        "tomorrow": on + datetime.timedelta(days=1),
        "next_week": on + datetime.timedelta(days=7 - on.weekday()),
    }
    return render(request, "inbox/list.html", context)


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


@require_POST
@access.member
def snooze(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Off the list until a day."""
    item = _own(request, item_id)
    actor = request.actor
    try:
        until = datetime.date.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        until = people.today(actor.organisation) + datetime.timedelta(days=1)
    actions.snooze_work(item=item, until=until, by=actor, at=timezone.now())
    return _changed(request)


@require_POST
@access.member
def wake(request: HttpRequest, item_id: uuid.UUID) -> HttpResponse:
    """Back on the list."""
    item = _own(request, item_id)
    actions.wake_work(item=item, by=request.actor, at=timezone.now())
    return _changed(request)


def _own(request: HttpRequest, item_id: uuid.UUID) -> WorkItem:
    actor = request.actor
    return access.get_or_404(queries.items_of(actor.person_id), pk=item_id)


def _changed(request: HttpRequest) -> HttpResponse:
    if request.htmx:
        return trigger_client_event(HttpResponseClientRefresh(), "todo:changed")
    return redirect("inbox:list")
