"""What is foreseen for a metric."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import queries
from performance.kpis.api import definitions, fields, shapes
from performance.kpis.models import Additivity
from performance.kpis.queries import forecasts
from performance.people import queries as people


class ForecastView(api.TenantView):
    """The months to come of a metric or of one of its parts (a dimension as parameter), what such forecasts were worth
    on the past, and how probable it is that the targets of the running periods are reached."""

    scope_read = definitions.READ

    @extend_schema(operation_id="metrics_forecast", responses=shapes.AheadOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        within = fields.slice_of(request)
        today = people.today(request.actor.organisation)
        version = queries.versions_in_force(today, [metric.pk]).get(metric.pk)
        additivity = version.additivity if version else Additivity.NONE
        sight = queries.sight_of(request.actor)
        return Response(
            shapes.AheadOut(forecasts.ahead(metric, within, additivity=additivity, sight=sight)).data
        )
