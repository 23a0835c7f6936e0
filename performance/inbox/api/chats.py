"""Endpoints of chats of one's own."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs, once
from performance.inbox import actions, queries, tasks
from performance.inbox.api import shapes
from performance.inbox.models import Endpoint


class ChatView(api.TenantView):
    scope_read = "inbox:read"
    scope_write = "inbox:write"

    @staticmethod
    def own(request: Request, chat_id: uuid.UUID) -> Endpoint:
        return access.get_or_404(queries.chats_of(request.actor.person_id), pk=chat_id)


class Chats(ChatView):
    """Chats that tell me what waits: Slack, Teams, Feishu, DingTalk and WeCom, by the webhook of a bot."""

    @extend_schema(responses=shapes.ChatOut(many=True), operation_id="inbox_chats_list")
    def get(self, request: Request) -> Response:
        return Response(shapes.ChatOut(queries.chats_of(request.actor.person_id), many=True).data)

    @extend_schema(parameters=[api.ONCE], request=shapes.ChatIn, responses={201: shapes.ChatOut})
    def post(self, request: Request) -> Response:
        given = shapes.ChatIn(data=request.data)
        given.is_valid(raise_exception=True)
        made = actions.add_chat(
            **given.validated_data,
            key=once.key_of(request, request.data),
            by=request.actor,
            at=timezone.now(),
        )
        return Response(shapes.ChatOut(made).data, status=status.HTTP_201_CREATED)


class OneChat(ChatView):
    @extend_schema(responses=shapes.ChatOut)
    def get(self, request: Request, chat_id: uuid.UUID) -> Response:
        """One of your chats: where it is, and whether it takes what it is told."""
        return Response(shapes.ChatOut(self.own(request, chat_id)).data)

    @extend_schema(request=shapes.ChatChangeIn, responses=shapes.ChatOut)
    def patch(self, request: Request, chat_id: uuid.UUID) -> Response:
        """What it reads, and whether it is told at all."""
        chat, by, at = self.own(request, chat_id), request.actor, timezone.now()
        given = shapes.ChatChangeIn(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        if "tells_title" in asked:
            actions.set_tells_title(endpoint=chat, tells_title=asked["tells_title"], by=by, at=at)
        if "is_paused" in asked:
            act = actions.pause_endpoint if asked["is_paused"] else actions.resume_endpoint
            act(endpoint=chat, by=by, at=at)
        chat.refresh_from_db()
        return Response(shapes.ChatOut(chat).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, chat_id: uuid.UUID) -> Response:
        """Removes it and forgets its address."""
        actions.close_endpoint(endpoint=self.own(request, chat_id), by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TestChat(ChatView):
    """A test message, tried once."""

    @extend_schema(responses=shapes.ToldOut)
    def get(self, request: Request, chat_id: uuid.UUID) -> Response:
        """What became of the last message."""
        now = timezone.now()
        chat = self.own(request, chat_id)
        newest = access.get_or_404(queries.deliveries_to(chat)[:1])
        return Response(shapes.told_out(newest, now))

    @extend_schema(request=None, responses={202: shapes.ToldOut})
    def post(self, request: Request, chat_id: uuid.UUID) -> Response:
        """A worker sends it; ask here what became of it."""
        now = timezone.now()
        asked = actions.ask_test(endpoint=self.own(request, chat_id), by=request.actor, at=now)
        jobs.nudge(tasks.call_endpoints)
        return Response(shapes.told_out(asked, now), status=status.HTTP_202_ACCEPTED)
