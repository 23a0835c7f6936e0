"""What the pages of this app share: the day they show, the tabs, answers after a write."""

import datetime
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from performance.foundation import refusals
from performance.people import queries, rules


def today(request: HttpRequest) -> datetime.date:
    return queries.today(request.actor.organisation)


def day_shown(request: HttpRequest) -> datetime.date:
    """`?asof=2026-06-01`, else today; a day to come counts for whoever sees plans."""
    return queries.day_known(request.actor, queries.day_from(request.GET.get("asof", "")) or today(request))


def people_frame(request: HttpRequest, tab: str) -> dict[str, Any]:
    """Context of every page under "People"."""
    actor = request.actor
    on = today(request)
    return {
        "nav": "people",
        "tab": tab,
        "today": on,
        "planned_count": queries.planned_count(actor, on),
        "can_see_plans": rules.can_see_plans(actor),
        "can_edit_people": rules.can_edit_people(actor),
        "can_export_people": rules.can_export_people(actor),
    }


def settings_frame(request: HttpRequest, tab: str) -> dict[str, Any]:
    """Context of every page under "Settings"."""
    actor = request.actor
    return {
        "nav": "settings",
        "tab": tab,
        "today": today(request),
        "can_administer": rules.can_administer(actor),
        "can_edit_calendar": rules.can_edit_calendar(actor),
        "can_grant_roles": rules.can_grant_roles(actor),
        "can_open_period": rules.can_open_period(actor),
        "can_read_audit": rules.can_read_audit(actor),
        "can_see_settings": rules.can_see_settings(actor),
    }


def saved(request: HttpRequest, text: Any, to: str, *args: Any) -> HttpResponse:
    """After a write: a toast, and the page that shows the result."""
    messages.success(request, text)
    return redirect(to, *args)


def attempt(form: forms.Form, write: Callable[[], Any]) -> bool:
    """Whether the write went through. A refusal stands in the form, beside its field where it has one."""
    if not form.is_valid():
        return False
    try:
        write()
    except refusals.Refused as refusal:
        refusals.place(form, refusal)
        return False
    return True
