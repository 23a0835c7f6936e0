"""Saved views of the board: kept, shared, pinned, taken over, mailed."""

import uuid
from typing import Any

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import actions, queries, rules
from performance.kpis.api import boards, definitions, fields
from performance.kpis.models import Basis, HeatShown, Rhythm, SavedView, Subscription
from performance.kpis.queries import months, saved_views
from performance.people import queries as people


class ViewOut(serializers.ModelSerializer[SavedView]):
    """`month` null: always the latest. `metric` null: the first of the board."""

    owner = serializers.UUIDField(source="owner_id")
    metric = serializers.UUIDField(source="metric_id", allow_null=True)
    slice = serializers.DictField(child=serializers.CharField())
    by = serializers.CharField(source="cut")
    vs = serializers.CharField(source="basis")

    class Meta:
        model = SavedView
        fields = [
            "id",
            "owner",
            "name",
            "is_shared",
            "month",
            "metric",
            "slice",
            "by",
            "vs",
            "heat",
            "created_at",
        ]


class ViewIn(serializers.Serializer[None]):
    name = serializers.CharField(max_length=80)
    is_shared = serializers.BooleanField(required=False, default=False)
    month = fields.DayField(required=False, allow_null=True, default=None)
    metric = serializers.UUIDField(required=False, allow_null=True, default=None)
    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    by = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    vs = serializers.ChoiceField(choices=Basis.choices, required=False, default=Basis.TARGET)
    heat = serializers.ChoiceField(choices=HeatShown.choices, required=False, default=HeatShown.VALUE)


class SubscriptionIn(serializers.Serializer[None]):
    """`day`: of the week from Monday (1) to Sunday (7); for "monthly" the workday after the end of a month (1 to 15)."""

    rhythm = serializers.ChoiceField(choices=Rhythm.choices)
    day = serializers.IntegerField(min_value=1, max_value=15)


class SubscriptionOut(serializers.ModelSerializer[Subscription]):
    view = serializers.UUIDField(source="view_id")

    class Meta:
        model = Subscription
        fields = ["id", "view", "rhythm", "day", "next_on", "started_at", "ended_at"]


def _view(request: Request, pk: uuid.UUID) -> SavedView:
    return access.get_or_404(saved_views.visible_views(request.actor), pk=pk)


def _given(request: Request) -> dict[str, Any]:
    """Arguments of saving or changing a view."""
    form = ViewIn(data=request.data)
    form.is_valid(raise_exception=True)
    given = form.validated_data
    metrics = queries.certified_metrics()
    wording = actions.ViewWording(
        month=given["month"],
        metric=access.get_or_404(metrics, pk=given["metric"]) if given["metric"] else None,
        slice=given["slice"],
        cut=given["by"],
        basis=given["vs"],
        heat=given["heat"],
    )
    return {"name": given["name"], "is_shared": given["is_shared"], "wording": wording}


class ExportBoardView(api.TenantView):
    """The board that the parameters ask for as a workbook (XLSX)."""

    scope_read = definitions.READ

    @extend_schema(
        operation_id="metrics_export_board",
        responses={(200, "application/octet-stream"): bytes},
        parameters=boards.ASKED,
    )
    def get(self, request: Request) -> Any:
        found = boards.board_of(request)
        file = actions.export_board(board=found, by=request.actor, at=timezone.now())
        return FileResponse(file, as_attachment=True, filename=f"metrics-{months.key(found.month)}.xlsx")


class ViewsView(api.TenantView):
    """My views and those that are shared; one more."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metric_views", responses=ViewOut(many=True))
    def get(self, request: Request) -> Response:
        pages = api.NewestFirst()
        page = pages.paginate_queryset(saved_views.visible_views(request.actor), request, view=self)
        return pages.get_paginated_response(ViewOut(page, many=True).data)

    @extend_schema(operation_id="metric_save_view", request=ViewIn, responses={201: ViewOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_save_views(request.actor))
        view = actions.save_view(by=request.actor, at=timezone.now(), **_given(request))
        return Response(ViewOut(view).data, status=status.HTTP_201_CREATED)


class ViewView(api.TenantView):
    """One view; its owner changes and removes it."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metric_view", responses=ViewOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(ViewOut(_view(request, pk)).data)

    @extend_schema(operation_id="metric_change_view", request=ViewIn, responses=ViewOut)
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        view = _view(request, pk)
        access.require(rules.can_change_view(request.actor, view))
        changed = actions.change_view(view=view, by=request.actor, at=timezone.now(), **_given(request))
        return Response(ViewOut(changed).data)

    @extend_schema(operation_id="metric_remove_view", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        view = _view(request, pk)
        access.require(rules.can_change_view(request.actor, view))
        actions.remove_view(view=view, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TakeOverView(api.TenantView):
    """A shared view whose owner has left becomes mine."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_take_over_view", request=None, responses=ViewOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        view = _view(request, pk)
        today = people.today(request.actor.organisation)
        access.require(rules.can_take_over_view(request.actor, view, today))
        taken = actions.take_over_view(view=view, by=request.actor, at=timezone.now())
        return Response(ViewOut(taken).data)


class PinView(api.TenantView):
    """Beside my navigation, or not."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_pin_view", request=None, responses={204: None})
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        view = _view(request, pk)
        access.require(rules.can_save_views(request.actor))
        actions.pin_view(view=view, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="metric_unpin_view", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        actions.unpin_view(view=_view(request, pk), by=request.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubscriptionView(api.TenantView):
    """By e-mail to me, or not."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_subscribe", request=SubscriptionIn, responses=SubscriptionOut)
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        view = _view(request, pk)
        access.require(rules.can_save_views(request.actor))
        form = SubscriptionIn(data=request.data)
        form.is_valid(raise_exception=True)
        mailed = actions.subscribe(view=view, by=request.actor, at=timezone.now(), **form.validated_data)
        return Response(SubscriptionOut(mailed).data)

    @extend_schema(operation_id="metric_end_subscription", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        mailed = saved_views.own_subscriptions(request.actor).filter(view=pk, ended_at=None).first()
        if mailed is not None:
            actions.end_subscription(subscription=mailed, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
