"""What became of a team's goals: agreements, changes with reasons, the end; each reader reads what is theirs."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from okr import actions, queries
from performance.people import models as people
from tests.okr.conftest import content


@pytest.fixture
def later(now):
    return lambda minutes: now + datetime.timedelta(minutes=minutes)


@pytest.fixture
def history(cast, client_for):
    """Page and API together."""

    def do(person, **query):
        client = client_for(person)
        page = client.get(reverse("okr:team_history", args=[cast.team.pk]), query)
        told = client.get(reverse("api_team_history", args=[cast.team.pk]), query)
        assert (page.status_code, told.status_code) == (200, 200)
        return page.content.decode(), told.json()

    return do


def test_a_change_stands_with_its_reason_its_difference_and_its_agreement(
    propose, agree, cast, acting_cast, actor, later, history
):
    one = agree(propose(content("Full shelves")))
    changed = actions.propose_change(
        objective=one,
        content=content("Fuller shelves"),
        reason="Suppliers left",
        by=actor(cast.manager),
        at=later(1),
    )
    actions.agree_objective(
        objective=one, version_number=changed.number, by=actor(cast.employee), at=later(2)
    )
    page, told = history(cast.administrator)
    kinds = [(event["kind"], event["version"]) for event in told["results"]]
    assert kinds == [("agreed", 2), ("proposed", 2), ("agreed", 1), ("proposed", 1)]
    proposed = told["results"][1]
    assert proposed["reason"] == "Suppliers left"
    assert proposed["by"] == str(cast.manager.pk)
    assert proposed["changes"][0] == {"label": "Objective", "old": "Full shelves", "new": "Fuller shelves"}
    assert "Suppliers left" in page
    assert "Version 2 agreed by both" in page
    assert page.index("Version 2 agreed by both") < page.index("Version 1 agreed by both")


def test_what_is_withdrawn_and_what_is_closed_stand_there_too(
    reported, propose, cast, acting_cast, actor, later, history, quarter
):
    actions.propose_change(
        objective=reported, content=content("Other"), reason="A thought", by=actor(cast.employee), at=later(1)
    )
    actions.withdraw_proposal(objective=reported, by=actor(cast.employee), at=later(2))
    people.Period.objects.filter(pk=quarter.pk).update(state="closed", closed_at=later(3))
    actions.seal_closed_periods(at=later(4))
    page, told = history(cast.colleague, period=str(quarter.pk))
    assert [event["kind"] for event in told["results"]][:3] == ["closed", "withdrawn", "proposed"]
    assert told["results"][0]["percent"] == 50
    assert "Closed at 50%" in page
    assert "Version 2 withdrawn" in page


def test_reasons_given_while_few_could_read_them_stay_with_those_few(
    propose, agree, cast, acting_cast, actor, later, history
):
    one = agree(propose(content("Merge two stores", visibility="private")))
    opened = actions.propose_change(
        objective=one,
        content=content("Full shelves"),
        reason="Talks are over",
        by=actor(cast.manager),
        at=later(1),
    )
    actions.agree_objective(objective=one, version_number=opened.number, by=actor(cast.employee), at=later(2))
    secret = agree(propose(content("Cygnus", visibility="private")))
    for reader in (cast.employee, cast.manager, cast.boss, cast.auditor):
        page, told = history(reader)
        for words in ("Merge two stores", "Talks are over", "Cygnus"):
            assert words in page, reader
            assert words in str(told), reader
    for reader in (cast.colleague, cast.hr, cast.administrator):
        page, told = history(reader)
        for words in ("Merge", "Talks", "Cygnus", str(secret.pk)):
            assert words not in page, reader
            assert words not in str(told), reader
        assert "Full shelves" in page


@pytest.mark.parametrize("level", ["public", "team", "private"])
@pytest.mark.parametrize("was", ["public", "team", "private"])
def test_many_goals_are_looked_at_with_the_same_eyes_as_one(
    level, was, propose, agree, cast, acting_cast, actor, later
):
    one = agree(propose(content("Before", visibility=was), team=cast.team))
    changed = actions.propose_change(
        objective=one,
        content=content("After", visibility=level),
        reason="So",
        by=actor(cast.employee),
        at=later(1),
    )
    for is_agreed in (False, True):
        if is_agreed:
            actions.agree_objective(
                objective=one, version_number=changed.number, by=actor(cast.manager), at=later(2)
            )
            one.refresh_from_db()
        for name in (
            "employee",
            "manager",
            "boss",
            "colleague",
            "hr",
            "administrator",
            "auditor",
            "finance_owner",
        ):
            reader = actor(getattr(cast, name))
            assert queries.sights_of([one], reader)[one.pk] == queries.sight_of(one, reader.person_id), name


def test_the_history_asks_as_much_for_many_goals_with_a_private_past_as_for_one(
    propose, agree, cast, acting_cast, actor, later, client_for
):
    def opened(number):
        one = agree(propose(content(f"Closed {number}", visibility="private")))
        version = actions.propose_change(
            objective=one,
            content=content(f"Open {number}"),
            reason="Over",
            by=actor(cast.manager),
            at=later(1),
        )
        actions.agree_objective(
            objective=one, version_number=version.number, by=actor(cast.employee), at=later(2)
        )

    client = client_for(cast.colleague)
    address = reverse("okr:team_history", args=[cast.team.pk])

    def cost():
        client.get(address)
        with CaptureQueriesContext(connection) as made:
            assert client.get(address).status_code == 200
        return len(made)

    opened(0)
    before = cost()
    for number in range(1, 6):
        opened(number)
    assert cost() == before


def test_a_period_without_goals_says_what_will_be_kept(cast, acting_cast, quarter, history):
    page, told = history(cast.employee)
    assert "Nothing has happened in this period yet" in page
    assert told["count"] == 0


def test_the_history_has_pages(propose, agree, cast, acting_cast, history):
    for number in range(11):
        agree(propose(content(f"Goal {number}")))
    page, told = history(cast.employee, page=2, page_size=20)
    assert "Page 2 of 2" in page
    assert told["count"] == 22
