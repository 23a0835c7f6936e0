"""Endpoints of people: the directory, and how somebody comes, leaves and returns."""

import uuid
from typing import Any

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.people import actions, forms, queries, rules
from performance.people.api import shared
from performance.people.models import BusinessUnit, Person, Scope, UnitStay

FILTERS = [
    OpenApiParameter("q", str, description="Words in a name, its pinyin, the number, title or e-mail."),
    OpenApiParameter("team", uuid.UUID, description="Belongs to this team, now or from their first day on."),
    OpenApiParameter("city", str),
    OpenApiParameter("state", str, enum=list(queries.STATES), description="active when absent."),
]


class UnitOut(serializers.ModelSerializer[BusinessUnit]):
    parent_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = BusinessUnit
        fields = ["id", "code", "name_en", "name_zh", "parent_id"]


class PersonOut(serializers.ModelSerializer[Person]):
    unit_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = Person
        fields = [
            "id",
            "number",
            "name_en",
            "name_zh",
            "email",
            "title_en",
            "title_zh",
            "level",
            "city",
            "unit_id",
            "hired_on",
            "left_on",
        ]

    def to_representation(self, person: Person) -> dict[str, Any]:
        """Read by anybody, a last day that is still to come is left out (`context`: the reader and the day)."""
        shown: dict[str, Any] = super().to_representation(person)
        reader = self.context.get("reader")
        if reader is not None and not rules.can_see_last_day(reader, person, self.context["on"]):
            shown["left_on"] = None
        return shown


class UnitStayOut(serializers.ModelSerializer[UnitStay]):
    unit = serializers.UUIDField(source="unit_id", allow_null=True)

    class Meta:
        model = UnitStay
        fields = ["unit", "until"]


class PersonDetailOut(PersonOut):
    manager_id = serializers.UUIDField(allow_null=True, help_text="On the day asked for.")
    team_id = serializers.UUIDField(allow_null=True, help_text="The primary team on the day asked for.")
    direct_reports = serializers.IntegerField()
    everyone_below = serializers.IntegerField()
    earlier_units = UnitStayOut(many=True, help_text="Where they were before, the latest first.")

    class Meta(PersonOut.Meta):
        fields = [
            *PersonOut.Meta.fields,
            *("manager_id", "team_id", "direct_reports", "everyone_below", "earlier_units"),
        ]


class PersonIn(serializers.Serializer[Person]):
    number = serializers.CharField(max_length=40)
    name_en = serializers.CharField(max_length=120, required=False, allow_blank=True)
    name_zh = serializers.CharField(max_length=60, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    title_en = serializers.CharField(max_length=120, required=False, allow_blank=True)
    title_zh = serializers.CharField(max_length=60, required=False, allow_blank=True)
    level = serializers.CharField(max_length=20, required=False, allow_blank=True)
    city = serializers.CharField(max_length=60, required=False, allow_blank=True)
    hired_on = shared.DayField(required=False, allow_null=True)
    unit_id = serializers.UUIDField(required=False, allow_null=True, help_text="One of /units/.")


class ChangedPersonIn(PersonIn):
    unit_since = shared.DayField(
        required=False,
        allow_null=True,
        help_text="The first day in another unit. Without, the unit is corrected, as if it had always been so.",
    )


class NewPersonIn(PersonIn):
    manager_id = serializers.UUIDField(required=False, allow_null=True)
    team_id = serializers.UUIDField(required=False, allow_null=True, help_text="The primary team.")


class LeavingIn(serializers.Serializer[None]):
    left_on = shared.DayField(help_text="The last day.")
    reports_to_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Who takes over their reports."
    )
    why = serializers.CharField(max_length=300, required=False, allow_blank=True)


def _reader(request: Request) -> dict[str, Any]:
    return {"reader": request.actor, "on": queries.today(request.actor.organisation)}


def _with_unit(asked: dict[str, Any]) -> dict[str, Any]:
    """The unit in place of its id, where it was named at all."""
    if "unit_id" not in asked:
        return asked
    unit_id = asked.pop("unit_id")
    return {**asked, "unit": access.get_or_404(queries.units(), pk=unit_id) if unit_id else None}


def _to_change(request: Request, person_id: uuid.UUID) -> Person:
    visible = queries.people_visible_to(request.actor).select_related("organisation")
    person = access.get_or_404(visible, pk=person_id)
    access.require(rules.can_edit_people(request.actor))
    return person


class Units(api.TenantView):
    """Business units."""

    scope_read = Scope.PEOPLE_READ

    @extend_schema(responses=UnitOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        units = paginator.paginate_queryset(queries.units().order_by(), request)
        return paginator.get_paginated_response(UnitOut(units, many=True).data)


class People(api.TenantView):
    """The directory, newest first; adding somebody."""

    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(
        responses=PersonOut(many=True),
        parameters=FILTERS,
    )
    def get(self, request: Request) -> Response:
        filters = forms.DirectoryFilters(request.query_params).filters()
        on = queries.today(request.actor.organisation)
        paginator = api.NewestFirst()
        people = paginator.paginate_queryset(
            queries.directory(request.actor, filters, on).order_by(), request
        )
        return paginator.get_paginated_response(PersonOut(people, many=True, context=_reader(request)).data)

    @extend_schema(request=NewPersonIn, responses={201: PersonOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_edit_people(request.actor))
        asked = _with_unit(shared.valid(NewPersonIn(data=request.data)))
        manager = shared.colleague(request, asked.pop("manager_id", None))
        team_id = asked.pop("team_id", None)
        teams = queries.teams(queries.today(request.actor.organisation))
        person = actions.add_person(
            **asked,
            manager=manager,
            team=access.get_or_404(teams, pk=team_id) if team_id else None,
            by=request.actor,
            at=timezone.now(),
        )
        return Response(PersonOut(person).data, status=status.HTTP_201_CREATED)


class Export(api.TenantView):
    """The directory as a CSV file that an import reads again; who exported it is on record."""

    access = shared.HR
    scope_read = Scope.PEOPLE_READ

    @extend_schema(
        operation_id="people_export", parameters=FILTERS, responses={(200, "application/octet-stream"): bytes}
    )
    def get(self, request: Request) -> FileResponse:
        access.require(rules.can_export_people(request.actor))
        on = queries.today(request.actor.organisation)
        filters = forms.DirectoryFilters(request.query_params).filters()
        file = actions.export_people(
            people=queries.directory(request.actor, filters, on),
            on=on,
            filters=request.query_params.dict(),
            by=request.actor,
            at=timezone.now(),
        )
        return FileResponse(file, as_attachment=True, filename=f"people-{on.isoformat()}.csv")


class OnePerson(api.TenantView):
    """One person on a day (`?asof=`); changing what stands in the directory."""

    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(
        operation_id="people_one",
        responses=PersonDetailOut,
        parameters=[shared.ASOF],
    )
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        on = shared.day_asked(request)
        team = queries.team_of(person.pk, on)
        direct, everyone = queries.counts_below([person.pk], on).get(person.pk, (0, 0))
        detail = {
            **PersonOut(person, context=_reader(request)).data,
            "manager_id": queries.managers_of([person.pk], on).get(person.pk),
            "team_id": team.pk if team else None,
            "direct_reports": direct,
            "everyone_below": everyone,
            "earlier_units": UnitStayOut(queries.earlier_units(person), many=True).data,
        }
        return Response(detail)

    @extend_schema(operation_id="people_change", request=ChangedPersonIn(partial=True), responses=PersonOut)
    def patch(self, request: Request, person_id: uuid.UUID) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        access.require(rules.can_edit_people(request.actor))
        fields = _with_unit(shared.valid(ChangedPersonIn(data=request.data, partial=True)))
        person = actions.edit_person(
            person=person,
            unit_since=fields.pop("unit_since", None),
            fields=fields,
            by=request.actor,
            at=timezone.now(),
        )
        return Response(PersonOut(person).data)


class Leaving(api.TenantView):
    """Somebody's last day is noted; who reports to them moves on."""

    access = shared.HR
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=LeavingIn, responses=PersonOut)
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        person = _to_change(request, person_id)
        access.require(rules.can_deactivate(request.actor, person))
        asked = shared.valid(LeavingIn(data=request.data))
        takes_over = shared.colleague(request, asked.pop("reports_to_id", None))
        person = actions.deactivate_person(
            person=person, reports_to=takes_over, by=request.actor, at=timezone.now(), **asked
        )
        return Response(PersonOut(person).data)


class Return(api.TenantView):
    """Somebody who left is back from today on, as the same person."""

    access = shared.HR
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=None, responses=PersonOut)
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        person = _to_change(request, person_id)
        today = queries.today(request.actor.organisation)
        person = actions.return_person(person=person, hired_on=today, by=request.actor, at=timezone.now())
        return Response(PersonOut(person).data)


class Erasure(api.TenantView):
    """What names somebody who has left is removed, for good."""

    access = shared.HR
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=shared.Why, responses=PersonOut)
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        person = _to_change(request, person_id)
        access.require(rules.can_erase(request.actor, person))
        asked = shared.valid(shared.Why(data=request.data))
        person = actions.erase_personal_data(person=person, by=request.actor, at=timezone.now(), **asked)
        return Response(PersonOut(person).data)
