"""Writes: work given and done, messages about it, and how people want to be told."""

from performance.inbox.actions.habits import set_mail_rule
from performance.inbox.actions.messages import (
    ATTEMPTS,
    SENDING_LASTS,
    Written,
    claim_delivery,
    claim_letter,
    mail_rule_of,
    note_failed,
    note_sent,
    queue_letters,
    waiting_deliveries,
    waiting_letters,
)
from performance.inbox.actions.work import (
    InboxRefused,
    Work,
    assign_many,
    assign_work,
    forget_person,
    pass_work_on,
    resolve_many,
    resolve_work,
    snooze_work,
    wake_work,
)

__all__ = [
    "ATTEMPTS",
    "SENDING_LASTS",
    "InboxRefused",
    "Work",
    "Written",
    "assign_many",
    "assign_work",
    "claim_delivery",
    "claim_letter",
    "forget_person",
    "mail_rule_of",
    "note_failed",
    "note_sent",
    "pass_work_on",
    "queue_letters",
    "resolve_many",
    "resolve_work",
    "set_mail_rule",
    "snooze_work",
    "waiting_deliveries",
    "waiting_letters",
    "wake_work",
]
