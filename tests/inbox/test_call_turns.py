"""Calls take turns, are tried again, and end: with success, a reason, or the endpoint switched off."""

import datetime
import itertools

import pytest
from django.utils import timezone

from performance.foundation import outgoing
from performance.foundation.models import AuditRow
from performance.inbox import actions, channels, models, tasks
from performance.inbox.actions import endpoints
from tests import races
from tests.inbox.calling import acting, later


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
