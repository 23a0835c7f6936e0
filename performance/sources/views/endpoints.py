"""Endpoints of a REST source: written down, then looked at like a table."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from performance.foundation import access, going, jobs, refusals
from performance.sources import actions, forms, models, queries, rules, tasks
from performance.sources.models.endpoints import FIELDS
from performance.sources.views import frame


def listed(connection: models.Connection) -> dict[str, Any]:
    """The card of endpoints, each with the dataset that reads from it."""
    taken = {dataset.table_name: dataset for dataset in queries.datasets().filter(connection=connection)}
    found = queries.endpoints(connection)
    return {"endpoints": [{"endpoint": one, "dataset": taken.get(one.name)} for one in found]}


@require_http_methods(["GET", "POST"])
@frame.modelling
def add_endpoint(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    form = forms.EndpointForm(request.POST or None)

    def write() -> models.Endpoint:
        access.require(rules.can_shape_endpoints(request.actor, found))
        return actions.add_endpoint(
            connection=found, values=form.cleaned_data, by=request.actor, at=timezone.now()
        )

    if request.method == "POST":
        made = refusals.attempt(form, write)
        if made is not None:
            return _looked_at(request, made)
    return _form(request, found, form, None)


@require_http_methods(["GET", "POST"])
@frame.modelling
def change_endpoint(request: HttpRequest, connection_id: uuid.UUID, endpoint_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    endpoint = access.get_or_404(queries.endpoints(found), pk=endpoint_id)
    initial = {name: getattr(endpoint, name) for name in FIELDS}
    initial["parameters"] = "\n".join(f"{name}={value}" for name, value in endpoint.parameters.items())
    form = forms.EndpointForm(request.POST or None, initial=initial)

    def write() -> models.Endpoint:
        access.require(rules.can_shape_endpoints(request.actor, found))
        return actions.change_endpoint(
            endpoint=endpoint, values=form.cleaned_data, by=request.actor, at=timezone.now()
        )

    if request.method == "POST" and refusals.attempt(form, write) is not None:
        return going.done(request, _("The endpoint was changed."), "sources:connection", found.pk)
    return _form(request, found, form, endpoint)


@require_POST
@frame.modelling
def remove_endpoint(request: HttpRequest, connection_id: uuid.UUID, endpoint_id: uuid.UUID) -> HttpResponse:
    found = frame.connection_of(request, connection_id)
    access.require(rules.can_shape_endpoints(request.actor, found))
    endpoint = access.get_or_404(queries.endpoints(found), pk=endpoint_id)
    actions.remove_endpoint(endpoint=endpoint, by=request.actor, at=timezone.now())
    return going.done(request, _("The endpoint was removed."), "sources:connection", found.pk)


def _looked_at(request: HttpRequest, endpoint: models.Endpoint) -> HttpResponse:
    """What the data looks like is the next question anyway."""
    probe = actions.ask_source(
        connection=endpoint.connection,
        kind=models.ProbeKind.DESCRIBE,
        question={"schema": "", "table": endpoint.name},
        by=request.actor,
        at=timezone.now(),
    )
    jobs.nudge(tasks.run_probe, str(probe.pk))
    return redirect("sources:model", probe.pk)


def _form(
    request: HttpRequest, connection: models.Connection, form: Any, endpoint: models.Endpoint | None
) -> HttpResponse:
    context = frame.context(request, connection=connection, form=form, endpoint=endpoint)
    return render(request, "sources/endpoint.html", context, status=422 if form.is_bound else 200)
