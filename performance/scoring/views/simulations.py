"""Simulations of a draft on its page: ask for them, watch them, read who would have moved."""

import uuid
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from performance.foundation import access, jobs, refusals
from performance.scoring import actions, queries, rules, tasks
from performance.scoring.views import moved_card, policies


@require_POST
@access.member
def simulate(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Has the draft tried on past periods."""
    version = policies.seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_simulate(request.actor, version, is_scored=is_scored))
    refusal = None
    try:
        asked = actions.simulate_policy(version=version, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        refusal, asked = refused, []
    for simulation in asked:
        jobs.nudge(tasks.carry_out_simulation, str(simulation.pk))
    jobs.nudge(tasks.clear_forgotten_simulations)
    if refusal is None and not request.htmx:
        return redirect(f"{reverse('scoring:policy', args=[version.pk])}#card-moved")
    context = moved_card.card_of(request, version, is_scored=is_scored) | {"moved_refusal": refusal}
    if request.htmx:
        return render(request, "scoring/_card_moved.html", context, status=refusal.status if refusal else 200)
    page = policies.page_of(request, version) | context
    return render(request, "scoring/policy.html", page, status=refusal.status if refusal else 200)


@require_GET
@access.member
def moved(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """The card alone: of another period, or how far the simulations are."""
    version = policies.seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    return render(
        request, "scoring/_card_moved.html", moved_card.card_of(request, version, is_scored=is_scored)
    )


@require_GET
@access.member
def moved_file(request: HttpRequest, version_id: uuid.UUID) -> Any:
    """One period's simulation as a workbook."""
    version = policies.seen(request, version_id)
    found = queries.chosen_of(queries.simulations_of(version), request.GET.get("period"))
    if found is None or not found.is_done:
        raise Http404
    today = moved_card.today_of(request)
    told = queries.moved(found, request.actor, today, digest=queries.digest_now(version))
    if not told.has_file:
        raise Http404
    file = actions.export_simulation(moved=told, by=request.actor, at=timezone.now(), on=today)
    return FileResponse(file, as_attachment=True, filename=told.file_name)
