"""Notes: those that I may read, writing one, taking it back."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback import actions, queries
from feedback.models import Note, NoteKind, NoteVisibility
from performance.foundation import access, api, once
from performance.people.models import Person


class NoteOut(serializers.ModelSerializer[Note]):
    author = serializers.UUIDField(source="author_id")
    about = serializers.UUIDField(source="about_id")
    objective_id = serializers.SerializerMethodField(
        help_text="Null as well where you may not see the objective."
    )

    request = serializers.UUIDField(source="request_id", allow_null=True)
    value = serializers.UUIDField(source="value_id", allow_null=True)
    key_result_id = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = [
            "id",
            "author",
            "about",
            "kind",
            "visibility",
            "text",
            "request",
            "value",
            "points",
            "objective_id",
            "key_result_id",
            "written_at",
        ]

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_objective_id(self, row: Note) -> str | None:
        return str(row.objective_id) if row.objective_title else None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_key_result_id(self, row: Note) -> str | None:
        return str(row.key_result_id) if row.key_result_title else None


class NoteIn(serializers.Serializer[Note]):
    about = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=[NoteKind.PRAISE, NoteKind.SUGGESTION])
    visibility = serializers.ChoiceField(
        choices=[NoteVisibility.RECIPIENT, NoteVisibility.MANAGER, NoteVisibility.PUBLIC]
    )
    text = serializers.CharField(max_length=2000)
    objective_id = serializers.UUIDField(required=False)
    key_result_id = serializers.UUIDField(required=False)
    value = serializers.UUIDField(required=False)
    points = serializers.IntegerField(required=False, min_value=0, max_value=10)


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

    @extend_schema(parameters=[api.ONCE], request=NoteIn, responses={201: NoteOut})
    def post(self, request: Request) -> Response:
        asked = NoteIn(data=request.data)
        asked.is_valid(raise_exception=True)
        about = access.get_or_404(Person.objects.all(), pk=asked.validated_data.pop("about"))
        if "value" in asked.validated_data:
            value_id = asked.validated_data.pop("value")
            asked.validated_data["value"] = access.get_or_404(queries.company_values(), pk=value_id)
        note = actions.write_note(
            by=request.actor,
            at=timezone.now(),
            about=about,
            key=once.key_of(request, request.data),
            **asked.validated_data,
        )
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
