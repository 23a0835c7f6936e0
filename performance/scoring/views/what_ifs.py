"""What-ifs of policy owners: try, watch, keep, compare, take over into a draft, forget."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access, jobs, refusals
from performance.scoring import actions, evidence, forms, queries, rules, tasks
from performance.scoring.models import PolicyVersion, PolicyWhatIf
from performance.scoring.views import moved_card, policies


@require_http_methods(["GET", "POST"])
@access.role(*rules.MAKERS, writes=True)
def try_what_if(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """What a version says, to be supposed otherwise; trying it leads to what came out."""
    version = policies.seen(request, version_id)
    editor = forms.WhatIfEditor(request.POST or None, queries.content_of(version))
    if request.method == "POST" and editor.is_valid():
        try:
            what_if = actions.try_what_if(
                version=version, supposed=editor.supposed, by=request.actor, at=timezone.now()
            )
        except refusals.Refused as refusal:
            editor.form.add_error(None, str(refusal.message))
        else:
            for simulation in actions.carry_out_at_once(what_if, at=timezone.now()):
                jobs.nudge(tasks.carry_out_simulation, str(simulation.pk))
            jobs.nudge(tasks.clear_forgotten_simulations)
            return redirect("scoring:what_if", what_if_id=what_if.pk)
    status = 422 if request.method == "POST" else 200
    context = _page(request, version, editor) | {"wrong": status == 422}
    return render(request, "scoring/what_if.html", context, status=status)


@require_GET
@access.member
def what_if(request: HttpRequest, what_if_id: uuid.UUID) -> HttpResponse:
    """One what-if: what is supposed, and who would have moved."""
    return render(request, "scoring/what_if.html", page_of(request, seen(request, what_if_id)))


@require_GET
@access.member
def what_if_moved(request: HttpRequest, what_if_id: uuid.UUID) -> HttpResponse:
    """The card alone: of another period, or how far the simulations are."""
    return render(request, "scoring/_card_moved.html", _card(request, seen(request, what_if_id)))


@require_POST
@access.member
def keep_what_if(request: HttpRequest, what_if_id: uuid.UUID) -> HttpResponse:
    """Keeps what was tried under a name."""
    found = seen(request, what_if_id)
    access.require(rules.can_keep_what_if(request.actor, found))
    form = forms.KeepForm(request.POST)
    if form.is_valid():
        try:
            actions.keep_what_if(
                what_if=found, name=form.cleaned_data["name"], by=request.actor, at=timezone.now()
            )
        except refusals.Refused as refusal:
            refusals.place(form, refusal)
        else:
            messages.success(request, _("Kept. Everybody who makes policies finds it here."))
            return redirect("scoring:what_if", what_if_id=found.pk)
    found.refresh_from_db()
    return render(request, "scoring/what_if.html", page_of(request, found) | {"keep_form": form}, status=422)


@require_POST
@access.member
def forget_what_if(request: HttpRequest, what_if_id: uuid.UUID) -> HttpResponse:
    """Takes it away with what came out."""
    found = seen(request, what_if_id)
    actions.forget_what_if(what_if=found, by=request.actor, at=timezone.now())
    jobs.nudge(tasks.clear_forgotten_simulations)
    messages.success(request, _("The what-if is forgotten."))
    return redirect("scoring:policy_what_if", version_id=found.version_id)


@require_POST
@access.member
def draft_what_if(request: HttpRequest, what_if_id: uuid.UUID) -> HttpResponse:
    """Writes what is supposed into a draft."""
    found = seen(request, what_if_id)
    try:
        version = actions.draft_from_what_if(
            what_if=found, period=policies.period_to_draft_for(request), by=request.actor, at=timezone.now()
        )
    except refusals.Refused as refusal:
        messages.error(request, str(refusal.message))
        return redirect("scoring:what_if", what_if_id=found.pk)
    messages.success(request, _("Taken over into the draft. Simulate it, then send it for approval."))
    return redirect("scoring:policy", version_id=version.pk)


@require_GET
@access.member
def compare_what_ifs(request: HttpRequest) -> HttpResponse:
    """?one=…&other=…: two kept ones side by side."""
    access.require(rules.can_see_drafts(request.actor))
    ids = [found for name in ("one", "other") if (found := _id_from(request.GET.get(name, "")))]
    chosen = queries.what_ifs_named(request.actor, ids)
    sides = [_side(request, each) for each in chosen] if len(chosen) > 1 else []
    context = {"nav": "performance", "sides": sides, "version": chosen[0].version if chosen else None}
    return render(request, "scoring/compare_what_ifs.html", context)


def seen(request: HttpRequest, what_if_id: uuid.UUID) -> PolicyWhatIf:
    """The what-if, if the actor may see it; else 404."""
    return access.get_or_404(queries.what_ifs_visible_to(request.actor), pk=what_if_id)


def page_of(request: HttpRequest, found: PolicyWhatIf) -> dict[str, Any]:
    """The what-if with the form it was made with."""
    content = evidence.supposing(queries.content_of(found.version), found.supposed)
    page = _page(request, found.version, forms.WhatIfEditor(None, content))
    return page | _card(request, found) | {"keep_form": forms.KeepForm(), **_steps(request, found)}


def _page(request: HttpRequest, version: PolicyVersion, editor: forms.WhatIfEditor) -> dict[str, Any]:
    return {
        "nav": "performance",
        "version": version,
        "editor": editor,
        "may_try": rules.can_suppose_weights(request.actor),
        "kept": queries.kept_what_ifs(request.actor, version),
        "most_at_once": actions.AT_ONCE,
    }


def _steps(request: HttpRequest, found: PolicyWhatIf) -> dict[str, Any]:
    actor, version = request.actor, found.version
    is_scored = queries.is_in_scope(version, actor.person_id)
    allowed = rules.can_edit_draft if version.is_draft else rules.can_draft_next
    return {
        "what_if": found,
        "supposed": queries.supposed_words(found),
        "may_keep": rules.can_keep_what_if(actor, found),
        "may_forget": rules.can_forget_what_if(actor, found),
        "may_draft": allowed(actor, version, is_scored=is_scored),
    }


def _card(request: HttpRequest, found: PolicyWhatIf) -> dict[str, Any]:
    simulations = queries.simulations_of_what_if(found)
    return moved_card.figures_of(request, simulations, digest=queries.supposed_digest(found)) | {
        "version": found.version,
        "what_if": found,
        "moved_url": reverse("scoring:what_if_moved", args=[found.pk]),
    }


def _side(request: HttpRequest, found: PolicyWhatIf) -> dict[str, Any]:
    return _card(request, found) | {"supposed": queries.supposed_words(found)}


def _id_from(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
