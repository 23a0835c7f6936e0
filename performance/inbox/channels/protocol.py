"""What every channel is: a message becomes a call, an answer becomes an outcome. Plain Python.

Outcomes are values, matched exhaustively: delivered; refused for good; gone, so that the address is not asked again; or
to be tried later, after the seconds that the other side names. `code` is a word of `reasons`, `detail` what the other
side said, cut short.
"""

from __future__ import annotations

import email.utils
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from performance.foundation.outgoing import Answer

JSON = {"Content-Type": "application/json; charset=utf-8"}
LONGEST_DETAIL = 120
#: Nobody is believed who asks for a longer pause, in seconds.
LONGEST_PAUSE = 86_400


@dataclass(frozen=True)
class Message:
    """What a chat is told, in its reader's language: a sentence, perhaps a second one, and where to go."""

    title: str
    note: str
    link: str
    link_text: str


@dataclass(frozen=True)
class Event:
    """What a system is told. `id` stays the same however often it is sent; `at` is when it happened."""

    id: str
    type: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One POST. The address of a bot is a secret."""

    address: str = field(repr=False)
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Delivered:
    pass


@dataclass(frozen=True)
class Refused:
    """This message is not taken, now or later."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class Gone:
    """Nobody is there any more; whoever set the address up has to know."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class Later:
    """Worth another try, not before so many `seconds` where the other side says how many."""

    code: str
    detail: str = ""
    seconds: int | None = None


Outcome = Delivered | Refused | Gone | Later


@dataclass(frozen=True)
class Chat:
    """A kind of chat: its hosts (".x" for all below x), how many seconds apart it takes messages, whether a bot can have a
    secret of its own, and the two functions."""

    hosts: tuple[str, ...]
    spacing: float
    has_secret: bool
    call: Callable[..., Call]
    outcome: Callable[[Answer, datetime], Outcome]

    def is_home(self, host: str) -> bool:
        name = host.lower().rstrip(".")
        return any(
            name == home or (home.startswith(".") and name.endswith(home) and name != home[1:])
            for home in self.hosts
        )


def body_of(values: Mapping[str, Any]) -> bytes:
    """JSON as it is sent, and signed: the same bytes for the same values."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def json_of(answer: Answer) -> dict[str, Any]:
    """The object in an answer; empty where there is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def said(text: Any) -> str:
    """What the other side said, on one line and cut short."""
    words = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return " ".join(words.split())[:LONGEST_DETAIL]


def by_status(answer: Answer, at: datetime) -> Outcome:
    """What the status alone says, for chats. One that has no such address any more says 404 or 410."""
    status = answer.status
    if 200 <= status < 300:
        return Delivered()
    if 300 <= status < 400:
        return Refused("redirected", str(status))
    if status in (404, 410):
        return Gone("gone", str(status))
    if status in (408, 425, 429) or status >= 500:
        return Later("status", str(status), pause(answer, at))
    return Refused("status", str(status))


def pause(answer: Answer, at: datetime) -> int | None:
    """Seconds that Retry-After asks for, given as a number or as a moment (RFC 9110, 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_PAUSE)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at).total_seconds()
    return min(max(int(seconds), 0), LONGEST_PAUSE)
