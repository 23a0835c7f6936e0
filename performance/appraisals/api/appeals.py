"""Appeals: filing one's own, withdrawing it, HR's decision."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import LONGEST_REASON, Appeal, AppealEvidence
from performance.foundation import access, api, once


class AppealGroundOut(serializers.ModelSerializer[AppealEvidence]):
    class Meta:
        model = AppealEvidence
        fields = ["kind", "title", "said", "url"]


class AppealOut(serializers.ModelSerializer[Appeal]):
    """`rating_before` is the result when it was filed, `rating_after` the corrected one of an appeal that was upheld."""

    entry = serializers.UUIDField(source="entry_id")
    person = serializers.UUIDField(source="entry.person_id")
    decided_by = serializers.UUIDField(source="decided_by_id", allow_null=True)
    evidence = AppealGroundOut(many=True)

    class Meta:
        model = Appeal
        fields = [
            "id",
            "entry",
            "person",
            "state",
            "reason",
            "evidence",
            "rating_before",
            "rating_after",
            "filed_at",
            "answer_until",
            "decided_by",
            "decision",
            "ended_at",
        ]


class GroundOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    said = serializers.CharField()
    url = serializers.CharField()


class AppealsOut(serializers.Serializer[Any]):
    """The appeals against a result, newest first, and what the next one may rest on."""

    appeals = AppealOut(many=True)
    can_appeal = serializers.BooleanField()
    appeal_until = serializers.DateField(allow_null=True)
    grounds = GroundOut(many=True)


class AppealIn(serializers.Serializer[None]):
    """`grounds`: keys of what is offered."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    grounds = serializers.ListField(child=serializers.CharField(max_length=120), required=False, default=list)


class AppealDecisionIn(serializers.Serializer[None]):
    """`rating` upholds the appeal with that result; null rejects it."""

    rating = serializers.IntegerField(min_value=1, max_value=5, allow_null=True)
    reason = serializers.CharField(max_length=LONGEST_REASON)


class Appeals(AppraisalsView):
    """Appeals against one result."""

    @extend_schema(responses=AppealsOut)
    def get(self, request: Request, entry_id: uuid.UUID) -> Response:
        found, actor = self.entry(request, entry_id), request.actor
        access.require(rules.sees_appeals_of(actor, found))
        wave, on = queries.wave_of(found), self.today(request)
        appeals = queries.appeals_of(found)
        counts = any(each.state != "withdrawn" for each in appeals)
        can_appeal = wave is not None and not counts and rules.can_appeal(actor, found, wave, on)
        told = {
            "appeals": appeals,
            "can_appeal": can_appeal,
            "appeal_until": wave.appeal_until if wave else None,
            "grounds": queries.grounds_of(found, actor) if can_appeal else [],
        }
        return Response(AppealsOut(told).data)

    @extend_schema(request=AppealIn, responses={201: AppealOut})
    def post(self, request: Request, entry_id: uuid.UUID) -> Response:
        found = self.entry(request, entry_id)
        asked = AppealIn(data=request.data)
        asked.is_valid(raise_exception=True)
        appeal = actions.file_appeal(
            entry=found,
            by=request.actor,
            at=timezone.now(),
            key=once.key_of(request, request.data),
            **asked.validated_data,
        )
        return Response(AppealOut(appeal).data, status=status.HTTP_201_CREATED)


class CycleAppeals(AppraisalsView):
    """All appeals of a cycle, for HR and auditors."""

    access = access.Access("member", frozenset({"hr"}))

    @extend_schema(responses=AppealOut(many=True), operation_id="cycle_appeals_list")
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        paginator = api.NewestFirst()
        found = queries.appeals_in(self.cycle(request, cycle_id)).prefetch_related("evidence").order_by()
        page = paginator.paginate_queryset(found, request)
        return paginator.get_paginated_response(AppealOut(page, many=True).data)


class OneAppeal(AppraisalsView):
    """One appeal; withdrawing one's own."""

    @extend_schema(responses=AppealOut)
    def get(self, request: Request, appeal_id: uuid.UUID) -> Response:
        """Your own decided appeal counts as read from now on."""
        found = _visible(request, appeal_id)
        actions.read_answer(appeal=found, by=request.actor, at=timezone.now())
        return Response(AppealOut(found).data)

    @extend_schema(responses=AppealOut)
    def delete(self, request: Request, appeal_id: uuid.UUID) -> Response:
        """Withdraws it. The record stays."""
        found = _visible(request, appeal_id)
        return Response(
            AppealOut(actions.withdraw_appeal(appeal=found, by=request.actor, at=timezone.now())).data
        )


class Decision(AppraisalsView):
    """HR upholds or rejects an appeal."""

    access = access.Access("member", frozenset({"hr"}))

    @extend_schema(request=AppealDecisionIn, responses=AppealOut)
    def post(self, request: Request, appeal_id: uuid.UUID) -> Response:
        found = _visible(request, appeal_id)
        asked = AppealDecisionIn(data=request.data)
        asked.is_valid(raise_exception=True)
        decided = actions.decide_appeal(
            appeal=found, by=request.actor, at=timezone.now(), **asked.validated_data
        )
        return Response(AppealOut(decided).data)


def _visible(request: Request, appeal_id: uuid.UUID) -> Appeal:
    return access.get_or_404(queries.appeals_visible_to(request.actor), pk=appeal_id)
