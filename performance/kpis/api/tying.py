"""A version beside the ledger account that it is tied out to."""

import uuid

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import queries
from performance.kpis.api import definitions
from performance.kpis.queries import tying


class TieOutRowOut(serializers.Serializer[tying.TieOutRow]):
    """Exact decimal text; null where a side has no value. `difference`: the metric less the account."""

    month = serializers.DateField()
    own = serializers.CharField(allow_null=True)
    ledger = serializers.CharField(allow_null=True)
    difference = serializers.CharField(allow_null=True)
    is_within = serializers.BooleanField()


class TieOutOut(serializers.Serializer[tying.TieOut]):
    """`account`: key of the metric that holds the account. `rows`: newest month first."""

    account = serializers.CharField(source="account.key")
    tolerance = serializers.CharField()
    is_reversed = serializers.BooleanField()
    is_passing = serializers.BooleanField()
    why_nothing = serializers.CharField()
    rows = TieOutRowOut(many=True)


class TieOutView(api.TenantView):
    """The last months that both sides have whole. 404 for a version that names no account."""

    scope_read = definitions.READ

    @extend_schema(operation_id="metric_versions_tie_out", responses=TieOutOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = access.get_or_404(queries.visible_versions(request.actor), pk=pk)
        found = queries.tie_out_of(version, queries.sight_of(request.actor))
        if found is None:
            raise Http404
        return Response(TieOutOut(found).data)
