"""1:1s: those I hold, the meeting ahead and those that were held, agenda, action items, notes."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback import actions, queries
from feedback.models import ActionItem, Meeting, OneOnOne, Topic
from performance.foundation import access, api, once
from performance.people import queries as people
from performance.people.models import Person


class OneOnOneIn(serializers.Serializer[None]):
    other = serializers.UUIDField(help_text="The manager, or the report.")
    starts_at = serializers.DateTimeField()
    every_weeks = serializers.ChoiceField(choices=actions.RHYTHMS)
    minutes = serializers.IntegerField(min_value=10, max_value=240)


class RhythmIn(serializers.Serializer[None]):
    every_weeks = serializers.ChoiceField(choices=actions.RHYTHMS)
    minutes = serializers.IntegerField(min_value=10, max_value=240)


class OneOnOneOut(serializers.ModelSerializer[OneOnOne]):
    employee = serializers.UUIDField(source="employee_id")
    manager = serializers.UUIDField(source="manager_id")

    class Meta:
        model = OneOnOne
        fields = ["id", "employee", "manager", "every_weeks", "minutes", "begun_at", "ended_at"]


class TopicOut(serializers.ModelSerializer[Topic]):
    by = serializers.UUIDField(source="by_id")

    class Meta:
        model = Topic
        fields = ["id", "text", "minutes", "by", "kind", "address", "carried", "added_at", "discussed_at"]


class ActionItemOut(serializers.ModelSerializer[ActionItem]):
    owner = serializers.UUIDField(source="owner_id")

    class Meta:
        model = ActionItem
        fields = ["id", "what", "owner", "due_on", "carried", "added_at", "done_at"]


class PointOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    kind = serializers.CharField()
    text = serializers.CharField()
    address = serializers.CharField()
    person = serializers.UUIDField(source="person_id")
    at = serializers.DateTimeField()


class MeetingOut(serializers.ModelSerializer[Meeting]):
    one_on_one = serializers.UUIDField(source="one_on_one_id")

    class Meta:
        model = Meeting
        fields = ["id", "one_on_one", "starts_at", "held_at", "notes", "notes_revision"]


class MeetingPageOut(serializers.Serializer[Any]):
    """`blockers` and `suggested` are points that can be taken onto the agenda; `private_note` is yours alone."""

    meeting = MeetingOut()
    topics = TopicOut(many=True)
    actions = ActionItemOut(many=True)
    blockers = PointOut(many=True)
    suggested = PointOut(many=True)
    private_note = serializers.SerializerMethodField()

    def get_private_note(self, page: queries.MeetingPage) -> str:
        return page.private_note.text if page.private_note else ""


class MeetingIn(serializers.Serializer[None]):
    starts_at = serializers.DateTimeField()


class TopicIn(serializers.Serializer[None]):
    text = serializers.CharField(required=False, max_length=300)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=240)
    point = serializers.CharField(
        required=False, max_length=120, help_text="The key of a point, instead of a text."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if bool(given.get("text")) == bool(given.get("point")):
            raise serializers.ValidationError({"text": ["Either a text or a point."]})
        return given


class MarkIn(serializers.Serializer[None]):
    done = serializers.BooleanField()


class ActionItemIn(serializers.Serializer[None]):
    what = serializers.CharField(max_length=300)
    owner = serializers.UUIDField()
    due_on = serializers.DateField(required=False, allow_null=True)


class NotesIn(serializers.Serializer[None]):
    text = serializers.CharField(allow_blank=True, max_length=10_000)
    revision = serializers.IntegerField(help_text="The one that you have read.")


class PrivateNoteIn(serializers.Serializer[None]):
    text = serializers.CharField(allow_blank=True, max_length=10_000)


class Talks(api.TenantView):
    scope_read = "feedback:read"
    scope_write = "feedback:write"

    def valid(self, shape: Any) -> dict[str, Any]:
        asked = shape(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def one(self, one_id: uuid.UUID) -> OneOnOne:
        return access.get_or_404(queries.one_on_ones_of(self.request.actor), pk=one_id)

    def meeting(self, meeting_id: uuid.UUID) -> Meeting:
        return access.get_or_404(queries.meetings_of(self.request.actor), pk=meeting_id)

    def told(self, meeting: Meeting, code: int = status.HTTP_200_OK) -> Response:
        page = queries.meeting_page(self.request.actor, meeting)
        return Response(MeetingPageOut(page).data, status=code)


class OneOnOnes(Talks):
    @extend_schema(responses=OneOnOneOut(many=True))
    def get(self, request: Request) -> Response:
        """Those I hold, newest first, ended ones too."""
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(queries.one_on_ones_of(request.actor), request)
        return paginator.get_paginated_response(OneOnOneOut(page or [], many=True).data)

    @extend_schema(request=OneOnOneIn, responses={201: OneOnOneOut})
    def post(self, request: Request) -> Response:
        """Sets one up with your manager or a report."""
        given = self.valid(OneOnOneIn)
        other = access.get_or_404(Person.objects.all(), pk=given.pop("other"))
        me = request.actor.person
        line = people.manager_of(me.pk, people.today(request.actor.organisation))
        both = (me, other) if line is not None and line.pk == other.pk else (other, me)
        one = actions.begin_one_on_one(
            employee=both[0], manager=both[1], by=request.actor, at=timezone.now(), **given
        )
        return Response(OneOnOneOut(one).data, status=status.HTTP_201_CREATED)


class SingleOneOnOne(Talks):
    @extend_schema(responses=OneOnOneOut, operation_id="one_on_one_read")
    def get(self, request: Request, one_id: uuid.UUID) -> Response:
        """One 1:1 of yours: with whom, and how often."""
        return Response(OneOnOneOut(self.one(one_id)).data)

    @extend_schema(request=RhythmIn, responses=OneOnOneOut, operation_id="one_on_one_change")
    def put(self, request: Request, one_id: uuid.UUID) -> Response:
        """Another rhythm."""
        one = actions.change_one_on_one(
            one=self.one(one_id), by=request.actor, at=timezone.now(), **self.valid(RhythmIn)
        )
        return Response(OneOnOneOut(one).data)

    @extend_schema(responses={204: None}, operation_id="one_on_one_end")
    def delete(self, request: Request, one_id: uuid.UUID) -> Response:
        """Ends it; what was held stays readable."""
        actions.end_one_on_one(one=self.one(one_id), by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Meetings(Talks):
    @extend_schema(responses=MeetingOut(many=True), operation_id="one_on_one_meetings")
    def get(self, request: Request, one_id: uuid.UUID) -> Response:
        """The one ahead and those that were held, newest first."""
        paginator = api.NewestFirst()
        theirs = queries.meetings_of(request.actor).filter(one_on_one=self.one(one_id))
        page = paginator.paginate_queryset(theirs, request)
        return paginator.get_paginated_response(MeetingOut(page or [], many=True).data)


class OneMeeting(Talks):
    @extend_schema(responses=MeetingPageOut, operation_id="meeting_read")
    def get(self, request: Request, meeting_id: uuid.UUID) -> Response:
        """Agenda, action items, notes, and your private note."""
        return self.told(self.meeting(meeting_id))

    @extend_schema(request=MeetingIn, responses=MeetingPageOut, operation_id="meeting_move")
    def put(self, request: Request, meeting_id: uuid.UUID) -> Response:
        """Moves the meeting ahead."""
        meeting = actions.move_meeting(
            meeting=self.meeting(meeting_id), by=request.actor, at=timezone.now(), **self.valid(MeetingIn)
        )
        return self.told(meeting)


class HoldMeeting(Talks):
    @extend_schema(request=None, responses=MeetingPageOut, operation_id="meeting_hold")
    def post(self, request: Request, meeting_id: uuid.UUID) -> Response:
        """It was held. Answers with the next one, or with itself where there is none."""
        meeting = self.meeting(meeting_id)
        following = actions.hold_meeting(meeting=meeting, by=request.actor, at=timezone.now())
        return self.told(following or self.meeting(meeting_id))


class Topics(Talks):
    @extend_schema(
        parameters=[api.ONCE],
        request=TopicIn,
        responses={201: MeetingPageOut},
        operation_id="meeting_add_topic",
    )
    def post(self, request: Request, meeting_id: uuid.UUID) -> Response:
        """Puts a text, or a point, on the agenda."""
        meeting, given = self.meeting(meeting_id), self.valid(TopicIn)
        if given.get("point"):
            actions.take_point(meeting=meeting, point=given["point"], by=request.actor, at=timezone.now())
        else:
            actions.add_topic(
                meeting=meeting,
                text=given["text"],
                minutes=given.get("minutes"),
                key=once.key_of(request, request.data),
                by=request.actor,
                at=timezone.now(),
            )
        return self.told(meeting, status.HTTP_201_CREATED)


class OneTopic(Talks):
    @extend_schema(request=MarkIn, responses=TopicOut, operation_id="topic_mark")
    def put(self, request: Request, topic_id: uuid.UUID) -> Response:
        """Discussed, or not yet after all."""
        topic = access.get_or_404(queries.topics_of(request.actor), pk=topic_id)
        is_discussed = self.valid(MarkIn)["done"]
        topic = actions.mark_topic(
            topic=topic, is_discussed=is_discussed, by=request.actor, at=timezone.now()
        )
        return Response(TopicOut(topic).data)

    @extend_schema(responses={204: None}, operation_id="topic_remove")
    def delete(self, request: Request, topic_id: uuid.UUID) -> Response:
        """Takes a topic of yours off the agenda."""
        topic = access.get_or_404(queries.topics_of(request.actor), pk=topic_id)
        actions.remove_topic(topic=topic, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ActionItems(Talks):
    @extend_schema(
        parameters=[api.ONCE],
        request=ActionItemIn,
        responses={201: ActionItemOut},
        operation_id="meeting_add_action",
    )
    def post(self, request: Request, meeting_id: uuid.UUID) -> Response:
        """What one of the two does, until a day."""
        meeting, given = self.meeting(meeting_id), self.valid(ActionItemIn)
        owner = access.get_or_404(Person.objects.all(), pk=given.pop("owner"))
        item = actions.add_action_item(
            meeting=meeting,
            owner=owner,
            key=once.key_of(request, request.data),
            by=request.actor,
            at=timezone.now(),
            **given,
        )
        return Response(ActionItemOut(item).data, status=status.HTTP_201_CREATED)


class OneActionItem(Talks):
    @extend_schema(request=MarkIn, responses=ActionItemOut, operation_id="action_item_mark")
    def put(self, request: Request, item_id: uuid.UUID) -> Response:
        """Done, or open again."""
        item = access.get_or_404(queries.action_items_of(request.actor), pk=item_id)
        is_done = self.valid(MarkIn)["done"]
        item = actions.mark_action_item(item=item, is_done=is_done, by=request.actor, at=timezone.now())
        return Response(ActionItemOut(item).data)


class SharedNotes(Talks):
    @extend_schema(request=NotesIn, responses=MeetingOut, operation_id="meeting_write_notes")
    def put(self, request: Request, meeting_id: uuid.UUID) -> Response:
        """409 where the other one has written since the revision that you have read."""
        meeting = actions.save_shared_notes(
            meeting=self.meeting(meeting_id), by=request.actor, at=timezone.now(), **self.valid(NotesIn)
        )
        return Response(MeetingOut(meeting).data)


class OwnNote(Talks):
    @extend_schema(request=PrivateNoteIn, responses={204: None}, operation_id="meeting_write_private_note")
    def put(self, request: Request, meeting_id: uuid.UUID) -> Response:
        """For yourself alone; the meeting shows it to nobody else."""
        actions.save_private_note(
            meeting=self.meeting(meeting_id), by=request.actor, at=timezone.now(), **self.valid(PrivateNoteIn)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)
