"""Reads: what waits for a person."""

import datetime
import uuid

from django.db.models import CharField, Count, F, Func, Q, QuerySet, Value

from performance.inbox.models import WorkItem


def open_items(person_id: uuid.UUID, *, on: datetime.date | None = None) -> QuerySet[WorkItem]:
    """What waits, most urgent first. With `on`, snoozed items are left out until their day."""
    items = WorkItem.objects.filter(person_id=person_id, done_at=None).select_related("assigned_by")
    if on is not None:
        items = items.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=on))
    return items.order_by(F("due_on").asc(nulls_last=True), "assigned_at", "id")


def done_items(person_id: uuid.UUID) -> QuerySet[WorkItem]:
    return WorkItem.objects.filter(person_id=person_id).exclude(done_at=None).order_by("-done_at")


def open_counts(person_id: uuid.UUID) -> dict[str, int]:
    """How many items wait in each area, and under "home" all of them. One query."""
    counts = dict(
        WorkItem.objects.filter(person_id=person_id, done_at=None)
        .annotate(in_area=Func("kind", Value("."), Value(1), function="split_part", output_field=CharField()))
        .values("in_area")
        .annotate(number=Count("id"))
        .values_list("in_area", "number")
    )
    return {**counts, "home": sum(counts.values())}
