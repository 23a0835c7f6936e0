"""Rates of exchange: what is known and where it has gaps, and the way of new ones: looked at, then kept."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from performance.foundation import access, jobs, refusals
from performance.kpis import actions, forms, queries, rules, tasks
from performance.kpis.models import Rate, RateProposal
from performance.kpis.queries import rates as rate_queries
from performance.kpis.views import asking

#: Rates of a version on one page.
RATES = 100
#: Rates far from the ones before them that are named; the others are counted.
OUTLYING = 8


@access.member
def rates(request: asking.MemberRequest) -> HttpResponse:
    return _page(request, None)


@require_POST
@access.role("finance_owner", writes=True)
def propose_rates(request: asking.MemberRequest) -> HttpResponse:
    """Reads what was given, and leads to the comparison."""
    access.require(rules.can_set_rates(request.actor))
    currency = request.actor.organisation.currency
    form = forms.RatesForm(request.POST, request.FILES, currency=currency)

    def write() -> RateProposal:
        return actions.propose_rates(
            kind=form.cleaned_data["kind"],
            given=form.given(request.actor),
            is_inverse=form.is_inverse,
            note=form.cleaned_data["note"],
            carried_days=form.cleaned_data["carried_days"] or 0,
            by=request.actor,
            at=timezone.now(),
        )

    proposal = refusals.attempt(form, write)
    return _page(request, form) if proposal is None else redirect("kpis:rate_proposal", proposal.pk)


def _page(request: asking.MemberRequest, form: forms.RatesForm | None) -> HttpResponse:
    actor = request.actor
    can_set = rules.can_set_rates(actor)
    initial = {"kind": request.GET.get("kind") or "daily", "direction": "worth"}
    if form is None and can_set:
        form = forms.RatesForm(currency=actor.organisation.currency, initial=initial)
    sets = rate_queries.rate_sets(actor.organisation.currency)
    context = {
        "nav": "metrics",
        "currency": actor.organisation.currency,
        "sets": sets,
        "has_rates": any(one.versions for one in sets),
        "lacking": rate_queries.lacking(queries.visible_metrics(actor)),
        "open_proposals": list(rate_queries.proposals(actor.person)) if can_set else [],
        "form": form,
        "can_set": can_set,
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "kpis/rates.html", context, status=status)


@access.member
def rate_version(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """What one version says anew."""
    version = access.get_or_404(rate_queries.rate_versions(), pk=pk)
    shown = Rate.objects.filter(version=version).order_by("source", "-day")
    context = {
        "nav": "metrics",
        "version": version,
        "newest": rate_queries.newest_number(version.kind, version.currency),
        "page_obj": Paginator(shown, RATES).get_page(asking.page_of(request)),
        "metrics": rate_queries.converted_metrics(version.kind, version.currency),
    }
    return render(request, "kpis/rate_version.html", context)


def _proposal_of(request: asking.MemberRequest, pk: uuid.UUID) -> RateProposal:
    return access.get_or_404(rate_queries.proposals(request.actor.person), pk=pk)


@access.role("finance_owner", writes=True)
def rate_proposal(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """The comparison: new rates, changed ones, and which metrics and closed months they concern."""
    proposal = _proposal_of(request, pk)
    return render(request, "kpis/rate_proposal.html", _compared(proposal))


def _compared(proposal: RateProposal) -> dict[str, Any]:
    diff = rate_queries.rate_diff(proposal)
    return {
        "nav": "metrics",
        "proposal": proposal,
        "diff": diff,
        "shown": [*diff.changed, *diff.new][: rate_queries.SHOWN],
        "hidden": max(len(diff.changes) - rate_queries.SHOWN, 0),
        "example": diff.changes[-1] if diff.changes else None,
        "outlying": diff.outlying[:OUTLYING],
        "outlying_hidden": max(len(diff.outlying) - OUTLYING, 0),
        "confirmation": _confirmation(diff),
    }


def _confirmation(diff: rate_queries.RateDiff) -> str:
    """What is asked before the rates count: a version is never taken out again, another one can only follow it."""
    metrics = len(diff.metrics)
    moved = ngettext(
        "%(number)s metric is computed again.", "%(number)s metrics are computed again.", metrics
    ) % {"number": metrics}
    said = [moved] if metrics else []
    if outlying := len(diff.outlying):
        far = ngettext(
            "%(number)s rate is far from the one before it.",
            "%(number)s rates are far from the ones before them.",
            outlying,
        )
        said.append(far % {"number": outlying})
    said.append(_("A version stays on record; only another one takes its place."))
    return " ".join(said)


@require_POST
@access.role("finance_owner", writes=True)
def apply_rates(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    proposal = _proposal_of(request, pk)
    access.require(rules.can_set_rates(request.actor))
    try:
        version = actions.apply_rates(
            proposal=proposal,
            against=asking.number_of(request.POST.get("against", "")),
            by=request.actor,
            at=timezone.now(),
        )
    except refusals.Refused as refused:
        messages.error(request, str(refused))
        return render(request, "kpis/rate_proposal.html", _compared(proposal), status=refused.status)
    jobs.nudge(tasks.refresh_stale_values)
    messages.success(request, _("Version %(number)s is kept.") % {"number": version.number})
    return redirect("kpis:rates")


@require_POST
@access.role("finance_owner", writes=True)
def discard_rates(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    proposal = _proposal_of(request, pk)
    access.require(rules.can_set_rates(request.actor))
    actions.discard_rates(proposal=proposal)
    messages.success(request, _("Nothing was kept."))
    return redirect("kpis:rates")
