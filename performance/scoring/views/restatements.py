"""Restatements: what changed beneath frozen scores, whom it moves, and the decision of both sides."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from performance.foundation import access, i18n, jobs, refusals
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules, tasks
from performance.scoring.models import Restatement, Side
from performance.scoring.views.moved_card import EDGE, LIMIT, sizes_of

A_PAGE = 20
PEOPLE_A_PAGE = 50


@require_GET
@access.role("hr", "business_owner", "finance_owner")
def restatements(request: HttpRequest) -> HttpResponse:
    """Proposals, the newest first, and the latest comparisons."""
    return render(request, "scoring/restatements.html", _list(request))


@require_POST
@access.role("hr")
def compare(request: HttpRequest) -> HttpResponse:
    """Compare the frozen scores of a period with what is known now."""
    access.require(rules.can_ask_for_comparison(request.actor))
    period = access.get_or_404(people.Period.objects.all(), pk=request.POST.get("period"))
    try:
        asked = actions.compare_scores(period=period, by=request.actor, at=timezone.now())
    except refusals.Refused as refusal:
        context = _list(request) | {"refusal": refusal}
        return render(request, "scoring/restatements.html", context, status=refusal.status)
    jobs.nudge(tasks.carry_out_run, str(asked.pk))
    messages.info(request, _("The frozen scores are being compared. You can leave this page."))
    return redirect("scoring:run", run_id=asked.pk)


@require_GET
@access.role("hr", "business_owner", "finance_owner")
def restatement(request: HttpRequest, restatement_id: uuid.UUID) -> HttpResponse:
    """One proposal with its causes and its impact."""
    found = access.get_or_404(queries.restatements(), pk=restatement_id)
    return render(request, "scoring/restatement.html", _one(request, found))


@require_POST
@access.role("business_owner", "finance_owner")
def decide(request: HttpRequest, restatement_id: uuid.UUID) -> HttpResponse:
    """One side adopts it or does not."""
    found = access.get_or_404(queries.restatements(), pk=restatement_id)
    side = request.POST.get("side", "")
    access.require(side in Side.values and request.actor.has_role(rules.ROLE_OF_SIDE[Side(side)]))
    access.require(not request.actor.only_reads)
    reason = request.POST.get("reason", "").replace("\r\n", "\n")
    try:
        decided = actions.decide_restatement(
            restatement=found,
            side=side,
            adopts=request.POST.get("decision") == "adopt",
            reason=reason,
            by=request.actor,
            at=timezone.now(),
        )
    except refusals.Refused as refusal:
        found = access.get_or_404(queries.restatements(), pk=restatement_id)
        context = _one(request, found) | {"refusal": refusal, "reason": reason, "refused_side": side}
        return render(request, "scoring/restatement.html", context, status=refusal.status)
    if not decided.is_proposed:
        jobs.nudge(tasks.carry_out_restatements)
    messages.success(request, _("Noted."))
    return redirect("scoring:restatement", restatement_id=found.pk)


def _list(request: HttpRequest) -> dict[str, Any]:
    page = Paginator(queries.restatements().order_by("-id"), A_PAGE).get_page(request.GET.get("page"))
    return {
        "nav": "performance",
        "page": page,
        "restatements": list(page.object_list),
        "comparisons": queries.comparisons(),
        "frozen": queries.frozen_periods()[:8],
        "may_compare": rules.can_ask_for_comparison(request.actor),
        "may_see_runs": request.actor.has_role(*rules.KEEPERS, "auditor"),
    }


def _one(request: HttpRequest, found: Restatement) -> dict[str, Any]:
    actor = request.actor
    today = people_queries.day_at(actor.organisation, timezone.now())
    shown = queries.restatement_shown(found, actor, today)
    page = Paginator(shown.scores, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    is_scored = queries.is_among(found, actor.person_id)
    has_decided = any(decision.person_id == actor.person_id for decision in shown.decisions.values())
    return {
        "nav": "performance",
        "restatement": found,
        "shown": shown,
        "page": page,
        "rows": queries.rows_with_bands(list(page.object_list)),
        "bins": sizes_of(found.bins),
        "edge": EDGE,
        "limit": LIMIT,
        "bins_label": _("Changes of %(number)s frozen scores of %(period)s by size")
        % {"number": found.compared, "period": i18n.local(found.period, "name")},
        "is_scored": is_scored,
        "is_own": found.proposed_by_id is not None and found.proposed_by_id == actor.person_id,
        "sides": [
            {
                "side": side.value,
                "label": side.label,
                "decision": shown.decisions.get(side.value),
                "may_decide": side.value not in shown.decisions
                and rules.can_decide_restatement(
                    actor, found, side, is_scored=is_scored, has_decided=has_decided
                ),
                "is_lacking": found.is_proposed
                and side.value not in shown.decisions
                and not queries.deciders_of(found, side.value).exists(),
            }
            for side in Side
        ],
    }
