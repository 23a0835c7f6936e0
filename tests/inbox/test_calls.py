"""What waits is told to chats and systems: once, in time, in turns, and never to the wrong place."""

import contextlib
import datetime
import itertools
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

from performance.foundation import outgoing, tenancy
from performance.foundation.models import AuditRow
from performance.inbox import actions, channels, models, tasks
from performance.inbox.actions import endpoints
from performance.people import models as people
from tests import races

ZONE = ZoneInfo("Asia/Shanghai")


def acting(cast):
    return tenancy.acting_for(cast.organisation)


def later(monkeypatch, **away):
    """Moves the clock on."""
    moment = timezone.now() + datetime.timedelta(**away)
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


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


# --- Turns, tries and ends -------------------------------------------------------------------------------


def test_two_workers_tell_it_once(cast, host, webhook, give, tell, deliveries, monkeypatch) -> None:
    give()
    both = []

    def second_worker(*arguments, **options):
        """In the middle of the first one's call another worker comes by."""
        if not both:
            both.append(tell())
        return post(*arguments, **options)

    post = outgoing.post
    monkeypatch.setattr(outgoing, "post", second_worker)
    assert tell() == 1
    assert both == [0]
    assert len(host.heard) == 1
    assert [each.attempts for each in deliveries()] == [1]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_moment_claim_it_once(cast, host, webhook, give, deliveries) -> None:
    give()
    [delivery] = deliveries()
    at = timezone.now()
    outcomes = races.second_waits_for_first(
        cast.organisation,
        lambda: actions.claim_call(delivery_id=delivery.pk, at=at),
        lambda: actions.claim_call(delivery_id=delivery.pk, at=at),
    )
    assert isinstance(outcomes[0], actions.Claim)
    assert outcomes[1] is None


def test_a_worker_killed_between_claim_and_call_loses_nothing(
    cast, host, webhook, give, tell, deliveries, monkeypatch
) -> None:
    give()
    [delivery] = deliveries()
    with acting(cast):
        lost = actions.claim_call(delivery_id=delivery.pk, at=timezone.now())
    assert tell() == 0
    later(monkeypatch, minutes=10, seconds=1)
    assert tell() == 1
    assert len(host.heard) == 1
    with acting(cast):
        actions.settle_call(claim=lost, outcome=channels.Gone("gone"), status=410, at=timezone.now())
    [delivery] = deliveries()
    assert (delivery.answered, delivery.error) == (200, ""), "the lost claim settles nothing"
    assert delivery.endpoint.off_at is None


def test_what_fails_rests_longer_each_time_and_is_given_up_with_its_reason(
    cast, host, webhook, give, tell, deliveries, monkeypatch
) -> None:
    host.answer(500)
    give()
    waits = []
    for _each in range(actions.ATTEMPTS):
        began = timezone.now()
        tell()
        [delivery] = deliveries()
        waits.append(round((delivery.queued_at - began).total_seconds() / 60))
        assert tell() == 0
        monkeypatch.setattr(timezone, "now", lambda at=delivery.queued_at: at + datetime.timedelta(seconds=1))
    assert waits == [1, 5, 25, 125, 625, 3125]
    assert tell() == 0
    [delivery] = deliveries()
    assert (delivery.attempts, delivery.sent_at, delivery.error, delivery.answered) == (
        actions.ATTEMPTS, None, "status: 500", 500,
    )  # fmt: skip
    assert len(host.heard) == actions.ATTEMPTS


def test_a_host_that_is_back_is_told_soon_whatever_still_rests(
    cast, host, webhook, give, tell, deliveries, monkeypatch
) -> None:
    host.answer(500)
    give()
    for _each in range(4):
        tell()
        [delivery] = deliveries()
        monkeypatch.setattr(timezone, "now", lambda at=delivery.queued_at: at + datetime.timedelta(seconds=1))
    tell()
    host.answer(200)
    later(monkeypatch, minutes=5, seconds=1)
    give()
    assert tell() == 1
    assert [each.attempts for each in deliveries()] == [5, 1]


def test_whoever_says_how_long_to_wait_is_left_alone_so_long(
    cast, host, webhook, give, tell, deliveries, monkeypatch
) -> None:
    host.answer(429, Retry_After="3600")
    give()
    give()
    began = timezone.now()
    tell()
    assert len(host.heard) == 1, "the second one waits with the first"
    later(monkeypatch, minutes=59)
    tell()
    assert len(host.heard) == 1
    host.answer(200)
    later(monkeypatch, minutes=2)
    assert tell() == 2
    assert {each.attempts for each in deliveries()} == {1, 2}
    assert timezone.now() - began > datetime.timedelta(hours=1)


def test_one_host_that_does_not_answer_keeps_nobody_else_waiting(
    cast, settings, host, add_chat, webhook, give, tell, deliveries, monkeypatch
) -> None:
    dead = "http://127.0.0.1:9"
    settings.ACCORD_EGRESS_ALLOW = [*settings.ACCORD_EGRESS_ALLOW, "127.0.0.1:9"]
    with acting(cast):
        values = actions.opened(webhook[0]) | {"address": dead}
        endpoints._seal(webhook[0], values)
        webhook[0].save()
    monkeypatch.setattr(tasks, "BREATH", 1.1)
    add_chat()
    for _each in range(3):
        give()
    assert tell() == 3, "the three to the chat"
    states = sorted((each.attempts, each.error) for each in deliveries(channel="webhook"))
    assert states == [(0, ""), (0, ""), (1, "unreachable")], "one wait, not three"


def test_messages_to_one_bot_keep_their_distance(cast, host, add_chat, give, tell, monkeypatch) -> None:
    """Twenty a minute are what WeCom takes."""
    host.answer(200, b'{"errcode":0,"errmsg":"ok"}')
    add_chat("wecom")
    moments, moment = [], [timezone.now()]
    post = outgoing.post

    def note(*arguments, **options):
        moments.append(moment[0])
        return post(*arguments, **options)

    monkeypatch.setattr(timezone, "now", lambda: moment[0])
    monkeypatch.setattr(
        tasks.time,
        "sleep",
        lambda seconds: moment.__setitem__(0, moment[0] + datetime.timedelta(seconds=seconds)),
    )
    monkeypatch.setattr(outgoing, "post", note)
    for _each in range(21):
        give()
    assert tell() == 21
    gaps = {(after - before).total_seconds() for before, after in itertools.pairwise(moments)}
    assert gaps == {3.0}
    assert (moments[20] - moments[0]).total_seconds() >= 60


def test_a_second_worker_does_not_crowd_a_bot(cast, host, add_chat, give, tell, deliveries) -> None:
    host.answer(200, b'{"errcode":0,"errmsg":"ok"}')
    add_chat("wecom")
    give()
    give()
    first, second = deliveries()
    at = timezone.now()
    with acting(cast):
        assert actions.claim_call(delivery_id=first.pk, at=at)
        assert actions.claim_call(delivery_id=second.pk, at=at) is None
    _first, second = deliveries()
    assert (second.attempts, second.queued_at) == (0, at + datetime.timedelta(seconds=3))


@pytest.mark.parametrize(
    ("channel", "status", "body", "reason"),
    [
        ("slack", 404, b"no_service", "gone: no_service"),
        ("slack", 410, b"channel_is_archived", "gone: channel_is_archived"),
        ("wecom", 200, b'{"errcode":93000,"errmsg":"invalid"}', "gone: 93000 invalid"),
    ],
)
def test_a_chat_where_nobody_is_any_more_is_switched_off_and_its_owner_told(
    cast, host, add_chat, give, tell, deliveries, monkeypatch, channel, status, body, reason
) -> None:
    host.answer(status, body)
    chat = add_chat(channel)
    give()
    give()
    tell()
    with acting(cast):
        chat.refresh_from_db()
        assert (chat.off_reason, chat.off_at is not None) == (reason, True)
        item = models.WorkItem.objects.get(kind=actions.OFF_KIND)
        assert (item.person_id, item.subject_id) == (cast.employee.pk, chat.pk)
        assert AuditRow.objects.filter(action="inbox.switch_off_endpoint").count() == 1
    later(monkeypatch, seconds=5)
    assert tell() == 0
    assert sorted(each.error for each in deliveries()) == sorted([reason, "dropped_off"])
    assert len(host.heard) == 1
    give()
    assert len(deliveries()) == 2, "it is told nothing more"


def test_a_webhook_that_says_gone_is_switched_off_and_every_administrator_told(
    cast, actor, host, webhook, give, tell, deliveries
) -> None:
    endpoint, _secret = webhook
    host.answer(410)
    give()
    tell()
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.off_reason == "gone: 410"
        owners = models.WorkItem.objects.filter(kind=actions.OFF_KIND).values_list("person_id", flat=True)
        assert list(owners) == [cast.administrator.pk]
        actions.resume_endpoint(endpoint=endpoint, by=actor(cast.administrator), at=timezone.now())
        assert not models.WorkItem.objects.filter(kind=actions.OFF_KIND, done_at=None).exists()
    host.answer(200)
    give()
    assert tell() == 1


def test_a_webhook_that_is_not_found_is_tried_again_and_switched_off_after_days(
    cast, host, webhook, give, tell, monkeypatch
) -> None:
    endpoint, _secret = webhook
    host.answer(404)
    give()
    tell()
    with acting(cast):
        endpoint.refresh_from_db()
        assert (endpoint.off_at, endpoint.failing_since is not None) == (None, True)
    later(monkeypatch, days=5, minutes=1)
    give()
    tell()
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.off_reason == "days_failing"


def test_one_success_forgives_the_failures_before(cast, host, webhook, give, tell, monkeypatch) -> None:
    endpoint, _secret = webhook
    host.answers = [(500, {}, b""), (200, {}, b""), (500, {}, b"")]
    give()
    tell()
    later(monkeypatch, days=4)
    tell()
    later(monkeypatch, days=4)
    give()
    tell()
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.off_at is None
        assert endpoint.failing_since == timezone.now()


def test_a_redirect_is_not_followed(cast, host, webhook, add_chat, give, tell, deliveries) -> None:
    host.answer(302, Location="http://169.254.169.254/latest/meta-data/")
    add_chat()
    give()
    assert tell() == 0
    assert {each.channel: each.error for each in deliveries()} == {
        "webhook": "redirected: 302",
        "slack": "redirected: 302",
    }


def test_a_private_address_is_refused_at_the_call_too(
    cast, settings, host, webhook, give, tell, deliveries
) -> None:
    settings.ACCORD_EGRESS_ALLOW = []
    give()
    assert tell() == 0
    assert host.heard == []
    assert [each.error for each in deliveries()] == ["address_refused"]


def test_a_key_that_is_lost_switches_off_and_says_so(cast, settings, host, webhook, give, tell) -> None:
    endpoint, _secret = webhook
    give()
    settings.FIELD_ENCRYPTION_KEYS = ["another-key-of-the-installation-" * 2]
    assert tell() == 0
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.off_reason == "unreadable_secret"


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
