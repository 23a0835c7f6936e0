"""Layouts of exports: reading, writing, removing them."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import ExportLayout
from performance.foundation import access, api


class LayoutColumn(serializers.Serializer[None]):
    """One column; without a heading it has its usual one."""

    key = serializers.ChoiceField(choices=list(queries.COLUMNS))
    heading = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")


class ExportLayoutOut(serializers.ModelSerializer[ExportLayout]):
    columns = LayoutColumn(many=True)
    changed_by = serializers.UUIDField(source="changed_by_id")

    class Meta:
        model = ExportLayout
        fields = ["id", "name", "columns", "changed_by", "changed_at"]


class ExportLayoutIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=60)
    columns = LayoutColumn(many=True, allow_empty=False)


class Layouts(AppraisalsView):
    """The layouts of the organisation; writing a new one."""

    @extend_schema(responses=ExportLayoutOut(many=True))
    def get(self, request: Request) -> Response:
        access.require(rules.can_see_exports(request.actor))
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(queries.layouts_visible_to(request.actor).order_by(), request)
        return paginator.get_paginated_response(ExportLayoutOut(page, many=True).data)

    @extend_schema(request=ExportLayoutIn, responses={201: ExportLayoutOut})
    def post(self, request: Request) -> Response:
        return Response(ExportLayoutOut(_saved(request, None)).data, status=status.HTTP_201_CREATED)


class LayoutDetail(AppraisalsView):
    """One layout; writing it anew; removing it."""

    @extend_schema(responses=ExportLayoutOut)
    def get(self, request: Request, layout_id: uuid.UUID) -> Response:
        return Response(ExportLayoutOut(_visible(request, layout_id)).data)

    @extend_schema(request=ExportLayoutIn, responses=ExportLayoutOut)
    def put(self, request: Request, layout_id: uuid.UUID) -> Response:
        return Response(ExportLayoutOut(_saved(request, _visible(request, layout_id))).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, layout_id: uuid.UUID) -> Response:
        """Exports that were asked for with it keep their columns."""
        found = _visible(request, layout_id)
        actions.remove_layout(layout=found, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _visible(request: Request, layout_id: uuid.UUID) -> ExportLayout:
    return access.get_or_404(queries.layouts_visible_to(request.actor), pk=layout_id)


def _saved(request: Request, layout: ExportLayout | None) -> ExportLayout:
    access.require(rules.can_export(request.actor))
    asked = ExportLayoutIn(data=request.data)
    asked.is_valid(raise_exception=True)
    return actions.save_layout(
        layout=layout,
        name=asked.validated_data["name"],
        columns=[(each["key"], each["heading"]) for each in asked.validated_data["columns"]],
        by=request.actor,
        at=timezone.now(),
    )
