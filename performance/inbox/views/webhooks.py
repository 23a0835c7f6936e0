"""Webhooks of the organisation: systems that are told of work items."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access, jobs, once
from performance.inbox import actions, forms, queries, rules, tasks
from performance.inbox.channels import reasons
from performance.inbox.models import Area, Endpoint
from performance.inbox.views import frame
from performance.people import rules as people_rules

LIST = "inbox:webhooks"
ONE = "inbox:webhook"
DELIVERIES = 25

entered = access.role("administrator")


@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("address")
@entered
def webhooks(request: HttpRequest) -> HttpResponse:
    """Every webhook, and a form for another one. Its secret stands in that one answer and nowhere else."""
    form = forms.WebhookForm(request.POST or None)
    made: list[tuple[Endpoint, str]] = []

    def write() -> None:
        made.append(
            actions.add_webhook(
                **form.cleaned_data,
                key=once.key_of(request, request.POST),
                by=request.actor,
                at=timezone.now(),
            )
        )

    if request.method == "POST" and frame.attempt(form, write):
        endpoint, secret = made[0]
        return _one(request, endpoint, secret=secret)
    found = list(queries.webhooks())
    last = queries.last_told(found, timezone.now())
    context = _frame(request) | {
        "form": form,
        "rows": [(each, _areas_of(each), last.get(each.pk)) for each in found],
        "can_add_more": len(found) < actions.MOST_WEBHOOKS,
    }
    return render(request, "inbox/webhooks.html", context, status=422 if form.is_bound else 200)


@require_GET
@entered
def webhook(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    """One webhook, and what it was told."""
    return _one(request, _of(request, webhook_id))


@never_cache
@require_POST
@entered
def rotate_secret(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    """A new secret, which stands in this one answer."""
    endpoint = _managed(request, webhook_id)
    secret = actions.rotate_secret(endpoint=endpoint, by=request.actor, at=timezone.now())
    endpoint.refresh_from_db()
    return _one(request, endpoint, secret=secret)


@require_POST
@entered
def test_webhook(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    endpoint = _managed(request, webhook_id)
    frame.test(request, endpoint)
    return _last(request, endpoint) if request.htmx else redirect(ONE, endpoint.pk)


@require_GET
@entered
def webhook_state(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    return _last(request, _of(request, webhook_id))


@require_POST
@entered
def pause_webhook(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    endpoint = _managed(request, webhook_id)
    actions.pause_endpoint(endpoint=endpoint, by=request.actor, at=timezone.now())
    return frame.saved(request, _("Paused. What happens meanwhile is not kept for it."), ONE, endpoint.pk)


@require_POST
@entered
def resume_webhook(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    endpoint = _managed(request, webhook_id)
    actions.resume_endpoint(endpoint=endpoint, by=request.actor, at=timezone.now())
    return frame.saved(request, _("It is told what happens from now on."), ONE, endpoint.pk)


@require_POST
@entered
def remove_webhook(request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
    endpoint = _managed(request, webhook_id)
    actions.close_endpoint(endpoint=endpoint, by=request.actor, at=timezone.now())
    return frame.saved(request, _("Removed. Its address and secrets are forgotten."), LIST)


@require_POST
@entered
def send_again(request: HttpRequest, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> HttpResponse:
    """The same message once more, with the same id."""
    endpoint = _managed(request, webhook_id)
    delivery = access.get_or_404(queries.deliveries_to(endpoint), pk=delivery_id)
    actions.send_again(delivery=delivery, by=request.actor, at=timezone.now())
    jobs.nudge(tasks.call_endpoints)
    return frame.saved(request, _("It is being sent again."), ONE, endpoint.pk)


def _of(request: HttpRequest, webhook_id: uuid.UUID) -> Endpoint:
    return access.get_or_404(queries.webhooks(), pk=webhook_id)


def _managed(request: HttpRequest, webhook_id: uuid.UUID) -> Endpoint:
    endpoint = _of(request, webhook_id)
    access.require(rules.can_manage_webhooks(request.actor))
    return endpoint


def _one(request: HttpRequest, endpoint: Endpoint, *, secret: str = "") -> HttpResponse:
    now = timezone.now()
    page = Paginator(queries.deliveries_to(endpoint), DELIVERIES).get_page(request.GET.get("page"))
    is_signed_twice = endpoint.old_secret_until is not None and endpoint.old_secret_until > now
    context = _frame(request) | {
        "endpoint": endpoint,
        "areas": _areas_of(endpoint),
        "secret": secret,
        "is_signed_twice": is_signed_twice,
        "off_reason": reasons.text(endpoint.off_reason),
        "last": queries.last_told([endpoint], now).get(endpoint.pk),
        "state_url": reverse("inbox:webhook_state", args=[endpoint.pk]),
        "page": page,
        "rows": [queries.told(each, now) for each in page],
    }
    return render(request, "inbox/webhook.html", context)


def _last(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    return frame.last_state(request, endpoint, reverse("inbox:webhook_state", args=[endpoint.pk]))


def _areas_of(endpoint: Endpoint) -> list[Any]:
    return [Area(area).label for area in endpoint.areas]


def _frame(request: HttpRequest) -> dict[str, Any]:
    actor = request.actor
    return {
        "nav": "settings",
        "tab": "webhooks",
        "can_see_settings": people_rules.can_see_settings(actor),
        "can_manage": rules.can_manage_webhooks(actor),
    }
