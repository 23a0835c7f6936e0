"""What is planned: a last day to come is told by no page, list, count or search to those who may not know it."""

import datetime
from typing import Any

import pytest
from django.urls import reverse

from performance.foundation import tenancy
from performance.people import actions, models, queries
from tests import ready
from tests.conftest import LONG_AGO, Cast, make_person, report_to

DAY = datetime.timedelta(days=1)


@pytest.fixture
def today(cast: Cast) -> datetime.date:
    return queries.today(cast.organisation)


@pytest.fixture
@ready.made
def last_day(cast: Cast, now: datetime.datetime, today: datetime.date) -> datetime.date:
    """In a month the manager leaves; until then this is HR's secret. Their reports go to the business owner."""
    with tenancy.acting_for(cast.organisation):
        day = today + 30 * DAY
        actions.deactivate_person(
            person=cast.manager, left_on=day, reports_to=cast.business_owner, by=cast.hr, at=now
        )
    return day


def outsiders(cast: Cast) -> list[models.Person]:
    """Neither HR nor auditor, and no one of the reports is theirs or they."""
    return [cast.administrator, cast.business_owner, cast.finance_owner]


def test_a_day_to_come_shows_today_to_those_who_see_no_plans(
    cast: Cast, send: Any, last_day: datetime.date
) -> None:
    one = reverse("api_person", args=[cast.manager.pk])
    for person in (*outsiders(cast), cast.employee, cast.boss):
        later = send(person, "get", one, {"asof": last_day + DAY}).json()
        assert later == send(person, "get", one).json(), person
        assert (later["manager_id"], later["direct_reports"]) == (str(cast.boss.pk), 2)
        assert later["team_id"] == str(cast.team.pk)
    for person in (cast.hr, cast.auditor):
        later = send(person, "get", one, {"asof": last_day + DAY}).json()
        assert (later["manager_id"], later["team_id"], later["direct_reports"]) == (None, None, 0)


def test_reports_and_members_of_a_day_to_come_are_those_of_today(
    cast: Cast, send: Any, last_day: datetime.date
) -> None:
    asof = {"asof": last_day + DAY}

    def seen_by(person: models.Person) -> tuple[int, int, int]:
        reports = send(person, "get", reverse("api_person_reports", args=[cast.manager.pk]), asof)
        members = send(person, "get", reverse("api_team_members", args=[cast.team.pk]), asof)
        team = send(person, "get", reverse("api_team", args=[cast.team.pk]), asof)
        return len(reports.json()["results"]), len(members.json()["results"]), team.json()["members"]

    for person in outsiders(cast):
        assert seen_by(person) == (2, 3, 3), person
    for person in (cast.hr, cast.auditor):
        assert seen_by(person) == (0, 2, 2), person


def test_pages_of_a_day_to_come_are_those_of_today(
    cast: Cast, client_for: Any, today: datetime.date, last_day: datetime.date
) -> None:
    asof = {"asof": (last_day + DAY).isoformat()}
    addresses = [
        reverse("people:person", args=[cast.manager.pk]),
        reverse("people:organisation_chart"),
        reverse("people:reports", args=[cast.business_owner.pk]),
        reverse("people:teams"),
        reverse("people:team", args=[cast.team.pk]),
    ]
    for address in addresses:
        assert client_for(cast.finance_owner).get(address, asof).context["asof"] == today, address
        assert client_for(cast.auditor).get(address, asof).context["asof"] == last_day + DAY, address


def planned(send: Any, reader: models.Person, **about: Any) -> set[str]:
    found = send(reader, "get", reverse("api_line_changes"), about).json()["results"]
    return {change["person_id"] for change in found if change["is_planned"]}


def test_planned_changes_are_listed_to_those_whom_they_concern(
    cast: Cast, send: Any, client_for: Any, last_day: datetime.date
) -> None:
    both = {str(cast.employee.pk), str(cast.colleague.pk)}
    expected = {
        cast.hr: both,
        cast.auditor: both,
        cast.manager: both,
        cast.boss: both,
        cast.employee: {str(cast.employee.pk)},
    } | {key: set[str]() for key in outsiders(cast)}
    for person, seen in expected.items():
        assert planned(send, person) == seen, person
        assert planned(send, person, person=cast.business_owner.pk) == seen, person
        page = client_for(person).get(reverse("people:changes"))
        assert page.context["planned_count"] == len(seen), person
        assert {str(each.line.person_id) for each in page.context["changes"] if each.is_planned} == seen


def test_a_branch_draws_no_plan_that_its_reader_may_not_know(
    cast: Cast, client_for: Any, last_day: datetime.date
) -> None:
    addresses = [
        reverse("people:person", args=[cast.business_owner.pk]),
        reverse("people:reports", args=[cast.business_owner.pk]),
    ]
    for address in addresses:
        for person in outsiders(cast):
            assert 'class="plan"' not in client_for(person).get(address).content.decode(), person
        assert 'class="plan"' in client_for(cast.hr).get(address).content.decode()
    page = client_for(cast.colleague).get(addresses[0])
    assert page.context["next_plan"] is None
    assert client_for(cast.hr).get(addresses[0]).context["next_plan"] == last_day + DAY


def test_a_membership_to_come_is_found_by_those_who_plan_it(
    cast: Cast, send: Any, now: datetime.datetime, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        team = actions.start_team(code="NEW", name_en="New Stores", by=cast.hr, at=now)
        actions.join_team(person=cast.employee, team=team, starts_on=today + 9 * DAY, by=cast.hr, at=now)
    for person in (*outsiders(cast), cast.colleague):
        assert send(person, "get", reverse("api_people"), {"team": team.pk}).json()["results"] == [], person
    for person in (cast.hr, cast.auditor, cast.employee, cast.manager):
        found = send(person, "get", reverse("api_people"), {"team": team.pk}).json()["results"]
        assert [row["number"] for row in found] == ["P003"], person


def test_whoever_joins_later_is_found_in_their_first_team(
    cast: Cast, send: Any, today: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        first = today + 9 * DAY
        joiner = make_person("P050", "Joy Joiner", hired_on=first)
        models.TeamMembership.objects.create(person=joiner, team=cast.team, starts_on=first)
        report_to(cast.manager, joiner, starts_on=first)
    given = {"team": cast.team.pk, "state": "joining"}
    found = send(cast.finance_owner, "get", reverse("api_people"), given).json()["results"]
    assert [row["number"] for row in found] == ["P050"]


def test_the_search_does_not_order_by_a_last_day_to_come(
    cast: Cast, actor: Any, last_day: datetime.date
) -> None:
    with tenancy.acting_for(cast.organisation):
        make_person("P051", "Mia Zimmer")
        make_person("P052", "Mia Adams", left_on=LONG_AGO)
        found = queries.search(actor(cast.finance_owner), "mia")
    assert [hit.label for hit in found] == ["Mia Manager", "Mia Zimmer", "Mia Adams"]


def test_a_role_is_refused_only_to_whoever_has_left(
    cast: Cast, send: Any, last_day: datetime.date, today: datetime.date
) -> None:
    given = {"person_id": cast.manager.pk, "role": "business_owner"}
    assert send(cast.administrator, "post", reverse("api_roles"), given).status_code == 201
