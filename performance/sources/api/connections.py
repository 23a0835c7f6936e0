"""Connections, what they are asked, and their files."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.sources import actions, models, queries, rules, tasks
from performance.sources.api import shapes


class SourceView(api.TenantView):
    access = access.Access("member", frozenset(rules.DATA_ROLES))
    scope_read = "sources:read"
    scope_write = "sources:write"

    def page(
        self, request: Request, found: QuerySet[Any], serializer: type[serializers.BaseSerializer]
    ) -> Response:
        paginator = api.NewestFirst()
        rows = paginator.paginate_queryset(found, request, view=self)
        return paginator.get_paginated_response(serializer(rows, many=True).data)

    @staticmethod
    def valid(serializer: Any) -> Any:
        serializer.is_valid(raise_exception=True)
        return serializer


class Connections(SourceView):
    @extend_schema(responses=shapes.ConnectionOut(many=True), operation_id="sources_connections_list")
    def get(self, request: Request) -> Response:
        """Sources that the organisation reads from, with what became of their last try; never their passwords."""
        return self.page(request, queries.connections(), shapes.ConnectionOut)

    @extend_schema(request=shapes.ConnectionIn, responses={201: shapes.ConnectionOut})
    def post(self, request: Request) -> Response:
        """Adds a source. What it is reached with is sealed, and never given out again."""
        access.require(rules.can_connect_sources(request.actor))
        given = self.valid(shapes.ConnectionIn(data=request.data)).validated_data
        made = actions.connect_source(**given, by=request.actor, at=timezone.now())
        return Response(shapes.ConnectionOut(made).data, status=status.HTTP_201_CREATED)


class OneConnection(SourceView):
    @extend_schema(responses=shapes.ConnectionOut)
    def get(self, request: Request, connection_id: uuid.UUID) -> Response:
        """One source: its kind, where it is, and whether it answers."""
        return Response(shapes.ConnectionOut(access.get_or_404(queries.connections(), pk=connection_id)).data)

    @extend_schema(request=shapes.ConnectionChangeIn, responses=shapes.ConnectionOut)
    def patch(self, request: Request, connection_id: uuid.UUID) -> Response:
        """Changes what a source is called and how it is reached; what is left out stays."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_connect_sources(request.actor))
        given = dict(self.valid(shapes.ConnectionChangeIn(data=request.data)).validated_data)
        password = given.pop("password")
        changed = actions.change_connection(
            connection=found, values=given, password=password, by=request.actor, at=timezone.now()
        )
        return Response(shapes.ConnectionOut(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, connection_id: uuid.UUID) -> Response:
        """Closes it and forgets its password; refused while datasets read from it."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_connect_sources(request.actor))
        actions.close_connection(connection=found, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PauseConnection(SourceView):
    @extend_schema(request=shapes.WhyIn, responses=shapes.ConnectionOut)
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """No more loads until it is resumed."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_connect_sources(request.actor))
        why = self.valid(shapes.WhyIn(data=request.data)).validated_data["why"]
        actions.pause_connection(connection=found, by=request.actor, at=timezone.now(), why=why)
        return Response(shapes.ConnectionOut(found).data)


class ResumeConnection(SourceView):
    @extend_schema(request=None, responses=shapes.ConnectionOut)
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """A paused source is read again from now on."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_connect_sources(request.actor))
        actions.resume_connection(connection=found, by=request.actor, at=timezone.now())
        return Response(shapes.ConnectionOut(found).data)


class Probes(SourceView):
    @extend_schema(request=shapes.QuestionIn, responses={202: shapes.ProbeOut})
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """Asks the source; read the answer at /sources/probes/{id}/."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_ask_source(request.actor, found))
        given = self.valid(shapes.QuestionIn(data=request.data))
        probe = actions.ask_source(
            connection=found,
            kind=given.validated_data["kind"],
            question=given.question(),
            by=request.actor,
            at=timezone.now(),
        )
        jobs.nudge(tasks.run_probe, str(probe.pk))
        return Response(shapes.ProbeOut(probe).data, status=status.HTTP_202_ACCEPTED)


class OneProbe(SourceView):
    @extend_schema(responses=shapes.ProbeOut)
    def get(self, request: Request, probe_id: uuid.UUID) -> Response:
        """Sample rows and examples only for those who see all rows of the datasets of this source."""
        found = access.get_or_404(queries.probes(), pk=probe_id)
        found.answer = queries.answer_read_by(found, queries.row_sight(request.actor))
        return Response(shapes.ProbeOut(found).data)


class Files(SourceView):
    @extend_schema(request={"multipart/form-data": shapes.FileIn}, responses={202: shapes.LoadOut(many=True)})
    def post(self, request: Request, connection_id: uuid.UUID) -> Response:
        """A newer file; answers with the loads that it sets off."""
        found = access.get_or_404(queries.connections(), pk=connection_id)
        access.require(rules.can_upload_file(request.actor, found))
        file = self.valid(shapes.FileIn(data=request.data)).validated_data["file"]
        actions.upload_file(
            connection=found,
            name=file.name,
            chunks=file.chunks(),
            by=request.actor,
            at=timezone.now(),
        )
        waiting = queries.loads(connection=found).filter(state=models.JobState.WAITING)
        for load in waiting:
            jobs.nudge(tasks.run_load, str(load.pk))
        return Response(shapes.LoadOut(waiting, many=True).data, status=status.HTTP_202_ACCEPTED)
