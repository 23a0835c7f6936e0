"""Writes: work given and done, messages about it, and how people want to be told."""

from performance.inbox.actions.habits import set_mail_rule
from performance.inbox.actions.handing import hand_work, take_work_back
from performance.inbox.actions.lines import tell_of_line
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
from performance.inbox.actions.overdue import (
    close_what_is_done,
    escalate_overdue,
    note_due_days,
    set_overdue_rule,
)
from performance.inbox.actions.work import (
    InboxRefused,
    Work,
    assign_many,
    assign_work,
    close_items,
    forget_person,
    pass_work_on,
    read_note,
    resolve_for,
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
    "close_items",
    "close_what_is_done",
    "escalate_overdue",
    "forget_person",
    "hand_work",
    "mail_rule_of",
    "note_due_days",
    "note_failed",
    "note_sent",
    "pass_work_on",
    "queue_letters",
    "read_note",
    "resolve_for",
    "resolve_many",
    "resolve_work",
    "set_mail_rule",
    "set_overdue_rule",
    "snooze_work",
    "take_work_back",
    "tell_of_line",
    "waiting_deliveries",
    "waiting_letters",
    "wake_work",
]
