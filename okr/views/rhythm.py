"""When check-ins are due, for everybody and for a team; letting somebody off a week."""

import datetime
import uuid
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from okr import actions, forms, queries, rules
from okr.views import my_week
from performance.foundation import access, refusals
from performance.people import queries as people

#: What a way back to the former rhythm is signed for, and for how many seconds it leads there.
WAY_BACK, OPEN_FOR = "okr.rhythm", 3600


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
            before = rules.cadence_choices(queries.own_cadence(team))
            made = actions.set_cadence(team=team, choices=form.cleaned_data, by=actor, at=timezone.now())
            _tell(
                request,
                _("From the next week on, check-ins are due like this."),
                team=team,
                before=before,
                after=rules.cadence_choices(made),
            )
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
    said = _("The team follows everybody’s rhythm again.")
    _tell(request, said, team=team, before=rules.cadence_choices(cadence), after=None)
    return redirect(_address(team))


def _tell(request: HttpRequest, said: str, *, team: Any, before: Any, after: Any) -> None:
    """With a way back, which carries what stood before: it is ours and signed, so that it says nothing else."""
    if before == after:
        messages.success(request, said)
        return
    change = {"team": team and str(team.pk), "before": before, "after": after}
    way = signing.dumps(change, salt=WAY_BACK, compress=True)
    undo = f"{reverse('okr:restore_rhythm')}?change={way}"
    messages.success(request, said, extra_tags=f"undo:{undo}")


@require_POST
@access.member
def restore_rhythm(request: HttpRequest) -> HttpResponse:
    """The rhythm as it was before the last change."""
    try:
        change = signing.loads(request.GET.get("change", ""), salt=WAY_BACK, max_age=OPEN_FOR)
    except signing.BadSignature as error:
        raise Http404 from error
    team = access.get_or_404(people.all_teams(), pk=change["team"]) if change["team"] else None
    access.require(rules.can_set_cadence(request.actor, team))
    try:
        actions.restore_cadence(
            team=team, before=change["before"], after=change["after"], by=request.actor, at=timezone.now()
        )
    except refusals.Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Taken back."))
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
        said = _("%(person)s is excused for this week.") % {"person": duty.person}
        undo = reverse("okr:take_excuse_back", args=[duty.pk])
        messages.success(request, said, extra_tags=f"undo:{undo}")
    return redirect(f"{reverse('okr:my_team')}#card-missing")


@require_POST
@access.member
def take_excuse_back(request: HttpRequest, duty_id: uuid.UUID) -> HttpResponse:
    """The week is owed again."""
    actor = request.actor
    on = people.today(actor.organisation)
    duty = access.get_or_404(queries.duties_visible_to(actor, on), pk=duty_id)
    access.require(rules.can_excuse(actor, duty, people.line_above(duty.person_id, on)))
    try:
        actions.take_excuse_back(duty=duty, by=actor, at=timezone.now())
    except refusals.Refused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("%(person)s owes this week again.") % {"person": duty.person})
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
