"""The weekly pulse: mine with my manager and my reports; sending one side of it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback import actions, queries
from performance.foundation import api
from performance.people import queries as people


class PulseIn(serializers.Serializer[None]):
    other = serializers.UUIDField(help_text="The manager, or the report.")
    manageable = serializers.IntegerField(min_value=1, max_value=5)
    helped = serializers.IntegerField(min_value=1, max_value=5)
    clear = serializers.IntegerField(min_value=1, max_value=5)


class PulseRowOut(serializers.Serializer[Any]):
    question = serializers.CharField()
    mine = serializers.IntegerField()
    theirs = serializers.IntegerField()
    history = serializers.ListField(child=serializers.IntegerField())


class PulsePairOut(serializers.Serializer[Any]):
    """`rows` is empty until both have sent a week; `shown_week` says which."""

    employee = serializers.UUIDField(source="employee.pk")
    manager = serializers.UUIDField(source="manager.pk")
    other = serializers.UUIDField(source="other.pk")
    week_start = serializers.DateField()
    mine_sent = serializers.BooleanField()
    theirs_sent = serializers.BooleanField()
    shown_week = serializers.DateField(allow_null=True)
    rows = PulseRowOut(many=True)


class Pulses(api.TenantView):
    """My pulses with my manager and my reports; sending one side of this week's."""

    scope_read = "feedback:read"
    scope_write = "feedback:write"

    @extend_schema(responses=PulsePairOut(many=True))
    def get(self, request: Request) -> Response:
        """The other's answers only of weeks that both have sent."""
        pairs = queries.pulse_pairs(request.actor, people.today(request.actor.organisation))
        return Response(PulsePairOut(pairs, many=True).data)

    @extend_schema(request=PulseIn, responses={204: None})
    def post(self, request: Request) -> Response:
        asked = PulseIn(data=request.data)
        asked.is_valid(raise_exception=True)
        answers = dict(asked.validated_data)
        other = answers.pop("other")
        on = people.today(request.actor.organisation)
        pairs = {pair.other.pk: pair for pair in queries.pulse_pairs(request.actor, on)}
        if other not in pairs:
            raise actions.PulseRefused(_("The pulse is between a person and their manager of today."))
        actions.send_pulse(
            by=request.actor,
            at=timezone.now(),
            employee=pairs[other].employee,
            manager=pairs[other].manager,
            week_start=pairs[other].week_start,
            answers=answers,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
