"""Weight policies through their life."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.people import models as people
from performance.scoring import actions, evidence, queries, rules, tasks
from performance.scoring.api.policy_shapes import (
    ApproveIn,
    DraftIn,
    LockIn,
    NextIn,
    PolicyDetailOut,
    PolicyIn,
    PolicyVersionOut,
    ReasonIn,
    StageIn,
)
from performance.scoring.models import PolicyVersion


class PoliciesView(api.TenantView):
    """Versions of weight policies that I may see."""

    scope_read = "performance:read"
    scope_write = "performance:write"

    def version(self, request: Request, version_id: uuid.UUID) -> PolicyVersion:
        return access.get_or_404(queries.versions_visible_to(request.actor), pk=version_id)

    def answer(self, request: Request, version_id: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
        return Response(
            PolicyDetailOut(self.version(request, version_id), context={"actor": request.actor}).data,
            status=code,
        )


class Policies(PoliciesView):
    """All versions; drafting a policy for a unit that has none."""

    @extend_schema(responses=PolicyVersionOut(many=True))
    def get(self, request: Request) -> Response:
        versions = queries.versions_visible_to(request.actor).prefetch_related("approvals")
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(versions.order_by(), request)
        return paginator.get_paginated_response(
            PolicyVersionOut(page, many=True, context={"actor": request.actor}).data
        )

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


class AcceptStage(PoliciesView):
    """Takes over the stage that cash flows propose to a draft."""

    @extend_schema(request=StageIn, responses=PolicyDetailOut)
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_edit_draft(request.actor, version, is_scored=is_scored))
        asked = StageIn(data=request.data)
        asked.is_valid(raise_exception=True)
        actions.accept_stage(version=version, by=request.actor, at=timezone.now(), **asked.validated_data)
        return self.answer(request, version_id)


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
        jobs.nudge(tasks.announce_policies)
        jobs.nudge(tasks.rescore_stale)
        return self.answer(request, version_id)
