"""WeCom (WeChat Work): the robot of a group.

Source: https://developer.work.weixin.qq.com/document/path/91770: msgtype markdown, content of at most 4096 bytes, 20
messages a minute; the address is all there is to know, there is no signature. The answer is JSON with `errcode` 0;
40058 content too long, 45009 too fast. From reports, not from that page: 93000 invalid address, -1 busy.
"""

from __future__ import annotations

from datetime import datetime

from performance.foundation.outgoing import Answer
from performance.inbox.channels import protocol

HOSTS = ("qyapi.weixin.qq.com",)
BUSY = -1
TOO_FAST = 45009
MINUTE = 60
NO_SUCH_ROBOT = 93000
#: There is no way to escape: what somebody typed as a title must not become a link, a colour or a call to everybody.
LOOKALIKES = str.maketrans("[]<>*_`#", "［］＜＞＊＿｀＃")


def call(message: protocol.Message, *, address: str, secret: str, at: datetime) -> protocol.Call:
    lines = [f"**{plain(message.title)}**"]
    if message.note:
        lines.append(f"> {plain(message.note)}")
    lines.append(f"[{plain(message.link_text)}]({message.link})")
    values = {"msgtype": "markdown", "markdown": {"content": "\n".join(lines)}}
    return protocol.Call(address, protocol.JSON, protocol.body_of(values))


def plain(words: str) -> str:
    return " ".join(words.split()).translate(LOOKALIKES)


def outcome(answer: Answer, at: datetime) -> protocol.Outcome:
    values = protocol.json_of(answer)
    code = values.get("errcode")
    if not isinstance(code, int):
        found = protocol.by_status(answer, at)
        return protocol.Later("odd_answer") if isinstance(found, protocol.Delivered) else found
    detail = protocol.said(f"{code} {values.get('errmsg', '')}")
    if code == 0:
        return protocol.Delivered()
    if code == NO_SUCH_ROBOT:
        return protocol.Gone("gone", detail)
    if code == TOO_FAST:
        return protocol.Later("too_fast", detail, protocol.pause(answer, at) or MINUTE)
    if code == BUSY or answer.status >= 500:
        return protocol.Later("status", detail, protocol.pause(answer, at))
    return protocol.Refused("said_no", detail)


ROOM = protocol.Chat(hosts=HOSTS, spacing=3.0, has_secret=False, call=call, outcome=outcome)
