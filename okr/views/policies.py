"""How a period counts progress: chosen, looked at before it counts, confirmed."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from okr import actions, forms, queries, rules
from okr.models import OkrPolicy
from okr.views import reading
from performance.foundation import access, jobs, refusals
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks


@access.role("hr", "administrator")
def policy(request: HttpRequest, period_id: uuid.UUID) -> HttpResponse:
    """How this period counts progress; a change is a new version. While the period runs, what a choice would change is
    shown first, and it counts once that is confirmed with a reason."""
    actor = request.actor
    period = access.get_or_404(people.periods(), pk=period_id)
    standing = queries.policy_of(period)
    asks_first = rules.is_policy_previewed(period)
    seen = _version_seen(request)
    is_confirmed = seen is not None
    form = forms.PolicyForm(
        request.POST or None, initial=_initial(standing), needs_reason=asks_first and is_confirmed
    )
    if request.method != "POST":
        return _choosing(request, period, standing, form)
    access.require(rules.can_set_policy(actor))
    wrong = set(form.errors)
    if wrong - {"reason"} or (wrong and not asks_first) or request.POST.get("step") == "back":
        return _choosing(request, period, standing, form)
    choices = {name: form.cleaned_data[name] for name in queries.POLICY_CHOICES}
    try:
        proposed = actions.proposed_policy(period=period, choices=choices)
        if wrong or (asks_first and not is_confirmed):
            return _showing(request, period, standing, proposed, form)
        actions.set_policy(
            period=period,
            choices=choices,
            reason=form.cleaned_data["reason"],
            based_on=seen,
            by=actor,
            at=timezone.now(),
        )
    except actions.ObjectiveRefused as refusal:
        refusals.place(form, refusal)
        if refusal.code == "conflict":
            return _showing(request, period, standing, proposed, form)
        return _choosing(request, period, standing, form)
    jobs.nudge(scoring_tasks.rescore_stale)
    messages.success(request, _("Counted this way from now on."))
    return redirect("okr:policy", period.pk)


def _choosing(request: HttpRequest, period: Any, standing: OkrPolicy, form: forms.PolicyForm) -> HttpResponse:
    context = {
        "nav": "goals",
        "form": form,
        "period": period,
        "policy": standing,
        "asks_first": rules.is_policy_previewed(period),
        "versions": queries.versions_with_changes(period),
        "is_open": (is_open := rules.is_policy_open(period)),
        "can_set_policy": is_open and rules.can_set_policy(request.actor),
    }
    return render(request, "okr/policy.html", context, status=_status(form))


def _showing(
    request: HttpRequest, period: Any, standing: OkrPolicy, proposed: OkrPolicy, form: forms.PolicyForm
) -> HttpResponse:
    actor = request.actor
    form.fields["reason"].required = True
    context = {
        "nav": "goals",
        "form": form,
        "period": period,
        "policy": standing,
        "changes": queries.choices_changed(proposed, standing),
        "preview": queries.policy_preview(
            proposed,
            visible=reading.visible(request),
            on=people.today(actor.organisation),
            organisation=actor.organisation,
        ),
        "chosen": [form[name] for name in queries.POLICY_CHOICES],
    }
    return render(request, "okr/policy_preview.html", context, status=_status(form))


def _version_seen(request: HttpRequest) -> int | None:
    """The version that the look was compared with, where what was looked at is confirmed."""
    if request.POST.get("step") != "confirm":
        return None
    try:
        version: int | None = forms.VERSION.clean(request.POST.get("seen", ""))
    except ValidationError:
        return None
    return version


def _status(form: forms.PolicyForm) -> int:
    return 422 if form.is_bound and form.errors else 200


def _initial(standing: OkrPolicy) -> dict[str, object]:
    return {name: getattr(standing, name) for name in queries.POLICY_CHOICES}
