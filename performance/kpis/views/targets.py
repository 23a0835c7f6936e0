"""Targets and budgets of a metric, set by hand or read from a dataset."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from performance.foundation import access, i18n, refusals
from performance.kpis import actions, forms, queries, rules
from performance.kpis.models import Dimension, Metric
from performance.kpis.queries import months, pages, planning
from performance.kpis.views import asking
from performance.people import queries as people

#: How many plans the page names.
PLANS = 5


@access.member
def targets(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    return _page(request, found, None)


@require_POST
@access.member
def set_target(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    found = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_set_targets(request.actor, found))
    by_key, choices = _slices(found, request.actor)
    form = forms.TargetForm(request.POST, slices=choices)
    if form.is_valid():
        try:
            actions.set_targets(
                metric=found,
                kind=form.cleaned_data["kind"],
                rows=[form.row(by_key)],
                by=request.actor,
                at=timezone.now(),
            )
        except refusals.Refused as refused:
            refusals.place(form, refused)
        else:
            messages.success(request, _("Target kept."))
            return redirect("kpis:targets", pk=found.pk)
    return _page(request, found, form)


def _slices(metric: Metric, actor: access.Actor) -> tuple[dict[str, dict[str, str]], list[tuple[str, str]]]:
    named = queries.dimension_choices(metric, sight=queries.sight_of(actor))
    by_key = {queries.slice_key(slice): slice for slice, _label in named}
    return by_key, [(queries.slice_key(slice), label) for slice, label in named]


def _page(request: asking.MemberRequest, metric: Metric, form: forms.TargetForm | None) -> HttpResponse:
    today = people.today(request.actor.organisation)
    if form is None:
        _by_key, choices = _slices(metric, request.actor)
        form = forms.TargetForm(
            slices=choices, initial={"month": months.key(months.first_of(today)), "kind": "target"}
        )
    plans = list(planning.target_plans(metric)[:PLANS])
    labels = queries.labels_for([plan.slice for plan in plans])
    rows, page = pages.target_table(
        metric, page=asking.page_of(request), sight=queries.sight_of(request.actor)
    )
    context: dict[str, Any] = {
        "nav": "metrics",
        "tab": "targets",
        "metric": metric,
        "form": form,
        "rows": rows,
        "page_obj": page,
        "plans": [(plan, planning.place_of(plan, labels)) for plan in plans],
        "can_plan": bool(queries.versions_in_force(today, [metric.pk])),
        "can_set": rules.can_set_targets(request.actor, metric),
        "can_import": rules.can_import_targets(request.actor),
        "other_name": pages.other_name(metric),
        "last_month": months.months_before(months.first_of(today), 1),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "kpis/targets.html", context, status=status)


@access.role("business_owner", "finance_owner", writes=True)
def import_targets(request: asking.MemberRequest) -> HttpResponse:
    """Targets from a dataset: choose it, say which column is what, read it."""
    access.require(request.method == "GET" or rules.can_import_targets(request.actor))
    dataset = asking.dataset_from(request.POST.get("dataset") or request.GET.get("dataset"))
    sheet = queries.sheet_of(dataset) if dataset else None
    dimensions = {one.key: i18n.local(one, "name") for one in Dimension.objects.order_by("key")}
    metrics = queries.certified_metrics()
    given = request.POST if request.method == "POST" else None
    form = forms.TargetImportForm(
        given, sheet=sheet, metrics=metrics, dimensions=dimensions, initial={"dataset": dataset}
    )
    if given is not None and form.is_valid():
        columns = actions.TargetColumns(
            month_column=form.cleaned_data["month_column"],
            value_column=form.cleaned_data["value_column"],
            metric=form.cleaned_data["metric"],
            metric_column=form.cleaned_data["metric_column"],
            dimensions=form.chosen_dimensions(),
            kind=form.cleaned_data["kind"],
        )
        try:
            changed = actions.import_targets(
                dataset=form.cleaned_data["dataset"], columns=columns, by=request.actor, at=timezone.now()
            )
        except refusals.Refused as refused:
            refusals.place(form, refused)
        else:
            said = ngettext("%(count)s target changed.", "%(count)s targets changed.", changed)
            messages.success(request, said % {"count": changed})
            return redirect("kpis:library")
    context = {"nav": "metrics", "form": form, "dataset": dataset, "sheet": sheet}
    return render(
        request, "kpis/import_targets.html", context, status=422 if form.is_bound and form.errors else 200
    )
