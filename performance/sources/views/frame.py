"""What the pages of sources share: who may enter, what they may do, answers after a write."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from performance.foundation import access
from performance.sources import models, queries, rules

#: To see sources; auditors enter too, to read.
entered = access.role(*rules.DATA_ROLES)
modelling = access.role(*rules.DATA_ROLES, writes=True)
connecting = access.role("administrator", writes=True)


def context(request: HttpRequest, **more: Any) -> dict[str, Any]:
    actor = request.actor
    return {
        "nav": "metrics",
        "can_connect": rules.can_connect_sources(actor),
        "can_model": rules.can_model_datasets(actor),
        **more,
    }


def connection_of(request: HttpRequest, connection_id: uuid.UUID) -> models.Connection:
    return access.get_or_404(queries.connections(), pk=connection_id)


def dataset_of(request: HttpRequest, dataset_id: uuid.UUID) -> models.Dataset:
    return access.get_or_404(queries.datasets(), pk=dataset_id)


def dataset_changed(request: HttpRequest, connection: models.Connection) -> models.Dataset | None:
    """The dataset of this source that the address says is to be changed; None for a new one."""
    changed = request.GET.get("dataset")
    return (
        access.get_or_404(queries.datasets().filter(connection=connection), pk=changed) if changed else None
    )


def load_of(request: HttpRequest, load_id: uuid.UUID) -> models.Load:
    return access.get_or_404(queries.loads(), pk=load_id)


def probe_of(request: HttpRequest, probe_id: uuid.UUID) -> models.Probe:
    return access.get_or_404(queries.probes(), pk=probe_id)


def done(request: HttpRequest, text: Any, to: str, *args: Any) -> HttpResponse:
    """After a write: a toast, and the page that shows the result."""
    messages.success(request, text)
    return go_to(request, to, *args)


def go_to(request: HttpRequest, to: str, *args: Any) -> HttpResponse:
    """To another page, also from a script, which would follow a redirect by itself and never show the page."""
    if not request.headers.get("HX-Request"):
        return redirect(to, *args)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse(to, args=args)
    return response
