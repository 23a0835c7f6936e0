"""A team's goals as a tree."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from okr import queries, rules
from okr.views import reading
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people

#: Where the tabs of a team's page stand.
ADDRESSES = {
    "map": "team",
    "list": "team_list",
    "check_ins": "team_check_ins",
    "retrospectives": "team_retrospectives",
    "history": "team_history",
}


@dataclass(frozen=True)
class TeamPage:
    """What all tabs of a team's page stand on. `endings` are the ended periods whose retrospective the reader may
    read; `period` brings its organisation."""

    team: people_models.Team
    members: list[people_models.Person]
    periods: list[people_models.Period]
    period: people_models.Period | None
    is_chosen: bool
    today: datetime.date
    endings: list[people_models.Period]
    may_look_back: bool
    this_week: queries.WeekCount

    @property
    def member_ids(self) -> list[uuid.UUID]:
        return [person.pk for person in self.members]

    def context(self, tab: str) -> dict[str, Any]:
        return {
            "nav": "goals",
            "team": self.team,
            "members": self.members,
            "periods": self.periods,
            "period": self.period,
            "today": self.today,
            "this_week": self.this_week,
            "tab": tab,
            "here": reverse(f"okr:{ADDRESSES[tab]}", args=[self.team.pk]),
            "shows_retrospectives": self.may_look_back,
            # What was chosen stays chosen from tab to tab.
            "chosen": f"?{urlencode({'period': self.period.pk})}" if self.period and self.is_chosen else "",
        }


def load_team(request: HttpRequest, team_id: uuid.UUID, on: datetime.date | None = None) -> TeamPage:
    """The team, in the period that is asked for, else in the one that holds a day, else in the present one. 404 where
    there is no such team."""
    actor = request.actor
    today = people.today(actor.organisation)
    found = access.get_or_404(people_models.Team.objects.select_related("lead"), pk=team_id)
    periods = list(people.periods())
    asked = request.GET.get("period", "")
    chosen = next((each for each in periods if str(each.pk) == asked), None)
    holding = [each for each in periods if on is not None and each.starts_on <= on <= each.ends_on]
    of_the_day = min(holding, key=lambda each: (each.kind != "quarter", each.days), default=None)
    period = chosen or of_the_day or people.current_period(today)
    if period is not None:
        period.organisation = actor.organisation
    members = list(people.members_of(found.pk, today))
    line = people.line_above(found.lead_id, today) if found.lead_id else []
    endings = queries.endings_read_by(actor, found, periods, line, today)
    ids = {person.pk for person in members}
    (this_week,) = queries.counts_by_week(found, [rules.monday_of(today)], today, actor)
    return TeamPage(
        team=found,
        members=members,
        periods=periods,
        period=period,
        is_chosen=chosen is not None,
        today=today,
        endings=endings,
        may_look_back=bool(endings) or rules.can_read_retrospective(actor, found, ids, line),
        this_week=this_week,
    )


@access.member
def team(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """What the team works for: under what it serves, over what serves it."""
    return _goals(request, team_id, "map")


@access.member
def team_list(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """The same as a list."""
    return _goals(request, team_id, "list")


def _goals(request: HttpRequest, team_id: uuid.UUID, tab: str) -> HttpResponse:
    page = load_team(request, team_id)
    context, period = page.context(tab), page.period
    if period is not None:
        pace = queries.pace_of(period, page.today)
        policy = queries.policy_of(period)
        ids = page.member_ids
        roots, own = queries.team_tree(
            reading.visible(request), team=page.team, member_ids=ids, period=period, pace=pace, policy=policy
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
            "goal_count": len(own),
            "crossing": queries.between_teams(
                reading.visible(request), team=page.team, member_ids=ids, period=period, reader=request.actor
            ),
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
