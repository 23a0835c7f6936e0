"""Weight policies through their life."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.engine import errors
from performance.foundation import access, api, jobs
from performance.people import models as people
from performance.scoring import actions, evidence, queries, rules, tasks
from performance.scoring.api.market import MarketRuleIn, drafts_from
from performance.scoring.models import (
    WHOLE,
    Category,
    Missing,
    PolicyApproval,
    PolicyVersion,
    Side,
    SourceKind,
    Stage,
)


class ApprovalOut(serializers.ModelSerializer[PolicyApproval]):
    person = serializers.UUIDField(source="person_id")

    class Meta:
        model = PolicyApproval
        fields = ["side", "person", "at"]


class PolicyVersionOut(serializers.ModelSerializer[PolicyVersion]):
    policy = serializers.UUIDField(source="policy_id")
    name_en = serializers.CharField(source="policy.name_en")
    name_zh = serializers.CharField(source="policy.name_zh")
    unit = serializers.UUIDField(source="policy.unit_id", allow_null=True)
    period = serializers.UUIDField(source="period_id")
    proposed_by = serializers.UUIDField(source="proposed_by_id", allow_null=True)
    approvals = ApprovalOut(many=True)

    class Meta:
        model = PolicyVersion
        fields = [
            "id",
            "policy",
            "name_en",
            "name_zh",
            "unit",
            "number",
            "period",
            "stage",
            "missing",
            "step_cap_ppm",
            "bands",
            "state",
            "reason",
            "proposed_by",
            "proposed_at",
            "approved_at",
            "locked_at",
            "effective_on",
            "announced_at",
            "approvals",
        ]


class PolicyDetailOut(PolicyVersionOut):
    """With the market rules, and the plan: each component's curve, base and effective weight and why, and what each
    market rule said; null where none is feasible."""

    plan = serializers.SerializerMethodField()
    market_rules = serializers.SerializerMethodField()

    class Meta(PolicyVersionOut.Meta):
        fields = [*PolicyVersionOut.Meta.fields, "market_rules", "plan"]

    @extend_schema_field(MarketRuleIn(many=True))
    def get_market_rules(self, version: PolicyVersion) -> Any:
        return MarketRuleIn(queries.rules_of(version), many=True).data

    def get_plan(self, version: PolicyVersion) -> dict[str, Any] | None:
        try:
            return queries.plan_of(version)
        except errors.InvalidInput:
            return None


class ComponentIn(serializers.Serializer[None]):
    key = serializers.SlugField(max_length=60)
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True)
    category = serializers.ChoiceField(choices=Category.choices)
    source_kind = serializers.ChoiceField(choices=SourceKind.choices)
    source_ref = serializers.CharField(max_length=120, required=False, allow_blank=True)
    slice = serializers.JSONField(required=False, help_text='"own_unit" or {"dimension": "value"}')
    base_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE)
    min_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE, required=False)
    max_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE, required=False)
    curve = serializers.DictField(required=False)
    color = serializers.IntegerField(min_value=1, max_value=8, required=False)
    multipliers = serializers.DictField(child=serializers.IntegerField(), required=False)

    def validate_slice(self, given: Any) -> Any:
        if not evidence.is_slice(given):
            raise serializers.ValidationError('"own_unit", or an object of dimensions with one text each.')
        return given

    def validate_multipliers(self, given: dict[str, int]) -> dict[str, int]:
        unknown = set(given) - set(Stage.values)
        if unknown:
            raise serializers.ValidationError(f"Unknown stage: {', '.join(sorted(unknown))}")
        return given


class ScoreBandIn(serializers.Serializer[None]):
    name_en = serializers.CharField(max_length=evidence.LONGEST_NAME)
    name_zh = serializers.CharField(
        max_length=evidence.LONGEST_NAME, required=False, allow_blank=True, default=""
    )
    from_micro = serializers.IntegerField(allow_null=True, help_text="Micro points; null for the lowest.")


class DraftIn(serializers.Serializer[None]):
    """What a draft says, whole: an edit replaces all of it."""

    period = serializers.UUIDField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    missing = serializers.ChoiceField(choices=Missing.choices, default=Missing.LEAVE_OUT)
    step_cap_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE, allow_null=True, default=50_000)
    reason = serializers.CharField(required=False, allow_blank=True, default="")
    components = ComponentIn(many=True)
    bands = ScoreBandIn(
        many=True,
        required=False,
        help_text="From the lowest upwards; left out, they stay as they are.",
    )
    market_rules = MarketRuleIn(
        many=True, required=False, source="market", help_text="Left out, they stay as they are."
    )

    def validate_bands(self, given: list[dict[str, Any]]) -> list[evidence.Band]:
        return [evidence.Band(**band) for band in given]

    def validate_market_rules(self, given: list[dict[str, Any]]) -> list[evidence.RuleDraft]:
        return drafts_from(given)


class PolicyIn(DraftIn):
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    unit = serializers.UUIDField(required=False, allow_null=True, default=None)


class NextIn(serializers.Serializer[None]):
    period = serializers.UUIDField()


class ReasonIn(serializers.Serializer[None]):
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class ApproveIn(serializers.Serializer[None]):
    side = serializers.ChoiceField(choices=Side.choices)


class LockIn(serializers.Serializer[None]):
    effective_on = serializers.DateField(required=False, allow_null=True, default=None)


class PoliciesView(api.TenantView):
    """Versions of weight policies that I may see."""

    scope_read = "performance:read"
    scope_write = "performance:write"

    def version(self, request: Request, version_id: uuid.UUID) -> PolicyVersion:
        return access.get_or_404(queries.versions_visible_to(request.actor), pk=version_id)

    def answer(self, request: Request, version_id: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
        return Response(PolicyDetailOut(self.version(request, version_id)).data, status=code)


class Policies(PoliciesView):
    """All versions; drafting a policy for a unit that has none."""

    @extend_schema(responses=PolicyVersionOut(many=True))
    def get(self, request: Request) -> Response:
        versions = queries.versions_visible_to(request.actor).prefetch_related("approvals")
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(versions.order_by(), request)
        return paginator.get_paginated_response(PolicyVersionOut(page, many=True).data)

    @extend_schema(request=PolicyIn, responses={201: PolicyDetailOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_draft_policy(request.actor))
        asked = PolicyIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        unit = given.pop("unit")
        version = actions.draft_policy(
            unit=access.get_or_404(people.BusinessUnit.objects.all(), pk=unit) if unit else None,
            period=access.get_or_404(people.Period.objects.all(), pk=given.pop("period")),
            components=[evidence.ComponentDraft(**component) for component in given.pop("components")],
            by=request.actor,
            at=timezone.now(),
            **given,
        )
        return self.answer(request, version.pk, status.HTTP_201_CREATED)


class OnePolicy(PoliciesView):
    """One version with its plan; rewriting or discarding a draft."""

    @extend_schema(responses=PolicyDetailOut)
    def get(self, request: Request, version_id: uuid.UUID) -> Response:
        return self.answer(request, version_id)

    @extend_schema(request=DraftIn, responses=PolicyDetailOut)
    def put(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_edit_draft(request.actor, version, is_scored=is_scored))
        asked = DraftIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        actions.revise_draft(
            version=version,
            period=access.get_or_404(people.Period.objects.all(), pk=given.pop("period")),
            components=[evidence.ComponentDraft(**component) for component in given.pop("components")],
            by=request.actor,
            at=timezone.now(),
            **given,
        )
        return self.answer(request, version_id)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_edit_draft(request.actor, version, is_scored=is_scored))
        actions.discard_draft(version=version, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.clear_forgotten_simulations)
        return Response(status=status.HTTP_204_NO_CONTENT)


class NextVersion(PoliciesView):
    """Begins the next version of a policy, for a period, as a copy of the newest."""

    @extend_schema(request=NextIn, responses={201: PolicyDetailOut})
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        access.require(rules.can_draft_policy(request.actor))
        asked = NextIn(data=request.data)
        asked.is_valid(raise_exception=True)
        period = access.get_or_404(people.Period.objects.all(), pk=asked.validated_data["period"])
        following = actions.draft_next_version(
            policy=version.policy, period=period, by=request.actor, at=timezone.now()
        )
        return self.answer(request, following.pk, status.HTTP_201_CREATED)


class ReadPolicy(PoliciesView):
    """I have read the announcement of this version."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        actions.acknowledge_policy(version=version, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProposePolicy(PoliciesView):
    """Puts a draft before both sides."""

    @extend_schema(request=ReasonIn, responses=PolicyDetailOut)
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_propose_policy(request.actor, version, is_scored=is_scored))
        asked = ReasonIn(data=request.data)
        asked.is_valid(raise_exception=True)
        actions.propose_policy(version=version, by=request.actor, at=timezone.now(), **asked.validated_data)
        return self.answer(request, version_id)


class ApprovePolicy(PoliciesView):
    """One side's yes; 403 for whoever proposed it or is scored by it."""

    @extend_schema(request=ApproveIn, responses=PolicyDetailOut)
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        asked = ApproveIn(data=request.data)
        asked.is_valid(raise_exception=True)
        side = asked.validated_data["side"]
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_approve_policy(request.actor, version, side, is_scored=is_scored))
        actions.approve_policy(version=version, side=side, by=request.actor, at=timezone.now())
        return self.answer(request, version_id)


class ReturnPolicy(PoliciesView):
    """Sends a proposal back to be changed."""

    @extend_schema(request=ReasonIn, responses=PolicyDetailOut)
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_return_policy(request.actor, version, is_scored=is_scored))
        asked = ReasonIn(data=request.data)
        asked.is_valid(raise_exception=True)
        actions.return_policy(version=version, by=request.actor, at=timezone.now(), **asked.validated_data)
        return self.answer(request, version_id)


class LockPolicy(PoliciesView):
    """Puts an approved version in force."""

    @extend_schema(request=LockIn, responses=PolicyDetailOut)
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_lock_policy(request.actor, version, is_scored=is_scored))
        asked = LockIn(data=request.data)
        asked.is_valid(raise_exception=True)
        actions.lock_policy(version=version, by=request.actor, at=timezone.now(), **asked.validated_data)
        jobs.nudge(tasks.announce_locked_policies)
        jobs.nudge(tasks.rescore_stale)
        return self.answer(request, version_id)
