"""What travels in and out. Credentials go in and never come out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from performance.people.models import ApiToken, Role
from performance.sources import actions, connectors, models, queries
from performance.sources.models import (
    Auth,
    ColumnRole,
    ColumnType,
    DateOrder,
    Kind,
    Mode,
    Paging,
    ProbeKind,
    SinceFormat,
    Tls,
)
from performance.sources.models.endpoints import FIELDS


class ConnectionIn(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Kind.choices)
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    host = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)
    port = serializers.IntegerField(
        min_value=1, max_value=65535, required=False, default=None, allow_null=True
    )
    database = serializers.CharField(max_length=128, required=False, default="", allow_blank=True)
    user_name = serializers.CharField(max_length=128, required=False, default="", allow_blank=True)
    password = serializers.CharField(
        max_length=4000, required=False, default="", allow_blank=True, write_only=True, trim_whitespace=False
    )
    tls = serializers.ChoiceField(choices=Tls.choices, required=False, default=Tls.PREFER)
    base_address = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    auth = serializers.ChoiceField(choices=Auth.choices, required=False, default=Auth.NONE)
    header_name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    token_address = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    scope = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] in connectors.DEFAULT_PORTS:
            missing = [name for name in ("host", "database", "user_name") if not attrs[name]]
            if missing:
                raise serializers.ValidationError(dict.fromkeys(missing, "required"))
        return attrs


class ConnectionOut(serializers.ModelSerializer):
    problem = serializers.CharField(read_only=True)

    class Meta:
        model = models.Connection
        fields = [
            "id", "kind", "name_en", "name_zh", "host", "port", "database", "user_name", "tls", "base_address", "auth",
            "header_name", "token_address", "scope", "state", "checked_at", "server",
            "answer_ms", "is_encrypted", "can_write", "problem_code", "problem", "is_paused",
        ]  # fmt: skip


class QuestionIn(serializers.Serializer):
    """What to look at: a table, or one SELECT."""

    kind = serializers.ChoiceField(choices=ProbeKind.choices)
    schema = serializers.CharField(max_length=128, required=False, allow_blank=True)
    table = serializers.CharField(max_length=128, required=False)
    query = serializers.CharField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] == ProbeKind.DESCRIBE and not (attrs.get("table") or attrs.get("query")):
            raise serializers.ValidationError({"table": "required"})
        return attrs

    def question(self) -> dict[str, str]:
        given = self.validated_data
        if given["kind"] != ProbeKind.DESCRIBE:
            return {}
        if given.get("table"):
            return {"schema": given.get("schema", ""), "table": given["table"]}
        return {"query": given["query"]}


class ProbeOut(serializers.ModelSerializer):
    problem = serializers.CharField(read_only=True)

    class Meta:
        model = models.Probe
        fields = [
            "id",
            "connection",
            "kind",
            "question",
            "state",
            "asked_at",
            "finished_at",
            "answer",
            "problem",
        ]


class ColumnIn(serializers.Serializer):
    source_name = serializers.CharField(max_length=128, trim_whitespace=False)
    key = serializers.RegexField(r"^[a-z][a-z0-9_]{0,49}\Z")
    type = serializers.ChoiceField(choices=ColumnType.choices)
    role = serializers.ChoiceField(choices=ColumnRole.choices)
    is_key = serializers.BooleanField(required=False, default=False)
    name_en = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    name_zh = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    source_type = serializers.ChoiceField(
        choices=ColumnType.choices, required=False, default="", allow_blank=True
    )
    date_order = serializers.ChoiceField(
        choices=DateOrder.choices, required=False, default="", allow_blank=True
    )
    currency = serializers.CharField(
        max_length=50,
        required=False,
        default="",
        allow_blank=True,
        help_text="Of money: a code such as EUR, or the key of the text column that holds it.",
    )


class DatasetIn(serializers.Serializer):
    connection = serializers.UUIDField()
    key = serializers.RegexField(r"^[a-z][a-z0-9_]{0,49}\Z")
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    schema_name = serializers.CharField(max_length=128, required=False, default="", allow_blank=True)
    table_name = serializers.CharField(max_length=128, required=False, default="", allow_blank=True)
    query = serializers.CharField(required=False, default="", allow_blank=True)
    mode = serializers.ChoiceField(
        choices=Mode.choices,
        required=False,
        default=Mode.IMPORTED,
        help_text="live: nothing is copied; the database is asked for the aggregates of each metric.",
    )
    is_mode_confirmed = serializers.BooleanField(
        required=False, default=False, help_text="Needed to change the mode of a dataset that there is."
    )
    time_zone = serializers.CharField(max_length=64, required=False, default="UTC")
    cursor_column = serializers.CharField(max_length=50, required=False, default="", allow_blank=True)
    overlap_days = serializers.IntegerField(min_value=0, max_value=90, required=False, default=3)
    settling_days = serializers.IntegerField(min_value=0, max_value=30, required=False, default=3)
    refresh_hours = serializers.IntegerField(min_value=0, max_value=24 * 31, required=False, default=24)
    columns = ColumnIn(many=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs["table_name"]) == bool(attrs["query"]):
            raise serializers.ValidationError({"table_name": _("Give either a table or a query.")})
        return attrs

    def plan(self) -> actions.DatasetPlan:
        given = {
            name: value
            for name, value in self.validated_data.items()
            if name not in ("connection", "is_mode_confirmed")
        }
        given["columns"] = [actions.ColumnPlan(**column) for column in given["columns"]]
        return actions.DatasetPlan(**given)


class ColumnOut(serializers.ModelSerializer):
    class Meta:
        model = models.DatasetColumn
        fields = ["source_name", "key", "name_en", "name_zh", "type", "role", "is_key", "currency"]


class DatasetOut(serializers.ModelSerializer):
    columns = ColumnOut(many=True, read_only=True)
    gaps = serializers.SerializerMethodField(
        help_text="What its columns say nothing of: date (no metric by month), key, measure (nothing to add up)."
    )

    class Meta:
        model = models.Dataset
        fields = [
            "id", "connection", "key", "name_en", "name_zh", "mode", "schema_name", "table_name", "query", "time_zone",
            "cursor_column", "overlap_days", "settling_days", "refresh_hours", "row_count", "loaded_at",
            "next_load_at", "columns", "gaps",
        ]  # fmt: skip

    def get_gaps(self, dataset: models.Dataset) -> list[str]:
        return queries.dataset_gaps(dataset)


class JoinIn(serializers.Serializer):
    other = serializers.UUIDField(help_text="The dataset that columns are taken from.")
    key = serializers.RegexField(r"^[a-z][a-z0-9_]{0,19}\Z")
    pairs = serializers.DictField(
        child=serializers.CharField(max_length=50), help_text="Own column: key column of the other."
    )
    taken = serializers.ListField(child=serializers.CharField(max_length=50), max_length=500)


class JoinOut(serializers.ModelSerializer):
    pairs = serializers.SerializerMethodField()

    class Meta:
        model = models.Join
        fields = ["id", "other", "key", "pairs", "taken", "created_at"]

    def get_pairs(self, join: models.Join) -> dict[str, str]:
        return dict(join.pairs)


class LoadIn(serializers.Serializer):
    full = serializers.BooleanField(required=False, default=False)


class LoadOut(serializers.ModelSerializer):
    problem = serializers.CharField(read_only=True)

    class Meta:
        model = models.Load
        fields = [
            "id", "dataset", "state", "is_full", "asked_at", "started_at", "finished_at", "attempt", "rows_expected",
            "rows_read", "rows_rejected", "rows_inserted", "rows_updated", "rows_deleted", "rows_unchanged", "undated",
            "drift",
            "batch_key",
            "problem_code", "problem",
        ]  # fmt: skip


class ConnectionChangeIn(serializers.Serializer):
    """What is left out stays as it is. A new address needs the password again."""

    name_en = serializers.CharField(max_length=120, required=False)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True)
    host = serializers.CharField(max_length=255, required=False)
    port = serializers.IntegerField(min_value=1, max_value=65535, required=False, allow_null=True)
    database = serializers.CharField(max_length=128, required=False)
    user_name = serializers.CharField(max_length=128, required=False)
    password = serializers.CharField(
        max_length=4000, required=False, default="", allow_blank=True, write_only=True, trim_whitespace=False
    )
    tls = serializers.ChoiceField(choices=Tls.choices, required=False)
    base_address = serializers.CharField(max_length=500, required=False)
    auth = serializers.ChoiceField(choices=Auth.choices, required=False)
    header_name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    token_address = serializers.CharField(max_length=500, required=False, allow_blank=True)
    scope = serializers.CharField(max_length=300, required=False, allow_blank=True)


class EndpointIn(serializers.Serializer):
    """`rows_path` and `next_path` are JMESPath. What is left out of a change stays as it is."""

    name = serializers.CharField(max_length=128)
    path = serializers.CharField(max_length=500, required=False, allow_blank=True)
    parameters = serializers.DictField(child=serializers.CharField(max_length=500), required=False)
    rows_path = serializers.CharField(max_length=300, required=False, allow_blank=True)
    paging = serializers.ChoiceField(choices=Paging.choices, required=False)
    page_parameter = serializers.CharField(max_length=60, required=False, allow_blank=True)
    size_parameter = serializers.CharField(max_length=60, required=False, allow_blank=True)
    page_size = serializers.IntegerField(min_value=1, max_value=100_000, required=False, allow_null=True)
    first_page = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    next_path = serializers.CharField(max_length=300, required=False, allow_blank=True)
    since_parameter = serializers.CharField(max_length=60, required=False, allow_blank=True)
    since_format = serializers.ChoiceField(choices=SinceFormat.choices, required=False)


class EndpointOut(serializers.ModelSerializer):
    class Meta:
        model = models.Endpoint
        fields = ["id", *FIELDS]


class WhyIn(serializers.Serializer):
    why = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class RejectedOut(serializers.ModelSerializer):
    reason_text = serializers.CharField(read_only=True)

    class Meta:
        model = models.RejectedRow
        fields = ["number", "reason", "reason_text", "column_key", "value", "row"]


class PushedOut(serializers.Serializer):
    """`rejected`: the first hundred of the rows that were not taken. `replayed`: the batch had come before."""

    load = LoadOut()
    rejected = RejectedOut(many=True)
    replayed = serializers.BooleanField()


class SampleIn(serializers.Serializer):
    """A few rows as they will be sent, in JSON or one record a line."""

    name = serializers.CharField(max_length=128)
    sample = serializers.CharField(max_length=200_000)


class PushTokenOut(serializers.ModelSerializer):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "created_at", "expires_at", "last_used_at", "revoked_at"]


class PushTokenIn(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    expires_at = serializers.DateTimeField()


class PushTokenMade(PushTokenOut):
    secret = serializers.CharField(help_text="Shown in this answer only.")

    class Meta(PushTokenOut.Meta):
        fields = [*PushTokenOut.Meta.fields, "secret"]


class RowsOut(serializers.Serializer):
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())
    next = serializers.CharField(allow_null=True)


class RowRightsIn(serializers.Serializer):
    """`columns`: dimension of the business units → column of the dataset; `people`: ids."""

    columns = serializers.DictField(child=serializers.CharField(max_length=80))
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices), default=list)
    people = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=500)


class RowRightsOut(serializers.Serializer):
    columns = serializers.DictField(child=serializers.CharField())
    roles = serializers.ListField(child=serializers.CharField())
    people = serializers.ListField(child=serializers.UUIDField())

    def to_representation(self, instance: Any) -> dict[str, Any]:
        people = [person.pk for person in instance.people]
        return super().to_representation(
            {"columns": instance.columns, "roles": instance.roles, "people": people}
        )


class FileIn(serializers.Serializer):
    file = serializers.FileField()
