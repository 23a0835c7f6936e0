"""Targets planned in one go: look at the plan, then set all of it, or take it back."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from performance.foundation import access, refusals
from performance.kpis import actions, forms, queries, rules
from performance.kpis.forms import planning as plan_forms
from performance.kpis.models import Additivity, Metric, PlanKind, TargetPlan
from performance.kpis.queries import months, pages, planning
from performance.kpis.views import asking
from performance.people import queries as people


@access.role(*rules.OWNERS, writes=True)
def plan_targets(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """?what=spread|cascade and the fields of its form: the plan that they would give."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_set_targets(request.actor, found))
    return _page(request, found, request.GET)


@require_POST
@access.role(*rules.OWNERS, writes=True)
def apply_target_plan(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Sets every target of the plan that was looked at."""
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_set_targets(request.actor, found))
    form = _forms(request, found, request.POST).get(request.POST.get("what", ""))
    if form is None or not form.is_valid():
        return _page(request, found, request.POST)
    try:
        plan = actions.apply_target_plan(
            metric=found,
            asked=form.asked(),
            seen=request.POST.get("seen", ""),
            by=request.actor,
            at=timezone.now(),
        )
    except refusals.Refused as refused:
        messages.error(request, str(refused))
        return _page(request, found, request.POST, status=refused.status)
    said = ngettext("%(count)s target set.", "%(count)s targets set.", len(plan.rows))
    undo = reverse("kpis:undo_target_plan", args=[plan.pk])
    messages.success(request, said % {"count": len(plan.rows)}, extra_tags=f"undo:{undo}")
    return redirect("kpis:targets", pk=found.pk)


@require_POST
@access.role(*rules.OWNERS, writes=True)
def undo_target_plan(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """What stood before the plan is back."""
    plan = access.get_or_404(
        TargetPlan.objects.filter(metric__in=queries.visible_metrics(request.actor)).select_related("metric"),
        pk=pk,
    )
    access.require(rules.can_set_targets(request.actor, plan.metric))
    try:
        actions.undo_target_plan(plan=plan, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Taken back. The targets are as they were before."))
    return redirect("kpis:targets", pk=plan.metric_id)


def _forms(request: asking.MemberRequest, metric: Metric, given: QueryDict) -> dict[str, Any]:
    """The forms of this metric by what they plan; the one that was filled in is bound."""
    today = people.today(request.actor.organisation)
    version = queries.versions_in_force(today, [metric.pk]).get(metric.pk)
    if version is None:
        raise Http404
    choices = queries.dimension_choices(metric, sight=queries.sight_of(request.actor))
    by_key = {queries.slice_key(slice): (slice, label) for slice, label in choices}
    initial = {
        "first": months.key(plan_forms.first_offered(today)),
        "span": plan_forms.a_year(),
        "slice": "{}",
    }
    what = given.get("what", "")
    found: dict[str, Any] = {
        PlanKind.SPREAD: forms.SpreadForm(
            given if what == PlanKind.SPREAD else None,
            initial=initial,
            by_key=by_key,
            ways=planning.ways_of(version),
        )
    }
    if version.additivity != Additivity.NONE and version.dimensions:
        labels = queries.labels_for([])
        found[PlanKind.CASCADE] = forms.CascadeForm(
            given if what == PlanKind.CASCADE else None,
            initial=initial,
            by_key=by_key,
            cuts={key: labels.dimension(key) for key in version.dimension_keys},
            auto_id="id_cascade_%s",
        )
    return found


def _page(request: asking.MemberRequest, metric: Metric, given: QueryDict, status: int = 200) -> HttpResponse:
    found = _forms(request, metric, given)
    bound = next((form for form in found.values() if form.is_bound), None)
    plan = None
    if bound is not None and bound.is_valid():
        try:
            plan = planning.plan_of(metric, bound.asked(), queries.sight_of(request.actor))
        except refusals.Refused as refused:
            refusals.place(bound, refused)
    if bound is not None and bound.errors and status == 200:
        status = 422
    context: dict[str, Any] = {
        "nav": "metrics",
        "tab": "targets",
        "metric": metric,
        "spread": found[PlanKind.SPREAD],
        "cascade": found.get(PlanKind.CASCADE),
        "plan": plan,
        "plan_place": queries.labels_for([plan.slice]).of(plan.slice) if plan else "",
        "given": [
            (name, value) for name, value in given.items() if name not in ("seen", "csrfmiddlewaretoken")
        ],
        "other_name": pages.other_name(metric),
    }
    return render(request, "kpis/plan_targets.html", context, status=status)
