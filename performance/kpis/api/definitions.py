"""Metrics, their versions and signatures."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.kpis import actions, queries, rules, tasks
from performance.kpis.api import definition_shapes, shapes
from performance.kpis.models import Metric, MetricVersion
from performance.kpis.queries import library
from performance.people import models as people

READ, WRITE = "metrics:read", "metrics:write"


def metrics_of(request: Request) -> QuerySet[Metric]:
    return queries.visible_metrics(request.actor)


def _version_of(request: Request, pk: uuid.UUID) -> MetricVersion:
    return access.get_or_404(queries.visible_versions(request.actor), pk=pk)


class LibraryAsked(serializers.Serializer[Any]):
    q = serializers.CharField(required=False, default="", allow_blank=True, max_length=80)
    state = serializers.ChoiceField(choices=list(library.STATES), default="", allow_blank=True)
    owner = serializers.UUIDField(required=False, default=None, allow_null=True)


class MetricsView(api.TenantView):
    """Metrics that I may see; a new draft."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(
        operation_id="metrics_list",
        responses=shapes.MetricOut(many=True),
        parameters=[
            OpenApiParameter("certified", bool, description="Only certified ones."),
            OpenApiParameter("q", str, description="Words in a name, the key or the meaning."),
            OpenApiParameter("state", str, enum=list(library.STATES)),
            OpenApiParameter("owner", uuid.UUID, description="Of the business or the finance side."),
        ],
    )
    def get(self, request: Request) -> Response:
        asked = LibraryAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        found = library.library_metrics(
            request.actor, words=given["q"].strip(), state=given["state"], owner=given["owner"]
        )
        if request.query_params.get("certified") in ("true", "1"):
            found = found.filter(pk__in=queries.certified_metrics().values("pk"))
        pages = api.NewestFirst()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(shapes.MetricOut(page, many=True).data)

    @extend_schema(
        operation_id="metrics_draft", request=definition_shapes.MetricIn, responses={201: shapes.VersionOut}
    )
    def post(self, request: Request) -> Response:
        actor = request.actor
        access.require(rules.can_draft_metric(actor))
        form = definition_shapes.MetricIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        everyone = people.Person.objects.all()
        version = actions.draft_metric(
            key=given["key"],
            name_en=given["name_en"],
            name_zh=given["name_zh"],
            business_owner=access.get_or_404(everyone, pk=given["business_owner"]),
            finance_owner=access.get_or_404(everyone, pk=given["finance_owner"]),
            definition=form.definition(),
            by=actor,
            at=timezone.now(),
        )
        return Response(_told(request, version)[0], status=status.HTTP_201_CREATED)


class MetricView(api.TenantView):
    """One metric with the versions that I may see; the next draft of it."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metrics_read", responses=shapes.MetricDetailOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(metrics_of(request), pk=pk)
        versions = queries.visible_versions(actor).filter(metric=metric).order_by("-number")
        versions = versions.prefetch_related("signatures")
        data = {**shapes.MetricOut(metric).data, "versions": _told(request, *versions)}
        return Response(data)

    @extend_schema(
        operation_id="metrics_revise",
        request=definition_shapes.DefinitionIn,
        responses={201: shapes.VersionOut},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(metrics_of(request), pk=pk)
        access.require(rules.can_edit_metric(actor, metric))
        form = definition_shapes.DefinitionIn(data=request.data)
        form.is_valid(raise_exception=True)
        version = actions.revise_metric(
            metric=metric, definition=form.definition(), by=actor, at=timezone.now()
        )
        return Response(_told(request, version)[0], status=status.HTTP_201_CREATED)


class VersionView(api.TenantView):
    """One version with its signatures; a draft is written anew."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metric_versions_read", responses=shapes.VersionOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(_told(request, _version_of(request, pk))[0])

    @extend_schema(
        operation_id="metric_versions_edit",
        request=definition_shapes.DefinitionIn,
        responses=shapes.VersionOut,
    )
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        version = _version_of(request, pk)
        access.require(rules.can_edit_draft(actor, version))
        form = definition_shapes.DefinitionIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.edit_draft(version=version, definition=form.definition(), by=actor, at=timezone.now())
        return Response(_told(request, _version_of(request, pk))[0])


class SubmitView(api.TenantView):
    """Asks both owners to sign a draft."""

    scope_write = WRITE

    @extend_schema(operation_id="metric_versions_submit", request=None, responses=shapes.VersionOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        version = _version_of(request, pk)
        access.require(rules.can_edit_draft(actor, version))
        actions.submit_for_review(version=version, by=actor, at=timezone.now())
        if queries.stays_at_source(version):
            jobs.nudge(tasks.refresh_stale_values)
        return Response(_told(request, _version_of(request, pk))[0])


class SignView(api.TenantView):
    """Signs a version for the own side."""

    scope_write = WRITE

    @extend_schema(operation_id="metric_versions_sign", request=shapes.SignIn, responses=shapes.VersionOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        version = _version_of(request, pk)
        form = shapes.SignIn(data=request.data)
        form.is_valid(raise_exception=True)
        access.require(rules.can_sign(actor, version, form.validated_data["side"]))
        certified = actions.sign_version(version=version, by=actor, at=timezone.now(), **form.validated_data)
        if certified:
            jobs.nudge(tasks.refresh_stale_values)
        return Response(_told(request, _version_of(request, pk))[0])


class DeclineView(api.TenantView):
    """Sends a version back with a reason."""

    scope_write = WRITE

    @extend_schema(
        operation_id="metric_versions_decline", request=shapes.DeclineIn, responses=shapes.VersionOut
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        version = _version_of(request, pk)
        access.require(rules.can_decline(actor, version))
        form = shapes.DeclineIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.decline_version(version=version, by=actor, at=timezone.now(), **form.validated_data)
        return Response(_told(request, _version_of(request, pk))[0])


class RetireView(api.TenantView):
    """No new values from now on; what was computed stays."""

    scope_write = WRITE

    @extend_schema(operation_id="metrics_retire", request=shapes.RetireIn, responses=shapes.MetricOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(metrics_of(request), pk=pk)
        access.require(rules.can_retire_metric(actor, metric))
        form = shapes.RetireIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.retire_metric(metric=metric, by=actor, at=timezone.now(), **form.validated_data)
        return Response(shapes.MetricOut(access.get_or_404(metrics_of(request), pk=pk)).data)


def _told(request: Request, *versions: MetricVersion) -> list[Any]:
    """Each of these as the actor reads it."""
    context = {"actor": request.actor, "versions": {version.pk: version for version in versions}}
    return list(shapes.VersionOut(versions, many=True, context=context).data)
