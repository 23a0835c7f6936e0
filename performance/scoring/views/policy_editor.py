"""The editor of weight policies: a first version, a draft, the next version, and what it would come to."""

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from performance.engine import errors
from performance.foundation import access, refusals
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, evidence, forms, queries, rules
from performance.scoring.models import PolicyVersion, Stage, WeightPolicy, usual_bands
from performance.scoring.views import objective, policies

PREFIX = "c"
#: These send the form to get one row more; nothing is saved.
ADDING = ("add", forms.ADD)
_UNCOMPARED = gettext_lazy("Compare all pairs to see the weights that follow.")
_INCOMPLETE = gettext_lazy("Complete the components to see their weights.")


@require_http_methods(["GET", "POST"])
@access.role(*rules.MAKERS, writes=True)
def new(request: HttpRequest) -> HttpResponse:
    """A policy for a unit that has none yet."""
    access.require(request.method == "GET" or rules.can_draft_policy(request.actor))
    form = forms.PolicyForm(request.POST or None, initial=_first_initial(request))
    rows = _components(request, None)
    market = forms.rules_formset(request, [], rows)
    weighing = _weighing(request, rows, None)
    if _is_sent(request) and _all_valid(form, weighing, rows, market):
        try:
            version = actions.draft_policy(
                name_en=form.cleaned_data["name_en"],
                name_zh=form.cleaned_data["name_zh"],
                unit=form.cleaned_data["unit"],
                **_content(form, weighing, rows, market),
                by=request.actor,
                at=timezone.now(),
            )
        except refusals.Refused as refusal:
            _place(refusal, form, weighing)
        else:
            return redirect("scoring:policy", version_id=version.pk)
    return _editor(request, form, weighing, rows, market, None)


@require_http_methods(["GET", "POST"])
@access.role(*rules.MAKERS, writes=True)
def edit(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Changes a draft."""
    version = policies.seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_edit_draft(request.actor, version, is_scored=is_scored))
    form = forms.PolicyForm(request.POST or None, version=version, initial=_initial(version))
    rows = _components(request, version)
    market = forms.rules_formset(request, queries.rules_of(version), rows)
    weighing = _weighing(request, rows, version)
    if _is_sent(request) and _all_valid(form, weighing, rows, market):
        content = _content(form, weighing, rows, market)
        try:
            actions.revise_draft(version=version, **content, by=request.actor, at=timezone.now())
        except refusals.Refused as refusal:
            _place(refusal, form, weighing)
        else:
            messages.success(request, _("Draft saved."))
            return redirect("scoring:policy", version_id=version.pk)
    return _editor(request, form, weighing, rows, market, version)


@require_POST
@access.role(*rules.MAKERS)
def preview(request: HttpRequest, version_id: uuid.UUID | None = None) -> HttpResponse:
    """What the weights on the form would come to; nothing is saved."""
    version = policies.seen(request, version_id) if version_id else None
    form = forms.PolicyForm(request.POST, version=version)
    rows = _components(request, version)
    market = forms.rules_formset(request, [], rows)
    weighing = _weighing(request, rows, version)
    form.is_valid()
    context: dict[str, Any] = {"version": version, "weighing": weighing} | _compared(request, weighing)
    unit = _unit(form, version)
    context["proposal"] = queries.proposal_shown(
        queries.stage_proposal(weighing.weighing, unit), unit, request.actor
    )
    if rows.weighing is None:
        context["refusals"] = [_UNCOMPARED]
    elif not rows.is_valid() or not rows.drafts:
        context["refusals"] = forms.shortcomings(rows, _("A component")) or [_INCOMPLETE]
    elif not market.is_valid():
        context["refusals"] = forms.shortcomings(market, _("A market rule"))
    else:
        context |= _weighed(rows.drafts, market.drafts, form, weighing.weighing, version)
    return render(request, "scoring/_card_preview.html", context)


@require_POST
@access.role(*rules.MAKERS)
def next_version(request: HttpRequest, policy_id: uuid.UUID) -> HttpResponse:
    """Begins the next version as a copy of the newest."""
    access.require(rules.can_draft_policy(request.actor))
    found = access.get_or_404(WeightPolicy.objects.all(), pk=policy_id)
    period = policies.period_to_draft_for(request)
    if period is None:
        messages.error(request, _("Open a period first."))
        return redirect("scoring:policies")
    try:
        version = actions.draft_next_version(policy=found, period=period, by=request.actor, at=timezone.now())
    except refusals.Refused as refusal:
        messages.error(request, str(refusal.message))
        return redirect("scoring:policies")
    return redirect("scoring:policy_edit", version_id=version.pk)


def _weighed(
    drafts: list[evidence.ComponentDraft],
    rules_given: list[evidence.RuleDraft],
    form: forms.PolicyForm,
    weighing: evidence.Weighing,
    version: PolicyVersion | None,
) -> dict[str, Any]:
    stage = form.cleaned_data.get("stage") or Stage.MATURE
    measured = _measured(drafts, form, weighing, version)
    try:
        plan = evidence.frozen_plan(
            drafts,
            stage=stage,
            missing=form.cleaned_data.get("missing") or "leave_out",
            step_cap_ppm=form.step_cap_ppm,
            previous_ppm=queries.previous_weights(version, form.cleaned_data.get("period"))
            if version
            else None,
            signals=queries.read_signals(rules_given),
            weighing=weighing,
            measured=measured,
        )
    except errors.InvalidInput as refusal:
        message = evidence.Trouble(refusal.code, refusal.key).message
        return {"refusals": [message], **objective.card_of_units(weighing, measured)}
    return {**policies.drawn(plan), "chosen_stage": stage, **objective.card_of(plan, is_kept=False)}


def _measured(
    drafts: list[evidence.ComponentDraft],
    form: forms.PolicyForm,
    weighing: evidence.Weighing,
    version: PolicyVersion | None,
) -> evidence.Measured | None:
    """What units scored, where the form blends objective weights in."""
    period = form.cleaned_data.get("period")
    if not weighing.blend_ppm or period is None:
        return None
    unit = _unit(form, version)
    return queries.units_measured(drafts, unit_id=unit.pk if unit else None, period=period)


def _unit(form: forms.PolicyForm, version: PolicyVersion | None) -> people.BusinessUnit | None:
    return version.policy.unit if version else form.cleaned_data.get("unit")


def _weighing(request: HttpRequest, rows: Any, version: PolicyVersion | None) -> forms.WeighingForm:
    """How base weights come about and are held. The rows of components are told, before they are asked whether they are
    a policy."""
    stored = queries.weighing_of(version) if version else evidence.PLAIN
    form = forms.WeighingForm(
        request.POST or None,
        initial=forms.initial_weighing(stored),
        targets=forms.targets_of(rows),
        flows=forms.flows(),
    )
    if form.is_bound:
        form.is_valid()
        is_whole = form.compared == len(form.pairs) > 0
        rows.weighing = form.weighing if is_whole or not form.is_by_pairs else None
    return form


def _compared(request: HttpRequest, weighing: forms.WeighingForm) -> dict[str, Any]:
    """How far the comparisons in pairs have come, and whether the page shows those of other components."""
    if not weighing.is_by_pairs:
        return {}
    names = {target.key: target.name for target in weighing.targets}
    shown: dict[str, Any] = {
        "pairs_are_others": request.POST.get("pairs_of") != weighing.targets_named,
        "compared": weighing.compared,
        "to_compare": len(weighing.pairs),
    }
    if 0 < len(weighing.pairs) == weighing.compared:
        shown["pairs"] = evidence.kept_pairs(weighing.weighing.judgements, list(names))
        shown["bases"] = [
            (target.color, target.name, weight)
            for target, weight in zip(weighing.targets, shown["pairs"]["weights_ppm"], strict=True)
        ]
        shown["worst"] = [names[key] for key in shown["pairs"]["worst"] or ()]
    return shown


def _place(refusal: refusals.Refused, form: forms.PolicyForm, weighing: forms.WeighingForm) -> None:
    refusals.place(weighing if refusal.field in weighing.fields else form, refusal)


def _first_initial(request: HttpRequest) -> dict[str, Any]:
    today = people_queries.day_at(request.actor.organisation, timezone.now())
    return {"period": people_queries.current_period(today), **forms.initial_bands(usual_bands())}


def _initial(version: PolicyVersion) -> dict[str, Any]:
    cap = version.step_cap_ppm
    return {
        "period": version.period_id,
        "starts_on": version.starts_on,
        "stage": version.stage,
        "missing": version.missing,
        "step_cap": None if cap is None else Decimal(cap) / forms.PERCENT,
        "reason": version.reason,
        **forms.initial_bands(version.bands),
    }


def _components(request: HttpRequest, version: PolicyVersion | None) -> Any:
    """The rows of components: as sent, or as stored. "Add a component" sends all and gets one row more."""
    formset = forms.components_formset()
    by_pairs = request.POST.get("weigh_by") == forms.IN_PAIRS
    options: dict[str, Any] = {
        "prefix": PREFIX,
        "form_kwargs": {"sources": forms.sources(), "by_pairs": by_pairs},
    }
    options["initial"] = [
        forms.initial_of(draft) for draft in (queries.drafts_of(version) if version else [])
    ]
    if request.method != "POST":
        return formset(**options)
    data = request.POST.copy()
    if data.get("do") == "add":
        data[f"{PREFIX}-TOTAL_FORMS"] = str(min(int(data.get(f"{PREFIX}-TOTAL_FORMS") or 0) + 1, 24))
    return formset(data, **options)


def _is_sent(request: HttpRequest) -> bool:
    return request.method == "POST" and request.POST.get("do") not in ADDING


def _all_valid(*given: Any) -> bool:
    """All are asked, so that every error shows at once."""
    answers = [each.is_valid() for each in given]
    return all(answers)


def _content(form: forms.PolicyForm, weighing: forms.WeighingForm, rows: Any, market: Any) -> dict[str, Any]:
    cleaned = form.cleaned_data
    return {
        "period": cleaned["period"],
        "starts_on": cleaned["starts_on"],
        "stage": cleaned["stage"],
        "missing": cleaned["missing"],
        "step_cap_ppm": form.step_cap_ppm,
        "components": rows.drafts,
        "bands": form.bands,
        "market": market.drafts,
        "weighing": weighing.weighing,
        "reason": cleaned["reason"],
    }


def _editor(
    request: HttpRequest,
    form: forms.PolicyForm,
    weighing: forms.WeighingForm,
    rows: Any,
    market: Any,
    version: PolicyVersion | None,
) -> HttpResponse:
    adding = request.POST.get("do") in ADDING
    wrong = request.method == "POST" and not adding
    address = (
        reverse("scoring:policy_preview", args=[version.pk])
        if version
        else reverse("scoring:policy_preview_new")
    )
    context = {
        "nav": "performance",
        "form": form,
        "weighing": weighing,
        "rows": rows,
        "market_rows": market,
        "version": version,
        "stages": Stage.choices,
        "preview_url": address,
        "wrong": wrong,
        **_first_preview(version, request.actor),
    }
    return render(request, "scoring/policy_form.html", context, status=422 if wrong else 200)


def _first_preview(version: PolicyVersion | None, actor: access.Actor) -> dict[str, Any]:
    """What the preview shows before anything is changed: the draft as stored."""
    if version is None:
        return {"refusals": [_INCOMPLETE]}
    proposal = queries.stage_proposal_for(version, weighing=queries.weighing_of(version))
    return policies.effect_of(version, version.stage) | {
        "proposal": queries.proposal_shown(proposal, version.policy.unit, actor),
        **policies.pairs_of(version, queries.drafts_of(version)),
    }
