"""Rows that a system sends: the columns from a sample, and the tokens with which it sends them."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from performance.foundation import access, going, refusals
from performance.sources import actions, forms, models, queries, rules
from performance.sources.views import datasets, frame


def sending(request: HttpRequest, dataset: models.Dataset) -> dict[str, Any]:
    """The card that says how rows are sent to a dataset."""
    return {
        "can_push": rules.can_push_rows(request.actor, dataset),
        "push_address": request.build_absolute_uri(reverse("api_push", args=[dataset.pk])),
        "tokens": queries.push_tokens(dataset),
        "token_form": forms.PushTokenForm(),
        "now": timezone.now(),
        "example": _example(dataset),
    }


def _example(dataset: models.Dataset) -> str:
    """One row as it is sent, with a value of the right kind in each column."""
    values = {
        "integer": "1",
        "decimal": "9.99",
        "date": '"2026-05-14"',
        "timestamp": '"2026-05-14T08:00:00Z"',
        "boolean": "true",
    }
    columns = dataset.columns.order_by("number")[:12]
    return ", ".join(
        f'"{column.source_name}": {values.get(column.type, chr(34) + "…" + chr(34))}' for column in columns
    )


@require_http_methods(["GET", "POST"])
@frame.modelling
def sample(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """A few rows become the proposal of a dataset, or of other columns for one."""
    found = frame.connection_of(request, connection_id)
    dataset = frame.dataset_changed(request, found)
    initial = {"name": dataset.table_name} if dataset is not None else {}
    form = forms.SampleForm(request.POST or None, initial=initial)

    def write() -> models.Probe:
        access.require(rules.can_model_datasets(request.actor))
        return actions.look_at_sample(
            connection=found,
            name=form.cleaned_data["name"],
            content=form.cleaned_data["sample"].encode(),
            by=request.actor,
            at=timezone.now(),
        )

    if request.method == "POST":
        probe = refusals.attempt(form, write)
        if probe is not None:
            response = redirect("sources:model", probe.pk)
            if dataset is not None:
                response["Location"] += f"?dataset={dataset.pk}"
            return response
    context = frame.context(request, connection=found, dataset=dataset, sample_form=form)
    return render(request, "sources/sample.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_POST
@frame.entered
def create_push_token(request: HttpRequest, dataset_id: uuid.UUID) -> HttpResponse:
    """The secret stands in this one answer and nowhere else."""
    found = frame.dataset_of(request, dataset_id)
    access.require(rules.can_push_rows(request.actor, found))
    form = forms.PushTokenForm(request.POST)

    def write() -> tuple[Any, str]:
        now = timezone.now()
        return actions.create_push_token(
            dataset=found,
            name=form.cleaned_data["name"],
            expires_at=now + datetime.timedelta(days=form.cleaned_data["days"]),
            by=request.actor,
            at=now,
        )

    made = refusals.attempt(form, write)
    if made is None:
        context = datasets.page(request, found, token_form=form)
        return render(request, "sources/dataset.html", context, status=422)
    token, secret = made
    return render(request, "sources/dataset.html", datasets.page(request, found, token=token, secret=secret))


@require_POST
@frame.entered
def revoke_push_token(request: HttpRequest, dataset_id: uuid.UUID, token_id: uuid.UUID) -> HttpResponse:
    found = frame.dataset_of(request, dataset_id)
    access.require(rules.can_push_rows(request.actor, found))
    token = access.get_or_404(queries.push_tokens(found), pk=token_id)
    actions.revoke_push_token(token=token, by=request.actor, at=timezone.now())
    return going.done(request, _("The token opens nothing any more"), "sources:dataset", found.pk)
