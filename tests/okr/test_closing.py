"""The end of a period: what is sealed, what lapses, and who comes too late."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.db import connection

from okr import actions
from okr.models import CheckIn, CheckInDuty, ProgressPoint
from performance.foundation import tenancy
from performance.foundation.models import AuditRow
from performance.inbox import queries as inbox
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people.actions import PeopleRefused
from tests.okr.conftest import WEEK, content, monday_of

JSON = {"content_type": "application/json"}


def grade(objective, actor, now, percent=50, **said):
    return actions.grade_objective(objective=objective, percent=percent, by=actor, at=now, **said)


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
    ended = AuditRow.objects.get(action="okr.lapse_vote")
    assert (ended.subject_id, ended.person_id, ended.at) == (active.pk, None, now)


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
