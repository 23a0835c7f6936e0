"""Endpoints under /api/v1/: the same rules and actions as the pages. Credentials go in and never come out."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.sources import actions, models, queries, rules, tasks
from performance.sources.models import ColumnRole, ColumnType, DateOrder, Kind, ProbeKind, Tls

MOST_ROWS = 1000


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
        max_length=500, required=False, default="", allow_blank=True, write_only=True, trim_whitespace=False
    )
    tls = serializers.ChoiceField(choices=Tls.choices, required=False, default=Tls.PREFER)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["kind"] != Kind.FILE:
            missing = [name for name in ("host", "database", "user_name") if not attrs[name]]
            if missing:
                raise serializers.ValidationError(dict.fromkeys(missing, "required"))
        return attrs


class ConnectionOut(serializers.ModelSerializer):
    problem = serializers.CharField(read_only=True)

    class Meta:
        model = models.Connection
        fields = [
            "id", "kind", "name_en", "name_zh", "host", "port", "database", "user_name", "tls", "state", "checked_at",
            "server", "answer_ms", "is_encrypted", "can_write", "problem_code", "problem", "is_paused",
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


class DatasetIn(serializers.Serializer):
    connection = serializers.UUIDField()
    key = serializers.RegexField(r"^[a-z][a-z0-9_]{0,49}\Z")
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    schema_name = serializers.CharField(max_length=128, required=False, default="", allow_blank=True)
    table_name = serializers.CharField(max_length=128, required=False, default="", allow_blank=True)
    query = serializers.CharField(required=False, default="", allow_blank=True)
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
        given = {name: value for name, value in self.validated_data.items() if name != "connection"}
        given["columns"] = [actions.ColumnPlan(**column) for column in given["columns"]]
        return actions.DatasetPlan(**given)


class ColumnOut(serializers.ModelSerializer):
    class Meta:
        model = models.DatasetColumn
        fields = ["source_name", "key", "name_en", "name_zh", "type", "role", "is_key"]


class DatasetOut(serializers.ModelSerializer):
    columns = ColumnOut(many=True, read_only=True)

    class Meta:
        model = models.Dataset
        fields = [
            "id", "connection", "key", "name_en", "name_zh", "mode", "schema_name", "table_name", "query", "time_zone",
            "cursor_column", "overlap_days", "settling_days", "refresh_hours", "row_count", "loaded_at",
            "next_load_at", "columns",
        ]  # fmt: skip


class LoadIn(serializers.Serializer):
    full = serializers.BooleanField(required=False, default=False)


class LoadOut(serializers.ModelSerializer):
    problem = serializers.CharField(read_only=True)

    class Meta:
        model = models.Load
        fields = [
            "id", "dataset", "state", "is_full", "asked_at", "started_at", "finished_at", "attempt", "rows_expected",
            "rows_read", "rows_rejected", "rows_inserted", "rows_updated", "rows_deleted", "rows_unchanged", "drift",
            "problem_code", "problem",
        ]  # fmt: skip


class RejectedOut(serializers.ModelSerializer):
    reason_text = serializers.CharField(read_only=True)

    class Meta:
        model = models.RejectedRow
        fields = ["number", "reason", "reason_text", "column_key", "value", "row"]


class RowsOut(serializers.Serializer):
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())
    total = serializers.IntegerField()


class FileIn(serializers.Serializer):
    file = serializers.FileField()


class SourceView(api.TenantView):
    access = access.Access("member", frozenset(rules.DATA_ROLES))
    scope_read = "sources:read"
    scope_write = "sources:write"

    def page(
        self, request: Request, found: QuerySet[Any], serializer: type[serializers.BaseSerializer]
    ) -> Response:
        paginator = api.NewestFirst()
        rows = paginator.paginate_queryset(found, request, view=self)
        return paginator.get_paginated_response(serializer(rows, many=True).data)

    @staticmethod
    def valid(serializer: Any) -> Any:
        serializer.is_valid(raise_exception=True)
        return serializer


class Connections(SourceView):
    @extend_schema(responses=ConnectionOut(many=True), operation_id="sources_connections_list")
    def get(self, request: Request) -> Response:
        return self.page(request, queries.connections(), ConnectionOut)

    @extend_schema(request=ConnectionIn, responses={201: ConnectionOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_connect_sources(request.actor))
        given = self.valid(ConnectionIn(data=request.data)).validated_data
        made = actions.connect_source(**given, by=request.actor, at=timezone.now())
        return Response(ConnectionOut(made).data, status=status.HTTP_201_CREATED)


class OneConnection(SourceView):
    @extend_schema(responses=ConnectionOut)
    def get(self, request: Request, connection_id: uuid.UUID) -> Response:
        return Response(ConnectionOut(access.get_or_404(queries.connections(), pk=connection_id)).data)


class Probes(SourceView):
    @extend_schema(request=QuestionIn, responses={202: ProbeOut})
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """Asks the source; read the answer at /sources/probes/{id}/."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_ask_source(request.actor, found))
        given = self.valid(QuestionIn(data=request.data))
        probe = actions.ask_source(
            connection=found,
            kind=given.validated_data["kind"],
            question=given.question(),
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.run_probe, str(probe.pk))
        return Response(ProbeOut(probe).data, status=status.HTTP_202_ACCEPTED)


class OneProbe(SourceView):
    @extend_schema(responses=ProbeOut)
    def get(self, request: Request, probe_id: uuid.UUID) -> Response:
        return Response(ProbeOut(access.get_or_404(queries.probes(), pk=probe_id)).data)


class Files(SourceView):
    @extend_schema(request={"multipart/form-data": FileIn}, responses={202: LoadOut(many=True)})
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """A newer file; answers with the loads that it sets off."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_upload_file(request.actor, found))
        file = self.valid(FileIn(data=request.data)).validated_data["file"]
        actions.upload_file(
            connection=found,
            name=file.name,
            chunks=file.chunks(),
            by=request.actor,
            at=timezone.now(),
        )
        waiting = queries.loads(connection=found).filter(state=models.JobState.WAITING)
        for load in waiting:
            jobs.nudge(tasks.run_load, str(load.pk))
        return Response(LoadOut(waiting, many=True).data, status=status.HTTP_202_ACCEPTED)


class Datasets(SourceView):
    @extend_schema(responses=DatasetOut(many=True), operation_id="sources_datasets_list")
    def get(self, request: Request) -> Response:
        return self.page(request, queries.datasets().prefetch_related("columns"), DatasetOut)

    @extend_schema(request=DatasetIn, responses={201: DatasetOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_model_datasets(request.actor))
        given = self.valid(DatasetIn(data=request.data))
        found = access.get_or_404(queries.connections(), pk=given.validated_data["connection"])
        dataset, load = actions.create_dataset(
            connection=found,
            plan=given.plan(),
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.run_load, str(load.pk))
        return Response(DatasetOut(dataset).data, status=status.HTTP_201_CREATED)


class OneDataset(SourceView):
    @extend_schema(responses=DatasetOut)
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        return Response(DatasetOut(access.get_or_404(queries.datasets(), pk=dataset_id)).data)


class DatasetRows(SourceView):
    @extend_schema(
        responses=RowsOut, parameters=[OpenApiParameter("limit", int), OpenApiParameter("offset", int)]
    )
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_see_rows(request.actor, found))
        limit = min(_whole(request, "limit", 100), MOST_ROWS)
        rows = queries.source_rows(found, limit=limit, offset=_whole(request, "offset", 0))
        return Response(
            {
                "columns": [column.key for column in rows.columns],
                "rows": [[_plain(value) for value in row] for row in rows.rows],
                "total": rows.total,
            }
        )


class DatasetLoads(SourceView):
    @extend_schema(responses=LoadOut(many=True), operation_id="sources_datasets_loads_list")
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        return self.page(request, queries.loads(dataset=found), LoadOut)

    @extend_schema(request=LoadIn, responses={202: LoadOut})
    def post(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_load_dataset(request.actor, found))
        given = self.valid(LoadIn(data=request.data)).validated_data
        load = actions.start_load(
            dataset=found,
            is_full=given["full"],
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.run_load, str(load.pk))
        return Response(LoadOut(load).data, status=status.HTTP_202_ACCEPTED)


class OneLoad(SourceView):
    @extend_schema(responses=LoadOut)
    def get(self, request: Request, load_id: uuid.UUID) -> Response:
        return Response(LoadOut(access.get_or_404(queries.loads(), pk=load_id)).data)


class StopLoad(SourceView):
    @extend_schema(request=None, responses=LoadOut)
    def post(self, request: Request, load_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.loads(), pk=load_id)
        access.require(rules.can_stop_load(request.actor, found))
        actions.stop_load(load=found, by=request.actor, at=timezone.now())
        return Response(LoadOut(access.get_or_404(queries.loads(), pk=load_id)).data)


class Rejected(SourceView):
    @extend_schema(responses=RejectedOut(many=True))
    def get(self, request: Request, load_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.loads(), pk=load_id)
        return self.page(request, queries.rejected_rows(found), RejectedOut)


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _plain(value: Any) -> Any:
    """Decimals as text, so that no reader rounds them."""
    return value if value is None or isinstance(value, bool | int | str) else str(value)


urls: list[URLPattern] = [
    path("sources/connections/", Connections.as_view(), name="api_connections"),
    path("sources/connections/<uuid:connection_id>/", OneConnection.as_view(), name="api_connection"),
    path("sources/connections/<uuid:connection_id>/probes/", Probes.as_view(), name="api_connection_probes"),
    path("sources/connections/<uuid:connection_id>/files/", Files.as_view(), name="api_connection_files"),
    path("sources/probes/<uuid:probe_id>/", OneProbe.as_view(), name="api_probe"),
    path("sources/datasets/", Datasets.as_view(), name="api_datasets"),
    path("sources/datasets/<uuid:dataset_id>/", OneDataset.as_view(), name="api_dataset"),
    path("sources/datasets/<uuid:dataset_id>/rows/", DatasetRows.as_view(), name="api_dataset_rows"),
    path("sources/datasets/<uuid:dataset_id>/loads/", DatasetLoads.as_view(), name="api_dataset_loads"),
    path("sources/loads/<uuid:load_id>/", OneLoad.as_view(), name="api_load"),
    path("sources/loads/<uuid:load_id>/stop/", StopLoad.as_view(), name="api_load_stop"),
    path("sources/loads/<uuid:load_id>/rejected/", Rejected.as_view(), name="api_load_rejected"),
]
