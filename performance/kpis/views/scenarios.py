"""Saved scenarios: the list, one of them, two or three side by side, and the steps of their life."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access, refusals
from performance.kpis import actions, forms, queries, rules
from performance.kpis.models import Scenario, ScenarioState
from performance.kpis.queries import months, pages, scenario_targets
from performance.kpis.queries import scenarios as told
from performance.kpis.views import asking
from performance.kpis.views import whatif as trying
from performance.people import queries as people

ON_A_PAGE = 30
#: How many are offered to be compared with.
OFFERED = 10


@access.member
def scenarios(request: asking.MemberRequest) -> HttpResponse:
    """?metric=… for those of one metric."""
    metric_id = asking.id_of(request, "metric")
    found = told.visible_scenarios(request.actor)
    metric = queries.visible_metrics(request.actor).filter(pk=metric_id).first() if metric_id else None
    if metric is not None:
        found = found.filter(metric=metric)
    page = Paginator(found, ON_A_PAGE).get_page(asking.page_of(request))
    context = {
        "nav": "metrics",
        "rows": told.scenario_rows(list(page.object_list)),
        "page_obj": page,
        "metric": metric,
    }
    return render(request, "kpis/scenarios.html", context)


@access.member
def compare_scenarios(request: asking.MemberRequest) -> HttpResponse:
    """?scenario=…&scenario=…: two or three side by side."""
    ids = [found for text in request.GET.getlist("scenario") if (found := asking.id_from(text))]
    chosen = told.by_ids(request.actor, list(dict.fromkeys(ids)))
    context = {
        "nav": "metrics",
        "columns": told.scenario_rows(chosen),
        "rows": told.compared(chosen) if len(chosen) > 1 else [],
    }
    return render(request, "kpis/compare_scenarios.html", context)


@access.member
def scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    return _page(request, _scenario(request, pk), {})


@require_POST
@access.member
def save_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Keeps what is typed on the page of the what-if."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_save_scenarios(request.actor))
    form, asked = forms.ScenarioForm(request.POST), trying.asked_of(request, found)
    if asked is not None and form.is_valid() and asked.status == 200:
        try:
            kept = actions.save_scenario(
                told=asked.told, by=request.actor, at=timezone.now(), **form.cleaned_data
            )
        except refusals.Refused as refused:
            refusals.place(form, refused)
        else:
            messages.success(request, _("Saved. Only you see it until you share it."))
            return redirect("kpis:scenario", pk=kept.pk)
    context = trying.context_of(request, found, asked)
    context |= {"tab": "what_if", "other_name": pages.other_name(found), "save_form": form}
    return render(request, "kpis/what_if.html", context, status=422)


def _scenario(request: asking.MemberRequest, pk: uuid.UUID) -> Scenario:
    return access.get_or_404(told.visible_scenarios(request.actor), pk=pk)


def _page(
    request: asking.MemberRequest,
    found: Scenario,
    bound: dict[str, django_forms.Form],
    status: int = 200,
) -> HttpResponse:
    """One scenario as it was reckoned, and what is to be done with it. `bound`: forms with errors."""
    actor = request.actor
    is_waiting = found.is_open or found.state == ScenarioState.PROPOSED
    today = told.told_today(found, queries.sight_of(request.actor)) if is_waiting else None
    stale = told.staleness_of(found, today) if is_waiting else None
    results = told.results_of(found)
    approvals = {one.side: one for one in found.approvals.select_related("person")}
    sides = rules.sides_deciding(actor, found) if found.state == ScenarioState.PROPOSED else []
    next_month = months.months_before(months.first_of(people.today(actor.organisation)), -1)
    moved = [(key, way, number) for key, (way, number) in found.moves.items()]
    context: dict[str, Any] = {
        "nav": "metrics",
        "scenario": found,
        "metric": found.metric,
        "row": told.scenario_rows([found])[0],
        "results": results,
        "volume": next((row.metric for row in results if row.metric.key == found.volume), None),
        "moved": [row for row in results if row.move],
        "stale": stale,
        "stale_names": told.stale_names(stale, today) if stale and today else "",
        "can_change": rules.can_change_scenario(actor, found),
        "can_renew": rules.can_renew_scenario(actor, found),
        "can_withdraw": rules.can_withdraw_scenario(actor, found),
        "sides": [side for side in sides if side not in approvals],
        "can_decide": rules.can_decide_scenario(actor, found),
        "deciders": [(side, approvals.get(side), each) for side, each in told.deciders(found).items()]
        if found.proposed_at
        else [],
        "target_months": told.target_months(found),
        "plans": scenario_targets.targets_shown(actor, found),
        "number_of_months": told.number_of_months(found),
        "try_url": told.what_if_url(found, forms.moves_as_fields(moved, found.volume)),
        "others": told.visible_scenarios(actor).filter(metric=found.metric).exclude(pk=found.pk)[:OFFERED],
        "propose_form": bound.get("propose")
        or forms.ProposeForm(initial={"target_from": months.key(next_month)}),
        "decline_form": bound.get("decline") or forms.ReasonForm(auto_id="id_decline_%s"),
        "withdraw_form": bound.get("withdraw") or forms.ReasonForm(auto_id="id_withdraw_%s"),
    }
    return render(request, "kpis/scenario.html", context, status=status)


def _step(
    request: asking.MemberRequest,
    found: Scenario,
    name: str,
    form: django_forms.Form | None,
    write: Callable[..., Any],
    said: str,
) -> HttpResponse:
    """A step in the life of a scenario: its form, one action, and back to the scenario."""
    if form is not None and not form.is_valid():
        return _page(request, found, {name: form}, status=422)
    given = form.cleaned_data if form is not None else {}
    try:
        write(scenario=found, by=request.actor, at=timezone.now(), **given)
    except refusals.Refused as refused:
        if form is not None and refused.field in form.fields:
            form.add_error(refused.field, str(refused))
            return _page(request, found, {name: form}, status=422)
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("kpis:scenario", pk=found.pk)


@require_POST
@access.member
def share_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Everybody who sees the metric sees it."""
    found = _scenario(request, pk)
    access.require(rules.can_change_scenario(request.actor, found))
    return _step(request, found, "share", None, actions.share_scenario, _("Shared."))


@require_POST
@access.member
def reckon_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Over the values and definitions of today."""
    found = _scenario(request, pk)
    access.require(rules.can_change_scenario(request.actor, found))
    return _step(request, found, "reckon", None, actions.reckon_scenario, _("Reckoned anew."))


@require_POST
@access.member
def propose_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks both sides to turn it into targets."""
    found = _scenario(request, pk)
    access.require(rules.can_change_scenario(request.actor, found))
    form = forms.ProposeForm(request.POST)
    said = _("Proposed. It waits for both sides.")
    return _step(request, found, "propose", form, actions.propose_scenario, said)


@require_POST
@access.member
def renew_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Proposes what is stale anew, and leads to what waits now."""
    found = _scenario(request, pk)
    access.require(rules.can_renew_scenario(request.actor, found))
    try:
        renewed = actions.renew_scenario(scenario=found, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        messages.error(request, str(refused))
        return redirect("kpis:scenario", pk=found.pk)
    messages.success(request, _("Proposed anew. It waits for both sides."))
    return redirect("kpis:scenario", pk=renewed.pk)


@require_POST
@access.member
def approve_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """One side agrees; the second one sets the targets."""
    found = _scenario(request, pk)
    side = request.POST.get("side", "")
    access.require(side in rules.sides_deciding(request.actor, found))

    try:
        is_in_force = actions.approve_scenario(scenario=found, side=side, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        messages.error(request, str(refused))
    else:
        both = _("Approved by both sides: its targets are set.")
        messages.success(request, both if is_in_force else _("Approved. It waits for the other side."))
    return redirect("kpis:scenario", pk=found.pk)


@require_POST
@access.member
def decline_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """One of the sides does not agree."""
    found = _scenario(request, pk)
    access.require(bool(rules.sides_deciding(request.actor, found)))
    form = forms.ReasonForm(request.POST, auto_id="id_decline_%s")
    return _step(request, found, "decline", form, actions.decline_scenario, _("Declined. No target changed."))


@require_POST
@access.member
def withdraw_scenario(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Its author takes it back."""
    found = _scenario(request, pk)
    access.require(rules.can_withdraw_scenario(request.actor, found))
    form = forms.ReasonForm(request.POST, auto_id="id_withdraw_%s")
    return _step(request, found, "withdraw", form, actions.withdraw_scenario, _("Withdrawn."))
