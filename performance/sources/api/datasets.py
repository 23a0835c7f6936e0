"""Datasets, their rows and loads."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, jobs
from performance.sources import actions, queries, rules, tasks
from performance.sources.api import connections, shapes

MOST_ROWS = 1000


class Datasets(connections.SourceView):
    @extend_schema(responses=shapes.DatasetOut(many=True), operation_id="sources_datasets_list")
    def get(self, request: Request) -> Response:
        """Datasets with their columns, where they read from, and when they were last filled."""
        return self.page(request, queries.datasets().prefetch_related("columns"), shapes.DatasetOut)

    @extend_schema(request=shapes.DatasetIn, responses={201: shapes.DatasetOut})
    def post(self, request: Request) -> Response:
        """A new dataset of a source; where its rows are fetched, the first load begins at once."""
        access.require(rules.can_model_datasets(request.actor))
        given = self.valid(shapes.DatasetIn(data=request.data))
        found = access.get_or_404(queries.connections(), pk=given.validated_data["connection"])
        dataset, load = actions.create_dataset(
            connection=found,
            plan=given.plan(),
            by=request.actor,
            at=timezone.now(),
        )
        if load is not None:
            jobs.nudge(tasks.run_load, str(load.pk))
        return Response(shapes.DatasetOut(dataset).data, status=status.HTTP_201_CREATED)


class OneDataset(connections.SourceView):
    @extend_schema(responses=shapes.DatasetOut)
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """One dataset with its columns."""
        return Response(shapes.DatasetOut(access.get_or_404(queries.datasets(), pk=dataset_id)).data)

    @extend_schema(request=shapes.DatasetIn, responses={202: shapes.LoadOut, 200: shapes.DatasetOut})
    def put(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """Another model of the same dataset; answers with the load that fills it anew, or with the dataset where a
        system sends the rows."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_model_datasets(request.actor))
        given = self.valid(shapes.DatasetIn(data=request.data))
        if given.validated_data["connection"] != found.connection_id:
            raise serializers.ValidationError({"connection": "A dataset stays with its connection."})
        load = actions.change_dataset(
            dataset=found,
            plan=given.plan(),
            by=request.actor,
            at=timezone.now(),
            is_mode_confirmed=given.validated_data["is_mode_confirmed"],
        )
        if load is None:
            found = access.get_or_404(queries.datasets(), pk=dataset_id)
            return Response(shapes.DatasetOut(found).data)
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
    """The imported rows in the order of their key, a page at a time. Those of a live dataset stay at the source."""

    @extend_schema(
        responses=shapes.RowsOut,
        parameters=[
            OpenApiParameter("limit", int, description="At most 1,000 rows a page."),
            OpenApiParameter("cursor", str, description="`next` of the page before."),
        ],
    )
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_see_rows(request.actor, found))
        if found.is_live:
            raise actions.SourceRefused(_("The rows of this dataset stay at the source."), code="live")
        limit = max(1, min(_whole(request, "limit", 100), MOST_ROWS))
        after = _key_of(request.query_params.get("cursor", ""))
        try:
            within = queries.narrowing(found, queries.row_sight(request.actor))
            page, last = queries.rows_by_key(found, after=after, limit=limit, within=within)
        except ValueError as error:
            raise exceptions.ParseError from error
        return Response(
            {
                "columns": [column.key for column in page.columns],
                "rows": [[_plain(value) for value in row] for row in page.rows],
                "next": _cursor(last) if last else None,
            }
        )


class DatasetLoads(connections.SourceView):
    @extend_schema(responses=shapes.LoadOut(many=True), operation_id="sources_datasets_loads_list")
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """The loads of a dataset, newest first."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        return self.page(request, queries.loads(dataset=found), shapes.LoadOut)

    @extend_schema(request=shapes.LoadIn, responses={202: shapes.LoadOut})
    def post(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """Begins a load of the dataset, of what is new or of everything."""
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


class ConnectionLoads(connections.SourceView):
    """Loads every dataset of a connection."""

    @extend_schema(request=None, responses={202: shapes.LoadOut(many=True)})
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        connection = access.get_or_404(queries.connections(), pk=connection_id)
        started = []
        for found in queries.datasets().filter(connection=connection):
            access.require(rules.can_load_dataset(request.actor, found))
            started.append(actions.start_load(dataset=found, by=request.actor, at=timezone.now()))
        for load in started:
            jobs.nudge(tasks.run_load, str(load.pk))
        return Response(shapes.LoadOut(started, many=True).data, status=status.HTTP_202_ACCEPTED)


class OneLoad(connections.SourceView):
    @extend_schema(responses=shapes.LoadOut)
    def get(self, request: Request, load_id: uuid.UUID) -> Response:
        """One load: how far it is, how many rows it took, and how many it refused."""
        return Response(shapes.LoadOut(access.get_or_404(queries.loads(), pk=load_id)).data)


class StopLoad(connections.SourceView):
    @extend_schema(request=None, responses=shapes.LoadOut)
    def post(self, request: Request, load_id: uuid.UUID) -> Response:
        """Stops a load that runs or waits; the dataset keeps the rows it had."""
        found = access.get_or_404(queries.loads(), pk=load_id)
        access.require(rules.can_stop_load(request.actor, found))
        actions.stop_load(load=found, by=request.actor, at=timezone.now())
        return Response(shapes.LoadOut(access.get_or_404(queries.loads(), pk=load_id)).data)


class Rejected(connections.SourceView):
    @extend_schema(responses=shapes.RejectedOut(many=True))
    def get(self, request: Request, load_id: uuid.UUID) -> Response:
        """Rows that a load refused, each with its reason."""
        found = access.get_or_404(queries.loads(), pk=load_id)
        access.require(queries.row_sight(request.actor).of(found.dataset_id) is None, rules.ALL_ROWS_ONLY)
        return self.page(request, queries.rejected_rows(found), shapes.RejectedOut)


def _cursor(key: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _key_of(cursor: str) -> list[str]:
    """The key that a cursor stands for, [] for none; a cursor that is not ours is an error of the one who asks."""
    if not cursor:
        return []
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError as error:
        raise exceptions.ParseError from error
    if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        raise exceptions.ParseError
    return key


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _plain(value: Any) -> Any:
    """Decimals as text, so that no reader rounds them."""
    return value if value is None or isinstance(value, bool | int | str) else str(value)
