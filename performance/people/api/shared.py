"""What the endpoints of this app share, and the days of every app."""

import datetime
import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from performance.foundation import access
from performance.people import queries
from performance.people.models import Person

HR = access.Access("member", frozenset({"hr"}))
SETTINGS = access.Access("member", frozenset({"administrator", "hr"}))


ASOF = OpenApiParameter(
    "asof",
    datetime.date,
    description="Today when absent. A day to come is for HR and auditors; to others it counts as today.",
)


class DayField(serializers.DateField):
    """A day of any calendar of ours: the same bounds as days in an address, so no sum of weeks or months leaves them."""

    def to_internal_value(self, value: Any) -> datetime.date:
        day: datetime.date = super().to_internal_value(value)
        if queries.day_from(day.isoformat()) is None:
            self.fail("invalid", format="YYYY-MM-DD")
        return day


class Why(serializers.Serializer[None]):
    why = serializers.CharField(max_length=300, allow_blank=True)


def valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def day_asked(request: Request) -> datetime.date:
    """`?asof=2026-06-01`, else today; a day to come counts for whoever sees plans."""
    day = queries.day_from(request.query_params.get("asof", ""))
    return queries.day_known(request.actor, day or queries.today(request.actor.organisation))


def colleague(request: Request, person_id: uuid.UUID | None) -> Person | None:
    """Somebody who is here today. None stays None."""
    if person_id is None:
        return None
    on = queries.today(request.actor.organisation)
    return access.get_or_404(queries.active_people(on), pk=person_id)
