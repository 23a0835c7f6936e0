"""Webhooks and chats: who sets them up, where, what is shown of them, and what never is."""

import re
import uuid

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from performance.foundation import deeds, sealing, tenancy
from performance.foundation.models import AuditRow
from performance.inbox import actions, channels, models
from tests import races

ADDRESS = "https://tickets.example/hook/0f1e2d3c"
BOT = "https://open.feishu.cn/open-apis/bot/v2/hook/0f1e2d3c"
WEBHOOK = {"name": "Ticket system", "address": ADDRESS, "areas": ["goals", "metrics"]}
CHAT = {
    "channel": "feishu",
    "name": "My group",
    "address": BOT,
    "secret": "S3CR3T-of-bot",
    "tells_title": "0",
}


def acting(cast):
    return tenancy.acting_for(cast.organisation)


def rows_of_log(cast) -> str:
    """Everything that the log keeps."""
    with acting(cast):
        return repr(list(AuditRow.objects.values()))


# --- Webhooks: the pages ---------------------------------------------------------------------------------


def test_an_administrator_adds_a_webhook_and_reads_its_secret_once(cast, client_for) -> None:
    browser = client_for(cast.administrator)
    page = browser.get(reverse("inbox:webhooks")).content.decode()
    assert "No webhook yet" in page
    page = browser.post(reverse("inbox:webhooks"), WEBHOOK).content.decode()
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)[0]
    with acting(cast):
        endpoint = models.Endpoint.objects.get()
        assert actions.opened(endpoint) == {"address": ADDRESS, "secret": secret}
        assert (endpoint.host, endpoint.areas) == ("tickets.example", ["goals", "metrics"])
        assert "0f1e2d3c" not in endpoint.sealed
    for address in (reverse("inbox:webhooks"), reverse("inbox:webhook", args=[endpoint.pk])):
        page = browser.get(address).content.decode()
        assert "Ticket system" in page
        assert "tickets.example" in page
        assert "whsec_" not in page
        assert "0f1e2d3c" not in page
    log = rows_of_log(cast)
    assert "inbox.add_webhook" in log
    assert "whsec_" not in log
    assert "0f1e2d3c" not in log


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"address": ""}, "address"),
        ({"address": "tickets.example"}, "address"),
        ({"address": "http://tickets.example/"}, "address"),
        ({"address": "https://127.0.0.1/"}, "address"),
        ({"address": "https://169.254.169.254/latest"}, "address"),
        ({"address": "https://[::1]/"}, "address"),
        ({"address": "https://me:word@tickets.example/"}, "address"),
        ({"areas": []}, "areas"),
        ({"areas": ["feedback"]}, "areas"),
    ],
)
def test_an_odd_webhook_is_refused_beside_its_field(cast, client_for, given, field) -> None:
    answer = client_for(cast.administrator).post(reverse("inbox:webhooks"), WEBHOOK | given)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    with acting(cast):
        assert not models.Endpoint.objects.exists()


def test_webhooks_are_the_administrators_and_auditors_only_read(cast, client_for, webhook) -> None:
    endpoint, _secret = webhook
    listing, one = reverse("inbox:webhooks"), reverse("inbox:webhook", args=[endpoint.pk])
    writes = [
        (listing, WEBHOOK),
        *((reverse(f"inbox:{name}", args=[endpoint.pk]), {}) for name in (
            "rotate_secret", "test_webhook", "pause_webhook", "resume_webhook", "remove_webhook",
        )),
    ]  # fmt: skip
    for person in cast.members():
        browser = client_for(person)
        reads = [browser.get(address).status_code for address in (listing, one)]
        tab = 'href="/inbox/webhooks/"' in browser.get(reverse("people:periods")).content.decode()
        if person in (cast.administrator, cast.auditor):
            assert (reads, tab) == ([200, 200], True)
        else:
            assert (reads, tab) == ([403, 403], False), person
        if person != cast.administrator:
            assert {browser.post(address, given).status_code for address, given in writes} == {403}
    stranger = client_for(cast.stranger)
    assert "Ticket system" not in stranger.get(listing).content.decode()
    assert stranger.get(one).status_code == 404
    assert {stranger.post(address, {}).status_code for address, _given in writes[1:]} == {404}
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.is_open
    page = client_for(cast.auditor).get(one).content.decode()
    assert "Send a test message" not in page
    assert "Make a new secret" not in page


def test_a_test_message_shows_what_became_of_it(cast, client_for, host, webhook, tell) -> None:
    endpoint, _secret = webhook
    browser = client_for(cast.administrator)
    asked = browser.post(reverse("inbox:test_webhook", args=[endpoint.pk]), headers={"HX-Request": "true"})
    page = asked.content.decode()
    assert "On its way" in page
    assert 'hx-trigger="every 2s"' in page
    browser.post(reverse("inbox:test_webhook", args=[endpoint.pk]))
    tell()
    assert len(host.heard) == 1, "one that waits is not asked for twice"
    assert b'"type":"test"' in host.heard[0].body
    state = browser.get(reverse("inbox:webhook_state", args=[endpoint.pk])).content.decode()
    assert "Arrived" in state
    assert "every 2s" not in state
    host.answer(500)
    browser.post(reverse("inbox:test_webhook", args=[endpoint.pk]))
    tell()
    tell()
    state = browser.get(reverse("inbox:webhook_state", args=[endpoint.pk])).content.decode()
    assert "Given up" in state
    assert "The host answered that it failed. (500)" in state
    assert len(host.heard) == 2, "a test is tried once"
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None, "a test says nothing about days"


def test_a_test_does_not_wait_for_an_endpoint_that_rests(
    cast, actor, client_for, host, webhook, give, tell
) -> None:
    endpoint, _secret = webhook
    host.answer(503, Retry_After="7200")
    give()
    tell()
    host.answer(200)
    client_for(cast.administrator).post(reverse("inbox:test_webhook", args=[endpoint.pk]))
    assert tell() == 1


def test_the_last_messages_are_listed_and_one_is_sent_again_with_its_id(
    cast, client_for, host, webhook, give, tell, deliveries
) -> None:
    endpoint, _secret = webhook
    host.answer(500)
    give()
    tell()
    browser, address = client_for(cast.administrator), reverse("inbox:webhook", args=[endpoint.pk])
    page = browser.get(address).content.decode()
    assert "Tried again later" in page
    assert "goals.agreement" in page
    assert "rival" not in page
    [delivery] = deliveries()
    with acting(cast):
        models.Delivery.objects.update(attempts=actions.ATTEMPTS)
        models.Endpoint.objects.update(rests_until=None)
    assert "Given up" in browser.get(address).content.decode()
    host.answer(204)
    again = reverse("inbox:send_again", args=[endpoint.pk, delivery.pk])
    assert browser.post(again).status_code == 302
    assert tell() == 1
    assert len({heard.headers["webhook-id"] for heard in host.heard}) == 1
    assert "Arrived" in browser.get(address).content.decode()
    for person in (cast.hr, cast.employee, cast.auditor):
        assert client_for(person).post(again).status_code == 403
    other = reverse("inbox:send_again", args=[endpoint.pk, uuid.uuid4()])
    assert browser.post(other).status_code == 404


def test_a_secret_is_replaced_on_the_page_and_shown_once(cast, client_for, webhook) -> None:
    endpoint, old = webhook
    browser = client_for(cast.administrator)
    page = browser.post(reverse("inbox:rotate_secret", args=[endpoint.pk])).content.decode()
    new = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page)[0]
    assert new != old
    page = browser.get(reverse("inbox:webhook", args=[endpoint.pk])).content.decode()
    assert "signed with the new and the former secret" in page
    assert "whsec_" not in page
    assert "whsec_" not in rows_of_log(cast)


def test_a_webhook_is_paused_resumed_and_removed(cast, client_for, webhook, give, deliveries) -> None:
    endpoint, _secret = webhook
    browser, one = client_for(cast.administrator), reverse("inbox:webhook", args=[endpoint.pk])
    browser.post(reverse("inbox:pause_webhook", args=[endpoint.pk]))
    assert "Paused" in browser.get(one).content.decode()
    browser.post(reverse("inbox:resume_webhook", args=[endpoint.pk]))
    assert "data-confirm" in browser.get(one).content.decode()
    assert browser.post(reverse("inbox:remove_webhook", args=[endpoint.pk])).status_code == 302
    assert browser.get(one).status_code == 404
    with acting(cast):
        endpoint.refresh_from_db()
        assert endpoint.sealed == ""
    give()
    assert deliveries() == []


def test_one_that_was_switched_off_says_why(cast, client_for, host, webhook, give, tell) -> None:
    endpoint, _secret = webhook
    host.answer(410)
    give()
    tell()
    browser = client_for(cast.administrator)
    page = browser.get(reverse("inbox:webhook", args=[endpoint.pk])).content.decode()
    assert "Switched off on" in page
    assert "Nobody is there any more. (410)" in page
    assert "is told nothing any more" in browser.get(reverse("inbox:list")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_do_not_exceed_the_most(cast, actor, monkeypatch) -> None:
    monkeypatch.setattr("performance.inbox.actions.endpoints.MOST_WEBHOOKS", 1)
    with acting(cast):
        by = actor(cast.administrator)

    def add():
        return actions.add_webhook(name="x", address=ADDRESS, areas=["goals"], by=by, at=timezone.now())

    first, second = races.second_waits_for_first(cast.organisation, add, add)
    assert isinstance(first, tuple)
    assert second.code == "too_many"


# --- Chats: the page -------------------------------------------------------------------------------------


def test_everybody_adds_a_chat_of_their_own(cast, client_for) -> None:
    browser, page_of = client_for(cast.employee), reverse("inbox:mail")
    assert "No chat yet" in browser.get(page_of).content.decode()
    assert browser.post(reverse("inbox:add_chat"), CHAT).status_code == 302
    page = browser.get(page_of).content.decode()
    assert "My group" in page
    assert "open.feishu.cn" in page
    assert "reads no titles" in page
    assert "0f1e2d3c" not in page
    assert "S3CR3T" not in page
    with acting(cast):
        chat = models.Endpoint.objects.get()
        assert actions.opened(chat) == {"address": BOT, "secret": CHAT["secret"]}
    log = rows_of_log(cast)
    assert "inbox.add_chat" in log
    for secret in ("0f1e2d3c", "S3CR3T", "My group"):
        assert secret not in log
    for person in (cast.colleague, cast.manager, cast.hr, cast.administrator, cast.auditor):
        assert "My group" not in client_for(person).get(page_of).content.decode()


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"channel": "email"}, "channel", ""),
        ({"channel": "webhook"}, "channel", ""),
        ({"name": ""}, "name", ""),
        ({"address": "http://open.feishu.cn/x"}, "address", "https"),
        ({"address": "https://example.com/x"}, "address", "no address of a bot of Feishu"),
        ({"address": "https://open.feishu.cn.evil.example/x"}, "address", "no address of a bot of Feishu"),
        (
            {"address": "https://oapi.dingtalk.com/robot/send?access_token=1"},
            "address",
            "address of DingTalk",
        ),
        ({"address": "https://10.0.0.1/x"}, "address", "private network"),
        (
            {"channel": "slack", "address": "https://hooks.slack.com/services/T/B/x"},
            "secret",
            "have no secret",
        ),
        ({"tells_title": "2"}, "tells_title", ""),
    ],
)
def test_an_odd_chat_is_refused_beside_its_field(cast, client_for, given, field, words) -> None:
    answer = client_for(cast.employee).post(reverse("inbox:add_chat"), CHAT | given)
    assert answer.status_code == 422
    assert words in str(answer.context["chat_form"].errors[field])
    assert CHAT["secret"] not in answer.content.decode()
    with acting(cast):
        assert not models.Endpoint.objects.exists()


def test_an_installation_may_allow_a_relay_of_its_own(cast, client_for, settings) -> None:
    settings.ACCORD_EGRESS_ALLOW = ["relay.corp.example"]
    given = CHAT | {"address": "http://relay.corp.example/feishu"}
    assert client_for(cast.employee).post(reverse("inbox:add_chat"), given).status_code == 302


def test_the_chats_of_others_do_not_exist(cast, client_for, add_chat) -> None:
    chat = add_chat()
    for person in (cast.colleague, cast.manager, cast.hr, cast.administrator, cast.stranger):
        browser = client_for(person)
        for name in ("test_chat", "set_title", "pause_chat", "resume_chat", "remove_chat"):
            assert browser.post(reverse(f"inbox:{name}", args=[chat.pk])).status_code == 404
        assert browser.get(reverse("inbox:chat_state", args=[chat.pk])).status_code == 404
    with acting(cast):
        chat.refresh_from_db()
        assert chat.is_open


def test_an_auditor_writes_nothing_here_either(cast, client_for) -> None:
    browser = client_for(cast.auditor)
    page = browser.get(reverse("inbox:mail")).content.decode()
    assert 'id="card-new-chat"' not in page
    assert browser.post(reverse("inbox:add_chat"), CHAT).status_code == 403


def test_a_chat_is_tested_changed_paused_and_removed(cast, client_for, host, add_chat, tell) -> None:
    chat = add_chat()
    browser, page_of = client_for(cast.employee), reverse("inbox:mail")

    def press(name, **given):
        assert browser.post(reverse(f"inbox:{name}", args=[chat.pk]), given).status_code == 302
        return browser.get(page_of).content.decode()

    assert "On its way" in press("test_chat")
    assert tell() == 1
    assert "A test from Accord" in host.heard[0].body.decode()
    assert "Arrived" in browser.get(page_of).content.decode()
    assert "reads titles and due days" in press("set_title", tells_title="1")
    assert "reads no titles" in press("set_title", tells_title="0")
    assert "Tell here at once" in press("pause_chat")
    assert "Never tell here" in press("resume_chat")
    assert "No chat yet" in press("remove_chat")
    with acting(cast):
        chat.refresh_from_db()
        assert chat.sealed == ""
        told = list(AuditRow.objects.order_by("id").values_list("action", flat=True))
    assert told == [
        "inbox.add_chat",
        "inbox.change_chat",
        "inbox.change_chat",
        "inbox.pause_endpoint",
        "inbox.resume_endpoint",
        "inbox.close_endpoint",
    ]
    assert set(told) <= set(deeds.DEEDS)


def test_a_refused_test_says_what_the_chat_said(cast, client_for, host, add_chat, tell) -> None:
    host.answer(200, b'{"code":19024,"msg":"Key Words Not Found"}')
    chat = add_chat("feishu")
    browser = client_for(cast.employee)
    browser.post(reverse("inbox:test_chat", args=[chat.pk]))
    tell()
    page = browser.get(reverse("inbox:mail")).content.decode()
    assert "The chat did not take the message. (19024 Key Words Not Found)" in page


def test_a_chat_that_was_switched_off_says_why(cast, client_for, host, add_chat, give, tell) -> None:
    host.answer(404, b"no_service")
    add_chat()
    give()
    tell()
    page = client_for(cast.employee).get(reverse("inbox:mail")).content.decode()
    assert "Switched off" in page
    assert page.count("Nobody is there any more. (no_service)") == 2


def test_there_are_not_endlessly_many_chats(cast, add_chat, client_for) -> None:
    for _each in range(actions.MOST_CHATS):
        add_chat()
    with pytest.raises(actions.EndpointRefused):
        add_chat()
    assert 'id="card-new-chat"' not in client_for(cast.employee).get(reverse("inbox:mail")).content.decode()


def test_the_pages_speak_chinese(cast, client_for, add_chat, webhook) -> None:
    add_chat()
    for person, address in (
        (cast.employee, reverse("inbox:mail")),
        (cast.administrator, reverse("inbox:webhooks")),
        (cast.administrator, reverse("inbox:webhook", args=[webhook[0].pk])),
    ):
        browser = client_for(person)
        browser.cookies["accord_language"] = "zh-hans"
        page = browser.get(address).content.decode()
        assert "发送测试消息" in page or "添加 Webhook" in page


def test_the_query_count_does_not_grow(cast, client_for, add_chat, actor) -> None:
    from tests.people.test_pages import _queries

    def more():
        add_chat()
        with acting(cast):
            actions.add_webhook(
                name="x", address=ADDRESS, areas=["goals"], by=actor(cast.administrator), at=timezone.now()
            )

    def counts():
        return [
            _queries(client_for(cast.employee), reverse("inbox:mail")),
            _queries(client_for(cast.administrator), reverse("inbox:webhooks")),
        ]

    more()
    first = counts()
    more()
    more()
    assert counts() == first


# --- The API ---------------------------------------------------------------------------------------------


def test_the_api_does_what_the_pages_do_with_webhooks(cast, client_for, host, tell, give, settings) -> None:
    api = Api(client_for(cast.administrator))
    made = api("post", "api_inbox_webhooks", given=WEBHOOK | {"address": host.address()}, status=201)
    assert made["secret"].startswith("whsec_")
    assert "address" not in made
    key = made["id"]
    assert [row["id"] for row in api("get", "api_inbox_webhooks")] == [key]
    assert "secret" not in api("get", "api_inbox_webhook", key)
    give()
    tell()
    [told] = api("get", "api_inbox_webhook_deliveries", key)["results"]
    assert (told["state"], told["status"], told["kind"]) == ("sent", 200, "goals.agreement")
    again = api("post", "api_inbox_webhook_again", key, told["id"], status=202)
    assert again["state"] == "waiting"
    assert api("post", "api_inbox_webhook_test", key, status=202)["occasion"] == "test"
    assert api("post", "api_inbox_webhook_secret", key)["secret"] != made["secret"]
    assert api("patch", "api_inbox_webhook", key, given={"is_paused": True})["is_paused"] is True
    assert api("patch", "api_inbox_webhook", key, given={"is_paused": False})["is_paused"] is False
    api("delete", "api_inbox_webhook", key, status=204)
    api("get", "api_inbox_webhook", key, status=404)
    wrong = api("post", "api_inbox_webhooks", given=WEBHOOK | {"address": "https://10.0.0.1/"}, status=422)
    assert list(wrong["errors"]) == ["address"]


def test_the_api_of_webhooks_is_the_administrators(cast, client_for, webhook) -> None:
    key = webhook[0].pk
    for person in (cast.employee, cast.manager, cast.hr, cast.business_owner):
        api = Api(client_for(person))
        api("get", "api_inbox_webhooks", status=403)
        api("post", "api_inbox_webhooks", given=WEBHOOK, status=403)
        api("get", "api_inbox_webhook_deliveries", key, status=403)
        api("post", "api_inbox_webhook_secret", key, status=403)
    auditor = Api(client_for(cast.auditor))
    assert len(auditor("get", "api_inbox_webhooks")) == 1
    auditor("post", "api_inbox_webhook_test", key, status=403)
    auditor("delete", "api_inbox_webhook", key, status=403)
    stranger = Api(client_for(cast.stranger))
    assert stranger("get", "api_inbox_webhooks") == []
    stranger("post", "api_inbox_webhook_secret", key, status=404)
    stranger("delete", "api_inbox_webhook", key, status=404)


def test_the_api_does_what_the_page_does_with_chats(cast, client_for, host, tell) -> None:
    api = Api(client_for(cast.employee))
    given = {"channel": "slack", "name": "Team", "address": host.address()}
    made = api("post", "api_inbox_chats", given=given, status=201)
    assert (made["tells_title"], made["host"]) == (False, "127.0.0.1")
    assert not {"address", "secret", "sealed"} & set(made)
    key = made["id"]
    api("get", "api_inbox_chat_test", key, status=404)
    assert api("post", "api_inbox_chat_test", key, status=202)["state"] == "waiting"
    tell()
    assert api("get", "api_inbox_chat_test", key)["state"] == "sent"
    changed = api("patch", "api_inbox_chat", key, given={"tells_title": True, "is_paused": True})
    assert (changed["tells_title"], changed["is_paused"]) == (True, True)
    for person in (cast.colleague, cast.administrator, cast.stranger):
        other = Api(client_for(person))
        assert other("get", "api_inbox_chats") == []
        for way, name in (
            ("get", "api_inbox_chat"),
            ("delete", "api_inbox_chat"),
            ("post", "api_inbox_chat_test"),
        ):
            other(way, name, key, status=404)
    api("delete", "api_inbox_chat", key, status=204)
    assert api("get", "api_inbox_chats") == []


class Api:
    """Calls as somebody."""

    def __init__(self, client) -> None:
        self.client = client

    def __call__(self, way, name, *args, given=None, status=200):
        call = getattr(self.client, way)
        address = reverse(name, args=args)
        answer = (
            call(address) if way == "get" else call(address, given or {}, content_type="application/json")
        )
        assert answer.status_code == status, answer.content
        return answer.json() if answer.content else None


# --- Keys ------------------------------------------------------------------------------------------------


def test_addresses_are_brought_under_a_new_key(cast, settings, webhook, add_chat) -> None:
    chat = add_chat()
    before = [actions.opened(webhook[0]), actions.opened(chat)]
    old, new = settings.FIELD_ENCRYPTION_KEYS, "a-new-key-of-the-installation-" * 2
    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    call_command("reseal_credentials")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with acting(cast):
        found = [models.Endpoint.objects.get(pk=each.pk) for each in (webhook[0], chat)]
    assert [actions.opened(each) for each in found] == before
    found[0].sealed, found[1].sealed = found[1].sealed, found[0].sealed
    for each in found:
        with pytest.raises(sealing.Unreadable):
            actions.opened(each)


def test_every_channel_has_a_room_and_a_name() -> None:
    assert set(channels.CHATS) | {"email", "webhook"} == set(models.Channel.values)
