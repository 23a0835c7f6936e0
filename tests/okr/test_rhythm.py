"""Check-ins are asked for on their day, excused when nobody is there, and told up the line when they stay away."""

import datetime
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from okr import actions, queries, tasks
from okr.models import Cadence, CheckInDuty
from performance.foundation import tenancy
from performance.inbox.models import Delivery, WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from tests.conftest import make_person, report_to
from tests.okr.conftest import WEEK, moment, monday_of


def waiting(kind: str) -> list[tuple[str, str]]:
    return [
        (item.person.name_en, item.title_en)
        for item in WorkItem.objects.filter(kind=kind, done_at=None)
        .select_related("person")
        .order_by("assigned_at")
    ]


def test_whoever_has_key_results_owes_a_week_once(owed, quarter, week, cast):
    assert (owed.person_id, owed.state, owed.due_at) == (cast.employee.pk, "open", moment(week, 4, 18))
    assert actions.open_duties(period=quarter, monday=week, at=moment(week, 1, 8)) == 0
    assert CheckInDuty.objects.count() == 1


def test_it_is_asked_for_on_the_morning_of_its_day_and_once(owed, week, cast):
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 3, 20)) == 0
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 8, 59)) == 0
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9)) == 1
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9, 5)) == 0
    assert waiting("goals.check_in") == [(cast.employee.name_en, "Your check-in is due")]
    item = WorkItem.objects.get(kind="goals.check_in")
    assert (item.due_on, item.title_zh) == (week + datetime.timedelta(days=4), "本周进展该更新了")
    assert Delivery.objects.filter(item=item).count() == 1


def test_a_check_in_ends_what_was_asked(owed, week, cast, actor, quarter):
    actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9))
    actions.submit_check_in(
        period=quarter, week_starts_on=week, readings=(), by=actor(cast.employee), at=moment(week, 4, 12)
    )
    owed.refresh_from_db()
    assert (owed.state, owed.done_at, owed.escalate_at) == ("done", moment(week, 4, 12), None)
    assert waiting("goals.check_in") == []
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 20, 12)) == 0


def test_after_the_grace_the_manager_hears_of_it_and_then_theirs(owed, week, cast):
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 7, 17, 59)) == 0
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 7, 18)) == 1
    assert [name for name, _title in waiting("goals.missed")] == [cast.manager.name_en]
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 8, 18)) == 0
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 9, 18)) == 1
    assert [name for name, _title in waiting("goals.missed")] == [cast.manager.name_en, cast.boss.name_en]
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 30, 18)) == 0, (
        "two levels are the default"
    )
    owed.refresh_from_db()
    assert (owed.escalations, owed.escalate_at) == (2, None)


def test_a_report_that_crossed_the_writing_of_the_duty_settles_it(owed, week, cast, actor, quarter):
    at = moment(week, 4, 12)
    actions.submit_check_in(period=quarter, week_starts_on=week, readings=(), by=actor(cast.employee), at=at)
    CheckInDuty.objects.update(state="open", done_at=None, escalate_at=moment(week, 7, 18))
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 13)) == 0
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 7, 18)) == 0
    owed.refresh_from_db()
    assert (owed.state, owed.done_at) == ("done", at)


def test_nobody_is_asked_or_told_of_while_they_are_away_or_after_they_left(owed, week, cast, actor):
    people_actions.note_absence(
        person=cast.employee,
        kind="sick",
        starts_on=week + datetime.timedelta(days=4),
        ends_on=week + datetime.timedelta(days=8),
        by=actor(cast.employee),
        at=moment(week, 4, 7),
    )
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9)) == 0
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 8, 18)) == 0
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 9, 9)) == 1
    people.Person.objects.filter(pk=cast.employee.pk).update(left_on=week + datetime.timedelta(days=9))
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 10, 18)) == 0


def test_an_excused_week_or_one_that_is_not_asked_for_has_no_due_day(owed, week, cast, actor, quarter):
    assert queries.due_at(cast.employee.pk, week, quarter) == owed.due_at
    actions.excuse_week(duty=owed, reason="Stock count", by=actor(cast.manager), at=moment(week, 2, 9))
    assert queries.due_at(cast.employee.pk, week, quarter) is None
    assert queries.due_at(cast.colleague.pk, week, quarter) is not None
    choices = {
        "every_weeks": 4,
        "due_weekday": 5,
        "due_hour": 18,
        "grace_days": 1,
        "levels": 2,
        "escalate_days": 2,
    }
    actions.set_cadence(team=None, choices=choices, by=actor(cast.hr), at=moment(week, 0, 7))
    assert queries.due_at(cast.colleague.pk, week, quarter) is None


def test_a_late_check_in_ends_the_escalation(owed, week, cast, actor, quarter):
    actions.escalate_missed(organisation=cast.organisation, at=moment(week, 7, 18))
    actions.submit_check_in(
        period=quarter, week_starts_on=week, readings=(), by=actor(cast.employee), at=moment(week, 8, 9)
    )
    assert waiting("goals.missed") == []


def test_a_manager_who_is_away_is_passed_over(owed, week, cast, actor, client_for):
    people_actions.note_absence(
        person=cast.manager,
        kind="leave",
        starts_on=week + datetime.timedelta(days=7),
        ends_on=week + datetime.timedelta(days=9),
        by=actor(cast.hr),
        at=moment(week, 0, 9),
    )
    actions.escalate_missed(organisation=cast.organisation, at=moment(week, 7, 18))
    assert [name for name, _title in waiting("goals.missed")] == [cast.boss.name_en]
    told = WorkItem.objects.get(kind="goals.missed")
    page = client_for(cast.boss).get(told.url)
    assert cast.employee.name_en in page.content.decode(), "the page it leads to speaks of this person"


def test_what_nobody_above_is_there_to_hear_is_told_on_the_next_workday(owed, week, cast, actor):
    for person in (cast.manager, cast.boss):
        people_actions.note_absence(
            person=person,
            kind="leave",
            starts_on=week + datetime.timedelta(days=7),
            ends_on=week + datetime.timedelta(days=8),
            by=actor(cast.hr),
            at=moment(week, 0, 9),
        )
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 7, 18)) == 1
    owed.refresh_from_db()
    assert (owed.escalations, owed.escalate_at, waiting("goals.missed")) == (0, moment(week, 8, 18), [])
    actions.escalate_missed(organisation=cast.organisation, at=moment(week, 8, 18))
    actions.escalate_missed(organisation=cast.organisation, at=moment(week, 9, 18))
    assert [name for name, _title in waiting("goals.missed")] == [cast.manager.name_en]
    assert WorkItem.objects.get(kind="goals.missed").url == reverse("okr:my_team") + "#card-missing"


def test_the_whole_line_is_looked_at_and_who_has_left_it_is_passed_over(owed, week, cast, actor):
    heads = [make_person(f"H{n}", f"Head {n}") for n in range(3)]
    for below, above in itertools.pairwise([cast.boss, *heads]):
        report_to(above, below)
    people.Person.objects.filter(pk=cast.boss.pk).update(left_on=week)
    for person in (cast.manager, *heads[:2]):
        people_actions.note_absence(
            person=person,
            kind="leave",
            starts_on=week + datetime.timedelta(days=7),
            ends_on=week + datetime.timedelta(days=7),
            by=actor(cast.hr),
            at=moment(week, 0, 9),
        )
    actions.escalate_missed(organisation=cast.organisation, at=moment(week, 7, 18))
    assert [name for name, _title in waiting("goals.missed")] == ["Head 2"]


@pytest.mark.parametrize(
    ("first", "last", "due_day"), [(0, 4, None), (4, 4, 3), (3, 6, 2), (0, 2, 4), (0, 3, 4)]
)
def test_who_is_away_is_due_before_or_excused(
    first: int, last: int, due_day: int | None, active, quarter, week, cast, actor
):
    people_actions.note_absence(
        person=cast.employee,
        kind="sick",
        starts_on=week + datetime.timedelta(days=first),
        ends_on=week + datetime.timedelta(days=last),
        by=actor(cast.employee),
        at=moment(week, 0, 7),
    )
    actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 8))
    duty = CheckInDuty.objects.get()
    if due_day is None:
        assert (duty.state, duty.excuse, duty.due_at) == ("excused", "away", None)
    else:
        assert (duty.state, duty.due_at) == ("open", moment(week, due_day, 18))


def test_leave_that_is_noted_later_excuses_before_anybody_is_asked(owed, week, cast, actor):
    people_actions.note_absence(
        person=cast.employee,
        kind="leave",
        starts_on=week,
        ends_on=week + datetime.timedelta(days=6),
        by=actor(cast.manager),
        at=moment(week, 2, 9),
    )
    assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9)) == 0
    owed.refresh_from_db()
    assert (owed.state, owed.excuse) == ("excused", "away")
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(week, 30, 9)) == 0


def test_a_week_of_holidays_excuses_everybody(active, quarter, week, cast, actor):
    for number in range(5):
        people_actions.set_calendar_day(
            on=week + datetime.timedelta(days=number),
            is_worked=False,
            by=actor(cast.hr),
            at=moment(week, 0, 7),
        )
    actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 8))
    duty = CheckInDuty.objects.get()
    assert (duty.state, duty.excuse) == ("excused", "holiday")


def test_a_team_has_a_rhythm_of_its_own(active, quarter, week, cast, actor):
    choices = {
        "every_weeks": 2,
        "due_weekday": 3,
        "due_hour": 12,
        "grace_days": 0,
        "levels": 1,
        "escalate_days": 1,
    }
    actions.set_cadence(team=cast.team, choices=choices, by=actor(cast.hr), at=moment(week, 0, 7))
    odd, even = monday_of(quarter.starts_on) + 4 * WEEK, monday_of(quarter.starts_on) + 5 * WEEK
    assert actions.open_duties(period=quarter, monday=odd, at=moment(odd, 0, 8)) == 0
    assert actions.open_duties(period=quarter, monday=even, at=moment(even, 0, 8)) == 1
    duty = CheckInDuty.objects.get()
    assert (duty.due_at, duty.escalate_at) == (moment(even, 2, 12), moment(even, 2, 12))
    assert actions.escalate_missed(organisation=cast.organisation, at=moment(even, 2, 12)) == 1
    duty.refresh_from_db()
    assert duty.escalate_at is None
    actions.drop_cadence(cadence=Cadence.objects.get(), by=actor(cast.hr), at=moment(week, 0, 7))
    assert queries.standing_cadence(cast.team).due_weekday == 5


def test_only_hr_and_whoever_leads_the_team_set_its_rhythm(cast, client_for, quarter):
    choices = {
        "every_weeks": 1,
        "due_weekday": 4,
        "due_hour": 17,
        "grace_days": 1,
        "levels": 2,
        "escalate_days": 2,
    }
    everybody, own = reverse("okr:rhythm"), f"{reverse('okr:rhythm')}?team={cast.team.pk}"
    for person, whole, team in (
        (cast.employee, 403, 403),
        (cast.auditor, 403, 403),
        (cast.manager, 403, 302),
        (cast.hr, 302, 302),
    ):
        assert client_for(person).get(everybody).status_code == 200
        assert client_for(person).post(everybody, choices).status_code == whole, person
        assert client_for(person).post(own, choices).status_code == team, person
    assert client_for(cast.stranger).get(own).status_code == 404
    wrong = client_for(cast.hr).post(everybody, choices | {"due_weekday": 9})
    assert wrong.status_code == 422


def test_the_job_asks_and_tells_by_the_organisations_own_clock(active, quarter, week, cast, monkeypatch):
    at = moment(week, 4, 9)
    monkeypatch.setattr("okr.tasks.timezone.now", lambda: at)
    with tenancy.remembering(cast.organisation.pk):
        tasks.keep_rhythm.apply().get()
        tasks.keep_rhythm.apply().get()
    assert len(waiting("goals.check_in")) == 1


def test_the_same_by_api(owed, week, cast, client_for):
    root = "/api/v1/goals/"
    duties = client_for(cast.manager).get(root + "check-ins/owed/", {"state": "open"}).json()["results"]
    assert [one["id"] for one in duties] == [str(owed.pk)]
    assert client_for(cast.colleague).get(root + "check-ins/owed/").json()["results"] == []
    excused = client_for(cast.manager).post(
        f"{root}check-ins/owed/{owed.pk}/excuse/", {"reason": "Fair"}, content_type="application/json"
    )
    assert (excused.status_code, excused.json()["state"]) == (200, "excused")
    owed_again = client_for(cast.manager).delete(f"{root}check-ins/owed/{owed.pk}/excuse/")
    assert (owed_again.status_code, owed_again.json()["state"]) == (200, "open")
    rhythm = client_for(cast.hr).get(root + "rhythm/").json()
    changed = client_for(cast.hr).put(
        root + "rhythm/", rhythm | {"due_weekday": 2}, content_type="application/json"
    )
    assert changed.json()["due_weekday"] == 2
    own = f"{root}rhythm/{cast.team.pk}/"
    assert client_for(cast.manager).put(own, rhythm, content_type="application/json").status_code == 200
    assert client_for(cast.employee).put(own, rhythm, content_type="application/json").status_code == 403
    assert client_for(cast.manager).delete(own).status_code == 204
    assert client_for(cast.manager).delete(own).status_code == 404


def test_asking_a_hundred_takes_as_many_statements_as_asking_one(
    owed, week, cast, django_assert_max_num_queries: Callable[..., Any]
):
    people_rows = people.Person.objects.bulk_create(
        people.Person(
            number=f"M{n}", name_en=f"Many {n}", email=f"m{n}@example.com", hired_on=quarter_start(week)
        )
        for n in range(100)
    )
    CheckInDuty.objects.bulk_create(
        CheckInDuty(person=person, period=owed.period, week_starts_on=week, due_at=owed.due_at)
        for person in people_rows
    )
    with django_assert_max_num_queries(17):
        assert actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9)) == 101


def quarter_start(week: datetime.date) -> datetime.date:
    return week - 10 * WEEK


def test_who_has_left_owes_nothing_any_more(owed, week, cast):
    actions.ask_for_check_ins(organisation=cast.organisation, at=moment(week, 4, 9))
    assert len(waiting("goals.check_in")) == 1
    people.Person.objects.filter(pk=cast.employee.pk).update(left_on=week + datetime.timedelta(days=4))
    actions.escalate_missed(organisation=cast.organisation, at=moment(week, 4, 20))
    owed.refresh_from_db()
    assert owed.state == "open"
    actions.escalate_missed(organisation=cast.organisation, at=moment(week, 9, 20))
    owed.refresh_from_db()
    assert (owed.state, owed.excuse, owed.escalate_at) == ("excused", "left", None)
    assert waiting("goals.check_in") == waiting("goals.missed") == []


def test_nobody_is_excused_from_a_week_of_a_closed_period(owed, week, cast, actor, quarter):
    people.Period.objects.filter(pk=quarter.pk).update(state="closed")
    with pytest.raises(actions.ObjectiveRefused, match="This period is closed") as refused:
        actions.excuse_week(duty=owed, reason="Ill", by=actor(cast.manager), at=moment(week, 2, 9))
    assert refused.value.code == "closed"
    owed.refresh_from_db()
    assert owed.state == "open"
