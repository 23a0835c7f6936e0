"""What the API takes and gives in many places: days, exact values, parts of the business."""

import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from performance.kpis import semantics
from performance.kpis.models import Dimension
from performance.kpis.models.values import DIGITS, PLACES
from performance.people import queries as people


class DayField(serializers.DateField):
    """A day as pages take it, see people.day_from: of calendars that people use, so that no sum of months leaves them."""

    def to_internal_value(self, value: Any) -> datetime.date:
        day: datetime.date = super().to_internal_value(value)
        if people.day_from(day.isoformat()) is None:
            self.fail("invalid", format="YYYY-MM-DD")
        return day


class ValueField(serializers.DecimalField):
    """Of a metric, or a difference of two: as many digits as are kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=DIGITS, decimal_places=PLACES, **options)


def slice_of(request: Request) -> dict[str, str]:
    """The dimensions among the parameters, with their values; an empty one names the part that has none. One query."""
    known = set(Dimension.objects.values_list("key", flat=True))
    return {key: str(value) for key, value in request.query_params.items() if key in known}


class AllocationIn(serializers.Serializer[None]):
    """`metric` goes with share; `shares`, part → percent, with fixed."""

    way = serializers.ChoiceField(choices=list(semantics.WAYS))
    metric = serializers.CharField(max_length=60, required=False, allow_blank=True)
    shares = serializers.DictField(child=serializers.CharField(max_length=40), required=False)
