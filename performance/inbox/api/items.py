"""Endpoints of what waits, and of how I am written to."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.inbox import actions, queries
from performance.inbox.models import Area, MailRule, WorkItem


class ItemOut(serializers.ModelSerializer[WorkItem]):
    assigned_by_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = WorkItem
        fields = [
            "id",
            "kind",
            "subject_id",
            "title_en",
            "title_zh",
            "detail_en",
            "detail_zh",
            "url",
            "due_on",
            "assigned_by_id",
            "assigned_at",
            "snoozed_until",
            "done_at",
        ]


class SnoozeIn(serializers.Serializer[None]):
    until = serializers.DateField()


class Items(api.TenantView):
    """What waits for me, newest first."""

    scope_read = "inbox:read"

    @extend_schema(
        responses=ItemOut(many=True),
        parameters=[
            OpenApiParameter("area", str, enum=Area.values),
            OpenApiParameter("done", bool, description="What I did, instead of what waits."),
        ],
    )
    def get(self, request: Request) -> Response:
        mine = request.actor.person_id
        is_done = request.query_params.get("done", "").lower() in ("1", "true")
        items = queries.done_items(mine) if is_done else queries.open_items(mine)
        items = queries.in_area(items, request.query_params.get("area", ""))
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(items.order_by(), request)
        return paginator.get_paginated_response(ItemOut(page, many=True).data)


class Snooze(api.TenantView):
    """Putting an item off until a day."""

    scope_write = "inbox:write"

    @extend_schema(request=SnoozeIn, responses={204: None})
    def post(self, request: Request, item_id: uuid.UUID) -> Response:
        item = access.get_or_404(queries.items_of(request.actor.person_id), pk=item_id)
        asked = SnoozeIn(data=request.data)
        asked.is_valid(raise_exception=True)
        actions.snooze_work(item=item, by=request.actor, at=timezone.now(), **asked.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Wake(api.TenantView):
    """Bringing an item that was put off back on the list."""

    scope_write = "inbox:write"

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, item_id: uuid.UUID) -> Response:
        item = access.get_or_404(queries.items_of(request.actor.person_id), pk=item_id)
        actions.wake_work(item=item, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class MailRuleFields(serializers.ModelSerializer[MailRule]):
    class Meta:
        model = MailRule
        fields = ["pace", "daily_hour", "quiet_from", "quiet_until", "wants_week"]


class Mail(api.TenantView):
    """How I am written to: at once, once a day or never; quiet hours; a summary of the week. Hours are full ones in the
    organisation's time zone."""

    scope_read = "inbox:read"
    scope_write = "inbox:write"

    @extend_schema(responses=MailRuleFields)
    def get(self, request: Request) -> Response:
        return Response(MailRuleFields(actions.mail_rule_of(request.actor.person)).data)

    @extend_schema(request=MailRuleFields, responses=MailRuleFields)
    def put(self, request: Request) -> Response:
        given = MailRuleFields(actions.mail_rule_of(request.actor.person), data=request.data)
        given.is_valid(raise_exception=True)
        standing = {name: getattr(given.instance, name) for name in MailRuleFields.Meta.fields}
        rule = actions.set_mail_rule(**(standing | given.validated_data), by=request.actor, at=timezone.now())
        return Response(MailRuleFields(rule).data)
