"""Appeals: filing one's own, what became of it, and HR's decision."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.appraisals import actions, forms, queries, rules
from performance.appraisals.models import Appeal, Band
from performance.appraisals.views import entries as entry_views
from performance.appraisals.views.finding import cycle_seen
from performance.foundation import access, once, refusals
from performance.people import queries as people_queries


@require_http_methods(["GET", "POST"])
@access.member(writes=True)
def file_appeal(request: HttpRequest, entry_id: uuid.UUID) -> HttpResponse:
    """The form against one's own result, as long as was promised."""
    found = entry_views.visible(request, entry_id)
    access.require(rules.is_own_result(request.actor, found) and found.is_published)
    grounds = queries.grounds_of(found, request.actor)
    form = forms.AppealForm(request.POST if request.method == "POST" else None, grounds=grounds)
    if request.method == "POST":
        appeal = refusals.attempt(
            form,
            lambda: actions.file_appeal(
                entry=found,
                reason=form.cleaned_data["reason"],
                grounds=form.cleaned_data["grounds"],
                by=request.actor,
                at=timezone.now(),
                key=once.key_of(request, request.POST),
            ),
        )
        if appeal is not None:
            messages.success(request, _("Your appeal is with HR."))
            return redirect("appraisals:appeal", appeal.pk)
    context = {
        "nav": "performance",
        "entry": found,
        "cycle": found.cycle,
        "form": form,
        "wave": queries.wave_of(found),
    }
    return render(request, "appraisals/file_appeal.html", context, status=422 if form.errors else 200)


@require_GET
@access.member
def appeal(request: HttpRequest, appeal_id: uuid.UUID) -> HttpResponse:
    """One appeal, for its person, HR and auditors. The person's visit closes what told them of the decision."""
    found = _visible(request, appeal_id)
    actions.read_answer(appeal=found, by=request.actor, at=timezone.now())
    return _page(request, found)


@require_POST
@access.role("hr")
def decide_appeal(request: HttpRequest, appeal_id: uuid.UUID) -> HttpResponse:
    found = _visible(request, appeal_id)
    form = forms.DecisionForm(request.POST, bands=queries.bands_of(found.entry.cycle))
    decided = refusals.attempt(
        form,
        lambda: actions.decide_appeal(
            appeal=found,
            rating=form.rating_decided(),
            reason=form.cleaned_data["reason"],
            by=request.actor,
            at=timezone.now(),
        ),
    )
    if decided is None:
        return _page(request, found, status=422, form=form)
    messages.success(request, _("Decided. The person is told."))
    return redirect("appraisals:appeal", found.pk)


@require_POST
@access.member
def withdraw_appeal(request: HttpRequest, appeal_id: uuid.UUID) -> HttpResponse:
    found = _visible(request, appeal_id)
    actions.withdraw_appeal(appeal=found, by=request.actor, at=timezone.now())
    messages.success(request, _("Your appeal is withdrawn."))
    return redirect("appraisals:entry", found.entry_id)


def _visible(request: HttpRequest, appeal_id: uuid.UUID) -> Appeal:
    return access.get_or_404(queries.appeals_visible_to(request.actor), pk=appeal_id)


def _page(request: HttpRequest, found: Appeal, *, status: int = 200, form: Any = None) -> HttpResponse:
    actor, entry = request.actor, found.entry
    on = people_queries.today(actor.organisation)
    bands = queries.bands_of(entry.cycle)
    named: dict[int | None, Band] = {band.rating: band for band in bands}
    asks = found.is_open and rules.decides_appeals(actor) and not rules.is_own_result(actor, entry)
    can_decide = asks and rules.can_decide_appeal(
        actor, found, leads=queries.leads(actor.person_id, entry, on)
    )
    context = {
        "nav": "performance",
        "appeal": found,
        "entry": entry,
        "cycle": entry.cycle,
        "evidence": list(found.evidence.all()),
        "before": named.get(found.rating_before),
        "after": named.get(found.rating_after),
        "is_own": rules.is_own_result(actor, entry),
        "can_withdraw": rules.can_withdraw_appeal(actor, found),
        "can_decide": can_decide,
        "deciders": queries.deciders_of(entry, on) if asks and not can_decide else None,
        "is_late": found.is_open and found.answer_until < on,
        "form": form or forms.DecisionForm(bands=bands),
    }
    return render(request, "appraisals/appeal.html", context, status=status)


@require_GET
@access.role("hr")
def appeals(request: HttpRequest, cycle_id: uuid.UUID) -> HttpResponse:
    """All appeals of a cycle, what waits first."""
    on = people_queries.today(request.actor.organisation)
    found = cycle_seen(request, cycle_id)
    context = {
        "nav": "performance",
        "cycle": found,
        "page_obj": Paginator(queries.appeals_in(found), queries.PAGE).get_page(request.GET.get("page")),
        "today": on,
    }
    return render(request, "appraisals/appeals.html", context)
