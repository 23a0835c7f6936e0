"""Endpoints under /api/v1/."""

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
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

    class Meta:
        model = Note
        fields = ["id", "author", "about", "kind", "visibility", "text", "objective_id", "written_at"]


class NoteIn(serializers.Serializer[Note]):
    about = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=NoteKind.choices)
    visibility = serializers.ChoiceField(choices=NoteVisibility.choices)
    text = serializers.CharField(max_length=2000)
    objective_id = serializers.UUIDField(required=False)
    objective_title = serializers.CharField(required=False, max_length=200)


class PulseIn(serializers.Serializer[None]):
    other = serializers.UUIDField(help_text="The manager, or the report.")
    manageable = serializers.IntegerField(min_value=1, max_value=5)
    helped = serializers.IntegerField(min_value=1, max_value=5)
    clear = serializers.IntegerField(min_value=1, max_value=5)


class Notes(api.TenantView):
    """Notes that I may read; writing one."""

    scope_read = "feedback:read"
    scope_write = "feedback:write"

    @extend_schema(responses=NoteOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        notes = paginator.paginate_queryset(queries.notes_visible_to(request.actor).order_by(), request)
        return paginator.get_paginated_response(NoteOut(notes, many=True).data)

    @extend_schema(request=NoteIn, responses={201: NoteOut})
    def post(self, request: Request) -> Response:
        asked = NoteIn(data=request.data)
        asked.is_valid(raise_exception=True)
        about = access.get_or_404(Person.objects.all(), pk=asked.validated_data.pop("about"))
        note = actions.write_note(by=request.actor, at=timezone.now(), about=about, **asked.validated_data)
        return Response(NoteOut(note).data, status=status.HTTP_201_CREATED)


class Pulses(api.TenantView):
    """Sending one side of this week's pulse."""

    scope_write = "feedback:write"

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
    path("pulses/", Pulses.as_view(), name="api_pulses"),
]
