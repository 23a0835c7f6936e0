"""One load: how far it is, what it changed, what it could not take."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from performance.foundation import access
from performance.sources import actions, queries, rules
from performance.sources.views import frame

A_PAGE = 50


@require_GET
@frame.entered
def load(request: HttpRequest, load_id: uuid.UUID) -> HttpResponse:
    found = frame.load_of(request, load_id)
    is_narrowed = queries.row_sight(request.actor).of(found.dataset_id) is not None
    rejected = queries.rejected_rows(found)
    page = Paginator(rejected.none() if is_narrowed else rejected, A_PAGE).get_page(request.GET.get("page"))
    context = frame.context(
        request,
        load=found,
        dataset=found.dataset,
        connection=found.dataset.connection,
        page_obj=page,
        named_rows=queries.named_rejected(found, page.object_list),
        undated=queries.undated_rows(found),
        drift=queries.told_drift(found),
        reasons=[] if is_narrowed else queries.rejected_by_reason(found),
        closed=rules.ALL_ROWS_ONLY if is_narrowed and found.rows_rejected else "",
    )
    return render(request, "sources/load.html", context)


@require_GET
@frame.entered
def load_card(request: HttpRequest, load_id: uuid.UUID) -> HttpResponse:
    """Polled while the load runs; at its end the page loads again."""
    found = frame.load_of(request, load_id)
    context = frame.context(request, load=found, undated=queries.undated_rows(found))
    response = render(request, "sources/_card_load.html", context)
    if not found.is_open:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@frame.entered
def stop(request: HttpRequest, load_id: uuid.UUID) -> HttpResponse:
    found = frame.load_of(request, load_id)
    access.require(rules.can_stop_load(request.actor, found))
    actions.stop_load(load=found, by=request.actor, at=timezone.now())
    return redirect("sources:load", found.pk)
