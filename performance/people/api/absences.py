"""Endpoints of absences: who is away when."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.people import actions, queries, rules
from performance.people.api import shared
from performance.people.models import Absence, AbsenceKind, Person, Scope


class AbsenceIn(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=AbsenceKind.choices, default=AbsenceKind.LEAVE)
    starts_on = shared.DayField()
    ends_on = shared.DayField(help_text="The last day away.")


class AbsenceOut(serializers.ModelSerializer[Absence]):
    person_id = serializers.UUIDField()

    class Meta:
        model = Absence
        fields = ["id", "person_id", "kind", "starts_on", "ends_on"]


def _line(request: Request, person: Person) -> list[Any]:
    return queries.line_above(person.pk, queries.today(request.actor.organisation))


class Absences(api.TenantView):
    """Days away that are not over, for the person, the line above, HR and auditors; noting some."""

    scope_read, scope_write = Scope.PEOPLE_READ, Scope.PEOPLE_WRITE

    @extend_schema(operation_id="absences_list", responses=AbsenceOut(many=True))
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        access.require(rules.can_see_absences(request.actor, person, _line(request, person)))
        paginator = api.NewestFirst()
        standing = queries.absences_of(person.pk, queries.today(request.actor.organisation)).order_by()
        return paginator.get_paginated_response(
            AbsenceOut(paginator.paginate_queryset(standing, request), many=True).data
        )

    @extend_schema(operation_id="absences_note", request=AbsenceIn, responses={201: AbsenceOut})
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        access.require(rules.can_note_absence(request.actor, person, _line(request, person)))
        asked = shared.valid(AbsenceIn(data=request.data))
        absence = actions.note_absence(person=person, **asked, by=request.actor, at=timezone.now())
        return Response(AbsenceOut(absence).data, status=status.HTTP_201_CREATED)


class OneAbsence(api.TenantView):
    """Taken back: the days are worked after all."""

    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(operation_id="absences_withdraw", responses={204: None})
    def delete(self, request: Request, absence_id: uuid.UUID) -> Response:
        absence = access.get_or_404(queries.standing_absences(), pk=absence_id)
        access.require(rules.can_note_absence(request.actor, absence.person, _line(request, absence.person)))
        actions.withdraw_absence(absence=absence, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
