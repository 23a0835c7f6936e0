"""Endpoints under /api/v1/."""

import uuid
from decimal import Decimal
from typing import Any

from django.http import FileResponse
from django.urls import path, reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules, tasks
from performance.appraisals.models import Cycle, Export, ExportFormat
from performance.foundation import access, api, jobs
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import tasks as scoring_tasks

MICRO = Decimal(1_000_000)


class CycleOut(serializers.ModelSerializer[Cycle]):
    period = serializers.UUIDField(source="period_id")
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    team = serializers.UUIDField(source="team_id", allow_null=True)

    class Meta:
        model = Cycle
        fields = [
            "id",
            "name_en",
            "name_zh",
            "period",
            "unit",
            "team",
            "people_on",
            "state",
            "opened_at",
            "signed_off_at",
            "published_at",
        ]


class CycleIn(serializers.Serializer[None]):
    period = serializers.UUIDField()
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, default="")
    unit = serializers.UUIDField(required=False, allow_null=True, default=None)
    team = serializers.UUIDField(required=False, allow_null=True, default=None)


class CycleStepIn(serializers.Serializer[None]):
    step = serializers.ChoiceField(choices=["close_scores", "sign_off", "publish"])


class EntryOut(serializers.Serializer[Any]):
    """Scores in points with up to six decimals; `coverage` from 0 to 1."""

    id = serializers.UUIDField()
    person = serializers.UUIDField(source="person_id")
    number = serializers.CharField()
    manager = serializers.UUIDField(source="manager_id", allow_null=True)
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    team = serializers.UUIDField(source="team_id", allow_null=True)
    state = serializers.CharField()
    score_id = serializers.UUIDField(source="score_row", allow_null=True)
    score = serializers.SerializerMethodField()
    constant_score = serializers.SerializerMethodField()
    coverage = serializers.SerializerMethodField()
    score_state = serializers.CharField(allow_null=True)
    suggested_rating = serializers.IntegerField(source="rating", allow_null=True)

    def get_score(self, entry: Any) -> Decimal | None:
        return _units(entry.score_micro)

    def get_constant_score(self, entry: Any) -> Decimal | None:
        return _units(entry.constant_micro)

    def get_coverage(self, entry: Any) -> Decimal | None:
        return _units(entry.coverage_ppm)


class ExportOut(serializers.ModelSerializer[Export]):
    cycle = serializers.UUIDField(source="cycle_id")
    requested_by = serializers.UUIDField(source="requested_by_id")
    download_url = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id",
            "cycle",
            "format",
            "columns",
            "filters",
            "with_bom",
            "language",
            "state",
            "done",
            "total",
            "rows",
            "bytes",
            "sha256",
            "requested_by",
            "requested_at",
            "finished_at",
            "expires_at",
            "error",
            "download_url",
        ]

    def get_download_url(self, export: Export) -> str | None:
        return reverse("api_export_file", args=[export.pk]) if export.is_downloadable else None


class FiltersIn(serializers.Serializer[None]):
    words = serializers.CharField(max_length=80, required=False, default="")
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    team_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    rating = serializers.ChoiceField(
        choices=["1", "2", "3", "4", "5", queries.UNRATED], required=False, allow_blank=True, default=""
    )
    show = serializers.ChoiceField(choices=list(queries.SHOWN), required=False, allow_blank=True, default="")


class ExportIn(serializers.Serializer[None]):
    format = serializers.ChoiceField(choices=ExportFormat.choices)
    columns = serializers.ListField(
        child=serializers.ChoiceField(choices=list(queries.COLUMNS)), required=False, min_length=1
    )
    with_bom = serializers.BooleanField(required=False, default=False)
    filters = FiltersIn(required=False)


class _View(api.TenantView):
    scope_read = "performance:read"
    scope_write = "performance:write"

    def cycle(self, request: Request, cycle_id: uuid.UUID) -> Cycle:
        on = people_queries.today(request.actor.organisation)
        return access.get_or_404(queries.cycles_visible_to(request.actor, on), pk=cycle_id)

    def export(self, request: Request, export_id: uuid.UUID) -> Export:
        return access.get_or_404(queries.exports_visible_to(request.actor), pk=export_id)


class Cycles(_View):
    """Cycles that I may see; opening one."""

    @extend_schema(responses=CycleOut(many=True), operation_id="cycles_list")
    def get(self, request: Request) -> Response:
        on = people_queries.today(request.actor.organisation)
        paginator = api.NewestFirst()
        found = paginator.paginate_queryset(queries.cycles_visible_to(request.actor, on).order_by(), request)
        return paginator.get_paginated_response(CycleOut(found, many=True).data)

    @extend_schema(request=CycleIn, responses={201: CycleOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_open_cycle(request.actor))
        asked = CycleIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        cycle = actions.open_cycle(
            period=access.get_or_404(people.Period.objects.all(), pk=given["period"]),
            unit=_one(people.BusinessUnit, given["unit"]),
            team=_one(people.Team, given["team"]),
            name_en=given["name_en"],
            name_zh=given["name_zh"],
            by=request.actor,
            at=timezone.now(),
        )
        return Response(CycleOut(cycle).data, status=status.HTTP_201_CREATED)


class CycleDetail(_View):
    """One cycle; its next step."""

    @extend_schema(responses=CycleOut, operation_id="cycles_retrieve")
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        return Response(CycleOut(self.cycle(request, cycle_id)).data)

    @extend_schema(request=CycleStepIn, responses=CycleOut, operation_id="cycles_step")
    def post(self, request: Request, cycle_id: uuid.UUID) -> Response:
        """Closes the period's scores, signs the cycle off, or publishes it."""
        found = self.cycle(request, cycle_id)
        asked = CycleStepIn(data=request.data)
        asked.is_valid(raise_exception=True)
        step = asked.validated_data["step"]
        if step == "close_scores":
            run = actions.close_scores(cycle=found, by=request.actor, at=timezone.now())
            jobs.nudge(scoring_tasks.carry_out_run, str(run.pk))
        elif step == "sign_off":
            actions.sign_off_cycle(cycle=found, by=request.actor, at=timezone.now())
        else:
            actions.publish_cycle(cycle=found, by=request.actor, at=timezone.now())
            jobs.nudge(tasks.announce_results)
        return Response(CycleOut(self.cycle(request, cycle_id)).data)


class Entries(_View):
    """The people of a cycle whom I may see, with their numbers."""

    @extend_schema(responses=EntryOut(many=True))
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        on = people_queries.today(request.actor.organisation)
        visible = queries.entries_visible_to(request.actor, on)
        entries = queries.entries_of(found, queries.bands_of(found), visible)
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(entries.order_by(), request) or []
        return paginator.get_paginated_response(EntryOut(page, many=True).data)


class Exports(_View):
    """Exports of a cycle; asking for one."""

    @extend_schema(responses=ExportOut(many=True))
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        access.require(rules.can_see_exports(request.actor))
        paginator = api.NewestFirst()
        exports = queries.exports_visible_to(request.actor).filter(cycle=found).order_by()
        page = paginator.paginate_queryset(exports, request)
        return paginator.get_paginated_response(ExportOut(page, many=True).data)

    @extend_schema(request=ExportIn, responses={202: ExportOut})
    def post(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        access.require(rules.can_export(request.actor))
        asked = ExportIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        export = actions.request_export(
            cycle=found,
            format=given["format"],
            columns=given.get("columns") or queries.DEFAULT_COLUMNS,
            filters=queries.Filters.from_mapping(given.get("filters") or {}),
            with_bom=given["with_bom"],
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.write_export, str(export.pk))
        return Response(ExportOut(export).data, status=status.HTTP_202_ACCEPTED)


class ExportDetail(_View):
    """How far an export is; stopping it."""

    @extend_schema(responses=ExportOut)
    def get(self, request: Request, export_id: uuid.UUID) -> Response:
        return Response(ExportOut(self.export(request, export_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, export_id: uuid.UUID) -> Response:
        """Stops it while it is under way."""
        found = self.export(request, export_id)
        actions.stop_export(export=found, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportFile(_View):
    """The finished file."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, export_id: uuid.UUID) -> FileResponse:
        found = self.export(request, export_id)
        access.require(rules.can_export(request.actor))
        file = actions.download_export(export=found, by=request.actor, at=timezone.now())
        return FileResponse(
            file.open("rb"),
            as_attachment=True,
            filename=found.file_name,
            content_type=found.content_type,
        )


def _units(micro: int | None) -> Decimal | None:
    return None if micro is None else Decimal(micro) / MICRO


def _one(model: Any, key: uuid.UUID | None) -> Any:
    return access.get_or_404(model.objects.all(), pk=key) if key else None


urls = [
    path("cycles/", Cycles.as_view(), name="api_cycles"),
    path("cycles/<uuid:cycle_id>/", CycleDetail.as_view(), name="api_cycle"),
    path("cycles/<uuid:cycle_id>/entries/", Entries.as_view(), name="api_cycle_entries"),
    path("cycles/<uuid:cycle_id>/exports/", Exports.as_view(), name="api_cycle_exports"),
    path("exports/<uuid:export_id>/", ExportDetail.as_view(), name="api_export"),
    path("exports/<uuid:export_id>/file/", ExportFile.as_view(), name="api_export_file"),
]
