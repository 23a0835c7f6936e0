"""What the pages of this app share: answers after a write, and the line that says what an endpoint was told last."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from performance.foundation import jobs, refusals
from performance.inbox import actions, queries, tasks
from performance.inbox.models import Endpoint


def saved(request: HttpRequest, text: Any, to: str, *args: Any) -> HttpResponse:
    """After a write: a toast, and the page that shows the result."""
    messages.success(request, text)
    return redirect(to, *args)


def attempt(form: forms.BaseForm, write: Callable[[], Any]) -> bool:
    """Whether the write went through. A refusal stands in the form, beside its field where it has one."""
    if not form.is_valid():
        return False
    try:
        write()
    except refusals.Refused as refusal:
        refusals.place(form, refusal)
        return False
    return True


def last_state(request: HttpRequest, endpoint: Endpoint, address: str) -> HttpResponse:
    """What the endpoint was told last; asks for itself again while a test is on its way."""
    last = queries.last_told([endpoint], timezone.now()).get(endpoint.pk)
    context = {"endpoint": endpoint, "last": last, "state_url": address}
    return render(request, "inbox/_last.html", context)


def test(request: HttpRequest, endpoint: Endpoint) -> None:
    """Asks for a test; a worker sends it."""
    actions.ask_test(endpoint=endpoint, by=request.actor, at=timezone.now())
    jobs.nudge(tasks.call_endpoints)
