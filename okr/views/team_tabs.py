"""What a team's page shows beside its goals: its weeks, its retrospectives, what became of its goals."""

import datetime
import uuid

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from okr import queries, rules
from okr.models import Objective
from okr.views import reading, teams, weeks
from performance.foundation import access

A_PAGE = 20


@access.member
def team_check_ins(request: HttpRequest, team_id: uuid.UUID, week: str = "") -> HttpResponse:
    """One week of the team, of those of the period that have begun: the newest where none is asked for."""
    asked = weeks.monday_from(week) if week else None
    page = teams.load_team(request, team_id, on=asked and asked + 6 * datetime.timedelta(days=1))
    begun = queries.weeks_of(page.period, page.today) if page.period is not None else []
    monday = asked or (begun[-1] if begun else None)
    if asked is not None and asked not in begun:
        raise Http404
    context = page.context("check_ins") | _own_count(request, page)
    if monday is not None:
        counts = queries.counts_by_week(page.team, begun, page.today, request.actor)
        place = begun.index(monday)
        count = counts[place]
        rows = queries.week_of_team(page.team, monday, today=page.today, reader=request.actor)
        context |= {
            "monday": monday,
            "is_this_week": monday == rules.monday_of(page.today),
            "weeks": [(each, weeks.address_of(each.monday)) for each in counts],
            "count": count,
            "before": weeks.address_of(begun[place - 1]) if place else "",
            "after": weeks.address_of(begun[place + 1]) if place + 1 < len(begun) else "",
            "rows": rows,
            "reported": [row for row in rows if row.check_in is not None],
            "waiting": [row for row in rows if row.check_in is None],
            # Of whom the reader is told nothing, in figures that anybody can reckon.
            "untold": count.reported - sum(row.check_in is not None for row in rows),
            "not_yet": count.not_yet - sum(row.is_missing for row in rows),
            "owes_none": count.owes_none - sum(row.check_in is None and not row.is_missing for row in rows),
        }
    return render(request, "okr/team_check_ins.html", context)


@access.member
def team_retrospectives(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """What the team said of each period that has ended, and what it agreed to do."""
    page = teams.load_team(request, team_id)
    if not page.may_look_back:
        raise Http404
    context = page.context("retrospectives") | _own_count(request, page)
    return render(
        request,
        "okr/team_retrospectives.html",
        context | {"rows": queries.looked_back(page.team, page.endings)},
    )


@access.member
def team_history(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """What became of the team's goals, newest first."""
    page = teams.load_team(request, team_id)
    context = page.context("history") | _own_count(request, page)
    if page.period is not None:
        events = queries.team_history(_own(request, page), request.actor)
        context["page_obj"] = Paginator(events, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "okr/team_history.html", context)


def _own(request: HttpRequest, page: teams.TeamPage) -> QuerySet[Objective]:
    return queries.own_objectives(
        reading.visible(request), team=page.team, member_ids=page.member_ids, period=page.period
    )


def _own_count(request: HttpRequest, page: teams.TeamPage) -> dict[str, int]:
    """How many goals the head speaks of."""
    return {"goal_count": _own(request, page).count() if page.period is not None else 0}
