"""Endpoints of the organisation's webhooks."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs, once
from performance.inbox import actions, queries, rules, tasks
from performance.inbox.api import shapes
from performance.inbox.models import Endpoint


class WebhookView(api.TenantView):
    access = access.Access("member", frozenset({"administrator"}))
    scope_read = "settings:read"
    scope_write = "settings:write"

    @staticmethod
    def managed(request: Request, webhook_id: uuid.UUID) -> Endpoint:
        found = access.get_or_404(queries.webhooks(), pk=webhook_id)
        access.require(rules.can_manage_webhooks(request.actor))
        return found


class Webhooks(WebhookView):
    """Systems that are told of work items, signed as Standard Webhooks says."""

    @extend_schema(responses=shapes.WebhookOut(many=True), operation_id="inbox_webhooks_list")
    def get(self, request: Request) -> Response:
        return Response(shapes.WebhookOut(queries.webhooks(), many=True).data)

    @extend_schema(parameters=[api.ONCE], request=shapes.WebhookIn, responses={201: shapes.WebhookMade})
    def post(self, request: Request) -> Response:
        access.require(rules.can_manage_webhooks(request.actor))
        given = shapes.WebhookIn(data=request.data)
        given.is_valid(raise_exception=True)
        made, secret = actions.add_webhook(
            **given.validated_data,
            key=once.key_of(request, request.data),
            by=request.actor,
            at=timezone.now(),
        )
        body = {**shapes.WebhookOut(made).data, "secret": secret}
        return Response(body, status=status.HTTP_201_CREATED)


class OneWebhook(WebhookView):
    @extend_schema(responses=shapes.WebhookOut)
    def get(self, request: Request, webhook_id: uuid.UUID) -> Response:
        """One system that is told of work items; never its secret."""
        return Response(shapes.WebhookOut(access.get_or_404(queries.webhooks(), pk=webhook_id)).data)

    @extend_schema(request=shapes.WebhookChangeIn, responses=shapes.WebhookOut)
    def patch(self, request: Request, webhook_id: uuid.UUID) -> Response:
        """Pauses or resumes it."""
        found = self.managed(request, webhook_id)
        given = shapes.WebhookChangeIn(data=request.data)
        given.is_valid(raise_exception=True)
        act = actions.pause_endpoint if given.validated_data["is_paused"] else actions.resume_endpoint
        act(endpoint=found, by=request.actor, at=timezone.now())
        found.refresh_from_db()
        return Response(shapes.WebhookOut(found).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, webhook_id: uuid.UUID) -> Response:
        """Removes it and forgets its address and secrets."""
        actions.close_endpoint(
            endpoint=self.managed(request, webhook_id), by=request.actor, at=timezone.now()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class Secret(WebhookView):
    @extend_schema(request=None, responses=shapes.WebhookSecret)
    def post(self, request: Request, webhook_id: uuid.UUID) -> Response:
        """A new secret. For a day everything is signed with the former one too."""
        found = self.managed(request, webhook_id)
        secret = actions.rotate_secret(endpoint=found, by=request.actor, at=timezone.now())
        found.refresh_from_db()
        return Response({"secret": secret, "old_secret_until": found.old_secret_until})


class TestWebhook(WebhookView):
    @extend_schema(request=None, responses={202: shapes.ToldOut})
    def post(self, request: Request, webhook_id: uuid.UUID) -> Response:
        """An event of the type `test`, tried once; the deliveries say what became of it."""
        now = timezone.now()
        asked = actions.ask_test(endpoint=self.managed(request, webhook_id), by=request.actor, at=now)
        jobs.nudge(tasks.call_endpoints)
        return Response(shapes.told_out(asked, now), status=status.HTTP_202_ACCEPTED)


class Deliveries(WebhookView):
    @extend_schema(responses=shapes.ToldOut(many=True))
    def get(self, request: Request, webhook_id: uuid.UUID) -> Response:
        """What it was told, newest first."""
        found = access.get_or_404(queries.webhooks(), pk=webhook_id)
        paginator = api.NewestFirst()
        now = timezone.now()
        page = paginator.paginate_queryset(queries.deliveries_to(found).order_by(), request, view=self)
        return paginator.get_paginated_response([shapes.told_out(each, now) for each in page or []])


class Again(WebhookView):
    @extend_schema(request=None, responses={202: shapes.ToldOut})
    def post(self, request: Request, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> Response:
        """The same message once more, with the same id."""
        now = timezone.now()
        found = self.managed(request, webhook_id)
        delivery = access.get_or_404(queries.deliveries_to(found), pk=delivery_id)
        actions.send_again(delivery=delivery, by=request.actor, at=now)
        jobs.nudge(tasks.call_endpoints)
        delivery.refresh_from_db()
        return Response(shapes.told_out(delivery, now), status=status.HTTP_202_ACCEPTED)
