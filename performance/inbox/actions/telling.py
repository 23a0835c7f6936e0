"""Who is told of a work item, written beside it: its person by e-mail and in their chats, systems by webhook."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Q, QuerySet

from performance.inbox.models import Delivery, Endpoint, Occasion, WorkItem

MANY = 1000


def queue_given(*, items: Sequence[WorkItem], emailed: Collection[uuid.UUID], at: datetime.datetime) -> None:
    """One message for each new item and each way to tell of it; `emailed` are the people who can be written to. One
    question, and one statement a thousand messages."""
    if not items:
        return
    living = _listening().filter(Q(person=None) | Q(person__in={item.person_id for item in items}))
    chats: dict[uuid.UUID | None, list[Endpoint]] = defaultdict(list)
    for endpoint in living:
        chats[endpoint.person_id].append(endpoint)
    webhooks = chats.pop(None, [])
    told = [Delivery(item=item, queued_at=at) for item in items if item.person_id in emailed]
    for item in items:
        hearing = [each for each in webhooks if item.area in each.areas]
        told += _told(item, [*chats.get(item.person_id, ()), *hearing], Occasion.ASSIGNED, at)
    Delivery.objects.bulk_create(told, batch_size=MANY)


def webhooks() -> list[Endpoint]:
    """Systems that listen now."""
    return list(_listening().filter(person=None))


def queue_done(*, items: Sequence[WorkItem], webhooks: Sequence[Endpoint], at: datetime.datetime) -> None:
    """Only systems are told that something is done."""
    told = [
        delivery
        for item in items
        for delivery in _told(item, [each for each in webhooks if item.area in each.areas], Occasion.DONE, at)
    ]
    Delivery.objects.bulk_create(told, batch_size=MANY)


def _listening() -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(closed_at=None, off_at=None, is_paused=False).only(
        "pk", "organisation_id", "person_id", "channel", "areas"
    )


def _told(
    item: WorkItem, endpoints: Sequence[Endpoint], occasion: Occasion, at: datetime.datetime
) -> list[Delivery]:
    return [
        Delivery(item=item, channel=each.channel, endpoint=each, occasion=occasion, queued_at=at)
        for each in endpoints
    ]
