"""Requests for feedback: what I asked and am asked, asking, answering, declining, taking back."""

import uuid
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from feedback import actions, queries
from feedback.api.notes import NoteOut
from feedback.models import FeedbackRequest
from performance.foundation import access, api, once
from performance.people.models import Person


class RequestOut(serializers.ModelSerializer[FeedbackRequest]):
    by = serializers.UUIDField(source="by_id")
    to = serializers.UUIDField(source="to_id")
    about = serializers.UUIDField(source="about_id")
    objective_id = serializers.SerializerMethodField()

    class Meta:
        model = FeedbackRequest
        fields = [
            "id",
            "by",
            "to",
            "about",
            "question",
            "objective_id",
            "due_on",
            "asked_at",
            "answered_at",
            "declined_at",
            "word",
            "withdrawn_at",
        ]

    def get_objective_id(self, row: FeedbackRequest) -> str | None:
        """Null as well where you may not see the objective."""
        return str(row.objective_id) if row.objective_title else None


class RequestIn(serializers.Serializer[None]):
    to = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=10)
    about = serializers.UUIDField(required=False, help_text="Yourself where it is left out.")
    question = serializers.CharField(max_length=500)
    objective_id = serializers.UUIDField(required=False)
    key_result_id = serializers.UUIDField(required=False)
    due_on = serializers.DateField(required=False)


class AnswerIn(serializers.Serializer[None]):
    text = serializers.CharField(max_length=2000)
    visibility = serializers.ChoiceField(choices=["asker", "recipient", "manager"])


class RequestDeclineIn(serializers.Serializer[None]):
    word = serializers.CharField(max_length=300)


class Asking(api.TenantView):
    scope_read = "feedback:read"
    scope_write = "feedback:write"

    def valid(self, shape: Any) -> dict[str, Any]:
        asked = shape(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def found(self, request_id: uuid.UUID) -> FeedbackRequest:
        return access.get_or_404(queries.requests_seen_by(self.request.actor), pk=request_id)

    def told(self, row: FeedbackRequest) -> Any:
        return RequestOut(queries.titled(self.request.actor, [row])[0]).data


class FeedbackRequests(Asking):
    @extend_schema(responses=RequestOut(many=True), operation_id="feedback_requests")
    def get(self, request: Request) -> Response:
        """What I asked and what I am asked, newest first."""
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(queries.requests_seen_by(request.actor).order_by(), request)
        rows = queries.titled(request.actor, page or [])
        return paginator.get_paginated_response(RequestOut(rows, many=True).data)

    @extend_schema(
        parameters=[api.ONCE],
        request=RequestIn,
        responses={201: RequestOut(many=True)},
        operation_id="feedback_ask",
    )
    def post(self, request: Request) -> Response:
        """One request for each person that is asked."""
        given = self.valid(RequestIn)
        keys = set(given.pop("to"))
        asked = list(Person.objects.filter(pk__in=keys))
        if len(asked) != len(keys):
            raise actions.RequestRefused(_("Choose colleagues who work here."), field="to")
        about = access.get_or_404(Person.objects.all(), pk=given.pop("about", request.actor.person_id))
        rows = actions.ask_for_feedback(
            to=asked,
            about=about,
            key=once.key_of(request, request.data),
            by=request.actor,
            at=timezone.now(),
            **given,
        )
        shown = queries.titled(request.actor, rows)
        return Response(RequestOut(shown, many=True).data, status=status.HTTP_201_CREATED)


class OneRequest(Asking):
    @extend_schema(responses=RequestOut, operation_id="feedback_request_read")
    def get(self, request: Request, request_id: uuid.UUID) -> Response:
        """One request that you asked or were asked."""
        return Response(self.told(self.found(request_id)))

    @extend_schema(responses={204: None}, operation_id="feedback_request_withdraw")
    def delete(self, request: Request, request_id: uuid.UUID) -> Response:
        """Takes a request of yours back."""
        actions.withdraw_request(request=self.found(request_id), by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class AnswerRequest(Asking):
    @extend_schema(request=AnswerIn, responses={201: NoteOut}, operation_id="feedback_request_answer")
    def post(self, request: Request, request_id: uuid.UUID) -> Response:
        """The answer is a note."""
        note = actions.answer_request(
            request=self.found(request_id), by=request.actor, at=timezone.now(), **self.valid(AnswerIn)
        )
        (titled,) = queries.titled(request.actor, [note])
        return Response(NoteOut(titled).data, status=status.HTTP_201_CREATED)


class DeclineRequest(Asking):
    @extend_schema(request=RequestDeclineIn, responses=RequestOut, operation_id="feedback_request_decline")
    def post(self, request: Request, request_id: uuid.UUID) -> Response:
        """With a word why."""
        row = actions.decline_request(
            request=self.found(request_id),
            by=request.actor,
            at=timezone.now(),
            **self.valid(RequestDeclineIn),
        )
        return Response(self.told(row))
