"""Endpoints under /api/v1/."""

import uuid
from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback import actions, queries
from feedback.models import Note, NoteKind, NoteVisibility
from performance.foundation import access, api
from performance.people import queries as people
from performance.people.models import Person


class NoteOut(serializers.ModelSerializer[Note]):
    author = serializers.UUIDField(source="author_id")
    about = serializers.UUIDField(source="about_id")
    objective_id = serializers.SerializerMethodField(
        help_text="Null as well where you may not see the objective."
    )

    class Meta:
        model = Note
        fields = ["id", "author", "about", "kind", "visibility", "text", "objective_id", "written_at"]

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_objective_id(self, row: Note) -> str | None:
        return str(row.objective_id) if row.objective_title else None


class NoteIn(serializers.Serializer[Note]):
    about = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=NoteKind.choices)
    visibility = serializers.ChoiceField(choices=NoteVisibility.choices)
    text = serializers.CharField(max_length=2000)
    objective_id = serializers.UUIDField(required=False)


class PulseIn(serializers.Serializer[None]):
    other = serializers.UUIDField(help_text="The manager, or the report.")
    manageable = serializers.IntegerField(min_value=1, max_value=5)
    helped = serializers.IntegerField(min_value=1, max_value=5)
    clear = serializers.IntegerField(min_value=1, max_value=5)


class PulseRowOut(serializers.Serializer[Any]):
    question = serializers.CharField()
    mine = serializers.IntegerField()
    theirs = serializers.IntegerField()
    history = serializers.ListField(child=serializers.IntegerField())


class PulsePairOut(serializers.Serializer[Any]):
    """`rows` is empty until both have sent a week; `shown_week` says which."""

    employee = serializers.UUIDField(source="employee.pk")
    manager = serializers.UUIDField(source="manager.pk")
    other = serializers.UUIDField(source="other.pk")
    week_start = serializers.DateField()
    mine_sent = serializers.BooleanField()
    theirs_sent = serializers.BooleanField()
    shown_week = serializers.DateField(allow_null=True)
    rows = PulseRowOut(many=True)


class Notes(api.TenantView):
    """Notes that I may read; writing one."""

    scope_read = "feedback:read"
    scope_write = "feedback:write"

    @extend_schema(responses=NoteOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(queries.notes_visible_to(request.actor).order_by(), request)
        notes = queries.titled(request.actor, page or [])
        return paginator.get_paginated_response(NoteOut(notes, many=True).data)

    @extend_schema(request=NoteIn, responses={201: NoteOut})
    def post(self, request: Request) -> Response:
        asked = NoteIn(data=request.data)
        asked.is_valid(raise_exception=True)
        about = access.get_or_404(Person.objects.all(), pk=asked.validated_data.pop("about"))
        note = actions.write_note(by=request.actor, at=timezone.now(), about=about, **asked.validated_data)
        (titled,) = queries.titled(request.actor, [note])
        return Response(NoteOut(titled).data, status=status.HTTP_201_CREATED)


class OneNote(api.TenantView):
    """One note; taking it back."""

    scope_read = "feedback:read"
    scope_write = "feedback:write"

    @extend_schema(responses=NoteOut, operation_id="notes_read")
    def get(self, request: Request, note_id: uuid.UUID) -> Response:
        """Opening it resolves the recipient's work item."""
        note = access.get_or_404(queries.notes_visible_to(request.actor), pk=note_id)
        actions.read_note(note=note, by=request.actor, at=timezone.now())
        (titled,) = queries.titled(request.actor, [note])
        return Response(NoteOut(titled).data)

    @extend_schema(responses={204: None}, operation_id="notes_retract")
    def delete(self, request: Request, note_id: uuid.UUID) -> Response:
        """Takes one of your own notes back, for ten minutes."""
        note = access.get_or_404(queries.notes_given(request.actor), pk=note_id)
        actions.retract_note(note=note, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Pulses(api.TenantView):
    """My pulses with my manager and my reports; sending one side of this week's."""

    scope_read = "feedback:read"
    scope_write = "feedback:write"

    @extend_schema(responses=PulsePairOut(many=True))
    def get(self, request: Request) -> Response:
        """The other's answers only of weeks that both have sent."""
        pairs = queries.pulse_pairs(request.actor, people.today(request.actor.organisation))
        return Response(PulsePairOut(pairs, many=True).data)

    @extend_schema(request=PulseIn, responses={204: None})
    def post(self, request: Request) -> Response:
        asked = PulseIn(data=request.data)
        asked.is_valid(raise_exception=True)
        answers = dict(asked.validated_data)
        other = answers.pop("other")
        on = people.today(request.actor.organisation)
        pairs = {pair.other.pk: pair for pair in queries.pulse_pairs(request.actor, on)}
        if other not in pairs:
            raise actions.PulseRefused(_("The pulse is between a person and their manager of today."))
        actions.send_pulse(
            by=request.actor,
            at=timezone.now(),
            employee=pairs[other].employee,
            manager=pairs[other].manager,
            week_start=pairs[other].week_start,
            answers=answers,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


urls = [
    path("notes/", Notes.as_view(), name="api_notes"),
    path("notes/<uuid:note_id>/", OneNote.as_view(), name="api_note"),
    path("pulses/", Pulses.as_view(), name="api_pulses"),
]
