"""Endpoints of the organisation's settings: itself, its calendar, who holds which role, the log."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.foundation.models import AuditRow
from performance.people import actions, forms, queries, rules
from performance.people.actions.organisations import EDITABLE
from performance.people.api import shared
from performance.people.forms.settings import CURRENCIES
from performance.people.models import CalendarDay, Organisation, Role, RoleGrant, Scope


class OrganisationOut(serializers.ModelSerializer[Organisation]):
    class Meta:
        model = Organisation
        fields = ["id", *EDITABLE]


class OrganisationIn(serializers.ModelSerializer[Organisation]):
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES, help_text="Of e-mails to people who have not chosen one."
    )
    currency = serializers.ChoiceField(choices=CURRENCIES)
    country = serializers.ChoiceField(
        choices=[code for code, _name in queries.countries()],
        allow_blank=True,
        help_text="Whose holidays are kept; empty: Monday to Friday are worked.",
    )
    fiscal_start_month = serializers.IntegerField(min_value=1, max_value=12)

    class Meta:
        model = Organisation
        fields = EDITABLE


class CalendarDayOut(serializers.ModelSerializer[CalendarDay]):
    class Meta:
        model = CalendarDay
        fields = ["id", "on", "is_worked", "note_en", "note_zh"]


class CalendarDayIn(serializers.ModelSerializer[CalendarDay]):
    on = shared.DayField()

    class Meta:
        model = CalendarDay
        fields = ["on", "is_worked", "note_en", "note_zh"]


class GrantOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    person_id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    granted_at = serializers.DateTimeField()
    conflicts = serializers.ListField(
        child=serializers.CharField(), help_text="What to be aware of: roles that do not go together."
    )


class GrantIn(serializers.Serializer[None]):
    person_id = serializers.UUIDField()
    role = serializers.ChoiceField(choices=Role.choices)
    why = serializers.CharField(max_length=300, required=False, allow_blank=True)


class AuditRowOut(serializers.ModelSerializer[AuditRow]):
    changes = serializers.DictField(help_text="Field: [before, after], or a value that replaced nothing.")

    class Meta:
        model = AuditRow
        fields = [
            "id",
            "at",
            "person_id",
            "person_name",
            "action",
            "subject_type",
            "subject_id",
            "subject_label",
            "why",
            "changes",
            "request_id",
        ]


def _shown(grants: Iterable[RoleGrant]) -> list[dict[str, Any]]:
    """Grants beside what follows from the other roles of the same person. One query."""
    page = list(grants)
    held: dict[uuid.UUID, set[str]] = defaultdict(set)
    for grant in queries.grants().filter(person_id__in={grant.person_id for grant in page}):
        held[grant.person_id].add(grant.role)
    return [
        {
            "id": grant.pk,
            "person_id": grant.person_id,
            "role": grant.role,
            "granted_at": grant.granted_at,
            "conflicts": rules.role_conflicts(held[grant.person_id]),
        }
        for grant in page
    ]


class SettingsView(api.TenantView):
    access = shared.SETTINGS
    scope_read = Scope.SETTINGS_READ
    scope_write = Scope.SETTINGS_WRITE


class OneOrganisation(SettingsView):
    """Names, language, time zone, currency, fiscal calendar, whose holidays, and who sees goals."""

    @extend_schema(operation_id="organisation_one", responses=OrganisationOut)
    def get(self, request: Request) -> Response:
        return Response(OrganisationOut(request.actor.organisation).data)

    @extend_schema(
        operation_id="organisation_change", request=OrganisationIn(partial=True), responses=OrganisationOut
    )
    def patch(self, request: Request) -> Response:
        access.require(rules.can_administer(request.actor))
        fields = shared.valid(OrganisationIn(data=request.data, partial=True))
        organisation = actions.edit_organisation(
            organisation=request.actor.organisation, fields=fields, by=request.actor, at=timezone.now()
        )
        return Response(OrganisationOut(organisation).data)


class CalendarDays(SettingsView):
    """Days on which we differ from the country's rule; noting one."""

    @extend_schema(responses=CalendarDayOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        days = paginator.paginate_queryset(queries.own_days().order_by(), request)
        return paginator.get_paginated_response(CalendarDayOut(days, many=True).data)

    @extend_schema(request=CalendarDayIn, responses={201: CalendarDayOut})
    def post(self, request: Request) -> Response:
        """A day that was noted before is noted anew."""
        access.require(rules.can_edit_calendar(request.actor))
        asked = shared.valid(CalendarDayIn(data=request.data))
        day = actions.set_calendar_day(by=request.actor, at=timezone.now(), **asked)
        return Response(CalendarDayOut(day).data, status=status.HTTP_201_CREATED)


class OneCalendarDay(SettingsView):
    """The day follows the country's rule again."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, day_id: uuid.UUID) -> Response:
        day = access.get_or_404(queries.own_days().select_related("calendar"), pk=day_id)
        access.require(rules.can_edit_calendar(request.actor))
        actions.clear_calendar_day(day=day, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Grants(SettingsView):
    """Who holds which role; giving one."""

    @extend_schema(responses=GrantOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        grants = paginator.paginate_queryset(queries.grants().order_by(), request)
        return paginator.get_paginated_response(GrantOut(_shown(grants or []), many=True).data)

    @extend_schema(request=GrantIn, responses={201: GrantOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_grant_roles(request.actor))
        asked = shared.valid(GrantIn(data=request.data))
        here = queries.active_people(queries.today(request.actor.organisation))
        person = access.get_or_404(here, pk=asked.pop("person_id"))
        grant = actions.grant_role(person=person, by=request.actor, at=timezone.now(), **asked)
        return Response(GrantOut(_shown([grant])[0]).data, status=status.HTTP_201_CREATED)


class OneGrant(SettingsView):
    """A role is taken back."""

    access = access.Access("member", frozenset({"administrator"}))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, person_id: uuid.UUID, role: str) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        access.require(rules.can_grant_roles(request.actor))
        actions.revoke_role(person=person, role=role, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class AuditLog(SettingsView):
    """Who did what, when, why; newest first.

    Reasons and days of leaving, absence, plans and exceptions are for HR and auditors; to others they are empty.
    """

    @extend_schema(
        responses=AuditRowOut(many=True),
        parameters=[
            OpenApiParameter("q", str, description="Words in the action, its subject or who did it."),
            OpenApiParameter("subject", uuid.UUID, description="What happened to this one."),
        ],
    )
    def get(self, request: Request) -> Response:
        access.require(rules.can_read_audit(request.actor))
        rows = queries.log(**forms.AuditFilters(request.query_params).filters())
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(rows.order_by(), request)
        return paginator.get_paginated_response(
            AuditRowOut(queries.log_shown(request.actor, page or []), many=True).data
        )
