"""Waves of published results, and that somebody has read their own."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules, tasks
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import Acknowledgement, WaveKind
from performance.foundation import access, jobs
from performance.people import models as people


class WaveOut(serializers.Serializer[Any]):
    """What was published together. Counts are people."""

    id = serializers.UUIDField(source="wave.pk")
    number = serializers.IntegerField(source="wave.number")
    kind = serializers.CharField(source="wave.kind")
    unit = serializers.UUIDField(source="wave.unit_id", allow_null=True)
    team = serializers.UUIDField(source="wave.team_id", allow_null=True)
    people = serializers.IntegerField(source="wave.people")
    read = serializers.IntegerField()
    acknowledged = serializers.IntegerField()
    acknowledge_until = serializers.DateField(source="wave.acknowledge_until")
    appeal_until = serializers.DateField(source="wave.appeal_until")
    answer_days = serializers.IntegerField(source="wave.answer_days")
    published_by = serializers.UUIDField(source="wave.published_by_id")
    published_at = serializers.DateTimeField(source="wave.published_at")


class WaveIn(serializers.Serializer[None]):
    """For whom: by `kind` everybody who is left, a unit, a team, or the people with these numbers. The days are those of
    the first wave afterwards."""

    kind = serializers.ChoiceField(choices=WaveKind.choices, default=WaveKind.REST)
    unit = serializers.UUIDField(required=False, allow_null=True, default=None)
    team = serializers.UUIDField(required=False, allow_null=True, default=None)
    numbers = serializers.ListField(child=serializers.CharField(max_length=40), required=False, default=list)
    acknowledge_days = serializers.IntegerField(required=False, min_value=1, max_value=actions.MOST_DAYS)
    appeal_days = serializers.IntegerField(required=False, min_value=1, max_value=actions.MOST_DAYS)
    answer_days = serializers.IntegerField(required=False, min_value=1, max_value=actions.MOST_DAYS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        wanted = {WaveKind.UNIT: "unit", WaveKind.TEAM: "team", WaveKind.LIST: "numbers"}.get(attrs["kind"])
        for name in ("unit", "team", "numbers"):
            if name == wanted and not attrs[name]:
                raise serializers.ValidationError({name: "required"})
            if name != wanted:
                attrs[name] = None
        return attrs


class AcknowledgementOut(serializers.ModelSerializer[Acknowledgement]):
    entry = serializers.UUIDField(source="entry_id")

    class Meta:
        model = Acknowledgement
        fields = ["entry", "comment", "acknowledged_at"]


class AcknowledgementIn(serializers.Serializer[None]):
    comment = serializers.CharField(
        max_length=actions.LONGEST_COMMENT, required=False, allow_blank=True, default=""
    )


class Waves(AppraisalsView):
    """The waves of a cycle, newest first; publishing the next one."""

    access = access.Access("member", frozenset({"hr"}))

    @extend_schema(responses=WaveOut(many=True))
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        return Response(WaveOut(queries.waves_of(self.cycle(request, cycle_id)), many=True).data)

    @extend_schema(request=WaveIn, responses={201: WaveOut})
    def post(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        access.require(rules.can_run_cycles(request.actor))
        asked = WaveIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        entry_ids = None
        if given["numbers"] is not None:
            listed = queries.listed(found, given["numbers"])
            if listed.unknown:
                raise serializers.ValidationError({"numbers": listed.unknown})
            entry_ids = listed.entry_ids
        days = {
            name: given[name] for name in ("acknowledge_days", "appeal_days", "answer_days") if name in given
        }
        wave = actions.publish_wave(
            cycle=found,
            whom=actions.Whom(
                _one(people.BusinessUnit, given["unit"]), _one(people.Team, given["team"]), entry_ids
            ),
            terms=queries.Terms(**days) if days else None,
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.announce_results)
        return Response(WaveOut(queries.WaveRow(wave, 0, 0)).data, status=status.HTTP_201_CREATED)


class Acknowledging(AppraisalsView):
    """Whether the person has read their published result; saying so oneself."""

    @extend_schema(responses=AcknowledgementOut)
    def get(self, request: Request, entry_id: uuid.UUID) -> Response:
        """404 until they have."""
        found = self.entry(request, entry_id)
        return Response(
            AcknowledgementOut(access.get_or_404(Acknowledgement.objects.all(), entry=found)).data
        )

    @extend_schema(request=AcknowledgementIn, responses={201: AcknowledgementOut})
    def post(self, request: Request, entry_id: uuid.UUID) -> Response:
        found = self.entry(request, entry_id)
        asked = AcknowledgementIn(data=request.data)
        asked.is_valid(raise_exception=True)
        said = actions.acknowledge_result(
            entry=found, comment=asked.validated_data["comment"], by=request.actor, at=timezone.now()
        )
        return Response(AcknowledgementOut(said).data, status=status.HTTP_201_CREATED)


def _one(model: Any, key: uuid.UUID | None) -> Any:
    return access.get_or_404(model.objects.all(), pk=key) if key else None
