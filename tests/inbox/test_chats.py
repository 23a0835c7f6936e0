"""Chats of one's own: the page."""

import pytest
from django.urls import reverse
from django.utils import timezone

from performance.foundation import deed_names
from performance.foundation.models import AuditRow
from performance.inbox import actions, models
from tests.inbox.calling import acting, rows_of_log
from tests.inbox.typed import ADDRESS, BOT, CHAT


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
    assert set(told) <= set(deed_names.DEEDS)


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
