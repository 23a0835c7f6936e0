"""How long before people hear of new weights, and what they change for whoever looks."""

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.engine import errors
from performance.foundation import access, refusals
from performance.people import models as people
from performance.scoring import actions, forms, queries, rules
from performance.scoring.models import PolicyVersion


@require_POST
@access.role("hr", writes=True)
def set_notice(request: HttpRequest) -> HttpResponse:
    """HR says how many days before new weights take hold people hear of them."""
    access.require(rules.can_set_notice(request.actor))
    form = forms.NoticeForm(request.POST)
    done = refusals.attempt(
        form,
        lambda: actions.set_notice(days=form.cleaned_data["days"], by=request.actor, at=timezone.now()),
    )
    if done is None:
        return render(request, "scoring/policies.html", list_of(request) | {"notice": form}, status=422)
    messages.success(request, _("Saved"))
    return redirect("scoring:policies")


def list_of(request: HttpRequest) -> dict[str, Any]:
    """All that the list of policies shows."""
    return {
        "nav": "performance",
        "policies": queries.latest_versions(request.actor),
        "may_draft": rules.can_draft_policy(request.actor),
        "notice": forms.NoticeForm(initial={"days": queries.days_of_notice()})
        if rules.can_set_notice(request.actor)
        else None,
    }


def mine_of(version: PolicyVersion, person: people.Person, today: datetime.date) -> queries.Difference | None:
    """What the version changes for somebody whom it scores; None while nobody is told of it."""
    if not version.is_fixed and version.told_from is None:
        return None
    try:
        plan = queries.plan_of(version)
    except errors.InvalidInput:
        return None
    return queries.differences(version, plan, [person.unit_id], today)[person.unit_id]
