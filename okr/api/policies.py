"""How a period counts progress: read, and choose anew."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.api import serializers
from okr.api.objectives import GoalsView
from performance.foundation import access, jobs
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks


class Policy(GoalsView):
    access = access.Access("member", frozenset({"hr", "administrator"}))

    @extend_schema(operation_id="goals_read_policy", responses=serializers.OkrPolicyOut)
    def get(self, request: Request, period_id: uuid.UUID) -> Response:
        """The policy in force in a period, with its versions."""
        return self.policy(self.period(period_id))

    @extend_schema(
        operation_id="goals_set_policy", request=serializers.OkrPolicyIn, responses=serializers.OkrPolicyOut
    )
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        """A new version. Every objective of the period is counted again; a running period needs a reason."""
        period = self.period(period_id)
        access.require(rules.can_set_policy(self.actor))
        choices = self.valid(serializers.OkrPolicyIn)
        reason = choices.pop("reason")
        actions.set_policy(period=period, choices=choices, reason=reason, by=self.actor, at=timezone.now())
        jobs.nudge(scoring_tasks.rescore_stale)
        return self.policy(period)

    def period(self, period_id: uuid.UUID) -> Any:
        return access.get_or_404(people.periods(), pk=period_id)

    def policy(self, period: Any) -> Response:
        return Response(serializers.OkrPolicyOut(queries.policy_of(period)).data)
