"""Whoever leads a team with goals is invited to look back with it."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from okr import actions, queries, tasks
from okr.models import Objective
from performance.inbox.models import WorkItem
from performance.people import models as people
from tests import ready


@pytest.fixture
@ready.made
def team_goal(acting_cast, closing):
    """An objective of the team that runs in the closing period."""
    return Objective.objects.create(
        period=closing,
        owner=acting_cast.manager,
        owner_kind="team",
        team=acting_cast.team,
        title="Never out of stock",
        state="active",
        version_number=1,
        created_at=timezone.now(),
        proposed_by=acting_cast.manager,
    )


def invited():
    items = WorkItem.objects.filter(kind="goals.retrospective", done_at=None).select_related("person")
    return [(item.person, item.title_en) for item in items]


def test_whoever_leads_a_team_with_goals_is_invited_once(team_goal, closing, cast, now, client_for):
    assert actions.invite_to_retrospectives(at=now) == 1
    assert actions.invite_to_retrospectives(at=now) == 0
    assert invited() == [(cast.manager, "Retrospective of Store Operations")]
    item = WorkItem.objects.get(kind="goals.retrospective")
    assert (item.title_zh, item.detail_en) == ("门店运营部的复盘", closing.name_en)
    assert client_for(cast.manager).get(item.url).status_code == 200


def test_a_team_without_goals_or_a_leader_is_not_asked(closing, team_goal, cast, now):
    people.Team.objects.create(code="NEW", name_en="New team", lead=cast.boss)
    assert [team for team, _period in queries.retrospectives_due(now)] == [cast.team]
    people.Team.objects.filter(pk=cast.team.pk).update(lead=None)
    assert actions.invite_to_retrospectives(at=now) == 0


def test_the_invitation_ends_when_the_team_has_looked_back(team_goal, closing, note, close, cast, actor, now):
    actions.invite_to_retrospectives(at=now)
    note()
    assert len(invited()) == 1, "a first note is not the end"
    close()
    assert invited() == []
    assert WorkItem.objects.get(kind="goals.retrospective").done_by == cast.manager
    assert actions.invite_to_retrospectives(at=now) == 0


@pytest.mark.parametrize("state", ["active", "closed"])
def test_nobody_is_asked_once_the_period_is_not_closing(team_goal, closing, now, state):
    actions.invite_to_retrospectives(at=now)
    people.Period.objects.filter(pk=closing.pk).update(state=state)
    tasks.close_periods.apply()
    assert invited() == []
    people.Period.objects.filter(pk=closing.pk).update(state="closing")
    if state == "active":
        assert actions.invite_to_retrospectives(at=now) == 1


def test_a_new_leader_is_asked_in_place_of_the_former_one(team_goal, cast, now):
    actions.invite_to_retrospectives(at=now)
    people.Team.objects.filter(pk=cast.team.pk).update(lead=cast.boss)
    assert actions.invite_to_retrospectives(at=now) == 1
    assert [person for person, _title in invited()] == [cast.boss]


def test_teams_do_not_cost_queries(team_goal, cast, closing, now):
    def counted():
        with CaptureQueriesContext(connection) as found:
            actions.invite_to_retrospectives(at=now)
        return len(found)

    one = counted()
    for number in range(5):
        team = people.Team.objects.create(code=f"T{number}", name_en=f"Team {number}", lead=cast.boss)
        Objective.objects.filter(pk=team_goal.pk).update(team=team)
        team_goal.pk, team_goal.team = None, team
        team_goal.id = uuid.uuid4()
        team_goal.save(force_insert=True)
    # What is open by now is read, closed and told: three statements, whatever the number of teams.
    assert counted() <= one + 3
    assert len(invited()) == 5


def asked_for_notes():
    items = WorkItem.objects.filter(kind="goals.retrospective_note", done_at=None)
    return set(items.values_list("person__number", flat=True))


def test_members_are_asked_for_notes_until_they_have_written_one(
    team_goal, note, close, cast, actor, now, client_for
):
    actions.invite_to_retrospectives(at=now)
    members = asked_for_notes()
    assert {cast.employee.number, cast.colleague.number} <= members
    assert cast.manager.number not in members, "who leads is asked for the retrospective itself"
    item = WorkItem.objects.get(kind="goals.retrospective_note", person=cast.employee)
    assert (item.title_en, item.done_at) == ("Retrospective of Store Operations: your notes", None)
    assert client_for(cast.employee).get(item.url).status_code == 200
    assert item.title_en in client_for(cast.employee).get("/inbox/").content.decode()
    mine = note()
    assert asked_for_notes() == members - {cast.employee.number}
    actions.invite_to_retrospectives(at=now)
    assert asked_for_notes() == members - {cast.employee.number}
    actions.remove_retrospective_note(note=mine, by=actor(cast.employee), at=now)
    actions.invite_to_retrospectives(at=now)
    assert asked_for_notes() == members
    close()
    actions.invite_to_retrospectives(at=now)
    assert asked_for_notes() == set()


def test_members_are_asked_no_longer_once_the_period_is_closed(team_goal, closing, now):
    actions.invite_to_retrospectives(at=now)
    assert asked_for_notes()
    people.Period.objects.filter(pk=closing.pk).update(state="closed")
    tasks.close_periods.apply()
    assert asked_for_notes() == set()
