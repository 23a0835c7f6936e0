"""How people are written to: at once, once a day or never; not in quiet hours; once, whatever happens."""

import datetime
import re
import uuid
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import tenancy
from performance.inbox import actions, models, queries, rules, tasks
from performance.people import models as people

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def rule(cast, actor):
    def do(person=None, **fields):
        given = {
            "pace": "at_once",
            "daily_hour": 8,
            "quiet_from": None,
            "quiet_until": None,
            "wants_week": True,
        }
        with tenancy.acting_for(cast.organisation):
            return actions.set_mail_rule(
                **given | fields, by=actor(person or cast.employee), at=timezone.now()
            )

    return do


@pytest.fixture
def assign(cast, now):
    def do(to=None, **fields):
        with tenancy.acting_for(cast.organisation):
            return actions.assign_work(
                **{
                    "to": to or cast.employee,
                    "kind": "goals.agreement",
                    "subject_id": uuid.uuid4(),
                    "title_en": "Agree to a change",
                    "title_zh": "确认变更",
                    "url": "/goals/",
                    "by": cast.manager,
                    "at": now,
                }
                | fields
            )

    return do


@pytest.fixture
def clock(cast, monkeypatch):
    """Sets the time; a country without holidays."""
    people.Organisation.objects.filter(pk=cast.organisation.pk).update(country="")

    def set_to(day, hour, minute=0):
        moment = datetime.datetime.combine(day, datetime.time(hour, minute), ZONE)
        monkeypatch.setattr(timezone, "now", lambda: moment)
        return moment

    return set_to


def run(task, cast):
    with tenancy.acting_for(cast.organisation):
        return task.apply().get()


def next_weekday(now, weekday):
    day = now.astimezone(ZONE).date() + datetime.timedelta(days=1)
    return day + datetime.timedelta(days=(weekday - day.weekday()) % 7)


HOURS = st.integers(0, 23)


@given(start=HOURS, end=HOURS, hour=HOURS, minute=st.integers(0, 59))
def test_quiet_hours_end_where_they_say_also_beyond_midnight(start, end, hour, minute):
    organisation = people.Organisation(time_zone="Asia/Shanghai")
    at = datetime.datetime(2026, 3, 10, hour, minute, tzinfo=ZONE)
    rule = models.MailRule(quiet_from=start, quiet_until=end)
    is_quiet = (
        hour in [place % 24 for place in range(start, end if end > start else end + 24)] and start != end
    )
    found = rules.end_of_quiet(rule, organisation, at)
    assert (found is not None) is is_quiet
    if found is not None:
        assert found.hour == end
        assert datetime.timedelta() < found - at <= datetime.timedelta(days=1)


def test_nothing_is_sent_in_quiet_hours_and_everything_when_they_end(cast, assign, rule, clock, now):
    rule(quiet_from=20, quiet_until=7)
    assign()
    day = next_weekday(now, 1)
    clock(day, 23)
    run(tasks.deliver_waiting, cast)
    assert mail.outbox == []
    with tenancy.acting_for(cast.organisation):
        delivery = models.Delivery.objects.get()
    assert (delivery.attempts, delivery.sent_at, delivery.sending_at) == (0, None, None)
    clock(day + datetime.timedelta(days=1), 6, 59)
    run(tasks.deliver_waiting, cast)
    assert mail.outbox == []
    clock(day + datetime.timedelta(days=1), 7)
    run(tasks.deliver_waiting, cast)
    assert len(mail.outbox) == 1


def test_whoever_is_told_once_a_day_gets_one_letter_with_everything_after_the_hour(
    cast, assign, rule, clock, now
):
    rule(pace="daily", daily_hour=9)
    assign(title_en="Agree to a change", due_on=now.date() - datetime.timedelta(days=3))
    assign(title_en="Read a note", detail_en="From Bo")
    assign(to=cast.colleague, title_en="Not for me")
    day = next_weekday(now, 1)
    clock(day, 8, 59)
    assert run(tasks.write_daily_letters, cast) == 0
    clock(day, 9)
    assert run(tasks.write_daily_letters, cast) == 1
    assert run(tasks.write_daily_letters, cast) == 0
    run(tasks.deliver_waiting, cast)
    run(tasks.deliver_waiting, cast)
    mine = [message for message in mail.outbox if message.to == [cast.employee.email]]
    assert [message.subject for message in mine] == ["2 things wait for you"]
    assert mine[0].body.index("Agree to a change") < mine[0].body.index("Read a note")
    assert "late" in mine[0].body
    assert "From Bo" in mine[0].body
    assert "From Bo" in mine[0].alternatives[0].content
    assert "Not for me" not in mine[0].body
    assert f"organisation={cast.organisation.pk}" in mine[0].body
    clock(day + datetime.timedelta(days=1), 9)
    assert run(tasks.write_daily_letters, cast) == 1, "what still waits is told again the next day"


def test_no_daily_letter_on_a_day_off_or_about_nothing(cast, assign, rule, clock, now):
    rule(pace="daily", daily_hour=9)
    clock(next_weekday(now, 1), 10)
    assert run(tasks.write_daily_letters, cast) == 0
    item = assign()
    clock(next_weekday(now, 5), 10)
    assert run(tasks.write_daily_letters, cast) == 0
    with tenancy.acting_for(cast.organisation):
        models.WorkItem.objects.filter(pk=item.pk).update(
            snoozed_until=now.date() + datetime.timedelta(days=30)
        )
    clock(next_weekday(now, 1), 10)
    assert run(tasks.write_daily_letters, cast) == 0


def test_a_daily_letter_speaks_its_readers_language(cast, assign, rule, clock, now):
    cast.employee.user.language = "zh-hans"
    cast.employee.user.save()
    rule(pace="daily", daily_hour=9)
    assign()
    clock(next_weekday(now, 1), 9)
    run(tasks.write_daily_letters, cast)
    run(tasks.deliver_waiting, cast)
    assert mail.outbox[0].subject == "有 1 件事等你处理"
    assert "确认变更" in mail.outbox[0].body


def test_whoever_wants_no_mail_gets_none_and_the_list_is_complete_all_the_same(
    cast, assign, rule, clock, now
):
    rule(pace="never")
    assign()
    clock(next_weekday(now, 1), 12)
    run(tasks.deliver_waiting, cast)
    run(tasks.write_daily_letters, cast)
    run(tasks.deliver_waiting, cast)
    assert mail.outbox == []
    with tenancy.acting_for(cast.organisation):
        assert queries.open_items(cast.employee.pk).count() == 1
        assert models.Delivery.objects.get().error == "dropped: told never"


def test_two_workers_at_once_write_one_letter(cast, assign, rule, clock, now):
    rule(pace="daily", daily_hour=9)
    assign()
    at = clock(next_weekday(now, 1), 9)
    with tenancy.acting_for(cast.organisation):
        organisation = people.Organisation.objects.get(pk=cast.organisation.pk)
        both = [queries.daily_digests(organisation=organisation, at=at) for _worker in range(2)]
        assert [len(found) for found in both] == [1, 1]
        for found in both:
            letters = [actions.Written(found[0].person.pk, "One thing", "text", "<p>text</p>")]
            actions.queue_letters(kind="inbox.daily", key="2026-03-10", letters=letters, at=at)
        assert models.Letter.objects.count() == 1


def test_everybody_sets_how_they_are_written_to_on_a_page_of_their_own(cast, client_for):
    address = reverse("inbox:mail")
    browser = client_for(cast.employee)
    page = browser.get(address).content.decode()
    assert re.search(r'value="at_once"[^>]*checked', page)
    given = {"pace": "daily", "daily_hour": "17", "quiet_from": "20", "quiet_until": "7"}
    assert browser.post(address, given).status_code == 302
    page = browser.get(address).content.decode()
    assert re.search(r'value="daily"[^>]*checked', page)
    with tenancy.acting_for(cast.organisation):
        kept = models.MailRule.objects.get()
        assert (kept.person_id, kept.daily_hour, kept.quiet_from, kept.quiet_until, kept.wants_week) == (
            cast.employee.pk, 17, 20, 7, False,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"quiet_from": "20"}, "quiet_until"),
        ({"quiet_until": "7"}, "quiet_from"),
        ({"quiet_from": "7", "quiet_until": "7"}, "quiet_until"),
        ({"daily_hour": "24"}, "daily_hour"),
        ({"pace": "hourly"}, "pace"),
    ],
)
def test_an_odd_answer_is_refused_beside_its_field_and_changes_nothing(cast, client_for, given, field):
    sent = {"pace": "daily", "daily_hour": "8", "quiet_from": "", "quiet_until": ""} | given
    answer = client_for(cast.employee).post(reverse("inbox:mail"), sent)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    with tenancy.acting_for(cast.organisation):
        assert not models.MailRule.objects.exists()


def test_the_api_says_and_takes_the_same(cast, client_for):
    browser, address = client_for(cast.employee), reverse("api_inbox_mail")
    assert browser.get(address).json() == {
        "pace": "at_once", "daily_hour": 8, "quiet_from": None, "quiet_until": None, "wants_week": True,
    }  # fmt: skip
    half = {"pace": "daily", "quiet_from": 22}
    refused = browser.put(address, half, content_type="application/json")
    assert refused.status_code in (400, 422)
    assert "quiet_until" in refused.content.decode()
    answer = browser.put(address, half | {"quiet_until": 6}, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["quiet_until"] == 6
