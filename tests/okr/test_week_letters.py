"""The week that is over is told once, on the first workday, to those it concerns, in their language."""

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from okr import actions, queries, tasks
from okr.models import CheckInDuty
from performance.foundation import tenancy
from performance.inbox import actions as inbox
from performance.inbox import models as inbox_models
from performance.inbox import tasks as inbox_tasks
from performance.people import actions as people_actions
from tests.conftest import make_person, report_to
from tests.okr.conftest import WEEK, content, key_result, moment


@pytest.fixture
def told(cast, active, quarter, week, monkeypatch):
    """A week in which the employee was asked; then it is Monday morning."""
    actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 8))

    def on(day=7, hour=7):
        monkeypatch.setattr(timezone, "now", lambda: moment(week, day, hour))
        with tenancy.acting_for(cast.organisation):
            written = tasks.write_week_letters.apply().get()
            inbox_tasks.deliver_waiting.apply().get()
        return written

    return on


def letter_to(person):
    return [message for message in mail.outbox if message.to == [person.email]]


def test_nobody_is_told_before_the_morning_or_on_a_day_off(told, cast, week):
    assert told(day=7, hour=6) == 0
    assert told(day=5, hour=12) == 0
    assert mail.outbox == []


def test_the_manager_reads_who_is_missing_and_what_lags_behind(told, cast, active):
    assert told() == 2
    (letter,) = letter_to(cast.manager)
    assert letter.subject.startswith("Your week: ")
    assert "0 of 1 checked in" in letter.body
    assert f"Missing: {cast.employee.name_en}" in letter.body
    (own,) = letter_to(cast.employee)
    assert "Your check-in is missing." in own.body
    assert active.title in own.body
    assert "Missing:" not in own.body


def test_a_week_is_told_once_however_often_the_task_runs(told, cast):
    told()
    assert told() == 0
    assert told(day=8) == 0
    assert len(letter_to(cast.employee)) == 1


def test_progress_is_told_with_its_change_over_the_week(told, cast, active, actor, quarter, week):
    first = active.key_results.get(kind="increase")
    for number, monday in ((2, week - WEEK), (6, week)):
        actions.submit_check_in(
            period=quarter,
            week_starts_on=monday,
            readings=[actions.Reading(key_result_id=first.pk, value=number, confidence=4)],
            by=actor(cast.employee),
            at=moment(monday, 4, 12),
        )
    told()
    (letter,) = letter_to(cast.employee)
    active.refresh_from_db()
    now = queries.percent(active.progress_micro)
    assert "You checked in." in letter.body
    assert f"{active.title}: {now}%" in letter.body
    assert "+40 pp" in letter.body
    (managers,) = letter_to(cast.manager)
    assert "1 of 1 checked in" in managers.body


def test_a_letter_speaks_its_readers_language_and_leads_into_their_organisation(told, cast):
    cast.employee.user.language = "zh-hans"
    cast.employee.user.save()
    told()
    (letter,) = letter_to(cast.employee)
    assert letter.subject.startswith("你的一周：")
    assert "你还没有提交周进展。" in letter.body
    assert f"organisation={cast.organisation.pk}" in letter.body


def test_whoever_wants_no_summary_gets_none(told, cast, actor, now):
    inbox.set_mail_rule(
        pace="at_once", daily_hour=8, quiet_from=None, quiet_until=None, wants_week=False,
        by=actor(cast.employee), at=now,
    )  # fmt: skip
    assert told() == 1
    assert letter_to(cast.employee) == []
    assert len(letter_to(cast.manager)) == 1


def test_whoever_was_excused_and_leads_nobody_is_left_alone(cast, active, quarter, week, told, actor):
    CheckInDuty.objects.update(state="excused", excuse="manager")
    assert told() == 0
    assert mail.outbox == []


def test_a_letter_never_names_goals_of_others_to_a_colleague(told, cast, propose, agree, quarter, week):
    secret = agree(propose(content("Close store 07", key_result(), visibility="private")))
    agree(propose(content("Colleague's own"), by=cast.colleague))
    actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 9))
    told()
    (letter,) = letter_to(cast.colleague)
    assert secret.title not in letter.body
    assert secret.title in letter_to(cast.employee)[0].body


def test_a_letter_is_about_those_whom_its_reader_leads_on_the_day_of_writing(
    told, cast, active, propose, agree, actor, quarter, week
):
    """Who led them last week sees their private goals no more; who leads them now does."""
    secret = agree(propose(content("Close store 07", key_result(), visibility="private")))
    actions.submit_check_in(
        period=quarter,
        week_starts_on=week - WEEK,
        readings=[actions.Reading(key_result_id=secret.key_results.get().pk, value=0, confidence=4)],
        by=actor(cast.employee),
        at=moment(week - WEEK, 4, 12),
    )
    people_actions.change_manager(
        person=cast.employee,
        manager=cast.boss,
        starts_on=week + WEEK,
        by=actor(cast.hr),
        at=moment(week, 7, 6),
    )
    told()
    weeks = {
        person.pk: [each for each in letter_to(person) if "Your week" in each.subject]
        for person in (cast.manager, cast.boss)
    }
    assert weeks[cast.manager.pk] == []
    (letter,) = weeks[cast.boss.pk]
    assert secret.title in letter.body
    assert f"Missing: {cast.employee.name_en}" in letter.body


def test_the_letters_of_a_batch_take_a_constant_number_of_queries(
    cast, active, propose, agree, quarter, week
):
    today = week + WEEK

    def asked():
        actions.open_duties(period=quarter, monday=week, at=moment(week, 0, 8))
        with CaptureQueriesContext(connection) as seen:
            found = queries.week_digests(organisation=cast.organisation, monday=week, today=today)
        return len(found), len(seen)

    few, at_first = asked()
    for number in range(4):
        person = make_person(f"N{number}", f"New {number}")
        report_to(cast.manager, person)
        agree(propose(content(f"Goal {number}"), by=person))
    many, later = asked()
    assert many == few + 4
    assert later == at_first


def test_a_letter_is_kept_for_the_organisation_alone(told, cast):
    told()
    with tenancy.acting_for(cast.stranger.organisation):
        assert not inbox_models.Letter.objects.exists()
