"""Reads: who is away when."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection

from django.db.models import QuerySet

from performance.people.models import Absence


def absences_of(person_id: uuid.UUID, since: datetime.date) -> QuerySet[Absence]:
    """Those that are not over on that day, the nearest first."""
    standing = Absence.objects.filter(person_id=person_id, withdrawn_at=None, ends_on__gte=since)
    return standing.select_related("person").order_by("starts_on")


def standing_absences() -> QuerySet[Absence]:
    return Absence.objects.filter(withdrawn_at=None).select_related("person")


def days_away(
    person_ids: Collection[uuid.UUID], first: datetime.date, last: datetime.date
) -> dict[uuid.UUID, set[datetime.date]]:
    """person → days from `first` to `last`, both included, on which they are away. One query."""
    away: dict[uuid.UUID, set[datetime.date]] = defaultdict(set)
    standing = Absence.objects.filter(withdrawn_at=None, starts_on__lte=last, ends_on__gte=first)
    rows = standing.filter(person_id__in=person_ids).values_list("person_id", "starts_on", "ends_on")
    for person_id, starts_on, ends_on in rows:
        day = max(starts_on, first)
        while day <= min(ends_on, last):
            away[person_id].add(day)
            day += datetime.timedelta(days=1)
    return dict(away)
