"""A version beside the ledger account that it is tied out to."""

import uuid

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import actions, queries, rules
from performance.kpis.api import definitions
from performance.kpis.queries import tying
from performance.people import queries as people


class TieOutRowOut(serializers.Serializer[tying.TieOutRow]):
    """Exact decimal text; null where a side has no value. `difference`: the metric less the account."""

    month = serializers.DateField()
    own = serializers.CharField(allow_null=True)
    ledger = serializers.CharField(allow_null=True)
    difference = serializers.CharField(allow_null=True)
    is_within = serializers.BooleanField()
    reason = serializers.CharField(
        source="reason.reason", default="", help_text="Said of these very figures; empty where nobody has."
    )


class TieOutOut(serializers.Serializer[tying.TieOut]):
    """`account`: key of the metric that holds the account. `rows`: newest month first."""

    account = serializers.CharField(source="account.key")
    tolerance = serializers.CharField()
    is_reversed = serializers.BooleanField()
    is_passing = serializers.BooleanField()
    why_nothing = serializers.CharField()
    rows = TieOutRowOut(many=True)


class ExplainIn(serializers.Serializer[None]):
    reason = serializers.CharField(help_text="At most 1,000 characters; a line break is one.")


class ExplainedOut(serializers.Serializer[None]):
    months = serializers.IntegerField(help_text="For how many months it holds.")


class TieOutView(api.TenantView):
    """The last months that both sides have whole. 404 for a version that names no account."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metric_versions_tie_out", responses=TieOutOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = access.get_or_404(queries.visible_versions(request.actor), pk=pk)
        found = queries.tie_out_of(
            version, on=people.today(request.actor.organisation), sight=queries.sight_of(request.actor)
        )
        if found is None:
            raise Http404
        return Response(TieOutOut(found).data)

    @extend_schema(
        operation_id="metric_versions_explain_tie_out", request=ExplainIn, responses={201: ExplainedOut}
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """Says why the months that are off differ; holds for these very figures."""
        version = access.get_or_404(queries.visible_versions(request.actor), pk=pk)
        access.require(rules.can_explain_tie_out(request.actor, version))
        form = ExplainIn(data=request.data)
        form.is_valid(raise_exception=True)
        months = actions.explain_tie_out(
            version=version, reason=form.validated_data["reason"], by=request.actor, at=timezone.now()
        )
        return Response({"months": months}, status=status.HTTP_201_CREATED)
