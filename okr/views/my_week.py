"""Home: my week, and for managers my team."""

import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from okr import queries, rules
from okr.models import Objective, OkrPolicy
from okr.models.objectives import SCORED_STATES
from okr.views import weeks
from performance.foundation import access
from performance.people import queries as people

GLANCES = 2
PROPOSALS = 5


@access.member
def home(request: HttpRequest) -> HttpResponse:
    """My week: how things stand, the pre-filled check-in, last week's conversation, what waits for me."""
    return render(request, "okr/home.html", week_context(request))


@access.member
def week(request: HttpRequest, week: str) -> HttpResponse:
    """An earlier week: to read, or to report late."""
    monday = weeks.monday_from(week)
    if monday >= rules.monday_of(people.today(request.actor.organisation)):
        return redirect("okr:home")
    return render(request, "okr/home.html", week_context(request, monday))


def week_context(
    request: HttpRequest, monday: datetime.date | None = None, form: Any = None, page: Any = None
) -> dict[str, Any]:
    """What the page and its check-in card show. `form` is a bound one that was refused."""
    actor = request.actor
    page = page or weeks.load_week(request, monday)
    shared = {
        "nav": "home",
        "is_manager": people.manages_anyone(actor.person_id, people.today(actor.organisation)),
    }
    if page is None:
        return {**shared, "page": None}
    form = form or page.form()
    previous = queries.previous_check_in(actor.person_id, page.monday)
    streak = queries.streak_of(actor.person_id, page.period, page.today)
    return {
        **shared,
        "page": page,
        "form": form,
        "groups": (groups := page.rows(form)),
        "helpers": page.helpers(form),
        "now": timezone.now(),
        # Who has nothing to report on owes nothing, and is not counted as behind.
        "due_at": queries.due_at(actor.person_id, page.monday, page.period)
        if groups and not actor.only_reads
        else None,
        "is_this_week": page.monday == rules.monday_of(page.today),
        "previous_week": page.monday - queries.A_WEEK,
        "previous_address": weeks.address_of(page.monday - queries.A_WEEK),
        "glances": (glances := _glances(actor, page)),
        "policies": _policies(page, has_glances=bool(glances)),
        "streak": streak if groups or streak.done else None,
        "previous": previous,
        "previous_replies": list(queries.replies_to(previous)) if previous else [],
        "proposals": list(queries.proposals_waiting_for(actor.person_id)[:PROPOSALS]),
    }


def _policies(page: weeks.WeekPage, *, has_glances: bool) -> list[OkrPolicy]:
    """What counted the progress on the page: of today, and of an earlier week as it was reported."""
    periods = [page.period] if has_glances else []
    reported = [each.objective.period for each in page.key_results]
    if page.check_in is None or page.monday == rules.monday_of(page.today):
        return queries.policies_behind([*periods, *reported])
    return queries.policies_behind(periods, [(each, page.check_in.at) for each in reported])


def _glances(actor: Any, page: weeks.WeekPage) -> list[queries.ObjectiveRow]:
    mine = queries.of_person(Objective.objects.filter(state__in=SCORED_STATES), actor.person_id, page.period)
    shown = queries.with_key_results(mine).order_by("created_at", "id")[:GLANCES]
    return queries.rows_of(shown, {page.period.pk: page.pace}, {page.period.pk: page.policy})


@access.member
def my_team(request: HttpRequest) -> HttpResponse:
    """Who has checked in, who needs an answer, what is stuck, what waits for agreement."""
    actor = request.actor
    today = people.today(actor.organisation)
    reports = list(people.reports_of(actor.person_id, today))
    period = people.current_period(today)
    if not reports or period is None:
        return redirect(reverse("okr:home"))
    return render(request, "okr/my_team.html", team_context(request, reports, period, today))


def team_context(
    request: HttpRequest, reports: list[Any], period: Any, today: datetime.date
) -> dict[str, Any]:
    actor = request.actor
    period.organisation = actor.organisation
    monday = rules.monday_of(today)
    pace = queries.pace_of(period, today)
    rows = queries.team_week(reports, monday, today=today, organisation=actor.organisation)
    shows_all = request.GET.get("show") == "all"
    waiting = [row for row in rows if row.needs_reply]
    shown = rows if shows_all else waiting
    quiet = [row for row in rows if row.check_in is not None and not row.needs_reply]
    takes = {each.pk for each in queries.periods_of_week(monday, today)}
    missing = [row for row in rows if row.is_missing and row.duty and row.duty.period_id in takes]
    team = people.team_of(actor.person_id, today)
    glances = queries.with_key_results(queries.led_by(actor.person_id, period))[:GLANCES]
    earlier = list(queries.waiting_before(reports, monday))
    owed = list(queries.owed_before([row.person.pk for row in rows], monday))
    return {
        "nav": "home",
        "is_manager": True,
        "monday": monday,
        "period": period,
        "pace": pace,
        "rows": rows,
        "shown": shown,
        "shows_all": shows_all,
        "earlier": [] if shows_all else earlier,
        "waiting_count": len(waiting) + len(earlier),
        "quiet": quiet,
        "missing": missing,
        "checked_in": sum(row.check_in is not None for row in rows),
        "excused": [row for row in rows if row.is_excused],
        "asks": list(queries.open_asks(reports)),
        "due_at": min((row.duty.due_at for row in missing if row.duty and row.duty.due_at), default=None),
        "owed": owed,
        "owed_count": len(owed) + len(missing),
        "now": timezone.now(),
        "team": team,
        "glances": queries.rows_of(glances, {period.pk: pace}, {period.pk: queries.policy_of(period)}),
        "policies": queries.policies_behind(
            [period] if glances else [],
            [(row.worst.key_result.objective.period, row.worst.at) for row in shown if row.worst],
        ),
        "proposals": list(queries.proposals_waiting_for(actor.person_id)[:PROPOSALS]),
    }
