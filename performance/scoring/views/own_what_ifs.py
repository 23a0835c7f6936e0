"""What-ifs on a scorecard: reckoned for whoever sees the score, kept for whoever it is of."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from performance.foundation import access, refusals
from performance.scoring import actions, forms, queries, rules
from performance.scoring.models import Score
from performance.scoring.views.scorecards import today_of


@require_GET
@access.member
def suppose_score(request: HttpRequest, score_id: uuid.UUID) -> HttpResponse:
    """The score if components, stage or penalty were others. Nothing is kept."""
    score = _score(request, score_id)
    form = forms.OwnWhatIfForm(request.GET, card=queries.scorecard(score))
    context = {"nav": "performance", "score": score, "person": score.person, "form": form}
    status = 200
    if form.is_valid():
        try:
            context |= {
                "found": actions.suppose_score(score=score, supposition=form.supposition),
                "said": queries.own_words(score, form.supposition.kept()),
                "may_keep": rules.can_keep_own_what_if(request.actor, score),
                "sent": [(name, request.GET.get(name, "")) for name in form.fields if name != "name"],
            }
        except refusals.Refused as refusal:
            context["refusal"], status = refusal, refusal.status
    else:
        status = 422
    page = "scoring/_score_what_if.html" if request.htmx else "scoring/score_what_if.html"
    return render(request, page, context, status=status)


@require_POST
@access.member
def keep_own_what_if(request: HttpRequest, score_id: uuid.UUID) -> HttpResponse:
    """Keeps it under a name, for me alone."""
    score = _score(request, score_id)
    access.require(rules.can_keep_own_what_if(request.actor, score))
    form = forms.OwnWhatIfForm(request.POST, card=queries.scorecard(score))
    try:
        if not form.is_valid():
            raise actions.WhatIfRefused(_("A number here cannot be read."), code="invalid")
        actions.keep_own_what_if(
            score=score,
            supposition=form.supposition,
            name=form.cleaned_data["name"],
            by=request.actor,
            at=timezone.now(),
        )
    except refusals.Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Kept. Only you see it."))
    return redirect(f"{reverse('scoring:my_scorecard')}?period={score.period_id}#card-whatif")


@require_POST
@access.member
def forget_own_what_if(request: HttpRequest, what_if_id: uuid.UUID) -> HttpResponse:
    """Takes one of mine away."""
    actions.forget_own_what_if(what_if_id=what_if_id, by=request.actor, at=timezone.now())
    messages.success(request, _("The what-if is forgotten."))
    return redirect("scoring:my_scorecard")


def _score(request: HttpRequest, score_id: uuid.UUID) -> Score:
    return access.get_or_404(queries.scores_visible_to(request.actor, today_of(request)), pk=score_id)
