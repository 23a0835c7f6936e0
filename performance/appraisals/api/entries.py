"""The people of a cycle with their numbers, and exceptions to who is in it."""

import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import CycleEntry
from performance.foundation import access, api
from performance.people import models as people
from performance.people import queries as people_queries

MICRO = Decimal(1_000_000)


class EntryOut(serializers.Serializer[Any]):
    """Scores in points with up to six decimals; `coverage` from 0 to 1."""

    id = serializers.UUIDField()
    person = serializers.UUIDField(source="person_id")
    number = serializers.CharField()
    manager = serializers.UUIDField(source="manager_id", allow_null=True)
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    team = serializers.UUIDField(source="team_id", allow_null=True)
    state = serializers.CharField()
    score_id = serializers.UUIDField(source="score_row", allow_null=True)
    score = serializers.SerializerMethodField()
    constant_score = serializers.SerializerMethodField()
    coverage = serializers.SerializerMethodField()
    score_state = serializers.CharField(allow_null=True)
    suggested_rating = serializers.IntegerField(source="rating", allow_null=True)
    result_rating = serializers.IntegerField(allow_null=True)
    result_source = serializers.CharField()

    def get_score(self, entry: Any) -> Decimal | None:
        return _units(entry.score_micro)

    def get_constant_score(self, entry: Any) -> Decimal | None:
        return _units(entry.constant_micro)

    def get_coverage(self, entry: Any) -> Decimal | None:
        return _units(entry.coverage_ppm)


class ResultOut(serializers.ModelSerializer[CycleEntry]):
    """What was signed off and published; the score in points."""

    cycle = serializers.UUIDField(source="cycle_id")
    period = serializers.UUIDField(source="cycle.period_id")
    score = serializers.SerializerMethodField()
    result_rating = serializers.IntegerField(allow_null=True)
    result_source = serializers.CharField()

    class Meta:
        model = CycleEntry
        fields = [
            "id",
            "cycle",
            "period",
            "score",
            "suggested_rating",
            "result_rating",
            "result_source",
            "seen_at",
        ]

    def get_score(self, entry: CycleEntry) -> Decimal | None:
        return _units(entry.score.score_micro) if entry.score else None


class ExceptionReasonIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=1000)


class ExceptionIn(ExceptionReasonIn):
    person = serializers.UUIDField()


class NewcomersOut(serializers.Serializer[Any]):
    added = serializers.IntegerField()


class Entries(AppraisalsView):
    """The people of a cycle whom I may see, with their numbers."""

    @extend_schema(
        parameters=[
            OpenApiParameter("words", str, description="A name or a number."),
            OpenApiParameter("unit_id", uuid.UUID),
            OpenApiParameter("team_id", uuid.UUID),
            OpenApiParameter("rating", str, enum=["1", "2", "3", "4", "5", queries.UNRATED]),
            OpenApiParameter("show", str, enum=list(queries.SHOWN)),
        ],
        responses=EntryOut(many=True),
    )
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        """Everybody, also who was left out; narrowed like the page where you ask for it."""
        found = self.cycle(request, cycle_id)
        on = people_queries.today(request.actor.organisation)
        visible = queries.entries_visible_to(request.actor, on)
        entries = queries.entries_of(found, queries.bands_of(found), visible)
        filters = queries.Filters.from_mapping(request.query_params)
        if filters == queries.Filters():
            entries = queries.with_results(entries, suggested="rating")
        else:
            entries = queries.narrowed(entries, filters)
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(entries.order_by(), request) or []
        return paginator.get_paginated_response(EntryOut(page, many=True).data)


class OneEntry(AppraisalsView):
    """One person's entry."""

    @extend_schema(responses=EntryOut, operation_id="entries_retrieve")
    def get(self, request: Request, entry_id: uuid.UUID) -> Response:
        """Your own published result counts as read from now on."""
        found = self.entry(request, entry_id)
        if not request.actor.only_reads:
            actions.read_result(entry=found, by=request.actor, at=timezone.now())
        return Response(_with_numbers(found))


class Results(AppraisalsView):
    """Everything that was published about me, newest first."""

    @extend_schema(responses=ResultOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        results = queries.with_results(queries.own_results(request.actor))
        page = paginator.paginate_queryset(results.order_by(), request)
        return paginator.get_paginated_response(ResultOut(page, many=True).data)


class Exceptions(AppraisalsView):
    """Taking in one person whom the population leaves out."""

    access = access.Access("member", frozenset({"hr"}))

    @extend_schema(request=ExceptionIn, responses={201: EntryOut})
    def post(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        asked = ExceptionIn(data=request.data)
        asked.is_valid(raise_exception=True)
        entry = actions.add_exception(
            cycle=found,
            person=access.get_or_404(people.Person.objects.all(), pk=asked.validated_data["person"]),
            reason=asked.validated_data["reason"],
            by=request.actor,
            at=timezone.now(),
        )
        return Response(_with_numbers(entry), status=status.HTTP_201_CREATED)


class Newcomers(AppraisalsView):
    """Taking in people who joined the population after the cycle was opened."""

    access = access.Access("member", frozenset({"hr"}))

    @extend_schema(request=None, responses=NewcomersOut)
    def post(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        added = actions.add_newcomers(cycle=found, by=request.actor, at=timezone.now())
        return Response(NewcomersOut({"added": added}).data)


class LeaveOut(AppraisalsView):
    """Leaving one person out of the cycle; the entry stays, with the reason."""

    access = access.Access("member", frozenset({"hr"}))

    @extend_schema(request=ExceptionReasonIn, responses=EntryOut)
    def post(self, request: Request, entry_id: uuid.UUID) -> Response:
        found, reason = self.entry(request, entry_id), _reason(request)
        actions.leave_out(entry=found, reason=reason, by=request.actor, at=timezone.now())
        return Response(_with_numbers(found))


class TakeBack(AppraisalsView):
    """Taking somebody in again who was left out."""

    access = access.Access("member", frozenset({"hr"}))

    @extend_schema(request=ExceptionReasonIn, responses=EntryOut)
    def post(self, request: Request, entry_id: uuid.UUID) -> Response:
        found, reason = self.entry(request, entry_id), _reason(request)
        actions.take_back_in(entry=found, reason=reason, by=request.actor, at=timezone.now())
        return Response(_with_numbers(found))


def _reason(request: Request) -> str:
    asked = ExceptionReasonIn(data=request.data)
    asked.is_valid(raise_exception=True)
    return str(asked.validated_data["reason"])


def _with_numbers(entry: CycleEntry) -> Any:
    cycle = entry.cycle
    entries = queries.with_results(queries.entries_of(cycle, queries.bands_of(cycle)), suggested="rating")
    return EntryOut(entries.get(pk=entry.pk)).data


def _units(micro: int | None) -> Decimal | None:
    return None if micro is None else Decimal(micro) / MICRO
