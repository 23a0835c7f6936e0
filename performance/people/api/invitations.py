"""Endpoints of invitations to sign in."""

import uuid

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.people import actions, queries, rules, tasks
from performance.people.api import shared
from performance.people.models import Invitation, Person, Scope


class InvitationOut(serializers.ModelSerializer[Invitation]):
    class Meta:
        model = Invitation
        fields = ["id", "email", "created_at", "expires_at", "sent_at", "accepted_at", "withdrawn_at"]


class InvitationView(api.TenantView):
    """The invitation of a person: the latest one, a new one, none any more."""

    access = shared.HR
    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(responses=InvitationOut)
    def get(self, request: Request, person_id: uuid.UUID) -> Response:
        person = self._person(request, person_id)
        latest = queries.latest_invitation(person)
        if latest is None:
            raise Http404
        return Response(InvitationOut(latest).data)

    @extend_schema(request=None, responses={201: InvitationOut})
    def post(self, request: Request, person_id: uuid.UUID) -> Response:
        """Sends the link by e-mail; an earlier invitation that is still open is withdrawn."""
        person = self._person(request, person_id)
        invitation = actions.invite_person(person=person, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.send_invitation, str(invitation.pk))
        return Response(InvitationOut(invitation).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, person_id: uuid.UUID) -> Response:
        """The link opens nothing from now on. Without an open invitation nothing changes."""
        person = self._person(request, person_id)
        for invitation in queries.open_invitations(person):
            actions.withdraw_invitation(invitation=invitation, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @staticmethod
    def _person(request: Request, person_id: uuid.UUID) -> Person:
        person = access.get_or_404(queries.people_visible_to(request.actor), pk=person_id)
        access.require(rules.can_edit_people(request.actor))
        return person
