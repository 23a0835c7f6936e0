"""Values and targets of a metric."""

import datetime
import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.kpis import actions, queries, rules, tasks
from performance.kpis.api import definitions, fields, shapes
from performance.kpis.models import Grain, Target
from performance.kpis.queries import changes, months
from performance.kpis.queries import rows as traced
from performance.people import queries as people
from performance.sources import queries as sources


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
        sight = queries.sight_of(request.actor)
        found = sight.seen(found.filter(metric=metric), is_past=known_at is not None)
        within = fields.slice_of(request)
        keys = {key for key in given["by"].split(",") if key} | set(within)
        found = found.filter(dimensions=",".join(sorted(keys)), slice__contains=within)
        if given.get("since"):
            found = found.filter(period_end__gte=given["since"])
        if given.get("until"):
            found = found.filter(period_start__lte=given["until"])
        pages = api.NewestFirst()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(shapes.ValueOut(page, many=True).data)


class ChangeView(api.TenantView):
    """Why a metric changed between two months: by the numbers it is computed from, and by parts of the business. Both
    lists sum to the change, with `kept_apart` (drivers) and the lines of kind "kept", "overlap" and "closed" (parts)."""

    scope_read = definitions.READ

    @extend_schema(
        operation_id="metrics_change",
        responses=shapes.ChangeExplainedOut,
        parameters=[
            OpenApiParameter("since", datetime.date, required=True, description="A day of the first month."),
            OpenApiParameter("until", datetime.date, required=True, description="A day of the last month."),
            OpenApiParameter("by", str, description="The dimension whose parts are told."),
        ],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        asked = shapes.ChangeAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        within = fields.slice_of(request)
        told = changes.explained(
            metric,
            since=given["since"],
            until=given["until"],
            within=within,
            cut=given["by"],
            sight=queries.sight_of(request.actor),
        )
        return Response(shapes.ChangeExplainedOut(told).data)


class TargetsView(api.TenantView):
    """Targets and budgets of a metric; setting them replaces what stood there."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metrics_targets", responses=shapes.TargetOut(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        pages = api.NewestFirst()
        targets = queries.sight_of(request.actor).seen_of(Target.objects.filter(metric=metric))
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


class ImportTargetsView(api.TenantView):
    """Targets read from a dataset: all of its rows or none."""

    access = access.Access("member", frozenset(rules.OWNERS))
    scope_write = definitions.WRITE

    @extend_schema(
        operation_id="metrics_import_targets", request=shapes.ImportTargetsIn, responses=shapes.ChangedOut
    )
    def post(self, request: Request) -> Response:
        access.require(rules.can_import_targets(request.actor))
        form = shapes.ImportTargetsIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        metric = given.pop("metric")
        dataset = access.get_or_404(sources.copied_datasets(), pk=given.pop("dataset"))
        columns = actions.TargetColumns(
            metric=access.get_or_404(queries.certified_metrics(), pk=metric) if metric else None, **given
        )
        changed = actions.import_targets(
            dataset=dataset, columns=columns, by=request.actor, at=timezone.now()
        )
        return Response({"changed": changed})


class CloseMonthView(api.TenantView):
    """Closes a month; its values are frozen within moments."""

    access = access.Access("member", frozenset({"finance_owner"}))
    scope_write = definitions.WRITE

    @extend_schema(
        operation_id="metrics_close_month", request=shapes.MonthIn, responses={201: shapes.ClosedMonthOut}
    )
    def post(self, request: Request) -> Response:
        access.require(rules.can_close_month(request.actor))
        form = shapes.MonthIn(data=request.data)
        form.is_valid(raise_exception=True)
        closed = actions.close_month(month=form.validated_data["month"], by=request.actor, at=timezone.now())
        jobs.nudge(tasks.refresh_stale_values)
        return Response(shapes.ClosedMonthOut(closed).data, status=status.HTTP_201_CREATED)


class RowsView(api.TenantView):
    """The source rows that a value was computed from. A formula shows the rows of one of its inputs."""

    scope_read = definitions.READ

    @extend_schema(
        operation_id="metrics_rows",
        responses=shapes.TracedOut,
        parameters=[
            OpenApiParameter("since", datetime.date, description="The latest month when absent."),
            OpenApiParameter("until", datetime.date),
            OpenApiParameter("input", str, description="Key of the base metric; the first one when absent."),
            OpenApiParameter("page", int, default=1),
        ],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        within = fields.slice_of(request)
        sight = queries.sight_of(actor)
        can_see = rules.can_see_rows(actor, metric, within) or sight.opens_rows(metric.pk)
        access.require(can_see, rules.WHO_SEES_ROWS)
        asked = shapes.RowsAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        today = people.today(actor.organisation)
        since = given.get("since") or queries.latest_month([metric.pk]) or months.first_of(today)
        until = given.get("until") or months.last_of(since)
        bases = traced.bases_behind(metric, since, until)
        chosen = next((one for one in bases if one.metric.key == given["input"]), bases[0] if bases else None)
        body: dict[str, Any] = {
            "inputs": [one.metric.key for one in bases],
            "input": "",
            "since": since,
            "until": until,
            "stays_at": None,
            "columns": [],
            "rows": [],
            "amounts": [],
            "total": 0,
            "aggregated": None,
        }
        if chosen is not None:
            cut = {key: value for key, value in within.items() if key in chosen.dimensions}
            narrowed = sight.rows.of(chosen.dataset)
            # A dimension that these rows do not have narrows nothing: then they are everybody's rows.
            can_see = rules.can_see_rows_of(actor, metric, cut, narrowed)
            access.require(can_see, rules.WHO_SEES_NARROWED_ROWS if narrowed else rules.WHO_SEES_ROWS)
            since = traced.first_days(metric, since, until).get(chosen.metric_id, since)
            body |= {"input": chosen.metric.key, "since": since}
            if queries.stays_at_source(chosen):
                body["stays_at"] = traced.where_rows_are(chosen, cut)
                return Response(shapes.TracedOut(body).data)
            offset = (given["page"] - 1) * traced.PAGE
            shown = traced.trace(chosen, slice=cut, since=since, until=until, offset=offset, sight=sight)
            body |= {
                "columns": [column.key for column in shown.columns],
                "rows": [[_plain(value) for value in row] for row in shown.rows],
                "amounts": [_plain(amount) for amount in shown.amounts],
                "total": shown.total,
                "aggregated": _plain(shown.aggregated),
            }
        return Response(shapes.TracedOut(body).data)


def _plain(value: Any) -> Any:
    """Decimals as text, so that no reader rounds them."""
    return value if value is None or isinstance(value, bool | int | str) else str(value)
