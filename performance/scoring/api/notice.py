"""How long before people hear of new weights, and what these change for me."""

import uuid

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from performance.engine import errors
from performance.foundation import access, api
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules
from performance.scoring.api.policies import PoliciesView
from performance.scoring.api.policy_shapes import NoticeShape, WeightDifferenceOut


class WeightNotice(api.TenantView):
    """How many days before new weights take hold people hear of them."""

    scope_read = "performance:read"
    scope_write = "performance:write"

    @extend_schema(responses=NoticeShape)
    def get(self, request: Request) -> Response:
        return Response({"days": queries.days_of_notice()})

    @extend_schema(request=NoticeShape, responses=NoticeShape)
    def put(self, request: Request) -> Response:
        access.require(rules.can_set_notice(request.actor))
        asked = NoticeShape(data=request.data)
        asked.is_valid(raise_exception=True)
        notice = actions.set_notice(**asked.validated_data, by=request.actor, at=timezone.now())
        return Response({"days": notice.days})


class MyDifference(PoliciesView):
    """What a version changes for me; 404 where it does not score me, or nobody is told of it yet."""

    @extend_schema(responses=WeightDifferenceOut)
    def get(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_told = version.is_fixed or version.told_from is not None
        if not is_told or not queries.is_in_scope(version, request.actor.person_id):
            raise Http404
        try:
            plan = queries.plan_of(version)
        except errors.InvalidInput as refusal:
            raise Http404 from refusal
        today = people_queries.day_at(request.actor.organisation, timezone.now())
        unit_id = request.actor.person.unit_id
        return Response(
            WeightDifferenceOut(queries.differences(version, plan, [unit_id], today)[unit_id]).data
        )
