"""Check-ins: submit one's own, read those one may read, answer."""

import uuid
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, forms, queries, rules
from okr.api import check_in_shapes, serializers
from okr.api.objectives import GoalsView
from okr.models import CheckIn, CheckInDraft
from performance.foundation import access, api, jobs
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks


class CheckIns(GoalsView):
    @extend_schema(
        operation_id="check_ins_list",
        parameters=[
            OpenApiParameter("person", uuid.UUID),
            OpenApiParameter("week_starts_on", str),
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int),
        ],
        responses=check_in_shapes.CheckInPageOut,
    )
    def get(self, request: Request) -> Response:
        """Every entry, corrections included, newest first. Of one that only asks you for help: what blocks, what is
        said about it, and the readings of goals that you may see."""
        rows = queries.readable_by(self.actor)
        for name, column in (("person", "person_id"), ("week_starts_on", "week_starts_on")):
            if request.query_params.get(name):
                rows = rows.filter(**{column: request.query_params[name]})
        pages = api.NewestFirst()
        page = pages.paginate_queryset(queries.with_conversation(rows, self.actor), request, view=self)
        return pages.get_paginated_response(
            check_in_shapes.CheckInOut(queries.as_read(page or [], self.actor), many=True).data
        )

    @extend_schema(
        operation_id="check_ins_submit",
        request=check_in_shapes.CheckInIn,
        responses={201: check_in_shapes.CheckInOut},
    )
    def post(self, request: Request) -> Response:
        """Reports on a week for yourself, on key results of every period that takes check-ins of it. The same again
        changes nothing; something else is a correction. 409 when `made_from` says that you read an older entry than
        the one that stands."""
        actor, given = self.actor, self.valid(check_in_shapes.CheckInIn)
        access.require(rules.can_check_in_for(actor, actor.person_id))
        today = people.today(actor.organisation)
        period = queries.period_of_week(given["week_starts_on"], today)
        if period is None:
            raise actions.CheckInRefused(_("No period is open."), code="no_period")
        asks = access.get_or_404(people.active_people(today), pk=given["asks"]) if given["asks"] else None
        submitted = actions.submit_check_in(
            period=period,
            week_starts_on=given["week_starts_on"],
            readings=[
                actions.Reading(
                    key_result_id=each["key_result"],
                    value=each.get("value"),
                    done=each["done"],
                    milestones_done=frozenset(each["milestones_done"])
                    if each["milestones_done"] is not None
                    else None,
                    confidence=each["confidence"],
                    note=each["note"],
                )
                for each in given["readings"]
            ],
            wins=given["wins"],
            plans=given["plans"],
            blockers=given["blockers"],
            asks=asks,
            made_from=str(given["made_from"] or "") if "made_from" in given else None,
            by=actor,
            at=timezone.now(),
        )
        jobs.nudge(scoring_tasks.rescore_stale)
        (row,) = queries.with_conversation(CheckIn.objects.filter(pk=submitted.pk))
        return Response(check_in_shapes.CheckInOut(row).data, status=status.HTTP_201_CREATED)


class OneCheckIn(GoalsView):
    @extend_schema(operation_id="check_ins_read", responses=check_in_shapes.CheckInOut)
    def get(self, request: Request, check_in_id: uuid.UUID) -> Response:
        """One entry with its readings and what was said about it."""
        rows = queries.with_conversation(queries.readable_by(self.actor), self.actor)
        (row,) = queries.as_read([access.get_or_404(rows, pk=check_in_id)], self.actor)
        return Response(check_in_shapes.CheckInOut(row).data)


class Draft(GoalsView):
    @extend_schema(
        operation_id="check_ins_read_draft",
        parameters=[check_in_shapes.WeekIn],
        responses=check_in_shapes.CheckInDraftOut,
    )
    def get(self, request: Request) -> Response:
        """What you were typing in a week; 404 where you have typed nothing."""
        asked = check_in_shapes.WeekIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        monday = rules.monday_of(asked.validated_data["week_starts_on"])
        drafts = CheckInDraft.objects.filter(person_id=self.actor.person_id)
        return Response(
            check_in_shapes.CheckInDraftOut(access.get_or_404(drafts, week_starts_on=monday)).data
        )

    @extend_schema(
        operation_id="check_ins_save_draft",
        request=check_in_shapes.CheckInDraftIn,
        responses=check_in_shapes.CheckInDraftOut,
    )
    def put(self, request: Request) -> Response:
        """Keeps what is typed, for yourself alone, of a week that takes check-ins. Nothing is reported yet."""
        actor = self.actor
        access.require(rules.can_check_in_for(actor, actor.person_id))
        given = self.valid(check_in_shapes.CheckInDraftIn)
        draft = actions.save_check_in_draft(
            week_starts_on=rules.monday_of(given["week_starts_on"]),
            fields=forms.draft_fields(_as_posted(given["typed"])),
            by=actor,
            at=timezone.now(),
        )
        return Response(check_in_shapes.CheckInDraftOut(draft).data)


def _as_posted(given: dict[str, Any]) -> QueryDict:
    """The fields as a form would send them."""
    posted = QueryDict(mutable=True)
    for name, value in given.items():
        posted.setlist(name, [str(each) for each in (value if isinstance(value, list) else [value])] or [""])
    return posted


class Acknowledge(GoalsView):
    @extend_schema(
        operation_id="check_ins_acknowledge", request=None, responses=check_in_shapes.AcknowledgedOut
    )
    def post(self, request: Request) -> Response:
        """Marks every check-in of your reports this week as read that you have not answered. What needs a reply, or
        asks you for help, is left to be answered."""
        actor = self.actor
        access.require(not actor.only_reads)
        entries = queries.unread_by(actor, people.today(actor.organisation))
        count = actions.acknowledge_check_ins(entries=entries, by=actor, at=timezone.now())
        return Response(check_in_shapes.AcknowledgedOut({"acknowledged": count}).data)


class Replies(GoalsView):
    @extend_schema(
        operation_id="check_ins_reply",
        parameters=[api.ONCE],
        request=check_in_shapes.CheckInReplyIn,
        responses={201: check_in_shapes.CheckInReplyOut},
    )
    def post(self, request: Request, check_in_id: uuid.UUID) -> Response:
        """Answers a check-in, or without text says that you have read it."""
        actor = self.actor
        one = access.get_or_404(queries.readable_by(actor), pk=check_in_id)
        line = people.line_above(one.person_id, people.today(actor.organisation))
        access.require(rules.can_reply(actor, one, line, queries.helpers_of(one)))
        said = actions.reply_to_check_in(
            check_in=one,
            text=self.valid(check_in_shapes.CheckInReplyIn)["text"],
            key=self.once_key,
            by=actor,
            at=timezone.now(),
        )
        return Response(check_in_shapes.CheckInReplyOut(said).data, status=status.HTTP_201_CREATED)


class HandOn(GoalsView):
    @extend_schema(operation_id="check_ins_hand_on", request=serializers.HandOnIn, responses={204: None})
    def post(self, request: Request, check_in_id: uuid.UUID) -> Response:
        """Asks somebody else to help in your place, while your help is waited for."""
        actor, given = self.actor, self.valid(serializers.HandOnIn)
        one = access.get_or_404(queries.readable_by(actor), pk=check_in_id)
        access.require(not actor.only_reads and queries.waits_for_help(one, actor.person_id))
        to = access.get_or_404(people.active_people(people.today(actor.organisation)), pk=given["to"])
        actions.hand_on(check_in=one, to=to, why=given["why"], by=actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
