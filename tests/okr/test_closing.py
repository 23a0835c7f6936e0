"""The end of a period: grades beside the progress, what is taken along, and the seal."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from okr import actions, queries
from okr.models import CheckIn, CheckInDuty, Grade, Objective, ProgressPoint
from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.inbox import queries as inbox
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from performance.people.actions import PeopleRefused
from tests.okr.conftest import WEEK, content, key_result, monday_of

JSON = {"content_type": "application/json"}


@pytest.fixture
def reported(active, check_in):
    """Half way in its first key result; the rest without a reading."""
    row = active.key_results.first()
    check_in(actions.Reading(row.pk, value=Decimal(5)))
    active.refresh_from_db()
    return active


@pytest.fixture
def next_quarter(acting_cast, quarter):
    first = quarter.ends_on + datetime.timedelta(days=1)
    return people.Period.objects.create(
        name_en="Next quarter", starts_on=first, ends_on=first + datetime.timedelta(days=80), state="planning"
    )


@pytest.fixture
def move(quarter, cast, actor, now):
    def do(*states):
        for state in states:
            people_actions.move_period(period=quarter, to=state, by=actor(cast.hr), at=now, why="Said so.")
        quarter.refresh_from_db()

    return do


def grade(objective, actor, now, percent=50, **said):
    return actions.grade_objective(objective=objective, percent=percent, by=actor, at=now, **said)


# --- Grades ------------------------------------------------------------------------------------------------


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
    with django_assert_max_num_queries(10):
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


# --- Carry over ----------------------------------------------------------------------------------------------


def carry(objective, into, by, now):
    return actions.carry_over(objectives=[objective], to=into, by=by, at=now)


def test_carried_over_it_is_a_draft_that_remembers_its_former_and_twice_makes_no_double(
    reported, move, next_quarter, cast, actor, now
):
    move("closing")
    (new,) = carry(reported, next_quarter, actor(cast.employee), now)

    assert (new.state, new.period, new.carried_from, new.owner) == (
        "draft",
        next_quarter,
        reported,
        cast.employee,
    )
    assert carry(reported, next_quarter, actor(cast.employee), now) == []
    assert Objective.objects.filter(carried_from=reported).count() == 1
    row = new.key_results.first()
    assert (row.start, row.current, row.progress_micro) == (Decimal(0), None, None)
    assert not set(new.key_results.values_list("pk", flat=True)) & set(
        reported.key_results.values_list("pk", flat=True)
    )


def test_by_the_policy_it_starts_from_the_last_value(
    propose, agree, check_in, quarter, move, next_quarter, cast, actor, now
):
    one = agree(
        propose(
            content(
                "A",
                key_result("increase", "Half", 50),
                key_result("decrease", "Done", 50, start=Decimal(11), target=Decimal(6)),
            )
        )
    )
    half, done = one.key_results.all()
    check_in(actions.Reading(half.pk, value=Decimal(5)), actions.Reading(done.pk, value=Decimal(4)))
    choices = {"carry_over": "from_current"}
    actions.set_policy(period=quarter, choices=choices, reason="Go on.", by=actor(cast.hr), at=now)
    move("closing")

    (new,) = carry(one, next_quarter, actor(cast.employee), now)

    assert [(each.start, each.target) for each in new.key_results.all()] == [(5, 10), (11, 6)]


def test_where_the_policy_says_so_nothing_is_carried_over(
    reported, quarter, move, next_quarter, cast, actor, now
):
    choices = {"carry_over": "nothing"}
    actions.set_policy(period=quarter, choices=choices, reason="Fresh start.", by=actor(cast.hr), at=now)
    move("closing")
    with pytest.raises(actions.ObjectiveRefused, match="nothing is carried over"):
        carry(reported, next_quarter, actor(cast.employee), now)


def test_carrying_goes_forward_only(reported, quarter, move, cast, actor, now):
    move("closing")
    with pytest.raises(actions.ObjectiveRefused):
        carry(reported, quarter, actor(cast.employee), now)


def test_who_carries_over(reported, quarter, move, next_quarter, cast, client_for):
    move("closing")
    address = reverse("api_carry_over", args=[quarter.pk])
    body = {"into": str(next_quarter.pk), "objectives": [str(reported.pk)]}
    codes = {
        name: client_for(person).post(address, body, **JSON).status_code
        for name, person in (
            ("peer", cast.colleague),
            ("auditor", cast.auditor),
            ("stranger", cast.stranger),
            ("manager", cast.manager),
        )
    }
    assert codes == {"peer": 403, "auditor": 403, "stranger": 404, "manager": 201}


def test_the_page_carries_over_and_both_show_it(reported, quarter, move, next_quarter, cast, client_for):
    move("closing")
    client = client_for(cast.employee)
    address = reverse("okr:carry", args=[quarter.pk])
    assert client.post(address, {"period": str(next_quarter.pk)}).status_code == 422
    sent = client.post(address, {"period": str(next_quarter.pk), "objectives": [str(reported.pk)]})
    assert sent.status_code == 302, sent.content
    new = Objective.objects.get(carried_from=reported)
    assert "Carried over from" in client.get(reverse("okr:objective", args=[new.pk])).content.decode()
    assert "Carried over to" in client.get(reverse("okr:objective", args=[reported.pk])).content.decode()
    assert (
        "Carried over to"
        not in client_for(cast.colleague).get(reverse("okr:objective", args=[reported.pk])).content.decode()
    )


# --- The seal ------------------------------------------------------------------------------------------------


def test_closing_seals_the_objectives_and_lapses_what_was_open(
    reported, propose, move, check_in, cast, actor, now
):
    waiting = propose(content("Never agreed"))
    move("closing")
    actions.ask_for_grades(at=now)
    move("closed")

    assert actions.seal_closed_periods(at=now) == 1
    assert actions.seal_closed_periods(at=now) == 0

    reported.refresh_from_db()
    assert reported.state == "closed"
    assert waiting.versions.get().state == "withdrawn"
    for person in (cast.employee, cast.manager):
        assert (
            not inbox.open_items(person.pk)
            .filter(kind__startswith="goals.")
            .exclude(kind="goals.reply")
            .exists()
        )
    with pytest.raises(actions.CheckInRefused):
        check_in(actions.Reading(reported.key_results.first().pk, value=Decimal(9)))
    with pytest.raises(actions.ObjectiveRefused):
        actions.propose_change(
            objective=reported, content=content("B"), reason="Late.", by=actor(cast.employee), at=now
        )


def test_whatever_was_open_about_a_closed_period_lapses_and_waits_for_nobody(
    active, propose, move, cast, actor, now
):
    employee, manager = actor(cast.employee), actor(cast.manager)
    never = propose(content("Never agreed"))
    vote = actions.open_vote(objective=active, by=employee, at=now)
    edit = actions.suggest_edit(objective=active, field="title", new="Other", by=manager, at=now)
    actions.comment_on_objective(objective=active, text=f"@{cast.manager.name_en} look", by=employee, at=now)
    theirs = propose(content("Theirs"), by=cast.manager, sponsor=cast.boss)
    actions.align_objectives(child=active, parent=theirs, share_ppm=500_000, by=employee, at=now)
    waits = WorkItem.objects.filter(done_at=None).exclude(kind__in=("goals.reply", "goals.blocker"))
    assert set(waits.values_list("kind", flat=True)) == {
        "goals.agreement",
        "goals.vote",
        "goals.suggestion",
        "goals.mention",
        "goals.link",
    }

    move("closing", "closed")
    actions.seal_closed_periods(at=now)

    assert not waits.exists()
    for row in (never, vote, edit):
        row.refresh_from_db()
    assert (never.state, vote.closed_at, edit.state) == ("draft", now, "lapsed")
    laid_aside = AuditRow.objects.filter(action="okr.lapse_objective")
    actions.seal_closed_periods(at=now)
    assert set(laid_aside.values_list("subject_id", flat=True)) == {never.pk, theirs.pk}
    assert laid_aside.count() == 2


def test_nobody_owes_a_check_in_of_a_closed_period_and_a_missed_one_stays_missed(
    active, quarter, move, cast, now
):
    first = monday_of(now.date())
    actions.open_duties(period=quarter, monday=first, at=now)
    actions.open_duties(period=quarter, monday=first + WEEK, at=now)
    CheckInDuty.objects.filter(week_starts_on=first).update(
        due_at=now - datetime.timedelta(hours=1), escalate_at=now
    )
    CheckInDuty.objects.exclude(week_starts_on=first).update(due_at=now + WEEK, state="open", excuse="")
    actions.ask_for_check_ins(organisation=cast.organisation, at=now)
    actions.escalate_missed(organisation=cast.organisation, at=now)
    waits = WorkItem.objects.filter(kind__in=("goals.check_in", "goals.missed"), done_at=None)
    assert waits.count() == 2

    move("closing", "closed")
    actions.seal_closed_periods(at=now)

    assert not waits.exists()
    duties = CheckInDuty.objects.order_by("week_starts_on").values_list("state", "excuse", "escalate_at")
    assert list(duties) == [("missed", "", None), ("excused", "closed", None)]


def test_nothing_is_said_or_voted_on_in_a_closed_period_that_is_not_sealed_yet(
    active, move, cast, actor, now
):
    move("closing", "closed")
    by = actor(cast.employee)
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.comment_on_objective(objective=active, text="Late", by=by, at=now)
    assert refusal.value.code == "closed"
    with pytest.raises(actions.ObjectiveRefused) as refusal:
        actions.open_vote(objective=active, by=by, at=now)
    assert refusal.value.code == "closed"


def test_the_points_of_a_closed_period_are_final(reported, move, now):
    move("closing", "closed")
    before = ProgressPoint.objects.filter(objective=reported).count()
    actions.count_again([reported.pk], at=now)
    assert ProgressPoint.objects.filter(objective=reported).count() == before


def test_a_step_back_needs_a_reason_and_nothing_leads_back_from_closed(quarter, cast, actor, now):
    with tenancy.acting_for(cast.organisation):
        step = {"period": quarter, "by": actor(cast.hr), "at": now}
        people_actions.move_period(to="closing", **step)
        with pytest.raises(PeopleRefused) as refusal:
            people_actions.move_period(to="active", **step)
        assert refusal.value.field == "why"
        people_actions.move_period(to="active", why="Too early.", **step)
        people_actions.move_period(to="closing", **step)
        people_actions.move_period(to="closed", **step)
        with pytest.raises(PeopleRefused):
            people_actions.move_period(to="closing", why="After all.", **step)


@pytest.mark.django_db(transaction=True)
def test_closing_during_a_check_in_takes_it_or_refuses_it_and_loses_nothing(
    cast, quarter, actor, now, monkeypatch
):
    """The check-in has looked at the period and rests; closing waits until it is in."""
    with tenancy.acting_for(cast.organisation):
        employee, manager, hr = actor(cast.employee), actor(cast.manager), actor(cast.hr)
        one = actions.propose_objective(period=quarter, content=content("A"), by=employee, at=now)
        actions.agree_objective(objective=one, version_number=1, by=manager, at=now)
        row = one.key_results.get()
        people_actions.move_period(period=quarter, to="closing", by=hr, at=now)
    looked, closing_waits = threading.Event(), threading.Event()
    order: list[str] = []
    lock = actions.progress.lock

    def rest(ids):
        looked.set()
        closing_waits.wait(timeout=1)
        return lock(ids)

    monkeypatch.setattr(actions.progress, "lock", rest)

    def submit():
        with tenancy.acting_for(cast.organisation):
            actions.submit_check_in(
                period=quarter,
                week_starts_on=monday_of(now.date()),
                readings=[actions.Reading(row.pk, value=Decimal(5))],
                by=employee,
                at=now,
            )
        order.append("reported")
        connection.close()

    def close():
        looked.wait(timeout=10)
        with tenancy.acting_for(cast.organisation):
            people_actions.move_period(period=quarter, to="closed", by=hr, at=now)
        order.append("closed")
        closing_waits.set()
        connection.close()

    threads = [threading.Thread(target=each) for each in (submit, close)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert order == ["reported", "closed"]
    with tenancy.acting_for(cast.organisation):
        one.refresh_from_db()
        assert (CheckIn.objects.count(), one.progress_micro) == (1, 50_000_000)
        with pytest.raises(actions.CheckInRefused):
            actions.submit_check_in(
                period=quarter,
                week_starts_on=monday_of(now.date()),
                readings=[actions.Reading(row.pk, value=Decimal(9))],
                by=employee,
                at=now,
            )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_does_and_one_is_told(cast, quarter, actor, now):
    with tenancy.acting_for(cast.organisation):
        hr = actor(cast.hr)
        people_actions.move_period(period=quarter, to="closing", by=hr, at=now)
    together = threading.Barrier(2)
    outcomes: list[str] = []

    def close():
        together.wait(timeout=10)
        try:
            with tenancy.acting_for(cast.organisation):
                people_actions.move_period(period=quarter, to="closed", by=hr, at=now)
            outcomes.append("closed")
        except PeopleRefused as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=close) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(outcomes) == ["closed", "conflict"]
