"""Each channel against a host that answers as its documentation says."""

import base64
import hashlib
import hmac
import json
import re
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from standardwebhooks import Webhook, WebhookVerificationError

from performance.foundation import outgoing
from performance.inbox import channels
from performance.inbox.channels import Delivered, Gone, Later, Refused, protocol, standard_webhooks
from tests.inbox import hosts

AT = datetime(2026, 3, 10, 8, 30, tzinfo=UTC)
MESSAGE = channels.Message(
    title="Agree to: [free] <!channel> *now* & here",
    note="For Eli Employee, due 12 March",
    link="https://accord.example/goals/1/?organisation=2",
    link_text="Open",
)
EVENT = channels.Event("msg_1", "work_item.assigned", AT, {"kind": "goals.agreement", "name": "目标"})


def sent(host: hosts.Host, channel: str, secret: str = "", path: str = "/hook/0f1e2d3c"):
    """What the host heard, and what its answer means."""
    room = channels.CHATS[channel]
    call = room.call(MESSAGE, address=host.address(path), secret=secret, at=AT)
    answer = outgoing.post(
        call.address, headers=call.headers, body=call.body, allow=[f"127.0.0.1:{host.port}"]
    )
    return host.heard[-1], room.outcome(answer, AT)


def answered(channel: str, status: int, body: object = b"", **headers: str):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return channels.CHATS[channel].outcome(outgoing.Answer(status, headers, content), AT)


# --- Standard Webhooks -----------------------------------------------------------------------------------


def signed(*secrets: str, at: datetime | None = None) -> channels.Call:
    return standard_webhooks.call(
        EVENT, address="https://hooks.example/", signing=secrets, at=at or datetime.now(UTC)
    )


def test_the_reference_library_verifies_what_we_sign() -> None:
    secret = standard_webhooks.new_secret()
    call = signed(secret)
    found = Webhook(secret).verify(call.body, dict(call.headers))
    assert found == {
        "type": "work_item.assigned",
        "timestamp": "2026-03-10T08:30:00Z",
        "data": {"kind": "goals.agreement", "name": "目标"},
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(standard_webhooks.new_secret()).verify(call.body, dict(call.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(call.body.replace(b"agreement", b"agreemenT"), dict(call.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(signed(secret, at=AT).body, dict(signed(secret, at=AT).headers))


def test_while_a_secret_is_replaced_both_verify() -> None:
    old, new = standard_webhooks.new_secret(), standard_webhooks.new_secret()
    call = signed(new, old)
    assert len(call.headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(call.body, dict(call.headers))


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the specification's own test suites."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    found = standard_webhooks.signature(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_the_documentation_shows_verifies_too() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "developers.md").read_text()
    [snippet] = re.findall(r"```python\n(import base64.*?)```", text, re.S)
    shown: dict[str, Any] = {}
    exec(snippet, shown)  # noqa: S102 - our own documentation
    old, new = standard_webhooks.new_secret(), standard_webhooks.new_secret()
    call = signed(new, old)
    headers = {name.lower(): value for name, value in call.headers.items()}
    for secret in (old, new):
        assert shown["verified"](headers, call.body, secret)["type"] == "work_item.assigned"
    for wrong in (
        lambda: shown["verified"](headers, call.body + b" ", new),
        lambda: shown["verified"](headers, call.body, standard_webhooks.new_secret()),
        lambda: shown["verified"](dict(signed(new, at=AT).headers), signed(new, at=AT).body, new),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_a_secret_is_long_enough_and_never_the_same() -> None:
    secrets = {standard_webhooks.new_secret() for _each in range(20)}
    assert len(secrets) == 20
    assert all(24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64 for secret in secrets)


@pytest.mark.parametrize(
    ("status", "headers", "meant"),
    [
        (200, {}, Delivered()),
        (204, {}, Delivered()),
        (410, {}, Gone("gone", "410")),
        (404, {}, Later("status", "404")),
        (401, {}, Later("status", "401")),
        (302, {"location": "https://elsewhere.example/"}, Later("redirected", "302")),
        (500, {}, Later("status", "500")),
        (503, {"retry-after": "120"}, Later("status", "503", 120)),
        (429, {"retry-after": "Tue, 10 Mar 2026 08:31:00 GMT"}, Later("status", "429", 60)),
        (429, {"retry-after": "Tue, 10 Mar 2020 08:31:00 GMT"}, Later("status", "429", 0)),
        (429, {"retry-after": "soon"}, Later("status", "429", None)),
        (429, {"retry-after": "999999999999"}, Later("status", "429", protocol.LONGEST_PAUSE)),
    ],
)
def test_what_a_system_answers_means(status, headers, meant) -> None:
    assert standard_webhooks.outcome(outgoing.Answer(status, headers, b""), AT) == meant


# --- Slack -----------------------------------------------------------------------------------------------


def test_slack_is_told_in_blocks_and_says_ok(host: hosts.Host) -> None:
    heard, outcome = sent(host, "slack")
    told = json.loads(heard.body)
    assert outcome == Delivered()
    assert told["text"] == "Agree to: [free] &lt;!channel&gt; *now* &amp; here"
    assert told["blocks"][0]["text"] == {"type": "plain_text", "text": MESSAGE.title, "emoji": False}
    line = told["blocks"][1]["elements"][0]["text"]
    assert line == f"For Eli Employee, due 12 March · <{MESSAGE.link}|Open>"
    assert heard.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (400, b"invalid_payload", Refused("status", "400 invalid_payload")),
        (403, b"action_prohibited", Refused("status", "403 action_prohibited")),
        (404, b"channel_not_found", Gone("gone", "channel_not_found")),
        (404, b"no_service", Gone("gone", "no_service")),
        (410, b"channel_is_archived", Gone("gone", "channel_is_archived")),
        (500, b"rollup_error", Later("status", "500")),
        (200, b"<html>a proxy</html>", Later("odd_answer", "<html>a proxy</html>")),
        (302, b"", Refused("redirected", "302")),
    ],
)
def test_what_slack_answers_means(status, body, meant) -> None:
    assert answered("slack", status, body) == meant


def test_slack_says_how_long_to_wait() -> None:
    assert answered("slack", 429, b"", **{"retry-after": "30"}) == Later("status", "429", 30)


# --- Teams -----------------------------------------------------------------------------------------------


def test_teams_is_told_with_a_card_and_accepts(host: hosts.Host) -> None:
    host.answer(202)
    heard, outcome = sent(host, "teams", path="/workflows/1/triggers/manual/paths/invoke?sig=0f1e")
    told = json.loads(heard.body)
    assert outcome == Delivered()
    assert heard.path == "/workflows/1/triggers/manual/paths/invoke?sig=0f1e"
    assert told["type"] == "message"
    [attachment] = told["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert card["type"] == "AdaptiveCard"
    assert card["body"][0]["type"] == "RichTextBlock", "which reads no Markdown"
    assert card["body"][0]["inlines"][0]["text"] == MESSAGE.title
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open", "url": MESSAGE.link}]


def test_what_teams_answers_means() -> None:
    assert answered("teams", 404) == Gone("gone", "404")
    assert answered("teams", 429, b"", **{"retry-after": "5"}) == Later("status", "429", 5)
    assert answered("teams", 400) == Refused("status", "400")
    inside = (
        b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with"
    )
    assert answered("teams", 200, inside) == Later("status", "429")


# --- Feishu ----------------------------------------------------------------------------------------------


def feishu(secret: str):
    """Answers as a bot whose security setting is a signature."""

    def say(heard: hosts.Heard) -> hosts.Said:
        told = json.loads(heard.body)
        key = f"{told.get('timestamp')}\n{secret}".encode()
        wanted = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        if told.get("sign") != wanted:
            said = {"code": 19021, "msg": "sign match fail or timestamp is not within one hour", "data": {}}
        else:
            said = {"code": 0, "msg": "success", "data": {}, "StatusCode": 0, "StatusMessage": "success"}
        return 200, {}, json.dumps(said).encode()

    return say


def test_feishu_is_told_with_a_card_and_a_signature(host: hosts.Host) -> None:
    host.answers = [feishu("SEC1")]
    heard, outcome = sent(host, "feishu", secret="SEC1")
    told = json.loads(heard.body)
    assert outcome == Delivered()
    assert told["timestamp"] == str(int(AT.timestamp()))
    assert told["msg_type"] == "interactive"
    assert told["card"]["header"]["title"] == {"tag": "plain_text", "content": MESSAGE.title}
    assert told["card"]["elements"][1]["actions"][0]["url"] == MESSAGE.link
    _heard, outcome = sent(host, "feishu", secret="other")
    assert isinstance(outcome, Refused)
    assert outcome.detail.startswith("19021 sign match fail")
    assert "sign" not in json.loads(sent(host, "feishu")[0].body)


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (200, {"StatusCode": 0, "StatusMessage": "success"}, Delivered()),
        (400, {"code": 9499, "msg": "Bad Request", "data": {}}, Refused("said_no", "9499 Bad Request")),
        (200, {"code": 19024, "msg": "Key Words Not Found"}, Refused("said_no", "19024 Key Words Not Found")),
        (200, {"code": 19022, "msg": "Ip Not Allowed"}, Refused("said_no", "19022 Ip Not Allowed")),
        (
            200,
            {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"},
            Gone("gone", "19001 param invalid: incoming webhook access token invalid"),
        ),
        (200, {"code": 11232, "msg": "frequency limited"}, Later("too_fast", "11232 frequency limited", 60)),
        (502, b"bad gateway", Later("status", "502")),
        (200, b"{", Later("odd_answer")),
        (200, b"[" * 50_000, Later("odd_answer")),
    ],
)
def test_what_feishu_answers_means(status, body, meant) -> None:
    assert answered("feishu", status, body) == meant


def test_feishu_says_when_its_limit_ends() -> None:
    said = {"code": 99991400, "msg": "request trigger frequency limit"}
    outcome = answered("feishu", 429, said, **{"x-ogw-ratelimit-reset": "52"})
    assert outcome == Later("too_fast", "99991400 request trigger frequency limit", 52)


# --- DingTalk --------------------------------------------------------------------------------------------


def dingtalk(secret: str):
    """Answers as a robot whose security setting is a signature."""

    def say(heard: hosts.Heard) -> hosts.Said:
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(heard.path).query))
        text = f"{asked.get('timestamp')}\n{secret}".encode()
        wanted = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
        said = {"errcode": 0, "errmsg": "ok"}
        if asked.get("sign") != wanted:
            said = {"errcode": 310000, "errmsg": "sign not match"}
        return 200, {}, json.dumps(said).encode()

    return say


def test_dingtalk_is_told_with_a_link_and_a_signature_in_the_address(host: hosts.Host) -> None:
    host.answers = [dingtalk("SEC2")]
    heard, outcome = sent(host, "dingtalk", secret="SEC2", path="/robot/send?access_token=0f1e")
    assert outcome == Delivered()
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(heard.path).query))
    assert asked["access_token"] == "0f1e"
    assert asked["timestamp"] == str(int(AT.timestamp() * 1000))
    told = json.loads(heard.body)
    assert told == {
        "msgtype": "link",
        "link": {"title": MESSAGE.title, "text": MESSAGE.note, "messageUrl": MESSAGE.link, "picUrl": ""},
    }
    _heard, outcome = sent(host, "dingtalk", path="/robot/send?access_token=0f1e")
    assert outcome == Refused("said_no", "310000 sign not match")


@pytest.mark.parametrize(
    ("status", "body", "meant"),
    [
        (
            200,
            {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
            Later("too_fast", "130101 send too fast, exceed 20 times per minute", 600),
        ),
        (200, {"errcode": -1, "errmsg": "busy"}, Later("status", "-1 busy")),
        (200, {"errcode": 300001, "errmsg": "token is not exist"}, Gone("gone", "300001 token is not exist")),
        (200, {"errcode": 300001, "errmsg": "ip"}, Refused("said_no", "300001 ip")),
        (200, {"errcode": 400102, "errmsg": "stopped"}, Gone("gone", "400102 stopped")),
        (503, b"", Later("status", "503")),
    ],
)
def test_what_dingtalk_answers_means(status, body, meant) -> None:
    assert answered("dingtalk", status, body) == meant


# --- WeCom -----------------------------------------------------------------------------------------------


def test_wecom_is_told_in_markdown_that_a_title_cannot_write(host: hosts.Host) -> None:
    host.answer(200, b'{"errcode":0,"errmsg":"ok"}')
    heard, outcome = sent(host, "wecom", path="/cgi-bin/webhook/send?key=0f1e")
    assert outcome == Delivered()
    told = json.loads(heard.body)
    assert told["msgtype"] == "markdown"
    title, note, link = told["markdown"]["content"].split("\n")
    assert title == "**Agree to: ［free］ ＜!channel＞ ＊now＊ & here**"
    assert note == "> For Eli Employee, due 12 March"
    assert link == f"[Open]({MESSAGE.link})"
    assert len(told["markdown"]["content"].encode()) < 4096


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (
            {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"},
            Gone("gone", "93000 invalid webhook url, hint: [1]"),
        ),
        (
            {"errcode": 45009, "errmsg": "api freq out of limit"},
            Later("too_fast", "45009 api freq out of limit", 60),
        ),
        (
            {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"},
            Refused("said_no", "40058 markdown.content exceed max length 4096"),
        ),
    ],
)
def test_what_wecom_answers_means(body, meant) -> None:
    assert answered("wecom", 200, body) == meant


# --- All of them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", channels.CHATS)
def test_an_address_is_never_shown(channel: str) -> None:
    call = channels.CHATS[channel].call(MESSAGE, address="https://x.example/0f1e", secret="", at=AT)
    assert "0f1e" not in repr(call)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("hooks.slack.com", "slack"),
        ("HOOKS.SLACK.COM.", "slack"),
        ("open.feishu.cn", "feishu"),
        ("open.larksuite.com", "feishu"),
        ("oapi.dingtalk.com", "dingtalk"),
        ("qyapi.weixin.qq.com", "wecom"),
        ("prod-01.westeurope.logic.azure.com", "teams"),
        ("contoso.webhook.office.com", "teams"),
        ("logic.azure.com", ""),
        ("evilhooks.slack.com", ""),
        ("hooks.slack.com.evil.example", ""),
        ("evillogic.azure.com", ""),
    ],
)
def test_a_host_says_whose_chat_it_is(host: str, kind: str) -> None:
    assert channels.chat_at(host) == kind


def test_what_the_other_side_says_is_kept_on_one_short_line() -> None:
    outcome = answered("wecom", 200, {"errcode": 1, "errmsg": "a\n\x1b[31m" + "b" * 500})
    assert isinstance(outcome, Refused)
    assert outcome.detail.startswith("1 a [31mb")
    assert len(outcome.detail) == protocol.LONGEST_DETAIL
