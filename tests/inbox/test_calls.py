"""What waits is told to chats and systems: once, in time, in turns, and never to the wrong place."""

import contextlib
import datetime
import json
import re
import uuid
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import Webhook

from performance.foundation import tenancy
from performance.inbox import actions, models, tasks
from performance.people import models as people
from tests.inbox.calling import acting, later

ZONE = ZoneInfo("Asia/Shanghai")


# --- Webhooks --------------------------------------------------------------------------------------------


def test_a_system_is_told_when_work_is_given_and_when_it_is_done(
    cast, host, webhook, give, tell, deliveries, now
) -> None:
    _endpoint, secret = webhook
    item = give(due_on=now.date())
    assert tell() == 1
    with acting(cast):
        actions.resolve_work(kind=item.kind, subject_id=item.subject_id, by=cast.employee, at=timezone.now())
    assert tell() == 1
    assert tell() == 0
    given, done = (Webhook(secret).verify(heard.body, heard.headers) for heard in host.heard)
    assert (given["type"], done["type"]) == ("work_item.assigned", "work_item.done")
    assert given["data"] == {
        "organisation_id": str(cast.organisation.pk),
        "id": str(item.pk),
        "kind": "goals.agreement",
        "subject_id": str(item.subject_id),
        "person_id": str(cast.employee.pk),
        "due_on": now.date().isoformat(),
        "url": f"http://localhost:8000/goals/?organisation={cast.organisation.pk}",
    }
    assert done["data"] == given["data"]
    ids = [heard.headers["webhook-id"] for heard in host.heard]
    assert len(set(ids)) == 2
    assert all(re.fullmatch(r"msg_[0-9a-f]{32}", each) for each in ids)
    assert [(each.occasion, each.answered) for each in deliveries()] == [("assigned", 200), ("done", 200)]


def test_a_system_never_learns_what_anything_is_called(cast, host, webhook, give, tell) -> None:
    give(detail_en="A secret detail")
    tell()
    assert "rival" not in host.heard[0].body.decode()
    assert "detail" not in host.heard[0].body.decode()


def test_a_system_is_told_only_of_its_areas_and_of_its_organisation(cast, host, webhook, give, tell) -> None:
    give(kind="metrics.alert")
    give(kind="feedback.note")
    with tenancy.acting_for(cast.elsewhere):
        actions.assign_work(
            to=cast.stranger, kind="goals.agreement", subject_id=uuid.uuid4(), title_en="x", title_zh="x",
            url="/", by=None, at=timezone.now(),
        )  # fmt: skip
        tasks.call_endpoints.apply()
    assert tell() == 0
    assert host.heard == []


def test_what_is_done_by_then_is_a_fact_for_a_system_and_nothing_for_a_chat(
    cast, host, webhook, add_chat, give, tell, deliveries
) -> None:
    add_chat()
    item = give()
    with acting(cast):
        actions.resolve_work(kind=item.kind, subject_id=item.subject_id, by=cast.employee, at=timezone.now())
    assert tell() == 2
    types = [json.loads(heard.body).get("type") for heard in host.heard]
    assert types == ["work_item.assigned", "work_item.done"]
    [chat] = deliveries(channel="slack")
    assert (chat.error, chat.answered) == ("dropped_done", None)


def test_the_same_id_comes_with_each_try_and_a_new_stamp(
    cast, host, webhook, give, tell, monkeypatch
) -> None:
    host.answer(500)
    give()
    assert tell() == 0
    host.answer(200)
    later(monkeypatch, minutes=1, seconds=1)
    assert tell() == 1
    first, second = host.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


def test_a_replaced_secret_signs_for_a_day_more(cast, actor, host, webhook, give, tell, monkeypatch) -> None:
    endpoint, old = webhook
    with acting(cast):
        new = actions.rotate_secret(endpoint=endpoint, by=actor(cast.administrator), at=timezone.now())
    give()
    tell()
    for secret in (old, new):
        Webhook(secret).verify(host.heard[0].body, host.heard[0].headers)
    later(monkeypatch, hours=24, minutes=1)
    give()
    tell()
    assert len(host.heard[1].headers["webhook-signature"].split()) == 1
    assert len(host.heard[0].headers["webhook-signature"].split()) == 2


# --- Chats -----------------------------------------------------------------------------------------------


def test_a_chat_reads_only_that_something_waits_unless_its_person_chose_the_title(
    cast, host, add_chat, give, tell, now, monkeypatch
) -> None:
    chat = add_chat()
    give(due_on=now.date())
    tell()
    told = host.heard[0].body.decode()
    assert "Something waits for Eli Employee in Accord" in told
    assert f"/goals/?organisation={cast.organisation.pk}" in told
    assert "rival" not in told
    assert "due" not in told
    with acting(cast):
        models.Endpoint.objects.filter(pk=chat.pk).update(tells_title=True)
    later(monkeypatch, seconds=5)
    give(due_on=datetime.date(2031, 3, 12))
    tell()
    told = json.loads(host.heard[1].body)
    assert told["blocks"][0]["text"]["text"] == "Agree to: Buy the rival <in secret>"
    assert told["text"] == "Agree to: Buy the rival &lt;in secret&gt;"
    assert "For Eli Employee in Accord, due Wed 12 Mar 2031" in told["blocks"][1]["elements"][0]["text"]


def test_a_chat_speaks_its_persons_language(cast, host, add_chat, give, tell) -> None:
    cast.employee.user.language = "zh-hans"
    cast.employee.user.save()
    add_chat(tells_title=True)
    give()
    tell()
    told = json.loads(host.heard[0].body)
    assert told["text"] == "请确认：收购竞争对手"
    assert "易员工" in told["blocks"][1]["elements"][0]["text"]


@pytest.mark.parametrize(
    ("channel", "answer"),
    [
        ("slack", b"ok"),
        ("teams", b""),
        ("feishu", b'{"code":0,"msg":"success","data":{}}'),
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}'),
        ("wecom", b'{"errcode":0,"errmsg":"ok"}'),
    ],
)
def test_each_kind_of_chat_is_told(cast, host, add_chat, give, tell, deliveries, channel, answer) -> None:
    host.answer(200, answer)
    add_chat(channel)
    give()
    give(to=cast.colleague)
    assert tell() == 1
    assert "Something waits for Eli Employee" in host.heard[0].body.decode()
    [delivery] = deliveries()
    assert (delivery.channel, delivery.answered, delivery.error) == (channel, 200, "")


def test_a_chat_has_quiet_hours_as_e_mail_has(
    cast, actor, host, add_chat, give, tell, deliveries, monkeypatch
) -> None:
    people.Organisation.objects.filter(pk=cast.organisation.pk).update(country="")
    add_chat()
    with acting(cast):
        actions.set_mail_rule(
            pace="never", daily_hour=8, quiet_from=20, quiet_until=7, wants_week=True,
            by=actor(cast.employee), at=timezone.now(),
        )  # fmt: skip
    give()
    tomorrow = timezone.now().astimezone(ZONE).date() + datetime.timedelta(days=1)
    night = datetime.datetime.combine(tomorrow, datetime.time(23), ZONE)
    monkeypatch.setattr(timezone, "now", lambda: night)
    assert tell() == 0
    [delivery] = deliveries()
    assert (delivery.attempts, delivery.sending_at) == (0, None)
    assert delivery.queued_at == night + datetime.timedelta(hours=8)
    monkeypatch.setattr(timezone, "now", lambda: night + datetime.timedelta(hours=8))
    assert tell() == 1, "an e-mail pace of never is no word about chats"
    tasks_of_mail(cast)
    assert mail.outbox == []


def tasks_of_mail(cast) -> None:
    with acting(cast):
        tasks.deliver_waiting.apply()


def test_whoever_is_told_in_a_chat_gets_the_same_e_mail_as_before(cast, host, add_chat, give, tell) -> None:
    add_chat()
    give()
    tasks_of_mail(cast)
    tasks_of_mail(cast)
    assert [message.subject for message in mail.outbox] == ["Agree to: Buy the rival <in secret>"]
    assert host.heard == [], "chats have a task of their own"
    assert tell() == 1


def test_what_waits_for_endpoints_is_nudged_with_the_e_mail(cast, host, add_chat, give, monkeypatch) -> None:
    nudged = []
    monkeypatch.setattr("performance.foundation.jobs.nudge", lambda task, *args: nudged.append(task.name))
    tasks_of_mail(cast)
    assert nudged == []
    add_chat()
    give()
    tasks_of_mail(cast)
    assert nudged == [tasks.call_endpoints.name]


def test_whoever_has_left_is_told_nothing_and_their_addresses_are_forgotten(
    cast, host, add_chat, give, tell, deliveries, now
) -> None:
    chat = add_chat()
    give()
    with acting(cast):
        people.Person.objects.filter(pk=cast.employee.pk).update(
            left_on=now.date() - datetime.timedelta(days=1)
        )
    assert tell() == 0
    assert [each.error for each in deliveries()] == ["dropped_left"]
    with acting(cast):
        actions.pass_work_on(person=cast.employee, to=None, at=timezone.now())
        chat.refresh_from_db()
        assert (chat.sealed, chat.name, chat.closed_at is not None) == ("", "", True)


# --- Written with the item -------------------------------------------------------------------------------


def statements(cast, do) -> int:
    with (
        acting(cast),
        CaptureQueriesContext(
            connection,
        ) as caught,
    ):
        do()
    return len(caught)


def test_the_number_of_statements_grows_neither_with_items_nor_with_endpoints(
    cast, host, webhook, add_chat, actor, now
) -> None:
    def many(number):
        works = [
            actions.Work(each.pk, uuid.uuid4(), "Check in", "填写周进展", "/")
            for each in (cast.employee, cast.colleague)
            for _each in range(number)
        ]
        return lambda: actions.assign_many(kind="goals.check_in", works=works, at=now)

    first = statements(cast, many(1))
    add_chat()
    add_chat("teams")
    add_chat(person=cast.colleague)
    assert statements(cast, many(40)) == first
    with acting(cast):
        told = models.Delivery.objects.filter(item__kind="goals.check_in")
        assert told.filter(channel="webhook").count() == 82
        assert told.filter(channel="slack").count() == 80
        assert told.filter(channel="teams").count() == 40
        assert told.filter(channel="email").count() == 82
        subjects = list(models.WorkItem.objects.values_list("subject_id", flat=True))

    def close(some):
        return lambda: actions.resolve_many(kind="goals.check_in", subject_ids=some, by=cast.employee, at=now)

    assert statements(cast, close(subjects[:1])) == statements(cast, close(subjects[1:]))
    with acting(cast):
        assert models.Delivery.objects.filter(occasion="done").count() == 82


def test_asking_again_for_open_work_tells_nothing_again(cast, host, webhook, give, tell) -> None:
    subject = uuid.uuid4()
    give(subject_id=subject)
    give(subject_id=subject, title_en="Version 3")
    assert tell() == 1


def test_what_is_rolled_back_is_told_to_nobody(cast, host, webhook, give, deliveries) -> None:
    with contextlib.suppress(RuntimeError), acting(cast):
        give()
        raise RuntimeError
    assert deliveries() == []


def test_what_is_paused_is_told_nothing_and_nothing_is_kept_for_it(
    cast, actor, host, webhook, give, tell, deliveries
) -> None:
    endpoint, _secret = webhook
    give()
    with acting(cast):
        actions.pause_endpoint(endpoint=endpoint, by=actor(cast.administrator), at=timezone.now())
    give()
    assert tell() == 0
    with acting(cast):
        actions.resume_endpoint(endpoint=endpoint, by=actor(cast.administrator), at=timezone.now())
    assert tell() == 0
    assert [each.error for each in deliveries()] == ["dropped_off"]
