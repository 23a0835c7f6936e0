"""Weight policies: the list, a version with its effect, the editor, and each step of its life."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from performance.engine import errors
from performance.foundation import access, i18n, jobs, refusals
from performance.foundation.components import formats
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, evidence, forms, queries, rules, tasks
from performance.scoring.models import WHOLE, PolicyVersion, Side, Stage
from performance.scoring.templatetags import guardrail_words, scoring_words
from performance.scoring.views import guardrails, market, moved_card, notice, objective


@require_GET
@access.member
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every policy with the versions the actor may see."""
    return render(request, "scoring/policies.html", notice.list_of(request))


@require_GET
@access.member
def policy(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """One version: its weights, the reading of its rules, and where it stands in its life."""
    return render(request, "scoring/policy.html", page_of(request, seen(request, version_id)))


@require_GET
@access.member
def effect(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """The effective weights in another stage; nothing is saved."""
    version = seen(request, version_id)
    stage = request.GET.get("stage", version.stage)
    chosen = stage if stage in Stage.values else version.stage
    return render(request, "scoring/_card_effect.html", effect_of(version, chosen))


@require_POST
@access.member
def propose(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Puts the draft before both sides."""
    version = seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_propose_policy(request.actor, version, is_scored=is_scored))
    form = forms.ProposeForm(request.POST)
    form.is_valid()
    return _step(
        request,
        version,
        lambda: actions.propose_policy(
            version=version, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now()
        ),
        _("Sent to both sides for approval."),
    )


@require_POST
@access.member
def approve(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """One side's yes. Who proposed it or is scored by it gets 403."""
    version = seen(request, version_id)
    side = request.POST.get("side", "")
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_approve_policy(request.actor, version, side, is_scored=is_scored))
    return _step(
        request,
        version,
        lambda: actions.approve_policy(version=version, side=side, by=request.actor, at=timezone.now()),
        _("Approved."),
    )


@require_POST
@access.member
def send_back(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Back to draft, with what should change."""
    version = seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_return_policy(request.actor, version, is_scored=is_scored))
    return _step(
        request,
        version,
        lambda: actions.return_policy(
            version=version, reason=request.POST.get("reason", ""), by=request.actor, at=timezone.now()
        ),
        _("Returned as a draft."),
    )


@require_POST
@access.member
def lock(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Puts the approved version in force and has everybody concerned told and rescored."""
    version = seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_lock_policy(request.actor, version, is_scored=is_scored))
    form = forms.LockForm(request.POST)
    day = form.cleaned_data["effective_on"] if form.is_valid() else None
    response = _step(
        request,
        version,
        lambda: actions.lock_policy(version=version, effective_on=day, by=request.actor, at=timezone.now()),
        _("Locked. Everybody concerned will be told."),
    )
    jobs.nudge(tasks.announce_policies)
    jobs.nudge(tasks.rescore_stale)
    return response


@require_POST
@access.member
def accept_stage(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Takes over the stage that cash flows propose."""
    version = seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_edit_draft(request.actor, version, is_scored=is_scored))
    return _step(
        request,
        version,
        lambda: actions.accept_stage(
            version=version, stage=request.POST.get("stage", ""), by=request.actor, at=timezone.now()
        ),
        _("The proposed stage is taken over."),
    )


@require_POST
@access.member
def discard(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Throws a draft away."""
    version = seen(request, version_id)
    is_scored = queries.is_in_scope(version, request.actor.person_id)
    access.require(rules.can_edit_draft(request.actor, version, is_scored=is_scored))
    actions.discard_draft(version=version, by=request.actor, at=timezone.now())
    jobs.nudge(tasks.clear_forgotten_simulations)
    messages.success(request, _("Draft discarded."))
    return redirect("scoring:policies")


@require_POST
@access.member
def read(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Somebody concerned has read the announcement."""
    version = seen(request, version_id)
    actions.acknowledge_policy(version=version, by=request.actor, at=timezone.now())
    return redirect("scoring:policy", version_id=version.pk)


def seen(request: HttpRequest, version_id: uuid.UUID) -> PolicyVersion:
    """The version, if the actor may see it; else 404."""
    return access.get_or_404(queries.versions_visible_to(request.actor), pk=version_id)


def period_to_draft_for(request: HttpRequest) -> people.Period | None:
    """The next period that is open, else the current one while it is."""
    today = people_queries.day_at(request.actor.organisation, timezone.now())
    still_open = people.Period.objects.exclude(state="closed")
    coming = still_open.filter(starts_on__gt=today).order_by("starts_on").first()
    period = coming or people_queries.current_period(today)
    return period if period is not None and period.state != "closed" else None


def _step(request: HttpRequest, version: PolicyVersion, step: Any, done: str) -> HttpResponse:
    """Takes one step and shows the page again; a refusal stands on the approval card."""
    try:
        step()
    except refusals.Refused as refusal:
        version.refresh_from_db()
        context = page_of(request, version) | {"refusal": refusal}
        return render(request, "scoring/policy.html", context, status=refusal.status)
    messages.success(request, done)
    return redirect("scoring:policy", version_id=version.pk)


def page_of(request: HttpRequest, version: PolicyVersion) -> dict[str, Any]:
    """All that the page of a version shows."""
    actor = request.actor
    scope = queries.people_in_scope(version)
    is_scored = scope.filter(pk=actor.person_id).exists()
    approvals = queries.approvals_of(version)
    today = people_queries.day_at(actor.organisation, timezone.now())
    components = _components_shown(version)
    effect = effect_of(version, version.stage)
    return {
        "nav": "performance",
        "version": version,
        "others": [
            item
            for item in queries.versions_visible_to(actor).filter(policy=version.policy_id)
            if item != version
        ],
        "components": components,
        "base_bar": [
            (row["percent"], row["draft"].color, i18n.local(row["draft"], "name")) for row in components
        ],
        "stages": Stage.choices,
        "bands": queries.standings(version.bands),
        "concerned": scope.count(),
        "is_scored": is_scored,
        "sides": [_side(version, side, approvals, actor, is_scored=is_scored) for side in Side],
        "may_edit": rules.can_edit_draft(actor, version, is_scored=is_scored),
        "may_propose": rules.can_propose_policy(actor, version, is_scored=is_scored),
        "may_return": rules.can_return_policy(actor, version, is_scored=is_scored),
        "may_lock": rules.can_lock_policy(actor, version, is_scored=is_scored),
        "may_suppose": rules.can_suppose_weights(actor),
        "may_draft_next": rules.can_draft_next(actor, version, is_scored=is_scored),
        "first_day": queries.first_day_for(version, today),
        "mine": notice.mine_of(version, actor.person, today) if is_scored else None,
        "today": today,
        "must_read": queries.must_read(version, actor.person_id),
        **_stage_of(version, actor),
        **pairs_of(version, [row["draft"] for row in components]),
        **market.card_of(version, [row["draft"] for row in components], actor),
        **effect,
        **guardrails.card_of(version, effect.get("plan"), queries.days_of_notice()),
        **moved_card.card_of(request, version, is_scored=is_scored),
    }


def _side(
    version: PolicyVersion, side: Side, approvals: dict[str, Any], actor: access.Actor, *, is_scored: bool
) -> dict[str, Any]:
    approval = approvals.get(side)
    mine = approval is None and actor.person_id not in {given.person_id for given in approvals.values()}
    return {
        "side": side.value,
        "label": side.label,
        "approval": approval,
        "may_approve": mine and rules.can_approve_policy(actor, version, side, is_scored=is_scored),
    }


def _components_shown(version: PolicyVersion) -> list[dict[str, Any]]:
    """Each component beside what it was in the version in force before."""
    before = queries.policy_at_work(version)
    was = {item["key"]: item["base_ppm"] for item in before.planned} if before else {}
    rows = []
    for draft in queries.drafts_of(version):
        change = draft.base_ppm - was[draft.key] if draft.key in was else None
        multipliers = [(stage, draft.multipliers.get(stage, WHOLE)) for stage in Stage.values]
        rows.append(
            {
                "draft": draft,
                "was_ppm": was.get(draft.key),
                "change_ppm": change,
                "multipliers": multipliers,
                "is_constant": all(factor == WHOLE for _stage, factor in multipliers),
                "percent": draft.base_ppm / 10_000,
            }
        )
    return rows


def _stage_of(version: PolicyVersion, actor: access.Actor) -> dict[str, Any]:
    """What cash flows propose to a draft, and what had proposed the stage that somebody accepted."""
    kept, unit = version.stage_evidence, version.policy.unit
    proposal = queries.stage_proposal_for(version, weighing=queries.weighing_of(version))
    return {
        "proposal": queries.proposal_shown(proposal, unit, actor),
        "accepted": queries.proposal_shown(evidence.proposal_from(kept), unit, actor) if kept else None,
    }


def pairs_of(version: PolicyVersion, drafts: Sequence[evidence.ComponentDraft]) -> dict[str, Any]:
    """The comparisons that base weights follow from, in words, and how well they fit together."""
    pairs = evidence.kept_pairs(version.judgements, [draft.key for draft in drafts])
    names = {draft.key: i18n.local(draft, "name") for draft in drafts}
    said = []
    for pair, judgement in version.judgements.items():
        one, other = (names[key] for key in pair.split(evidence.PARTING))
        said.append(f"{one} · {other}{formats.mark(':')}{evidence.judgement_words(judgement, one, other)}")
    worst = [names[key] for key in pairs["worst"] or ()] if pairs else []
    return {"pairs": pairs, "judgements": said, "worst": worst}


def effect_of(version: PolicyVersion, stage: str) -> dict[str, Any]:
    """The effective weights of a version in a stage, or why there are none."""
    try:
        plan = queries.plan_of(version, stage=stage)
    except errors.InvalidInput as refusal:
        message = evidence.Trouble(refusal.code, refusal.key).message
        measured = queries.measured_for(version, queries.drafts_of(version))
        return {
            "version": version,
            "chosen_stage": stage,
            "stages": Stage.choices,
            "refusals": [message],
            **objective.card_of_units(queries.weighing_of(version), measured),
        }
    return {
        "version": version,
        "chosen_stage": stage,
        "stages": Stage.choices,
        "plan": plan,
        **drawn(plan),
        **objective.card_of(plan, is_kept=version.is_fixed and stage == version.stage),
    }


def drawn(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of a plan as they are drawn, and what its guardrails did."""
    components, axis = plan["components"], axis_of(plan["components"])
    return {
        "effects": [_dumbbell(item, axis * 10_000) for item in components],
        "axis": axis,
        "effective_bar": [
            (item["effective_ppm"] / 10_000, item["color"], scoring_words.local_name(item))
            for item in components
        ],
        "held": [
            words for item in components for words in guardrail_words.held_words(item, plan["step_cap_ppm"])
        ],
        "smoothing_ppm": plan.get("smoothing_ppm", 0)
        if any(item.get("smoothed_ppm") is not None for item in components)
        else 0,
    }


def axis_of(components: Sequence[Mapping[str, Any]]) -> int:
    """The end of the drawing's axis in percent: the largest weight, rounded up to ten."""
    largest = max(max(item["effective_ppm"], item["base_ppm"]) for item in components) // 10_000
    return min(100, (largest // 10 + 1) * 10)


def _dumbbell(item: Mapping[str, Any], axis_ppm: int) -> dict[str, Any]:
    """Base (hollow) and effective (filled) weight of a component, placed on the axis."""
    return {
        "item": item,
        "from_at": f"{item['base_ppm'] * 100 / axis_ppm:.2f}%",
        "to_at": f"{item['effective_ppm'] * 100 / axis_ppm:.2f}%",
    }
