"""Teams and their members."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from performance.foundation import access
from performance.people import actions, forms, queries, rules
from performance.people.models import Team
from performance.people.views import frame


@require_GET
@access.member
def teams(request: HttpRequest) -> HttpResponse:
    """Every open team with its lead and size."""
    on = frame.day_shown(request)
    found = list(queries.teams_with_counts(on))
    context = frame.people_frame(request, "teams") | {"teams": found, "asof": on}
    return render(request, "people/teams.html", context)


@require_GET
@access.member
def team(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """One team: lead, members, teams within it."""
    found = access.get_or_404(queries.all_teams(), pk=team_id)
    on = frame.day_shown(request)
    members = list(queries.members_of(found.pk, on).order_by("name_sort")[: 4 * queries.PAGE])
    context = frame.people_frame(request, "teams") | {
        "team": found,
        "asof": on,
        "members": members,
        "inner": queries.teams_with_counts(on).filter(parent=found),
    }
    return render(request, "people/team.html", context)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def start_team(request: HttpRequest) -> HttpResponse:
    access.require(rules.can_edit_people(request.actor))
    form = forms.TeamForm(request.POST or None, on=frame.today(request))
    started: list[Team] = []

    def write() -> None:
        started.append(actions.start_team(**form.cleaned_data, by=request.actor, at=timezone.now()))

    if request.method == "POST" and frame.attempt(form, write):
        return frame.saved(request, _("The team was started"), "people:team", started[0].pk)
    context = frame.people_frame(request, "teams") | {"form": form}
    return render(request, "people/edit_team.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.role("hr", writes=True)
def edit_team(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    team = access.get_or_404(queries.all_teams(), pk=team_id)
    access.require(rules.can_edit_people(request.actor))
    initial = {key: getattr(team, key) for key in ("name_en", "name_zh", "parent", "lead")}
    form = forms.TeamForm(request.POST or None, on=frame.today(request), team=team, initial=initial)

    def write() -> None:
        actions.edit_team(team=team, **form.cleaned_data, by=request.actor, at=timezone.now())

    if request.method == "POST" and frame.attempt(form, write):
        return frame.saved(request, _("Saved"), "people:team", team.pk)
    context = frame.people_frame(request, "teams") | {"form": form, "team": team}
    return render(request, "people/edit_team.html", context, status=422 if form.is_bound else 200)


@require_POST
@access.role("hr")
def close_team(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    team = access.get_or_404(queries.all_teams(), pk=team_id)
    access.require(rules.can_edit_people(request.actor))
    actions.close_team(team=team, on=frame.today(request), by=request.actor, at=timezone.now())
    return frame.saved(request, _("The team is closed"), "people:teams")
