"""Grades beside the progress, given by both sides while the period is closing."""

import pytest
from django.urls import reverse

from okr import actions, queries
from okr.models import Grade
from performance.foundation import audit
from performance.inbox import queries as inbox
from tests.okr.conftest import content

JSON = {"content_type": "application/json"}


def grade(objective, actor, now, percent=50, **said):
    return actions.grade_objective(objective=objective, percent=percent, by=actor, at=now, **said)


def test_owners_are_asked_once_when_the_period_is_closing(reported, move, cast, now):
    assert actions.ask_for_grades(at=now) == 0
    move("closing")

    assert actions.ask_for_grades(at=now) == 1
    assert actions.ask_for_grades(at=now) == 0
    (item,) = inbox.open_items(cast.employee.pk).filter(kind="goals.self_grade")
    assert str(reported.pk) in item.url


def test_asking_many_for_grades_takes_as_many_statements_as_asking_one(
    active, propose, agree, move, cast, now, django_assert_max_num_queries
):
    for number in range(4):
        agree(propose(content(f"Goal {number}")))
    move("closing")
    with django_assert_max_num_queries(11):
        assert actions.ask_for_grades(at=now) == 5
    assert inbox.open_items(cast.employee.pk).filter(kind="goals.self_grade").count() == 5


def test_the_owner_grades_then_the_manager_and_progress_stays_as_computed(reported, move, cast, actor, now):
    move("closing")
    actions.ask_for_grades(at=now)
    before = reported.progress_micro

    grade(reported, actor(cast.employee), now, learned="Start earlier.")
    assert not inbox.open_items(cast.employee.pk).filter(kind="goals.self_grade").exists()
    assert inbox.open_items(cast.manager.pk).filter(kind="goals.manager_grade").count() == 1
    grade(reported, actor(cast.manager), now, 70, reason="It was harder than planned.")

    assert not inbox.open_items(cast.manager.pk).filter(kind="goals.manager_grade").exists()
    standing = queries.grades_of(reported)
    assert {side: (each.percent, each.suggested) for side, each in standing.items()} == {
        "owner": (50, 50),
        "manager": (70, 50),
    }
    reported.refresh_from_db()
    assert reported.progress_micro == before == 50_000_000


def test_another_grade_than_the_suggested_one_needs_a_reason(reported, move, cast, actor, now):
    move("closing")
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        grade(reported, actor(cast.employee), now, 80)
    assert (refusal.value.code, refusal.value.field) == ("reason", "reason")
    assert not Grade.objects.exists()


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_grade_outside_the_scale_is_refused(reported, move, cast, actor, now, percent):
    move("closing")
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        grade(reported, actor(cast.employee), now, percent, reason="Because.")
    assert refusal.value.field == "percent"


def test_where_over_achievement_shows_the_scale_reaches_to_the_cap(reported, move, quarter, cast, actor, now):
    choices = {"over": "cap", "cap_percent": 130}
    actions.set_policy(period=quarter, choices=choices, reason="Shown.", by=actor(cast.hr), at=now)
    move("closing")
    assert grade(reported, actor(cast.employee), now, 130, reason="Beyond.").percent == 130


def test_the_manager_waits_for_the_owner_and_the_owner_changes_nothing_after_the_manager(
    reported, move, cast, actor, now
):
    move("closing")
    with pytest.raises(actions.ObjectiveRefused, match="owner grades first"):
        grade(reported, actor(cast.manager), now)
    grade(reported, actor(cast.employee), now, 40, reason="First.")
    grade(reported, actor(cast.employee), now)
    grade(reported, actor(cast.manager), now)
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        grade(reported, actor(cast.employee), now, 60, reason="After all.")
    assert refusal.value.code == "conflict"
    assert queries.grades_of(reported)["owner"].percent == 50


def test_the_same_grade_again_changes_nothing(reported, move, cast, actor, now):
    move("closing")
    assert grade(reported, actor(cast.employee), now) == grade(reported, actor(cast.employee), now)
    assert Grade.objects.count() == 1


@pytest.mark.parametrize("states", [(), ("closing", "closed")])
def test_grades_are_given_only_while_the_period_is_closing(reported, move, cast, actor, now, states):
    move(*states)
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        grade(reported, actor(cast.employee), now)
    assert refusal.value.code == "not_closing"


def test_who_grades_and_who_reads_grades(reported, move, cast, actor, now, client_for):
    move("closing")
    address = reverse("api_grades", args=[reported.pk])
    given = client_for(cast.employee).post(address, {"percent": 50, "learned": "Start earlier."}, **JSON)
    assert given.status_code == 201, given.content
    codes = {
        name: (
            client_for(person).get(address).status_code,
            client_for(person).post(address, {"percent": 50}, **JSON).status_code,
        )
        for name, person in (
            ("peer", cast.colleague),
            ("hr", cast.hr),
            ("auditor", cast.auditor),
            ("stranger", cast.stranger),
            ("manager", cast.manager),
        )
    }
    assert codes == {
        "peer": (403, 403),
        "hr": (200, 403),
        "auditor": (200, 403),
        "stranger": (404, 404),
        "manager": (200, 201),
    }
    page = reverse("okr:objective", args=[reported.pk])
    assert "Start earlier." in client_for(cast.manager).get(page).content.decode()
    assert "Start earlier." not in client_for(cast.colleague).get(page).content.decode()


def test_the_form_grades_and_says_what_is_missing(reported, move, cast, client_for):
    move("closing")
    client = client_for(cast.employee)
    address = reverse("okr:grade", args=[reported.pk])
    wrong = client.post(address, {"percent": "90"})
    assert wrong.status_code == 422
    assert "Say why your grade differs" in wrong.content.decode()
    assert client.post(address, {"percent": "90", "reason": "The rest came late."}).status_code == 302
    assert "The rest came late." in client.get(reverse("okr:objective", args=[reported.pk])).content.decode()


def test_the_log_says_who_graded_and_not_how(reported, move, cast, actor, client_for, now):
    move("closing")
    grade(reported, actor(cast.employee), now, 73, reason="Better than it looks.")
    (row,) = audit.rows(search="okr.grade_objective")
    assert row.changes == {"side": "owner"}
    # Rows of former times name it.
    changes = {"side": "owner", "percent": [None, 73]}
    audit.record(by=cast.employee, action="okr.grade_objective", subject=reported, changes=changes, at=now)
    address, words = reverse("api_audit_log"), {"q": "grade_objective"}

    def told(reader):
        return [each["changes"] for each in client_for(reader).get(address, words).json()["results"]]

    assert told(cast.administrator) == [{"side": "owner"}] * 2
    assert changes in told(cast.auditor)
