"""Writing a definition: the form, its columns, and the live check."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access, i18n, refusals
from performance.kpis import actions, forms, queries, rules, semantics
from performance.kpis.models import Dimension, Kind, Metric, MetricVersion
from performance.kpis.queries import effects, months, terms
from performance.kpis.views import asking
from performance.people import queries as people
from performance.sources import queries as sources


@access.member(writes=True)
def draft(request: asking.MemberRequest) -> HttpResponse:
    """A new metric."""
    access.require(rules.can_draft_metric(request.actor))
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            version = actions.draft_metric(
                key=given["key"].strip(),
                name_en=given["name_en"],
                name_zh=given["name_zh"],
                business_owner=given["business_owner"],
                finance_owner=given["finance_owner"],
                definition=form.definition(),
                by=request.actor,
                at=timezone.now(),
            )
        except refusals.Refused as refused:
            refusals.place(form, refused)
        else:
            return _kept(request, version)
    return _page(request, form, None)


@access.member(writes=True)
def revise(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """The next version of a metric, starting from its newest wording."""
    metric = access.get_or_404(queries.visible_metrics(request.actor), pk=pk)
    access.require(rules.can_edit_metric(request.actor, metric))
    newest = metric.versions.order_by("-number").first()
    form = _form(request, metric=metric, version=newest)
    if request.method == "POST" and form.is_valid():
        try:
            version = actions.revise_metric(
                metric=metric, definition=form.definition(), by=request.actor, at=timezone.now()
            )
        except refusals.Refused as refused:
            refusals.place(form, refused)
        else:
            return _kept(request, version)
    return _page(request, form, metric)


@access.member(writes=True)
def edit(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """A draft that is not submitted yet."""
    version = access.get_or_404(queries.visible_versions(request.actor), pk=pk)
    access.require(rules.can_edit_draft(request.actor, version))
    form = _form(request, metric=version.metric, version=version)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_draft(
                version=version, definition=form.definition(), by=request.actor, at=timezone.now()
            )
        except refusals.Refused as refused:
            refusals.place(form, refused)
        else:
            return _kept(request, version)
    asked = request.method == "GET" and request.GET.get("asked") == "reason"
    is_asked = asked and queries.needs_reason(version)
    return _page(request, form, version.metric, actions.NO_REASON if is_asked else "")


@access.member
def fields(request: asking.MemberRequest) -> HttpResponse:
    """The part of the form that depends on the dataset, after another one was chosen."""
    access.require(rules.can_draft_metric(request.actor))
    form = _form_of(request.GET, request.GET, None, bound=False)
    response = render(request, "kpis/_fields.html", {"form": form, "terms": _terms(form, _inputs(""))})
    # The check looks again once the new fields are there; what it judged before had none of them.
    response["HX-Trigger-After-Settle"] = "fields:changed"
    return response


@require_POST
@access.member
def check(request: asking.MemberRequest) -> HttpResponse:
    """What the definition as typed so far would give: unit, dimensions, the last months; or why not."""
    access.require(rules.can_draft_metric(request.actor))
    metric = Metric.objects.filter(pk=asking.id_from(request.POST.get("metric", ""))).first()
    form = _form_of(request.POST, request.POST, metric)
    context: dict[str, Any] = {"form": form}
    form.is_valid()
    try:
        definition = _definition_so_far(form)
        own_key = metric.key if metric else request.POST.get("key", "")
        sheet = form.sheet if definition.kind == "base" else None
        checked = semantics.check(
            definition, sheet=sheet, inputs=queries.inputs_for(own_key, with_drafts=True), own_key=own_key
        )
        context |= _previewed(definition, checked, metric, request)
    except refusals.Refused as refused:
        context |= {"refused": refused, "placed": forms.placed(form, refused)}
    return render(request, "kpis/_card_check.html", context)


def _previewed(
    definition: semantics.Definition,
    checked: semantics.Checked,
    metric: Metric | None,
    request: asking.MemberRequest,
) -> dict[str, Any]:
    canonical = queries.as_checked(definition, checked, request.actor.organisation)
    labels, sight = queries.labels_for([]), queries.sight_of(request.actor)
    context: dict[str, Any] = {
        "checked": checked,
        "is_narrowed": sight.rows.of(canonical.dataset) is not None,
        "measure": canonical,
        "metric": metric,
        "shared": [labels.dimension(key) for key in sorted(checked.shared)],
    }
    if queries.stays_at_source(canonical):
        context["stays_at_source"] = True
        return context
    try:
        parts = queries.parts_previewed(canonical, sight=sight)
        within = asking.part_from(request.POST.get("preview_part", ""), parts)
        context["preview"] = effects.effects(canonical, metric, within=within, sight=sight)
        context["parts"] = _parts_offered(parts, within)
    except queries.PreviewTooSlow:
        context["too_slow"] = True
    return context


def _parts_offered(
    parts: list[dict[str, str]], within: dict[str, str]
) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """(dimension, its parts as (value of the option, what people call it, whether it is chosen))."""
    labels = queries.labels_for(parts)
    offered: dict[str, list[tuple[str, str, bool]]] = {}
    for part in parts:
        for key, value in part.items():
            chosen = (queries.slice_key(part), labels.value(key, value), part == within)
            offered.setdefault(labels.dimension(key), []).append(chosen)
    return list(offered.items())


def _definition_so_far(form: forms.MetricForm) -> semantics.Definition:
    """A half-filled form as a definition: what is missing is judged by the check."""
    defaults: dict[str, Any] = {
        "kind": form.data.get("kind", "base"),
        "effective_from": timezone.localdate(),
        "decimals": 2,
        "direction": "up",
        "missing_policy": "null",
        "dataset": None,
        "dimensions": [],
    }
    for name in form.fields:
        form.cleaned_data.setdefault(name, defaults.get(name, ""))
    return form.definition()


def _form(
    request: asking.MemberRequest, metric: Metric | None = None, version: MetricVersion | None = None
) -> forms.MetricForm:
    if request.method == "POST":
        return _form_of(request.POST, request.POST, metric, version)
    initial: dict[str, Any] = forms.initial_of(version) if version else forms.own_side(request.actor)
    given = request.GET if request.GET.get("dataset") or not version else QueryDict("")
    for name in ("kind", "dataset"):
        if given.get(name):
            initial[name] = given[name]
    today = people.today(request.actor.organisation)
    initial.setdefault("effective_from", months.first_of(today))
    return _form_of(initial, None, metric, version)


def _form_of(
    chosen: Any,
    data: Any,
    metric: Metric | None,
    version: MetricVersion | None = None,
    *,
    bound: bool = True,
) -> forms.MetricForm:
    dataset = asking.dataset_from(chosen.get("dataset"))
    is_base = (chosen.get("kind") or "base") == "base"
    sheet = queries.sheet_of(dataset) if dataset and is_base else None
    names = {one.key: i18n.local(one, "name") for one in Dimension.objects.order_by("key")}
    given: dict[str, Any] = {
        "sheet": sheet,
        "shared": {} if is_base else names,
        "accounts": [(one.key, i18n.local(one, "name")) for one in _inputs(metric.key if metric else "")],
        "metric": metric,
        "version": version,
    }
    if data is not None and bound:
        return forms.MetricForm(data, **given)
    initial = chosen.dict() if isinstance(chosen, QueryDict) else chosen
    return forms.MetricForm(initial=initial, **given)


def _inputs(own_key: str) -> list[semantics.Input]:
    found = queries.inputs_for(own_key, with_drafts=True).values()
    return sorted(found, key=lambda one: i18n.spoken(i18n.local(one, "name")))


def _terms(form: forms.MetricForm, inputs: list[semantics.Input]) -> list[dict[str, str]]:
    """What completes a word of the formula, or of the arithmetic over columns."""
    if form.sheet:
        return terms.column_terms(form.sheet)
    is_total = form["kind"].value() == Kind.CUMULATIVE
    return terms.summable_terms(inputs) if is_total else terms.metric_terms(inputs)


def _kept(request: asking.MemberRequest, version: MetricVersion) -> HttpResponse:
    messages.success(request, _("Draft kept. Submit it when it says what you both mean."))
    return redirect(f"{reverse('kpis:metric', args=[version.metric_id])}?version={version.number}")


def _page(
    request: asking.MemberRequest, form: forms.MetricForm, metric: Metric | None, reason_asked: Any = ""
) -> HttpResponse:
    """`reason_asked`: what stands beside the field of the reason, where a version was refused for want of it."""
    status = 422 if form.is_bound and form.errors else 200
    inputs = _inputs(metric.key if metric else "")
    context = {
        "nav": "metrics",
        "form": form,
        "metric": metric,
        "units": forms.units_offered(request.actor.organisation.currency),
        "inputs": inputs,
        "terms": _terms(form, inputs),
        "reason_asked": reason_asked,
        "has_datasets": sources.datasets_for_metrics().exists(),
    }
    return render(request, "kpis/draft.html", context, status=status)
