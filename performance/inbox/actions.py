"""Writes: give somebody work, and note that it is done."""

import datetime
import uuid
from typing import Any

from django.db import transaction

from performance.inbox.models import Delivery, WorkItem


def assign_work(
    *,
    to: Any,
    kind: str,
    subject_id: uuid.UUID,
    title_en: str,
    title_zh: str,
    url: str,
    by: Any,
    at: datetime.datetime,
    due_on: datetime.date | None = None,
    detail_en: str = "",
    detail_zh: str = "",
) -> WorkItem:
    """Puts an item before a person and queues its e-mail. Asking again while it is open only refreshes it."""
    with transaction.atomic():
        item, is_new = WorkItem.objects.update_or_create(
            person=to,
            kind=kind,
            subject_id=subject_id,
            done_at=None,
            defaults={
                "title_en": title_en[:200],
                "title_zh": title_zh[:200],
                "detail_en": detail_en[:200],
                "detail_zh": detail_zh[:200],
                "url": url,
                "due_on": due_on,
            },
            create_defaults={
                "title_en": title_en[:200],
                "title_zh": title_zh[:200],
                "detail_en": detail_en[:200],
                "detail_zh": detail_zh[:200],
                "url": url,
                "due_on": due_on,
                "assigned_by": _person(by),
                "assigned_at": at,
            },
        )
        if is_new and to.email:
            Delivery.objects.create(item=item, queued_at=at)
    return item


def resolve_work(*, kind: str, subject_id: uuid.UUID, by: Any, at: datetime.datetime, to: Any = None) -> int:
    """Closes the items that this action has done: one person's, or everybody's. Returns how many."""
    items = WorkItem.objects.filter(kind=kind, subject_id=subject_id, done_at=None)
    if to is not None:
        items = items.filter(person=to)
    return items.update(done_at=at, done_by=_person(by))


def snooze_work(*, item: WorkItem, until: datetime.date, by: Any, at: datetime.datetime) -> None:
    """Takes an item off the list until a day. It still counts as waiting."""
    item.snoozed_until = until
    item.save(update_fields=["snoozed_until"])


def _person(by: Any) -> Any:
    return getattr(by, "person", by)
