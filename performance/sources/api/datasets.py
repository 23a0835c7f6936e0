"""Datasets, their rows and loads."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, jobs
from performance.sources import actions, queries, rules, tasks
from performance.sources.api import connections, shapes

MOST_ROWS = 1000


class Datasets(connections.SourceView):
    @extend_schema(responses=shapes.DatasetOut(many=True), operation_id="sources_datasets_list")
    def get(self, request: Request) -> Response:
        return self.page(request, queries.datasets().prefetch_related("columns"), shapes.DatasetOut)

    @extend_schema(request=shapes.DatasetIn, responses={201: shapes.DatasetOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_model_datasets(request.actor))
        given = self.valid(shapes.DatasetIn(data=request.data))
        found = access.get_or_404(queries.connections(), pk=given.validated_data["connection"])
        dataset, load = actions.create_dataset(
            connection=found,
            plan=given.plan(),
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.run_load, str(load.pk))
        return Response(shapes.DatasetOut(dataset).data, status=status.HTTP_201_CREATED)


class OneDataset(connections.SourceView):
    @extend_schema(responses=shapes.DatasetOut)
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        return Response(shapes.DatasetOut(access.get_or_404(queries.datasets(), pk=dataset_id)).data)

    @extend_schema(request=shapes.DatasetIn, responses={202: shapes.LoadOut})
    def put(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """Another model of the same dataset; answers with the load that fills it anew."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_model_datasets(request.actor))
        given = self.valid(shapes.DatasetIn(data=request.data))
        if given.validated_data["connection"] != found.connection_id:
            raise serializers.ValidationError({"connection": "A dataset stays with its connection."})
        load = actions.change_dataset(dataset=found, plan=given.plan(), by=request.actor, at=timezone.now())
        jobs.nudge(tasks.run_load, str(load.pk))
        return Response(shapes.LoadOut(load).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """Closes it; its rows stay."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_model_datasets(request.actor))
        actions.close_dataset(dataset=found, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class DatasetRows(connections.SourceView):
    @extend_schema(
        responses=shapes.RowsOut, parameters=[OpenApiParameter("limit", int), OpenApiParameter("offset", int)]
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


class DatasetLoads(connections.SourceView):
    @extend_schema(responses=shapes.LoadOut(many=True), operation_id="sources_datasets_loads_list")
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        return self.page(request, queries.loads(dataset=found), shapes.LoadOut)

    @extend_schema(request=shapes.LoadIn, responses={202: shapes.LoadOut})
    def post(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_load_dataset(request.actor, found))
        given = self.valid(shapes.LoadIn(data=request.data)).validated_data
        load = actions.start_load(
            dataset=found,
            is_full=given["full"],
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.run_load, str(load.pk))
        return Response(shapes.LoadOut(load).data, status=status.HTTP_202_ACCEPTED)


class OneLoad(connections.SourceView):
    @extend_schema(responses=shapes.LoadOut)
    def get(self, request: Request, load_id: uuid.UUID) -> Response:
        return Response(shapes.LoadOut(access.get_or_404(queries.loads(), pk=load_id)).data)


class StopLoad(connections.SourceView):
    @extend_schema(request=None, responses=shapes.LoadOut)
    def post(self, request: Request, load_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.loads(), pk=load_id)
        access.require(rules.can_stop_load(request.actor, found))
        actions.stop_load(load=found, by=request.actor, at=timezone.now())
        return Response(shapes.LoadOut(access.get_or_404(queries.loads(), pk=load_id)).data)


class Rejected(connections.SourceView):
    @extend_schema(responses=shapes.RejectedOut(many=True))
    def get(self, request: Request, load_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.loads(), pk=load_id)
        return self.page(request, queries.rejected_rows(found), shapes.RejectedOut)


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _plain(value: Any) -> Any:
    """Decimals as text, so that no reader rounds them."""
    return value if value is None or isinstance(value, bool | int | str) else str(value)
