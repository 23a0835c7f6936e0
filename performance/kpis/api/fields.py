"""What the API takes and gives in many places: days, exact values, parts of the business."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from performance.kpis import semantics
from performance.kpis.models import Dimension
from performance.kpis.models.values import DIGITS, PLACES
from performance.people.api.shared import DayField

__all__ = ["AllocationIn", "DayField", "ValueField", "slice_of"]


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
