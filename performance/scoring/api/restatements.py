"""Restatements of frozen scores: what changed, whom it moves, and the decision of both sides."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules, tasks
from performance.scoring.models import (
    LONGEST_REASON,
    RestatedScore,
    Restatement,
    RestatementCause,
    RestatementDecision,
    Side,
)

READ, WRITE = "performance:read", "performance:write"


class RestatementOut(serializers.ModelSerializer[Restatement]):
    period = serializers.UUIDField(source="period_id")
    proposed_by = serializers.UUIDField(
        source="proposed_by_id", allow_null=True, help_text="Null: found by the comparison of the night."
    )

    class Meta:
        model = Restatement
        fields = ["id", "period", "state", "total", "proposed_by", "proposed_at", "decided_at", "adopted_at"]


class RestatedCauseOut(serializers.ModelSerializer[RestatementCause]):
    person = serializers.UUIDField(source="person_id", allow_null=True)
    by = serializers.UUIDField(source="by_id", allow_null=True)

    class Meta:
        model = RestatementCause
        fields = [
            "kind",
            "component_key",
            "person",
            "people",
            "label_en",
            "label_zh",
            "via",
            "by",
            "known_at",
        ]


class ToldCauseOut(serializers.Serializer[Any]):
    """`before` and `after` are null where they are outside the reader's branch."""

    cause = RestatedCauseOut()
    before = serializers.SerializerMethodField()
    after = serializers.SerializerMethodField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_before(self, told: queries.ToldCause) -> str | None:
        return str(told.before) if told.is_open and told.before is not None else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_after(self, told: queries.ToldCause) -> str | None:
        return str(told.after) if told.is_open and told.after is not None else None


class DecisionOut(serializers.ModelSerializer[RestatementDecision]):
    person = serializers.UUIDField(source="person_id")

    class Meta:
        model = RestatementDecision
        fields = ["side", "adopts", "reason", "person", "at"]


class RestatedImpactOut(serializers.ModelSerializer[Restatement]):
    class Meta:
        model = Restatement
        fields = ["compared", "higher", "lower", "band_up", "band_down", "change_micro", "bins"]


class RestatedShownOut(serializers.Serializer[Any]):
    """`impact` is null where so few people would be told on one by one."""

    restatement = RestatementOut()
    causes = ToldCauseOut(many=True)
    more_causes = serializers.IntegerField()
    impact = serializers.SerializerMethodField()
    unlisted = serializers.IntegerField(help_text="People whose scores are not the reader's to see.")
    decisions = serializers.SerializerMethodField()

    @extend_schema_field(RestatedImpactOut(allow_null=True))
    def get_impact(self, shown: queries.RestatementShown) -> dict[str, Any] | None:
        return dict(RestatedImpactOut(shown.restatement).data) if shown.is_told else None

    @extend_schema_field(DecisionOut(many=True))
    def get_decisions(self, shown: queries.RestatementShown) -> Any:
        return DecisionOut(list(shown.decisions.values()), many=True).data


class RestatedScoreOut(serializers.ModelSerializer[RestatedScore]):
    person = serializers.UUIDField(source="person_id")
    kept = serializers.UUIDField(source="kept_id", help_text="The frozen score that it would follow.")

    class Meta:
        model = RestatedScore
        fields = [
            *("person", "kept", "before_micro", "after_micro", "change_micro"),
            *("before_band", "after_band"),
        ]


class RestatedDecisionIn(serializers.Serializer[None]):
    side = serializers.ChoiceField(choices=Side.choices)
    adopts = serializers.BooleanField()
    reason = serializers.CharField(max_length=LONGEST_REASON)


class RestatementsView(api.TenantView):
    access = access.Access("member", frozenset({"hr", "auditor", *rules.ROLE_OF_SIDE.values()}))
    scope_read = READ
    scope_write = WRITE

    def shown(self, request: Request, restatement_id: uuid.UUID) -> queries.RestatementShown:
        found = access.get_or_404(queries.restatements(), pk=restatement_id)
        today = people_queries.day_at(request.actor.organisation, timezone.now())
        return queries.restatement_shown(found, request.actor, today)


class Restatements(RestatementsView):
    """Proposals to restate frozen scores, the newest first. A comparison is asked for with a score run of kind restate."""

    @extend_schema(responses=RestatementOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(queries.restatements().order_by(), request)
        return paginator.get_paginated_response(RestatementOut(page, many=True).data)


class OneRestatement(RestatementsView):
    """One proposal: causes, impact and decisions, as much of it as is the reader's to know."""

    @extend_schema(responses=RestatedShownOut)
    def get(self, request: Request, restatement_id: uuid.UUID) -> Response:
        return Response(RestatedShownOut(self.shown(request, restatement_id)).data)


class ScoresOfRestatement(RestatementsView):
    """Each score before and after, of the people whose scores the reader sees."""

    @extend_schema(responses=RestatedScoreOut(many=True))
    def get(self, request: Request, restatement_id: uuid.UUID) -> Response:
        paginator = api.NewestFirst()
        rows = self.shown(request, restatement_id).scores.order_by()
        page = paginator.paginate_queryset(rows, request)
        return paginator.get_paginated_response(RestatedScoreOut(page, many=True).data)


class DecideRestatement(RestatementsView):
    """One side's yes or no, with its reason."""

    access = access.Access("member", frozenset(rules.ROLE_OF_SIDE.values()))

    @extend_schema(request=RestatedDecisionIn, responses=RestatedShownOut)
    def post(self, request: Request, restatement_id: uuid.UUID) -> Response:
        asked = RestatedDecisionIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        found = access.get_or_404(queries.restatements(), pk=restatement_id)
        access.require(request.actor.has_role(rules.ROLE_OF_SIDE[Side(given["side"])]))
        access.require(not request.actor.only_reads)
        decided = actions.decide_restatement(
            restatement=found,
            side=given["side"],
            adopts=given["adopts"],
            reason=given["reason"],
            by=request.actor,
            at=timezone.now(),
        )
        if not decided.is_proposed:
            jobs.nudge(tasks.carry_out_restatements)
        return Response(RestatedShownOut(self.shown(request, restatement_id)).data)
