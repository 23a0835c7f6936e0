"""Endpoints of reporting lines: who reports to whom from a day on."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.people import actions, queries, rules
from performance.people.api import shared
from performance.people.models import Person, Scope


class ManagerIn(serializers.Serializer[None]):
    manager_id = serializers.UUIDField(allow_null=True, help_text="Null: from then on nobody.")
    starts_on = shared.DayField()
    why = serializers.CharField(max_length=300, required=False, allow_blank=True)


class ChangeOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="line.pk")
    person_id = serializers.UUIDField(source="line.person_id")
    manager_id = serializers.UUIDField(source="line.manager_id")
    before_id = serializers.UUIDField(source="before.pk", default=None, help_text="The manager before.")
    starts_on = serializers.DateField(source="line.starts_on")
    is_planned = serializers.BooleanField(help_text="Not in force yet: it can be withdrawn.")


class ReportOut(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = ["id", "number", "name_en", "name_zh", "title_en", "title_zh"]


class Manager(api.TenantView):
    """From a day on, somebody reports to somebody else."""

    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=ManagerIn, responses={204: None})
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        visible = queries.people_visible_to(request.actor)
        person = access.get_or_404(visible, pk=person_id)
        access.require(rules.can_edit_people(request.actor))
        asked = shared.valid(ManagerIn(data=request.data))
        manager_id = asked.pop("manager_id")
        manager = access.get_or_404(visible, pk=manager_id) if manager_id else None
        actions.change_manager(person=person, manager=manager, by=request.actor, at=timezone.now(), **asked)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Reports(api.TenantView):
    """Who reports to somebody, directly, on a day (`?asof=`)."""

    scope_read = Scope.PEOPLE_READ

    @extend_schema(
        operation_id="people_reports",
        responses=ReportOut(many=True),
        parameters=[shared.ASOF],
    )
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        reports = queries.reports_of(person.pk, shared.day_asked(request))
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(reports.order_by(), request)
        return paginator.get_paginated_response(ReportOut(page, many=True).data)


class Changes(api.TenantView):
    """Changes of reporting lines, behind us and planned; the ones entered last come first.

    HR and auditors see every plan, others their own and those of the people below them.
    """

    scope_read = Scope.PEOPLE_READ

    @extend_schema(
        responses=ChangeOut(many=True),
        parameters=[
            OpenApiParameter("person", uuid.UUID, description="Their own line and those of their reports.")
        ],
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params.get("person")
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=asked) if asked else None
        paginator = api.NewestFirst()
        lines = paginator.paginate_queryset(queries.line_changes(request.actor, person).order_by(), request)
        changes = queries.changes(lines or [], queries.today(request.actor.organisation))
        return paginator.get_paginated_response(ChangeOut(changes, many=True).data)


class Withdraw(api.TenantView):
    """A planned change is taken back: the line before it goes on as it was."""

    access = shared.HR
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, line_id: uuid.UUID) -> Response:
        line = access.get_or_404(queries.reporting_lines(), pk=line_id)
        access.require(rules.can_edit_people(request.actor))
        actions.withdraw_change(line=line, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
