"""Recognition: public praise, points received, the values that HR keeps."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from feedback import actions, queries, rules
from feedback.api.notes import NoteOut
from feedback.models import CompanyValue
from performance.foundation import access, api
from performance.people import queries as people


class CompanyValueOut(serializers.ModelSerializer[CompanyValue]):
    class Meta:
        model = CompanyValue
        fields = ["id", "name_en", "name_zh", "text_en", "text_zh", "ordinal", "retired_at"]


class CompanyValueIn(serializers.Serializer[None]):
    name_en = serializers.CharField(max_length=60)
    name_zh = serializers.CharField(max_length=60, required=False, allow_blank=True)
    text_en = serializers.CharField(max_length=300, required=False, allow_blank=True)
    text_zh = serializers.CharField(max_length=300, required=False, allow_blank=True)
    ordinal = serializers.IntegerField(min_value=0, max_value=1000, required=False)


class TotalOut(serializers.Serializer[Any]):
    person = serializers.UUIDField(source="person.pk")
    points = serializers.IntegerField()
    praises = serializers.IntegerField()


class PointsOut(serializers.Serializer[Any]):
    points_a_month = serializers.IntegerField()
    left = serializers.IntegerField()


class PointsIn(serializers.Serializer[None]):
    points = serializers.IntegerField(min_value=0, max_value=1000)


class FilterIn(serializers.Serializer[None]):
    value = serializers.UUIDField(required=False)
    person = serializers.UUIDField(required=False)


class Recognised(api.TenantView):
    scope_read = "feedback:read"
    scope_write = "feedback:write"

    def valid(self, shape: Any) -> dict[str, Any]:
        asked = shape(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def require_hr(self) -> None:
        if not rules.can_edit_values(self.request.actor):
            raise PermissionDenied


class Recognition(Recognised):
    @extend_schema(
        parameters=[OpenApiParameter("value", uuid.UUID), OpenApiParameter("person", uuid.UUID)],
        responses=NoteOut(many=True),
        operation_id="recognition",
    )
    def get(self, request: Request) -> Response:
        """Public praise, newest first."""
        asked = FilterIn(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        found = queries.praise_feed(request.actor, value_id=given.get("value"), person_id=given.get("person"))
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(found.order_by(), request)
        rows = queries.titled(request.actor, page or [])
        return paginator.get_paginated_response(NoteOut(rows, many=True).data)


class Totals(Recognised):
    @extend_schema(responses=TotalOut(many=True), operation_id="recognition_totals")
    def get(self, request: Request) -> Response:
        """Points received with public praise, the most first."""
        totals = queries.point_totals(request.actor, people.today(request.actor.organisation))
        return Response(TotalOut(totals, many=True).data)


class Points(Recognised):
    @extend_schema(responses=PointsOut, operation_id="recognition_points")
    def get(self, request: Request) -> Response:
        """How many points everybody may give a month, and how many you have left."""
        left = queries.points_left(request.actor.person_id, timezone.now())
        return Response({"points_a_month": queries.points_a_month(), "left": left})

    @extend_schema(request=PointsIn, responses=PointsOut, operation_id="recognition_set_points")
    def put(self, request: Request) -> Response:
        """HR changes the allowance."""
        self.require_hr()
        actions.set_points_a_month(by=request.actor, at=timezone.now(), **self.valid(PointsIn))
        return self.get(request)


class Values(Recognised):
    @extend_schema(responses=CompanyValueOut(many=True), operation_id="recognition_values")
    def get(self, request: Request) -> Response:
        """The values in their order, retired ones too."""
        return Response(CompanyValueOut(queries.all_values(), many=True).data)

    @extend_schema(
        request=CompanyValueIn, responses={201: CompanyValueOut}, operation_id="recognition_add_value"
    )
    def post(self, request: Request) -> Response:
        """HR adds a value."""
        self.require_hr()
        value = actions.save_value(by=request.actor, at=timezone.now(), **self.valid(CompanyValueIn))
        return Response(CompanyValueOut(value).data, status=status.HTTP_201_CREATED)


class OneValue(Recognised):
    @extend_schema(responses=CompanyValueOut, operation_id="recognition_value")
    def get(self, request: Request, value_id: uuid.UUID) -> Response:
        """One value, also a retired one."""
        return Response(CompanyValueOut(access.get_or_404(queries.all_values(), pk=value_id)).data)

    @extend_schema(request=CompanyValueIn, responses=CompanyValueOut, operation_id="recognition_change_value")
    def put(self, request: Request, value_id: uuid.UUID) -> Response:
        """HR words it otherwise."""
        self.require_hr()
        value = access.get_or_404(queries.all_values(), pk=value_id)
        value = actions.save_value(
            value=value, by=request.actor, at=timezone.now(), **self.valid(CompanyValueIn)
        )
        return Response(CompanyValueOut(value).data)

    @extend_schema(responses={204: None}, operation_id="recognition_retire_value")
    def delete(self, request: Request, value_id: uuid.UUID) -> Response:
        """HR retires it; praise keeps it."""
        self.require_hr()
        value = access.get_or_404(queries.all_values(), pk=value_id)
        actions.retire_value(value=value, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
