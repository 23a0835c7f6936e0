"""When check-ins are due, for everybody and for a team; letting somebody off a week."""

import datetime
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from okr import actions, forms, queries, rules
from okr.views import my_week
from performance.foundation import access, refusals
from performance.people import queries as people


@access.member
def rhythm(request: HttpRequest) -> HttpResponse:
    """The rhythm of everybody, or with `?team=` of one team; who may, changes it."""
    actor = request.actor
    team = _team(request)
    cadence = queries.standing_cadence(team)
    may_set = rules.can_set_cadence(actor, team)
    form = forms.CadenceForm(
        request.POST or None,
        initial={name: getattr(cadence, name) for name in forms.CadenceForm.base_fields},
    )
    if request.method == "POST":
        access.require(may_set)
        if form.is_valid():
            actions.set_cadence(team=team, choices=form.cleaned_data, by=actor, at=timezone.now())
            messages.success(request, _("From the next week on, check-ins are due like this."))
            return redirect(_address(team))
    context = {
        "nav": "goals",
        "form": form,
        "team": team,
        "is_own": team is not None and cadence.team_id == team.pk,
        "can_set_cadence": may_set,
        "cadences": queries.cadences().exclude(team=None),
        "teams": people.teams(people.today(actor.organisation)),
    }
    return render(request, "okr/rhythm.html", context, status=422 if form.errors else 200)


@require_POST
@access.member
def drop_rhythm(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    team = access.get_or_404(people.all_teams(), pk=team_id)
    access.require(rules.can_set_cadence(request.actor, team))
    cadence = access.get_or_404(queries.cadences(), team=team)
    actions.drop_cadence(cadence=cadence, by=request.actor, at=timezone.now())
    messages.success(request, _("The team follows everybody’s rhythm again."))
    return redirect(_address(team))


@require_POST
@access.member
def excuse(request: HttpRequest, duty_id: uuid.UUID) -> HttpResponse:
    """Lets somebody off a week."""
    actor = request.actor
    on = people.today(actor.organisation)
    duty = access.get_or_404(queries.duties_visible_to(actor, on), pk=duty_id)
    access.require(rules.can_excuse(actor, duty, people.line_above(duty.person_id, on)))
    form = forms.ExcuseForm(request.POST)
    if not form.is_valid():
        return _without_reason(request, duty, form, on)
    try:
        actions.excuse_week(duty=duty, reason=form.cleaned_data["reason"], by=actor, at=timezone.now())
    except refusals.Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("%(person)s is excused for this week.") % {"person": duty.person})
    return redirect(f"{reverse('okr:my_team')}#card-missing")


def _without_reason(request: HttpRequest, duty: Any, form: Any, on: datetime.date) -> HttpResponse:
    """The manager's page again, with what is wrong beside the field. Who excuses from elsewhere reads it there."""
    reports, period = list(people.reports_of(request.actor.person_id, on)), people.current_period(on)
    if reports and period is not None:
        context = my_week.team_context(request, reports, period, on)
        if duty in [*context["owed"], *(row.duty for row in context["missing"])]:
            context |= {"refused": duty, "excuse_form": form}
            return render(request, "okr/my_team.html", context, status=422)
    messages.error(request, str(form.errors["reason"][0]))
    return redirect("okr:my_team")


def _team(request: HttpRequest) -> Any:
    asked = request.GET.get("team", "")
    try:
        key = uuid.UUID(asked) if asked else None
    except ValueError:
        key = uuid.UUID(int=0)
    return access.get_or_404(people.all_teams(), pk=key) if key else None


def _address(team: Any) -> str:
    return reverse("okr:rhythm") + (f"?team={team.pk}" if team else "")
