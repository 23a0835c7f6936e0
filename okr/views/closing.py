"""The end of a period: grading an objective, and taking objectives into the next period."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from okr import actions, forms, queries, rules
from okr.models import Objective
from okr.views import reading
from performance.foundation import access, refusals
from performance.foundation.components import formats
from performance.people import queries as people


@access.member
@require_POST
def grade(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """Grades for one's own side."""
    actor = request.actor
    one, _line = reading.found(request, objective_id)
    access.require(not actor.only_reads and rules.side_of(actor, one) is not None)
    form = forms.GradeForm(request.POST, most=rules.highest_grade(queries.policy_of(one.period)))
    if form.is_valid():
        try:
            actions.grade_objective(objective=one, by=actor, at=timezone.now(), **form.cleaned_data)
        except actions.ObjectiveRefused as refusal:
            refusals.place(form, refusal)
        else:
            messages.success(request, _("Graded."))
            return redirect("okr:objective", one.pk)
    context = {**reading.objective_context(request, one.pk), "grade_form": form}
    return render(request, "okr/objective.html", context, status=422)


@access.member(writes=True)
def carry(request: HttpRequest, period_id: uuid.UUID) -> HttpResponse:
    """Chooses among what the actor may take from this period into a later one."""
    actor = request.actor
    period = access.get_or_404(people.periods(), pk=period_id)
    policy = queries.policy_of(period)
    candidates = list(queries.to_carry(actor, reading.visible(request), period))
    later = [each for each in people.periods() if rules.is_later(each, period) and rules.are_goals_open(each)]
    form = forms.CarryForm(request.POST or None, periods=later, objectives=candidates)
    if request.method == "POST":
        access.require(not actor.only_reads)
        if form.is_valid():
            chosen = set(form.cleaned_data["objectives"])
            to = next(each for each in later if str(each.pk) == form.cleaned_data["period"])
            try:
                made = actions.carry_over(
                    objectives=[each for each in candidates if str(each.pk) in chosen],
                    to=to,
                    by=actor,
                    at=timezone.now(),
                )
            except actions.ObjectiveRefused as refusal:
                form.add_error(None, str(refusal.message))
            else:
                text = ngettext(
                    "%(count)s objective is a draft of %(period)s now.",
                    "%(count)s objectives are drafts of %(period)s now.",
                    len(made),
                )
                told = [text % {"count": len(made), "period": to}, *_dates_left_out(made, chosen)]
                messages.success(request, formats.mark(" ").join(told))
                return redirect("okr:carry", period.pk)
    context = {
        "nav": "goals",
        "form": form,
        "period": period,
        "policy": policy,
        "candidates": candidates,
        "later": later,
        "chosen": request.POST.getlist("objectives"),
    }
    return render(request, "okr/carry.html", context, status=422 if form.is_bound else 200)


@access.member(writes=True)
def duplicate(request: HttpRequest, period_id: uuid.UUID) -> HttpResponse:
    """Chooses among the actor's and their line's objectives of a period, whatever became of them, and copies the texts
    into a later one."""
    actor = request.actor
    period = access.get_or_404(people.periods(), pk=period_id)
    candidates = list(queries.to_duplicate(actor, reading.visible(request), period))
    later = [each for each in people.periods() if rules.is_later(each, period) and rules.are_goals_open(each)]
    # The nearest one first: that is what somebody plans.
    later.reverse()
    form = forms.DuplicateForm(
        request.POST or None,
        periods=later,
        objectives=candidates,
        initial={"period": request.GET.get("into")},
    )
    if request.method == "POST":
        access.require(not actor.only_reads)
        if form.is_valid():
            chosen = set(form.cleaned_data["objectives"])
            to = next(each for each in later if str(each.pk) == form.cleaned_data["period"])
            try:
                made = actions.duplicate_objectives(
                    objectives=[each for each in candidates if str(each.pk) in chosen],
                    to=to,
                    from_last_value=form.cleaned_data["start"] == "last",
                    by=actor,
                    at=timezone.now(),
                )
            except actions.ObjectiveRefused as refusal:
                refusals.place(form, refusal)
            else:
                _tell_of_copies(request, made, chosen, to)
                return redirect(f"{reverse('okr:objectives')}?period={to.pk}")
    context = {
        "nav": "goals",
        "form": form,
        "period": period,
        "candidates": candidates,
        "later": later,
        "chosen": request.POST.getlist("objectives"),
        "policy": queries.policy_of(period),
    }
    return render(request, "okr/duplicate.html", context, status=422 if form.is_bound else 200)


def _dates_left_out(made: Sequence[Objective], chosen: Collection[str]) -> list[str]:
    """A word to whoever expects the former period's checkpoints in the later one."""
    if not made or not queries.have_checkpoints(chosen):
        return []
    return [_("Checkpoints stayed behind: they are days of the former period. Set new ones in the draft.")]


def _tell_of_copies(
    request: HttpRequest, made: Sequence[Objective], chosen: Collection[str], to: Any
) -> None:
    text = ngettext(
        "%(count)s objective is a draft of %(period)s now.",
        "%(count)s objectives are drafts of %(period)s now.",
        len(made),
    )
    told = [text % {"count": len(made), "period": to}] if made else []
    told += _dates_left_out(made, chosen)
    standing = len(chosen) - len(made)
    if standing:
        text = ngettext("%(count)s stands there already.", "%(count)s stand there already.", standing)
        told.append(text % {"count": standing})
    messages.success(request, formats.mark(" ").join(told))
