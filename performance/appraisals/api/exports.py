"""Exports of a cycle: asking for one, how far it is, the file."""

import uuid

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules, tasks
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import CodePage, Export, ExportFormat
from performance.foundation import access, api, downloads, jobs


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
            "layout",
            "columns",
            "headings",
            "filters",
            "with_bom",
            "code_page",
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
    layout = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        allow_blank=True,
        help_text="The key of a saved layout, or “payroll”; it brings its own columns.",
    )
    with_bom = serializers.BooleanField(required=False, default=False)
    code_page = serializers.ChoiceField(choices=CodePage.choices, required=False, default=CodePage.UTF_8)
    filters = FiltersIn(required=False)


class Exports(AppraisalsView):
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
            code_page=given["code_page"],
            layout=queries.layout_asked_for(request.actor, given["layout"]),
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.write_export, str(export.pk))
        return Response(ExportOut(export).data, status=status.HTTP_202_ACCEPTED)


class ExportDetail(AppraisalsView):
    """How far an export is; stopping it."""

    @extend_schema(responses=ExportOut)
    def get(self, request: Request, export_id: uuid.UUID) -> Response:
        return Response(ExportOut(_visible(request, export_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, export_id: uuid.UUID) -> Response:
        """Stops it while it is under way."""
        found = _visible(request, export_id)
        actions.stop_export(export=found, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportFile(AppraisalsView):
    """The finished file. With `Range`, a part of it; with `If-Range` only as long as it is the same file."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, export_id: uuid.UUID) -> HttpResponseBase:
        found = _visible(request, export_id)
        access.require(rules.can_export(request.actor))
        part = downloads.part_asked_for(request, found.bytes or 0, found.sha256)
        path = actions.download_export(export=found, by=request.actor, at=timezone.now(), part=part)
        return downloads.attachment(
            path, name=found.file_name, content_type=found.content_type, sha256=found.sha256, part=part
        )


def _visible(request: Request, export_id: uuid.UUID) -> Export:
    return access.get_or_404(queries.exports_visible_to(request.actor), pk=export_id)
