"""One person's entry: the result as they, their managers and HR see it."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from performance.appraisals import actions, forms, queries, rules
from performance.appraisals.models import CycleEntry
from performance.foundation import access, refusals
from performance.people import queries as people_queries


@require_GET
@access.member
def own_results(request: HttpRequest) -> HttpResponse:
    """Everything that was published about me."""
    results = queries.results_over_time(request.actor)
    kept = [row.entry.score.score_micro if row.entry.score else None for row in reversed(results)]
    scores = [None if micro is None else micro / 1_000_000 for micro in kept]
    context = {"nav": "performance", "tab": "appraisals", "results": results, "scores": scores}
    return render(request, "appraisals/results.html", context)


@require_GET
@access.member
def entry(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """One result. The person's first visit is noted and closes their work item."""
    found = visible(request, entry_id)
    if not request.actor.only_reads:
        actions.read_result(entry=found, by=request.actor, at=timezone.now())
    return page(request, found)


@require_POST
@access.role("hr")
def leave_out(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    return _except(request, entry_id, actions.leave_out, _("Left out: %(person)s"))


@require_POST
@access.role("hr")
def take_back(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    return _except(request, entry_id, actions.take_back_in, _("Taken in again: %(person)s"))


def _except(request: HttpRequest, entry_id: uuid.UUID, act: Callable[..., None], words: str) -> HttpResponse:
    found = visible(request, entry_id)
    form = forms.ReasonForm(request.POST)
    if form.is_valid():
        try:
            act(entry=found, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
        except refusals.Refused as refusal:
            if refusal.code == "conflict":
                raise
            form.add_error(refusal.field, refusal.message)
        else:
            messages.success(request, words % {"person": found.person})
            return redirect("appraisals:cycle", found.cycle_id)
    return page(request, found, status=422, form=form)


def visible(request: HttpRequest, entry_id: uuid.UUID) -> CycleEntry:
    on = people_queries.today(request.actor.organisation)
    entries = queries.entries_visible_to(request.actor, on).select_related(
        "cycle__period", "person", "manager", "unit", "team"
    )
    return access.get_or_404(entries, pk=entry_id)


def page(request: HttpRequest, found: CycleEntry, *, status: int = 200, **bound: Any) -> HttpResponse:
    actor, on = request.actor, people_queries.today(request.actor.organisation)
    has_reviews, is_own = found.cycle.has_reviews, rules.is_own_result(actor, found)
    is_told = found.is_published or not is_own
    bands = queries.bands_of(found.cycle)
    numbers = queries.with_results(queries.entries_of(found.cycle, bands), suggested="rating").get(
        pk=found.pk
    )
    context = {
        "nav": "performance",
        "entry": found,
        "cycle": found.cycle,
        "numbers": numbers,
        "bands": bands,
        "steps": queries.steps_of(numbers, bands),
        "reviews": queries.reviews_of(actor, found, on) if has_reviews else [],
        "managers_band": next(
            (band for band in bands if is_told and band.rating == found.manager_rating), None
        ),
        "peers": queries.peers_mean(found) if has_reviews and is_told else None,
        "asks_peers": has_reviews and queries.entries_with_peers(actor, on).filter(pk=found.pk).exists(),
        "today": on,
        "is_own": is_own,
        "sees_cycle": not is_own or rules.sees_all_entries(actor),
        "can_see_reason": rules.can_see_reason(actor),
        "can_except": rules.can_except(actor, found.cycle, found.person),
        "form": forms.ReasonForm(),
        **_after_publication(actor, found),
        **bound,
    }
    return render(request, "appraisals/entry.html", context, status=status)


def _after_publication(actor: access.Actor, found: CycleEntry) -> dict[str, Any]:
    """What is there once the person sees their result. Four queries."""
    if not found.is_published:
        return {}
    wave = queries.wave_of(found)
    on = people_queries.today(actor.organisation)
    appeals = queries.appeals_of(found) if rules.sees_appeals_of(actor, found) else []
    counts = any(each.state != "withdrawn" for each in appeals)
    return {
        "wave": wave,
        "appeals": appeals,
        "can_appeal": wave is not None and not counts and rules.can_appeal(actor, found, wave, on),
        "acknowledgement": queries.acknowledgement_of(found),
        "can_acknowledge": rules.can_acknowledge(actor, found),
        "acknowledge_form": forms.AcknowledgeForm(),
    }
