"""Values and targets of a metric."""

import datetime
import uuid

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.kpis import actions, queries, rules, tasks
from performance.kpis.api import definitions, shapes
from performance.kpis.models import Dimension, Grain, Target


class ValuesView(api.TenantView):
    """Values of a metric: one grain, a range of days, one slice (dimensions as parameters) or all of one cut."""

    scope_read = definitions.READ

    @extend_schema(
        operation_id="metrics_values",
        responses=shapes.ValueOut(many=True),
        parameters=[
            OpenApiParameter("grain", str, enum=Grain.values, default="month"),
            OpenApiParameter("since", datetime.date),
            OpenApiParameter("until", datetime.date),
            OpenApiParameter(
                "by", str, description="Dimension keys joined by commas; the total when absent."
            ),
            OpenApiParameter("as_of", datetime.datetime, description="What was known at that moment."),
        ],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        asked = shapes.ValuesAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        known_at = given.get("as_of")
        found = (
            queries.values_known_at(known_at, given["grain"]) if known_at else queries.values(given["grain"])
        )
        found = found.filter(metric=metric)
        known = set(Dimension.objects.values_list("key", flat=True))
        within = {key: value for key, value in request.query_params.items() if key in known}
        keys = {key for key in given["by"].split(",") if key} | set(within)
        found = found.filter(dimensions=",".join(sorted(keys)), slice__contains=within)
        if given.get("since"):
            found = found.filter(period_end__gte=given["since"])
        if given.get("until"):
            found = found.filter(period_start__lte=given["until"])
        pages = api.NewestFirst()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(shapes.ValueOut(page, many=True).data)


class TargetsView(api.TenantView):
    """Targets and budgets of a metric; setting them replaces what stood there."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metrics_targets", responses=shapes.TargetOut(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        pages = api.NewestFirst()
        targets = Target.objects.filter(metric=metric)
        page: list[Target] | None = pages.paginate_queryset(targets, request, view=self)
        return pages.get_paginated_response(shapes.TargetOut(page, many=True).data)

    @extend_schema(operation_id="metrics_set_targets", request=shapes.TargetsIn, responses=shapes.ChangedOut)
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        access.require(rules.can_set_targets(actor, metric))
        form = shapes.TargetsIn(data=request.data)
        form.is_valid(raise_exception=True)
        rows = [(row["month"], row["slice"], row["value"]) for row in form.validated_data["rows"]]
        changed = actions.set_targets(
            metric=metric, kind=form.validated_data["kind"], rows=rows, by=actor, at=timezone.now()
        )
        return Response({"changed": changed})


class CloseMonthView(api.TenantView):
    """Freezes a month's values of every metric, as they are computed now."""

    access = access.Access("member", frozenset({"finance_owner"}))
    scope_write = definitions.WRITE

    @extend_schema(operation_id="months_close", request=shapes.MonthIn, responses={204: None})
    def post(self, request: Request) -> Response:
        access.require(rules.can_close_month(request.actor))
        form = shapes.MonthIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.close_month(month=form.validated_data["month"], by=request.actor, at=timezone.now())
        jobs.nudge(tasks.refresh_stale_values)
        return Response(status=status.HTTP_204_NO_CONTENT)
