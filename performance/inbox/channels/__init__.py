"""One room for each way to tell somebody outside. The promises are in protocol.py.

Pure functions: what is to be told becomes a request, an answer becomes an outcome. Nothing here knows models, settings,
the clock or the network.
"""

from __future__ import annotations

from collections.abc import Mapping

from performance.inbox.channels import dingtalk, feishu, slack, standard_webhooks, teams, wecom
from performance.inbox.channels.protocol import (
    Call,
    Chat,
    Delivered,
    Event,
    Gone,
    Later,
    Message,
    Outcome,
    Refused,
)

__all__ = [
    "CHATS",
    "Call",
    "Chat",
    "Delivered",
    "Event",
    "Gone",
    "Later",
    "Message",
    "Outcome",
    "Refused",
    "chat_at",
    "standard_webhooks",
]

CHATS: Mapping[str, Chat] = {
    "slack": slack.ROOM,
    "teams": teams.ROOM,
    "feishu": feishu.ROOM,
    "dingtalk": dingtalk.ROOM,
    "wecom": wecom.ROOM,
}


def chat_at(host: str) -> str:
    """Which chat's own address this host is; empty for any other."""
    return next((kind for kind, room in CHATS.items() if room.is_home(host)), "")
