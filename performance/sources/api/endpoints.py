"""Endpoints of a REST source."""

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


class Endpoints(connections.SourceView):
    @extend_schema(responses=shapes.EndpointOut(many=True), operation_id="sources_endpoints_list")
    def get(self, request: Request, connection_id: uuid.UUID) -> Response:
        """Tables of a REST source, each with the path that is asked for it."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        return self.page(request, queries.endpoints(found), shapes.EndpointOut)

    @extend_schema(request=shapes.EndpointIn, responses={201: shapes.EndpointOut})
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """A table of the source. Look at it with a probe, `table` being its name."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_shape_endpoints(request.actor, found))
        given = self.valid(shapes.EndpointIn(data=request.data)).validated_data
        made = actions.add_endpoint(connection=found, values=given, by=request.actor, at=timezone.now())
        return Response(shapes.EndpointOut(made).data, status=status.HTTP_201_CREATED)


class OneEndpoint(connections.SourceView):
    @extend_schema(responses=shapes.EndpointOut)
    def get(self, request: Request, connection_id: uuid.UUID, endpoint_id: uuid.UUID) -> Response:
        """One table of a REST source."""
        return Response(shapes.EndpointOut(_found(connection_id, endpoint_id)).data)

    @extend_schema(request=shapes.EndpointIn(partial=True), responses=shapes.EndpointOut)
    def patch(self, request: Request, connection_id: uuid.UUID, endpoint_id: uuid.UUID) -> Response:
        """Changes how a table of a REST source is asked; what is left out stays."""
        found = _found(connection_id, endpoint_id)
        access.require(rules.can_shape_endpoints(request.actor, found.connection))
        given = self.valid(shapes.EndpointIn(data=request.data, partial=True)).validated_data
        changed = actions.change_endpoint(endpoint=found, values=given, by=request.actor, at=timezone.now())
        return Response(shapes.EndpointOut(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, connection_id: uuid.UUID, endpoint_id: uuid.UUID) -> Response:
        """Refused while a dataset reads from it."""
        found = _found(connection_id, endpoint_id)
        access.require(rules.can_shape_endpoints(request.actor, found.connection))
        actions.remove_endpoint(endpoint=found, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _found(connection_id: uuid.UUID, endpoint_id: uuid.UUID) -> models.Endpoint:
    connection = access.get_or_404(queries.connections(), pk=connection_id)
    return access.get_or_404(queries.endpoints(connection), pk=endpoint_id)
