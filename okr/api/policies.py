"""How a period counts progress: read, and choose anew."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers as drf
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.api import serializers
from okr.api.objectives import GoalsView
from performance.foundation import access, jobs
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks


class PolicyMoverOut(drf.Serializer):
    """An objective as it stands and as it would stand."""

    objective = drf.UUIDField(source="objective.pk")
    title = drf.CharField(source="objective.title")
    before = drf.DecimalField(max_digits=12, decimal_places=6, allow_null=True)
    after = drf.DecimalField(max_digits=12, decimal_places=6, allow_null=True)
    before_status = drf.ChoiceField(choices=serializers.STATUSES)
    after_status = drf.ChoiceField(choices=serializers.STATUSES)


class PolicyTurnOut(drf.Serializer):
    before = drf.ChoiceField(choices=serializers.STATUSES)
    after = drf.ChoiceField(choices=serializers.STATUSES)
    number = drf.IntegerField()


class PolicyPreviewOut(drf.Serializer):
    counted = drf.IntegerField(help_text="Objectives that would be counted again.")
    moved = drf.IntegerField(help_text="Of them those with another progress, whether you see them or not.")
    movers = PolicyMoverOut(many=True, help_text="Of those that you see, the furthest movers first.")
    unlisted = drf.IntegerField(help_text="How many more of those that you see would change.")
    unseen = drf.IntegerField(help_text="How many would change that you do not see.")
    turned = drf.SerializerMethodField(help_text="Changes of status among those that you see.")

    @extend_schema_field(PolicyTurnOut(many=True))
    def get_turned(self, preview: queries.PolicyPreview) -> list[dict[str, Any]]:
        return [
            {"before": before, "after": after, "number": number} for before, after, number in preview.turned
        ]


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
        reason, based_on = choices.pop("reason"), choices.pop("based_on")
        actions.set_policy(
            period=period,
            choices=choices,
            reason=reason,
            based_on=based_on,
            by=self.actor,
            at=timezone.now(),
        )
        jobs.nudge(scoring_tasks.rescore_stale)
        return self.policy(period)

    def period(self, period_id: uuid.UUID) -> Any:
        return access.get_or_404(people.periods(), pk=period_id)

    def policy(self, period: Any) -> Response:
        return Response(serializers.OkrPolicyOut(queries.policy_of(period)).data)


class PolicyPreview(Policy):
    http_method_names = ("post", "options")

    @extend_schema(
        operation_id="goals_preview_policy", request=serializers.OkrPolicyIn, responses=PolicyPreviewOut
    )
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        """What a new version would move. Nothing is stored; the reason and `based_on` are not read."""
        period = self.period(period_id)
        access.require(rules.can_set_policy(self.actor))
        choices = self.valid(serializers.OkrPolicyIn)
        organisation = self.actor.organisation
        preview = queries.policy_preview(
            actions.proposed_policy(
                period=period,
                choices={name: value for name, value in choices.items() if name in queries.POLICY_CHOICES},
            ),
            visible=queries.visible_to(self.actor),
            on=people.today(organisation),
            organisation=organisation,
        )
        return Response(PolicyPreviewOut(preview).data)
