"""DingTalk: the custom robot of a group.

Source: https://open.dingtalk.com/document/robots/custom-robot-access and its security settings: msgtype link (title, text,
messageUrl), 20 messages a minute, after that silence for ten minutes; with a secret the address gains `timestamp` in
milliseconds and `sign`: HMAC-SHA256 of timestamp, line feed and secret with the secret, base64, then URL-encoded. The answer
is JSON with `errcode` 0; 310000 security settings not met (keyword, signature, address), 130101 more than 20 a minute. From
reports, not from that page: -1 busy, 410100 too fast, 400013 group dissolved, 400101 and 400106 no such robot, 400102 robot
stopped, 300001 "token is not exist".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlencode

from performance.foundation.outgoing import Answer
from performance.inbox.channels import protocol

HOSTS = ("oapi.dingtalk.com", "api.dingtalk.com")
BUSY = -1
TOO_FAST = frozenset({130101, 410100})
SILENCE = 600
NO_SUCH_ROBOT = frozenset({400013, 400101, 400102, 400106})
TOKEN_OR_ADDRESS = 300001


def call(message: protocol.Message, *, address: str, secret: str, at: datetime) -> protocol.Call:
    # A link message is plain text: Markdown would read markup out of what somebody typed as a title.
    link = {
        "title": message.title,
        "text": message.note or message.link_text,
        "messageUrl": message.link,
        "picUrl": "",
    }
    if secret:
        stamp = str(int(at.timestamp() * 1000))
        query = urlencode({"timestamp": stamp, "sign": signature(secret, stamp)})
        address = f"{address}{'&' if '?' in address else '?'}{query}"
    return protocol.Call(address, protocol.JSON, protocol.body_of({"msgtype": "link", "link": link}))


def signature(secret: str, stamp: str) -> str:
    """Before it is encoded for the address."""
    signed = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


def outcome(answer: Answer, at: datetime) -> protocol.Outcome:
    values = protocol.json_of(answer)
    code = values.get("errcode")
    if not isinstance(code, int):
        found = protocol.by_status(answer, at)
        return protocol.Later("odd_answer") if isinstance(found, protocol.Delivered) else found
    words = str(values.get("errmsg", ""))
    detail = protocol.said(f"{code} {words}")
    if code == 0:
        return protocol.Delivered()
    if code in NO_SUCH_ROBOT or (code == TOKEN_OR_ADDRESS and "token" in words):
        return protocol.Gone("gone", detail)
    if code in TOO_FAST:
        return protocol.Later("too_fast", detail, SILENCE)
    if code == BUSY or answer.status >= 500:
        return protocol.Later("status", detail, protocol.pause(answer, at))
    return protocol.Refused("said_no", detail)


ROOM = protocol.Chat(hosts=HOSTS, spacing=3.0, has_secret=True, call=call, outcome=outcome)
