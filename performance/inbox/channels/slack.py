"""Slack: incoming webhooks.

Sources: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks ({"text", "blocks"}, the answer "ok"),
https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks (400 invalid_payload, 403
action_prohibited, 404 channel_not_found, 410 channel_is_archived), https://docs.slack.dev/messaging/formatting-message-text
(& < > are escaped), https://docs.slack.dev/apis/web-api/rate-limits (one message a second, 429 with Retry-After).
"""

from __future__ import annotations

from datetime import datetime

from performance.foundation.outgoing import Answer
from performance.inbox.channels import protocol

HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")


def call(message: protocol.Message, *, address: str, secret: str, at: datetime) -> protocol.Call:
    blocks = [
        # Plain text: what somebody typed as a title is no markup of ours.
        {"type": "section", "text": {"type": "plain_text", "text": message.title, "emoji": False}},
        {
            "type": "context",
            "elements": [{"type": "mrkdwn", "text": _line(message)}],
        },
    ]
    values = {"text": escaped(message.title), "blocks": blocks, "unfurl_links": False}
    return protocol.Call(address, protocol.JSON, protocol.body_of(values))


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(message: protocol.Message) -> str:
    link = f"<{escaped(message.link).replace('|', '%7C')}|{escaped(message.link_text)}>"
    return " · ".join(part for part in (escaped(message.note), link) if part)


def outcome(answer: Answer, at: datetime) -> protocol.Outcome:
    found = protocol.by_status(answer, at)
    words = protocol.said(answer.body.decode(errors="replace"))
    match found:
        case protocol.Delivered():
            return found if words == "ok" else protocol.Later("odd_answer", words)
        case protocol.Later():
            return found
        case protocol.Gone():
            return protocol.Gone("gone", words or found.detail)
        case protocol.Refused():
            return protocol.Refused(found.code, f"{found.detail} {words}".strip())


ROOM = protocol.Chat(hosts=HOSTS, spacing=1.0, has_secret=False, call=call, outcome=outcome)
