"""The pages: what waits for me, how I am told, and the organisation's webhooks."""

from performance.inbox.views.chats import (
    add_chat,
    chat_state,
    mail,
    pause_chat,
    remove_chat,
    resume_chat,
    set_title,
    test_chat,
)
from performance.inbox.views.items import card, hand, read, snooze, take_back, waiting, wake
from performance.inbox.views.overdue import overdue_rule
from performance.inbox.views.webhooks import (
    pause_webhook,
    remove_webhook,
    resume_webhook,
    rotate_secret,
    send_again,
    test_webhook,
    webhook,
    webhook_state,
    webhooks,
)

__all__ = [
    "add_chat",
    "card",
    "chat_state",
    "hand",
    "mail",
    "overdue_rule",
    "pause_chat",
    "pause_webhook",
    "read",
    "remove_chat",
    "remove_webhook",
    "resume_chat",
    "resume_webhook",
    "rotate_secret",
    "send_again",
    "set_title",
    "snooze",
    "take_back",
    "test_chat",
    "test_webhook",
    "waiting",
    "wake",
    "webhook",
    "webhook_state",
    "webhooks",
]
