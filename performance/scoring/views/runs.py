"""Runs: compute everybody's scores now, freeze them at closing, watch, stop, take up again."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from performance.foundation import access, i18n, jobs, refusals, stale
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules, tasks
from performance.scoring.models import RunKind, RunState, ScoreRun

RUNS_SHOWN = 20
CHECKS_SHOWN = 7


@require_GET
@access.role("hr", "administrator")
def runs(request: HttpRequest) -> HttpResponse:
    """The latest runs, and the two buttons."""
    return render(request, "scoring/runs.html", _runs(request))


@require_POST
@access.role("hr", "administrator")
def start(request: HttpRequest) -> HttpResponse:
    """Compute everybody's scores of a period."""
    access.require(rules.can_compute_scores(request.actor))
    return _asked(request, actions.start_run)


@require_POST
@access.role("hr")
def freeze(request: HttpRequest) -> HttpResponse:
    """Close everybody's scores of a period."""
    access.require(rules.can_freeze_scores(request.actor))
    return _asked(request, actions.freeze_scores)


@require_GET
@access.role("hr", "administrator")
def run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """One run with its progress."""
    found = access.get_or_404(queries.runs(), pk=run_id)
    return render(request, "scoring/run.html", _run(request, found))


@require_GET
@access.role("hr", "administrator")
def run_progress(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The progress alone, asked for every two seconds while it runs."""
    found = access.get_or_404(queries.runs(), pk=run_id)
    return render(request, "components/_state.html", _run(request, found))


@require_POST
@access.role("hr", "administrator")
def stop(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Stop after the batch in progress."""
    found = access.get_or_404(queries.runs(), pk=run_id)
    access.require(rules.can_stop_run(request.actor, found))
    actions.stop_run(run=found, by=request.actor, at=timezone.now())
    found.refresh_from_db()
    if request.htmx:
        return render(request, "components/_state.html", _run(request, found))
    return redirect("scoring:run", run_id=found.pk)


@require_POST
@access.role("hr", "administrator")
def resume(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Go on where the run stood."""
    found = access.get_or_404(queries.runs(), pk=run_id)
    access.require(rules.can_resume_run(request.actor, found))
    actions.resume_run(run=found, by=request.actor, at=timezone.now())
    jobs.nudge(tasks.carry_out_run, str(found.pk))
    return redirect("scoring:run", run_id=found.pk)


@require_POST
@access.role("hr", "administrator")
def close_check(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Somebody has looked into what a check by night found."""
    found = access.get_or_404(queries.runs(), pk=run_id)
    access.require(rules.can_close_check(request.actor, found))
    reason = request.POST.get("reason", "")
    try:
        actions.close_check(run=found, reason=reason, by=request.actor, at=timezone.now())
    except refusals.Refused as refusal:
        context = _run(request, found) | {"refusal": refusal, "reason": reason}
        return render(request, "scoring/run.html", context, status=refusal.status)
    messages.success(request, _("Noted."))
    return redirect("scoring:run", run_id=found.pk)


def _asked(request: HttpRequest, action: Any) -> HttpResponse:
    period = access.get_or_404(people.Period.objects.all(), pk=request.POST.get("period"))
    try:
        asked = action(period=period, by=request.actor, at=timezone.now())
    except refusals.Refused as refusal:
        context = _runs(request) | {"refusal": refusal.message}
        return render(request, "scoring/runs.html", context, status=refusal.status)
    jobs.nudge(tasks.carry_out_run, str(asked.pk))
    messages.info(request, _("The scores are being computed. You can leave this page."))
    return redirect("scoring:run", run_id=asked.pk)


def _runs(request: HttpRequest) -> dict[str, Any]:
    today = people_queries.day_at(request.actor.organisation, timezone.now())
    return {
        "nav": "performance",
        "runs": list(queries.runs().exclude(kind__in=[RunKind.CHECK, RunKind.RESTATE])[:RUNS_SHOWN]),
        "checks": list(queries.runs().filter(kind=RunKind.CHECK)[:CHECKS_SHOWN]),
        "periods": people.Period.objects.filter(starts_on__lte=today).order_by("-starts_on")[:8],
        "closing": people.Period.objects.filter(state__in=["closing", "closed"]).order_by("-starts_on")[:8],
        "may_compute": rules.can_compute_scores(request.actor),
        "may_freeze": rules.can_freeze_scores(request.actor),
        "stale_people": stale.waiting("score"),
    }


def _run(request: HttpRequest, found: ScoreRun) -> dict[str, Any]:
    states = {RunState.WAITING: "running", RunState.RUNNING: "running"}
    job = {
        "id": "run-progress",
        "title": f"{found.get_kind_display()} · {i18n.local(found.period, 'name')}",
        "done": found.done,
        "total": found.total,
        "state": states.get(RunState(found.state), found.state),
        "url": reverse("scoring:run_progress", args=[found.pk]),
        "stop_url": reverse("scoring:run_stop", args=[found.pk])
        if rules.can_stop_run(request.actor, found)
        else "",
        **_result(found),
        "error": found.problem,
    }
    return {
        "nav": "performance",
        "run": found,
        "job": job,
        "may_resume": rules.can_resume_run(request.actor, found),
        **_check(request, found),
    }


def _result(found: ScoreRun) -> dict[str, str]:
    """Where one sees what came out."""
    if found.kind == RunKind.RESTATE:
        return {"result_url": reverse("scoring:restatements"), "result_text": _("See the restatements")}
    return {
        "result_url": f"{reverse('scoring:team')}?period={found.period_id}",
        "result_text": _("See the scores"),
    }


def _check(request: HttpRequest, found: ScoreRun) -> dict[str, Any]:
    """What a check by night found; nothing for other runs."""
    if found.kind != RunKind.CHECK and not found.wants_a_reason:
        return {}
    today = people_queries.day_at(request.actor.organisation, timezone.now())
    differences = list(queries.differences_of(found, request.actor, today)) if found.written else []
    return {
        "is_check": True,
        "ended": (RunState.DONE, RunState.FAILED),
        "differences": differences,
        "unnamed": found.written - len(differences),
        "waits": queries.waits_to_be_looked_into(found),
        "may_close": rules.can_close_check(request.actor, found),
    }
