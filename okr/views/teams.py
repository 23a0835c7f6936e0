"""A team's goals as a tree, and how a period counts progress."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from okr import actions, forms, queries, rules
from okr.views import reading
from performance.foundation import access, jobs, refusals
from performance.people import models as people_models
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks

TABS = ("map", "list", "check-ins")


@access.member
def team(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """What the team works for: under what it serves, over what serves it."""
    actor = request.actor
    today = people.today(actor.organisation)
    found = access.get_or_404(people_models.Team.objects.select_related("lead"), pk=team_id)
    periods = list(people.periods())
    asked = request.GET.get("period", "")
    period = next((each for each in periods if str(each.pk) == asked), None) or people.current_period(today)
    members = list(people.members_of(found.pk, today))
    context = {
        "nav": "goals",
        "team": found,
        "members": members,
        "periods": periods,
        "period": period,
        "tab": request.GET.get("view") if request.GET.get("view") in TABS else "map",
    }
    if period is not None and rules.is_retrospective_time(period):
        circle = queries.circle_of(found, period, today)
        context["has_retrospective"] = rules.can_read_retrospective(
            actor, found, circle.member_ids, circle.line_above
        )
    if period is not None:
        period.organisation = actor.organisation
        pace = queries.pace_of(period, today)
        policy = queries.policy_of(period)
        ids = [person.pk for person in members]
        roots, own = queries.team_tree(
            reading.visible(request), team=found, member_ids=ids, period=period, pace=pace, policy=policy
        )
        leaves = [node for root in roots for node in _leaves(root)]
        below = queries.counts_below(reading.visible(request), [node.row.objective.pk for node in leaves])
        for node in leaves:
            node.below = below.get(node.row.objective.pk, 0)
        context |= {
            "pace": pace,
            "policy": policy,
            "roots": roots,
            "rows": own,
            "crossing": queries.between_teams(
                reading.visible(request), team=found, member_ids=ids, period=period
            ),
            "today": today,
            "checked_in": queries.checked_in_count(ids, rules.monday_of(today)),
        }
    return render(request, "okr/team.html", context)


def _leaves(node: queries.Node) -> list[queries.Node]:
    """The nodes below which nothing is drawn."""
    return [leaf for child in node.children for leaf in _leaves(child)] or [node]


@access.member
def branch(request: HttpRequest, objective_id: uuid.UUID) -> HttpResponse:
    """What directly serves an objective: one branch of the tree, fetched when it is opened."""
    one, _line = reading.found(request, objective_id)
    pace = queries.pace_of(one.period, people.today(request.actor.organisation))
    asked = request.GET.get("from", "")
    found = queries.branch_of(
        reading.visible(request),
        one,
        pace=pace,
        policy=queries.policy_of(one.period),
        start=int(asked) if asked.isdecimal() and len(asked) < 7 else 0,
    )
    return render(request, "okr/_card_branch.html", {"parent": one, "pace": pace, "branch": found})


@access.role("hr", "administrator")
def policy(request: HttpRequest, period_id: uuid.UUID) -> HttpResponse:
    """How this period counts progress; a change is a new version."""
    actor = request.actor
    period = access.get_or_404(people.periods(), pk=period_id)
    standing = queries.policy_of(period)
    form = forms.PolicyForm(request.POST or None, initial=_initial(standing))
    if request.method == "POST":
        access.require(rules.can_set_policy(actor))
        if form.is_valid():
            choices = dict(form.cleaned_data)
            reason = choices.pop("reason")
            try:
                actions.set_policy(period=period, choices=choices, reason=reason, by=actor, at=timezone.now())
            except actions.ObjectiveRefused as refusal:
                refusals.place(form, refusal)
            else:
                jobs.nudge(scoring_tasks.rescore_stale)
                messages.success(request, _("Counted this way from now on."))
                return redirect("okr:policy", period.pk)
    status = 422 if form.is_bound and form.errors else 200
    context = {
        "nav": "goals",
        "form": form,
        "period": period,
        "policy": standing,
        "versions": period.okr_policies.select_related("by"),
        "can_set_policy": rules.can_set_policy(actor),
    }
    return render(request, "okr/policy.html", context, status=status)


def _initial(standing: object) -> dict[str, object]:
    names = [name for name in forms.PolicyForm.base_fields if name != "reason"]
    return {name: getattr(standing, name) for name in names}
