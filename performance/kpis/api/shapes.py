"""What goes in and comes out as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from performance.kpis import queries
from performance.kpis.models import (
    Grain,
    Metric,
    MetricValue,
    MetricVersion,
    Side,
    Signature,
    Target,
    TargetKind,
    Way,
)
from performance.kpis.queries import changes, forecasts


class MetricOut(serializers.ModelSerializer[Metric]):
    business_owner = serializers.UUIDField(source="business_owner_id")
    finance_owner = serializers.UUIDField(source="finance_owner_id")

    class Meta:
        model = Metric
        fields = [
            "id",
            "key",
            "name_en",
            "name_zh",
            "unit",
            "direction",
            "decimals",
            "business_owner",
            "finance_owner",
            "problem",
            "retired_at",
        ]


class SignatureOut(serializers.ModelSerializer[Signature]):
    """`seen`: what was shown to whoever signed; its months only to those who see all rows that they come from."""

    person = serializers.UUIDField(source="person_id")
    seen = serializers.SerializerMethodField()

    class Meta:
        model = Signature
        fields = ["side", "person", "note", "seen", "at"]

    @extend_schema_field(serializers.DictField())
    def get_seen(self, signature: Signature) -> dict[str, Any]:
        actor, version = self.context["actor"], self.context["versions"][signature.version_id]
        return queries.seen_read_by(actor, version, signature)


class VersionOut(serializers.ModelSerializer[MetricVersion]):
    metric = serializers.UUIDField(source="metric_id")
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
    filters = serializers.ListField(child=serializers.DictField())
    dimensions = serializers.DictField(child=serializers.CharField())
    signatures = SignatureOut(many=True)

    class Meta:
        model = MetricVersion
        fields = [
            "id",
            "metric",
            "number",
            "state",
            "kind",
            "description_en",
            "description_zh",
            "dataset",
            "aggregation",
            "expression",
            "filters",
            "time_column",
            "formula",
            "accumulation",
            "accumulation_months",
            "year_starts_in",
            "dimensions",
            "unit",
            "direction",
            "decimals",
            "additivity",
            "missing_policy",
            "currency_rule",
            "allocations",
            "tie_out",
            "tie_out_reversed",
            "tie_out_tolerance",
            "tie_out_reason",
            "effective_from",
            "change_note",
            "submitted_at",
            "certified_at",
            "declined_at",
            "decline_reason",
            "signatures",
        ]


class MetricDetailOut(MetricOut):
    versions = VersionOut(many=True)

    class Meta(MetricOut.Meta):
        fields = [*MetricOut.Meta.fields, "versions"]


class SignIn(serializers.Serializer[None]):
    """`seen`: the `mark` of the impact that was read; the signature keeps it, or is refused (409) if it moved since."""

    side = serializers.ChoiceField(choices=Side.choices)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    seen = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class DeclineIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=1000)


class ValueOut(serializers.ModelSerializer[MetricValue]):
    version = serializers.UUIDField(source="version_id")
    slice = serializers.DictField(child=serializers.CharField())
    inputs = serializers.DictField()

    class Meta:
        model = MetricValue
        fields = [
            "id",
            "version",
            "grain",
            "period_start",
            "period_end",
            "slice",
            "value",
            "coverage_ppm",
            "state",
            "as_of",
            "inputs",
        ]


class ValuesAsked(serializers.Serializer[None]):
    grain = serializers.ChoiceField(choices=Grain.choices, default=Grain.MONTH)
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    by = serializers.CharField(required=False, allow_blank=True, default="")
    as_of = serializers.DateTimeField(required=False)


class TargetOut(serializers.ModelSerializer[Target]):
    slice = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = Target
        fields = ["id", "kind", "grain", "period_start", "period_end", "slice", "value", "set_at"]


class TargetRowIn(serializers.Serializer[None]):
    month = serializers.DateField()
    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    value = serializers.DecimalField(max_digits=28, decimal_places=8)


class TargetsIn(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=TargetKind.choices)
    rows = TargetRowIn(many=True, allow_empty=False)


class ChangedOut(serializers.Serializer[None]):
    changed = serializers.IntegerField()


class RetireIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class ImportTargetsIn(serializers.Serializer[None]):
    """Which column of a dataset holds what; one metric for all rows, or the column that names it."""

    dataset = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=TargetKind.choices, default=TargetKind.BUDGET)
    metric = serializers.UUIDField(required=False, allow_null=True, default=None)
    metric_column = serializers.CharField(max_length=50, required=False, default="", allow_blank=True)
    month_column = serializers.CharField(max_length=50)
    value_column = serializers.CharField(max_length=50)
    dimensions = serializers.DictField(
        child=serializers.CharField(max_length=50), required=False, default=dict
    )


class MonthIn(serializers.Serializer[None]):
    month = serializers.DateField()


class ClosedMonthOut(serializers.Serializer[Any]):
    month = serializers.DateField()
    closed_by = serializers.UUIDField(source="closed_by_id")
    closed_at = serializers.DateTimeField()


class RowsAsked(serializers.Serializer[None]):
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    input = serializers.CharField(required=False, default="", allow_blank=True)
    page = serializers.IntegerField(min_value=1, max_value=999_999, required=False, default=1)


class RowConditionOut(serializers.Serializer[Any]):
    column = serializers.CharField()
    value = serializers.CharField()


class RowsStayOut(serializers.Serializer[Any]):
    """Where rows are found that were never copied, in the names of the source."""

    connection = serializers.CharField(source="dataset.connection.name_en")
    table = serializers.CharField(source="dataset.source_label")
    time_column = serializers.CharField()
    conditions = serializers.SerializerMethodField()

    @extend_schema_field(RowConditionOut(many=True))
    def get_conditions(self, stays: Any) -> list[dict[str, str]]:
        return [{"column": column, "value": value} for column, value in stays.conditions]


class TracedOut(serializers.Serializer[Any]):
    """Rows in the order of `columns`, what each contributes in `amounts`, and what they come to. Rows that stay at
    their source are not among them: `stays_at` says where they are."""

    stays_at = RowsStayOut(allow_null=True)

    inputs = serializers.ListField(child=serializers.CharField())
    input = serializers.CharField(allow_blank=True)
    since = serializers.DateField()
    until = serializers.DateField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())
    amounts = serializers.ListField()
    total = serializers.IntegerField()
    aggregated = serializers.CharField(allow_null=True)


class ChangeAsked(serializers.Serializer[Any]):
    since = serializers.DateField()
    until = serializers.DateField()
    by = serializers.CharField(default="", allow_blank=True)


class ChangeDriverOut(serializers.Serializer[changes.Driver]):
    metric = serializers.UUIDField(source="metric.pk")
    key = serializers.CharField(source="metric.key")
    before = serializers.CharField()
    after = serializers.CharField()
    brought = serializers.CharField()
    month = serializers.DateField(allow_null=True)


class ChangePartOut(serializers.Serializer[changes.Part]):
    kind = serializers.ChoiceField(choices=["part", "others", "closed", "overlap", "kept"])
    slice = serializers.DictField(child=serializers.CharField())
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)
    brought = serializers.CharField()


class ChangeExplainedOut(serializers.Serializer[changes.Explained]):
    """Amounts are decimal text in the unit of the metric, to the places that it is shown with."""

    since = serializers.DateField()
    until = serializers.DateField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)
    change = serializers.CharField(allow_null=True)
    cut = serializers.CharField()
    drivers = ChangeDriverOut(many=True)
    parts = ChangePartOut(many=True)
    kept_apart = serializers.CharField()
    refusal = serializers.CharField()


class MonthAheadOut(serializers.Serializer[forecasts.MonthAhead]):
    """Decimal text in the unit of the metric. The bounds hold the value with 80 and 95 per cent."""

    month = serializers.DateField()
    value = serializers.CharField()
    low_80 = serializers.CharField()
    high_80 = serializers.CharField()
    low_95 = serializers.CharField()
    high_95 = serializers.CharField()
    target = serializers.CharField(allow_null=True)


class ChanceOut(serializers.Serializer[forecasts.Chance]):
    """Of reaching the target at the end of the period. `came_true`: the share of `tested` chances like this that came
    true in the backtest."""

    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    target = serializers.CharField()
    expected = serializers.CharField()
    low_80 = serializers.CharField()
    high_80 = serializers.CharField()
    chance = serializers.FloatField()
    came_true = serializers.FloatField(allow_null=True)
    tested = serializers.IntegerField()


class AheadOut(serializers.Serializer[forecasts.Ahead]):
    """Errors and how often bounds held are per cent; null where nothing was tested. `refusal` says why there is nothing:
    too_short, ended, gaps, not_installed, failed, waiting (not made yet) or many (more than one dimension)."""

    slice = serializers.DictField(child=serializers.CharField(), source="forecast.slice", default=dict)
    refusal = serializers.CharField(allow_blank=True)
    known_months = serializers.IntegerField()
    after_month = serializers.DateField(source="forecast.after_month", default=None, allow_null=True)
    made_at = serializers.DateTimeField(source="forecast.made_at", default=None, allow_null=True)
    way = serializers.ChoiceField(choices=Way.choices, source="forecast.way", default=None, allow_null=True)
    error = serializers.CharField(allow_null=True)
    naive_error = serializers.CharField(allow_null=True)
    held_80 = serializers.CharField(allow_null=True)
    held_95 = serializers.CharField(allow_null=True)
    tested = serializers.IntegerField()
    months = MonthAheadOut(many=True)
    chances = ChanceOut(many=True)
