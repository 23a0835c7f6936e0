"""Who sees which rows of a dataset."""

from __future__ import annotations

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access
from performance.people.models import Person
from performance.sources import actions, queries, rules
from performance.sources.api import connections, shapes


class RowRule(connections.SourceView):
    """By which columns readers see the rows of their branch, and who sees all rows."""

    @extend_schema(responses=shapes.RowRightsOut)
    def get(self, request: Request, dataset_id: uuid.UUID) -> Response:
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        return Response(shapes.RowRightsOut(queries.row_rights(found)).data)

    @extend_schema(request=shapes.RowRightsIn, responses=shapes.RowRightsOut)
    def put(self, request: Request, dataset_id: uuid.UUID) -> Response:
        """Replaces the rule; without columns there is none, and whoever sees rows sees all."""
        found = access.get_or_404(queries.datasets(), pk=dataset_id)
        access.require(rules.can_narrow_rows(request.actor, found))
        given = self.valid(shapes.RowRightsIn(data=request.data)).validated_data
        people = list(Person.objects.filter(pk__in=given["people"]))
        if len(people) != len(set(given["people"])):
            raise exceptions.ValidationError({"people": ["unknown"]})
        actions.narrow_rows(
            dataset=found,
            columns=given["columns"],
            roles=given["roles"],
            people=people,
            by=request.actor,
            at=timezone.now(),
        )
        return Response(shapes.RowRightsOut(queries.row_rights(found)).data)
