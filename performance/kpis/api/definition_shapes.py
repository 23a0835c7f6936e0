"""What the API takes as the definition of a metric."""

import dataclasses

from rest_framework import serializers

from performance.foundation import access
from performance.kpis import actions
from performance.kpis.api import fields
from performance.kpis.models import (
    Accumulation,
    Aggregation,
    CurrencyRule,
    Direction,
    MissingPolicy,
)
from performance.sources import models as sources


class DefinitionIn(serializers.Serializer[None]):
    """A base metric names a dataset, an aggregation and a date; a formula names other metrics; a running total names one
    as its formula, and what it runs over."""

    kind = serializers.ChoiceField(choices=["base", "derived", "cumulative"])
    unit = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    effective_from = serializers.DateField()
    direction = serializers.ChoiceField(choices=Direction.choices, default=Direction.UP)
    decimals = serializers.IntegerField(min_value=0, max_value=8, default=2)
    description_en = serializers.CharField(required=False, allow_blank=True, default="")
    description_zh = serializers.CharField(required=False, allow_blank=True, default="")
    dataset = serializers.UUIDField(required=False, allow_null=True, default=None)
    aggregation = serializers.ChoiceField(
        choices=Aggregation.choices, required=False, allow_blank=True, default=""
    )
    expression = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    filters = serializers.ListField(child=serializers.DictField(), required=False, default=list)
    time_column = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    formula = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    accumulation = serializers.ChoiceField(
        choices=Accumulation.choices, required=False, allow_blank=True, default=""
    )
    accumulation_months = serializers.IntegerField(required=False, allow_null=True, default=None)
    year_starts_in = serializers.IntegerField(required=False, allow_null=True, default=None)
    dimensions = serializers.DictField(
        child=serializers.CharField(allow_blank=True), required=False, default=dict
    )
    missing_policy = serializers.ChoiceField(choices=MissingPolicy.choices, default=MissingPolicy.NULL)
    currency_rule = serializers.ChoiceField(
        choices=CurrencyRule.choices, required=False, allow_blank=True, default=""
    )
    allocations = serializers.DictField(
        child=fields.AllocationIn(),
        required=False,
        default=dict,
        help_text="Input → how it is shared out among parts.",
    )
    tie_out = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tie_out_reversed = serializers.BooleanField(required=False, default=False)
    tie_out_tolerance = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    tie_out_reason = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        help_text="Why money that is read from data names no account; asked for when it is submitted.",
    )
    change_note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")

    def definition(self) -> actions.Definition:
        given = dict(self.validated_data)
        dataset_id = given.pop("dataset")
        datasets = sources.Dataset.objects.filter(closed_at=None)
        dataset = access.get_or_404(datasets, pk=dataset_id) if dataset_id else None
        return actions.Definition(dataset=dataset, **{name: given[name] for name in DEFINED})


#: What a definition says besides the dataset, which is looked up.
DEFINED = [each.name for each in dataclasses.fields(actions.Definition) if each.name != "dataset"]


class MetricIn(DefinitionIn):
    key = serializers.CharField(max_length=60)
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    business_owner = serializers.UUIDField()
    finance_owner = serializers.UUIDField()
