"""Endpoints of what waits, and of how I am written to."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.inbox import actions, queries, rules, tasks
from performance.inbox.models import Area, MailRule, WorkItem
from performance.people import queries as people
from performance.people.models import Person


class ItemOut(serializers.ModelSerializer[WorkItem]):
    assigned_by_id = serializers.UUIDField(allow_null=True)
    escalated_to_id = serializers.UUIDField(allow_null=True)
    handed_to_id = serializers.UUIDField(allow_null=True)
    handed_by_id = serializers.UUIDField(allow_null=True)
    about_id = serializers.UUIDField(
        allow_null=True, help_text="Told up the line: the item of somebody else that is overdue."
    )

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
            *("escalated_to_id", "escalated_on", "handed_to_id", "handed_by_id", "about_id"),
        ]


class SnoozeIn(serializers.Serializer[None]):
    until = serializers.DateField(
        help_text="A day of the organisation's calendar, from tomorrow to 90 days ahead."
    )


class Items(api.TenantView):
    """What waits for me, newest first."""

    scope_read = "inbox:read"

    @extend_schema(
        responses=ItemOut(many=True),
        parameters=[
            OpenApiParameter("area", str, enum=Area.values),
            OpenApiParameter("done", bool, description="What I did, instead of what waits."),
            OpenApiParameter("handed", bool, description="What I handed over, instead of what waits."),
        ],
    )
    def get(self, request: Request) -> Response:
        mine = request.actor.person_id
        lists = {"done": queries.done_items, "handed": queries.handed_items}
        asked = [name for name in lists if request.query_params.get(name, "").lower() in ("1", "true")]
        items = lists[asked[0]](mine) if asked else queries.open_items(mine)
        items = queries.in_area(items, request.query_params.get("area", ""))
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(items.order_by(), request)
        return paginator.get_paginated_response(ItemOut(page, many=True).data)


class Snooze(api.TenantView):
    """Putting an item off until a day, 90 days ahead at most."""

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


class Read(api.TenantView):
    """What only tells you something is done by reading it."""

    access = access.Access("member", auditor_may_write=True)
    scope_write = "inbox:write"

    @extend_schema(operation_id="inbox_read_note", request=None, responses={204: None})
    def post(self, request: Request, item_id: uuid.UUID) -> Response:
        item = access.get_or_404(queries.items_of(request.actor.person_id), pk=item_id)
        actions.read_note(item=item, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class StandInOut(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = ["id", "number", "name_en", "name_zh"]


class HandIn(serializers.Serializer[None]):
    to = serializers.UUIDField(help_text="Somebody of the list that GET gives.")


class Hand(api.TenantView):
    """Putting an item into somebody else's hands."""

    scope_read = "inbox:read"
    scope_write = "inbox:write"

    @extend_schema(operation_id="inbox_stand_ins", responses=StandInOut(many=True))
    def get(self, request: Request, item_id: uuid.UUID) -> Response:
        """Who may do it in your place, by the rules of what it is about."""
        item = access.get_or_404(queries.items_of(request.actor.person_id), pk=item_id)
        return Response(StandInOut(_stand_ins(request, item), many=True).data)

    @extend_schema(operation_id="inbox_hand", request=HandIn, responses=ItemOut)
    def post(self, request: Request, item_id: uuid.UUID) -> Response:
        """Answers with your item, which names who has it in hand."""
        item = access.get_or_404(queries.items_of(request.actor.person_id), pk=item_id)
        asked = HandIn(data=request.data)
        asked.is_valid(raise_exception=True)
        to = _stand_ins(request, item).filter(pk=asked.validated_data["to"]).first()
        if to is None:
            raise serializers.ValidationError({"to": _("Choose somebody who may do this in your place.")})
        actions.hand_work(item=item, to=to, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.deliver_waiting)
        item.refresh_from_db()
        return Response(ItemOut(item).data)


class TakeBack(api.TenantView):
    """Taking an item back, or giving one back that was handed to me."""

    scope_write = "inbox:write"

    @extend_schema(operation_id="inbox_take_back", request=None, responses={204: None})
    def post(self, request: Request, item_id: uuid.UUID) -> Response:
        item = access.get_or_404(queries.items_of(request.actor.person_id), pk=item_id)
        actions.take_work_back(item=item, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _stand_ins(request: Request, item: WorkItem) -> QuerySet[Person]:
    return queries.stand_ins(item, people.today(request.actor.organisation))


class OverdueRuleFields(serializers.Serializer[Any]):
    """All in workdays; `levels` is how far up the line what stays undone is told."""

    due_days = serializers.IntegerField(min_value=1, max_value=20)
    grace_days = serializers.IntegerField(min_value=0, max_value=20)
    levels = serializers.IntegerField(min_value=0, max_value=2)


class Overdue(api.TenantView):
    """When what waits is overdue, for everybody, and who then hears of it."""

    scope_read = "inbox:read"
    scope_write = "inbox:write"

    @extend_schema(operation_id="inbox_overdue_rule", responses=OverdueRuleFields)
    def get(self, request: Request) -> Response:
        return Response(OverdueRuleFields(queries.standing_overdue_rule()).data)

    @extend_schema(
        operation_id="inbox_set_overdue_rule", request=OverdueRuleFields, responses=OverdueRuleFields
    )
    def put(self, request: Request) -> Response:
        access.require(rules.can_set_overdue_rule(request.actor))
        given = OverdueRuleFields(data=request.data)
        given.is_valid(raise_exception=True)
        rule = actions.set_overdue_rule(**given.validated_data, by=request.actor, at=timezone.now())
        return Response(OverdueRuleFields(rule).data)


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
