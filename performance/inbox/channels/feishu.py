"""Feishu and Lark: the custom bot of a group.

Source: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (also
https://open.larkoffice.com/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN.md): msg_type interactive, at most 20 KB, 100 a minute
and 5 a second; with a secret the body carries `timestamp` in seconds and `sign`: base64 of HMAC-SHA256 whose key is
timestamp, line feed and secret, over nothing. The answer is JSON with `code` 0; 19021 wrong signature, 19022 address not
allowed, 19024 keyword missing, 9499 bad request, 11232 and 99991400 too fast. From reports, not from that page: 19001 no
such bot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any

from performance.foundation.outgoing import Answer
from performance.inbox.channels import protocol

HOSTS = ("open.feishu.cn", "open.larksuite.com", "open.larkoffice.com")
TOO_FAST = frozenset({11232, 99991400})
NO_SUCH_BOT = 19001


def call(message: protocol.Message, *, address: str, secret: str, at: datetime) -> protocol.Call:
    elements: list[dict[str, Any]] = []
    if message.note:
        elements.append({"tag": "div", "text": _plain(message.note)})
    button = {"tag": "button", "text": _plain(message.link_text), "type": "primary", "url": message.link}
    elements.append({"tag": "action", "actions": [button]})
    card = {
        "config": {"wide_screen_mode": True},
        "header": {"title": _plain(message.title)},
        "elements": elements,
    }
    values: dict[str, Any] = {"msg_type": "interactive", "card": card}
    if secret:
        stamp = str(int(at.timestamp()))
        values = {"timestamp": stamp, "sign": signature(secret, stamp), **values}
    return protocol.Call(address, protocol.JSON, protocol.body_of(values))


def signature(secret: str, stamp: str) -> str:
    key = f"{stamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def _plain(words: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": words}


def outcome(answer: Answer, at: datetime) -> protocol.Outcome:
    values = protocol.json_of(answer)
    code = values.get("code", values.get("StatusCode"))
    if not isinstance(code, int):
        found = protocol.by_status(answer, at)
        return protocol.Later("odd_answer") if isinstance(found, protocol.Delivered) else found
    detail = protocol.said(f"{code} {values.get('msg', values.get('StatusMessage', ''))}")
    if code == 0:
        return protocol.Delivered()
    if code == NO_SUCH_BOT:
        return protocol.Gone("gone", detail)
    if code in TOO_FAST or answer.status == 429 or answer.status >= 500:
        return protocol.Later("too_fast" if answer.status < 500 else "status", detail, _pause(answer, at))
    return protocol.Refused("said_no", detail)


def _pause(answer: Answer, at: datetime) -> int:
    reset = answer.headers.get("x-ogw-ratelimit-reset", "")
    asked = (
        int(reset) if reset.isascii() and reset.isdigit() and len(reset) < 6 else protocol.pause(answer, at)
    )
    return 60 if asked is None else asked


ROOM = protocol.Chat(hosts=HOSTS, spacing=1.0, has_secret=True, call=call, outcome=outcome)
