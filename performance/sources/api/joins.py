"""Columns that a dataset takes from another one."""

from __future__ import annotations

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access
from performance.sources import actions, models, queries, rules
from performance.sources.api import connections, shapes


class Joins(connections.SourceView):
    @extend_schema(responses=shapes.JoinOut(many=True), operation_id="sources_joins_list")
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """Columns that this dataset takes from others, and by which keys."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        return Response(shapes.JoinOut(queries.joins_of(found), many=True).data)

    @extend_schema(request=shapes.JoinIn, responses={201: shapes.JoinOut})
    def post(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """From now on rows have these columns too; nothing is copied."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_join_datasets(request.actor, found))
        given = self.valid(shapes.JoinIn(data=request.data)).validated_data
        made = actions.join_dataset(
            dataset=found,
            other=access.get_or_404(queries.datasets(), pk=given["other"]),
            key=given["key"],
            pairs=list(given["pairs"].items()),
            taken=given["taken"],
            by=request.actor,
            at=timezone.now(),
        )
        return Response(shapes.JoinOut(made).data, status=status.HTTP_201_CREATED)


class OneJoin(connections.SourceView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, dataset_id: uuid.UUID, join_id: uuid.UUID) -> Response:
        """Its columns go."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_join_datasets(request.actor, found))
        join = access.get_or_404(models.Join.objects.filter(dataset=found), pk=join_id)
        actions.remove_join(join=join, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
