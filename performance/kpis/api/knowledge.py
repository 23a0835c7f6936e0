"""What was known of a metric at the end of a day."""

import datetime
import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import queries
from performance.kpis.api import definitions, fields, shapes
from performance.kpis.queries import knowledge, months
from performance.people import queries as people


class KnownAsked(serializers.Serializer[None]):
    on = serializers.DateField()
    month = serializers.DateField(required=False)
    by = serializers.CharField(required=False, allow_blank=True, default="")


class KnownRowOut(serializers.Serializer[knowledge.Known]):
    """`reason`: definition, closed, rates (and maybe data) or data; "" for what was not written anew. `steps`: how often it
    was, `first_at` when first."""

    month = serializers.DateField()
    slice = serializers.DictField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=["same", "new", "gone", "restated"])
    reason = serializers.ChoiceField(choices=["", "definition", "closed", "rates", "data"])
    difference = serializers.CharField(allow_null=True)
    steps = serializers.IntegerField()
    first_at = serializers.DateTimeField(allow_null=True)
    then = shapes.ValueOut(allow_null=True)
    now = shapes.ValueOut(allow_null=True)


class KnownOut(serializers.Serializer[knowledge.Knowledge]):
    on = serializers.DateField()
    restated = serializers.IntegerField()
    months = KnownRowOut(many=True)
    parts = KnownRowOut(many=True)


class KnownView(api.TenantView):
    """The last months as they were known at the end of a day by the organisation's clock, beside what stands today;
    dimensions as parameters narrow it to a slice, `by` adds the parts of one month."""

    scope_read = definitions.READ

    @extend_schema(
        operation_id="metrics_known",
        responses=KnownOut,
        parameters=[
            OpenApiParameter("on", datetime.date, required=True, description="The day."),
            OpenApiParameter("month", datetime.date, description="A day of the month whose parts are told."),
            OpenApiParameter("by", str, description="The dimension of those parts."),
        ],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        asked = KnownAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        within = fields.slice_of(request)
        newest = queries.latest_month([metric.pk]) or people.today(actor.organisation)
        told = knowledge.known_on(
            metric,
            actor.organisation,
            given["on"],
            within=within,
            month=months.first_of(given.get("month") or newest),
            cut="" if given["by"] in within else given["by"],
            sight=queries.sight_of(actor),
        )
        return Response(KnownOut(told).data)
