"""A closed period stays the current one until a later one has begun; a week that takes nothing says why and asks nobody."""

import datetime

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import CheckInDuty
from performance.people import actions as people_actions
from performance.people import models as people
from performance.people import queries as people_queries
from tests.okr.conftest import monday_of


@pytest.fixture
def year(acting_cast, quarter):
    return people.Period.objects.create(
        name_en="The year",
        kind="year",
        starts_on=quarter.starts_on - datetime.timedelta(days=10),
        ends_on=quarter.ends_on + datetime.timedelta(days=10),
        state="active",
    )


def test_a_period_closed_early_stays_current_until_a_later_one_begins(quarter, next_quarter, move, now):
    today = now.date()
    move("closing", "closed")
    assert people_queries.current_period(today) == quarter
    assert people_queries.current_period(next_quarter.starts_on) == next_quarter
    assert people_queries.current_period(quarter.starts_on - datetime.timedelta(days=400)) == next_quarter


def test_of_several_periods_of_today_an_open_one_is_current(quarter, year, next_quarter, move, now):
    assert people_queries.current_period(now.date()) == quarter
    move("closing", "closed")
    assert people_queries.current_period(now.date()) == year


def test_home_and_timeline_stay_with_the_closed_period_and_new_goals_go_to_the_next(
    reported, quarter, next_quarter, move, cast, client_for, now
):
    move("closing", "closed")
    actions.seal_closed_periods(at=now)
    employee = client_for(cast.employee)
    home = employee.get("/")
    assert home.context["page"].period == quarter
    shown = home.content.decode()
    assert f"No check-in is taken any more: {quarter.name_en} is closed." in shown
    assert "Sending again corrects it." not in shown
    assert 'id="checkin-send"' not in shown
    assert employee.get(reverse("okr:timeline")).context["frame"].first.year <= now.year
    assert employee.get(reverse("okr:objectives")).context["period"] == quarter
    form = employee.get(reverse("okr:propose")).context["form"]
    assert form["period"].value() == str(next_quarter.pk)
    assert queries.period_to_plan(now.date()) == next_quarter


def test_a_late_check_in_of_a_closed_period_is_refused_and_not_filed_elsewhere(
    active, quarter, next_quarter, move, cast, client_for, now
):
    move("closing", "closed")
    year, week, _day = now.date().isocalendar()
    row = active.key_results.first()
    sent = client_for(cast.employee).post(
        reverse("okr:check_in", args=[f"{year}-W{week:02}"]), {f"value-{row.pk}": "5"}
    )
    assert sent.status_code in (409, 422)


@pytest.mark.parametrize(
    ("states", "locks", "says"),
    [
        ((), True, "the progress of {} is locked."),
        (("planning",), False, "{} has not been started yet."),
        (("closing", "closed"), False, "{} is closed."),
    ],
)
def test_home_says_why_a_week_takes_no_check_in(
    reported, quarter, move, cast, actor, now, client_for, states, locks, says
):
    move(*states)
    if locks:
        people_actions.lock_progress(period=quarter, by=actor(cast.hr), at=now)
    shown = client_for(cast.employee).get("/").content.decode()
    assert says.format(quarter.name_en) in shown
    assert "Sending again corrects it." not in shown


def test_an_earlier_week_says_that_its_rings_are_those_of_today(reported, cast, now, client_for):
    employee = client_for(cast.employee)
    monday = monday_of(now.date()) - datetime.timedelta(days=7)
    year, week, _day = monday.isocalendar()
    shown = employee.get(reverse("okr:week", args=[f"{year}-W{week:02}"])).content.decode()
    assert "As things stand today" in shown
    assert "this week is open" not in shown
    assert "As things stand today" not in employee.get("/").content.decode()


def test_only_who_owes_a_check_in_is_missing(active, quarter, cast, actor, now, client_for):
    manager = client_for(cast.manager)
    page = manager.get(reverse("okr:my_team"))
    assert page.context["missing"] == []
    assert "nobody owes one" in page.content.decode()
    actions.open_duties(period=quarter, monday=monday_of(now.date()), at=now)
    CheckInDuty.objects.update(state="open", excuse="")
    missing = manager.get(reverse("okr:my_team")).context["missing"]
    assert [row.person for row in missing] == [cast.employee], "the colleague has no goals"
    people_actions.lock_progress(period=quarter, by=actor(cast.hr), at=now)
    assert manager.get(reverse("okr:my_team")).context["missing"] == []
