"""Endpoints of periods: opening, moving, locking."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.people import actions, queries, rules
from performance.people.api import shared
from performance.people.models import Period, PeriodKind, PeriodState, Scope


class PeriodOut(serializers.ModelSerializer[Period]):
    class Meta:
        model = Period
        fields = [
            "id",
            "name_en",
            "name_zh",
            "kind",
            "starts_on",
            "ends_on",
            "state",
            "goals_locked_at",
            "progress_locked_at",
        ]


class PeriodIn(serializers.Serializer[Period]):
    name_en = serializers.CharField(max_length=80)
    name_zh = serializers.CharField(max_length=80, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=PeriodKind.choices)
    starts_on = shared.DayField()
    ends_on = shared.DayField()


class UnfinishedOut(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="ungraded, proposals or retrospectives")
    number = serializers.IntegerField()


class PeriodEndOut(serializers.Serializer[Any]):
    is_early = serializers.BooleanField(help_text="Whether its last day is still to come.")
    unfinished = UnfinishedOut(many=True)


class PeriodMove(serializers.Serializer[None]):
    to = serializers.ChoiceField(choices=PeriodState.choices)
    why = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Periods(api.TenantView):
    """Periods; opening one."""

    scope_read = Scope.GOALS_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(responses=PeriodOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        periods = paginator.paginate_queryset(queries.periods().order_by(), request)
        return paginator.get_paginated_response(PeriodOut(periods, many=True).data)

    @extend_schema(request=PeriodIn, responses={201: PeriodOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_open_period(request.actor))
        asked = shared.valid(PeriodIn(data=request.data))
        period = actions.open_period(by=request.actor, at=timezone.now(), **asked)
        return Response(PeriodOut(period).data, status=status.HTTP_201_CREATED)


class PeriodSteps(api.TenantView):
    """The next step in the life of a period; before it, what it would find undone."""

    access = shared.HR
    scope_read = Scope.GOALS_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(responses=PeriodEndOut)
    def get(self, request: Request, period_id: uuid.UUID) -> Response:
        period = access.get_or_404(queries.periods(), pk=period_id)
        told = {
            "is_early": period.ends_on > queries.today(request.actor.organisation),
            "unfinished": queries.unfinished([period], timezone.now())[period.pk],
        }
        return Response(PeriodEndOut(told).data)

    @extend_schema(request=PeriodMove, responses=PeriodOut)
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        period = access.get_or_404(queries.periods(), pk=period_id)
        access.require(rules.can_open_period(request.actor))
        asked = shared.valid(PeriodMove(data=request.data))
        period = actions.move_period(period=period, by=request.actor, at=timezone.now(), **asked)
        return Response(PeriodOut(period).data)


class PeriodLock(api.TenantView):
    """Goals and progress of a period lock separately."""

    access = shared.HR
    scope_write = Scope.PEOPLE_WRITE

    @staticmethod
    def period(request: Request, period_id: uuid.UUID) -> Period:
        period = access.get_or_404(queries.periods(), pk=period_id)
        access.require(rules.can_open_period(request.actor))
        return period


class LockGoals(PeriodLock):
    """From now on, the period's objectives change no more."""

    @extend_schema(request=None, responses=PeriodOut)
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        period = self.period(request, period_id)
        period = actions.lock_goals(period=period, by=request.actor, at=timezone.now())
        return Response(PeriodOut(period).data)


class UnlockGoals(PeriodLock):
    """The period's objectives may change again."""

    @extend_schema(request=shared.Why, responses=PeriodOut)
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        period = self.period(request, period_id)
        asked = shared.valid(shared.Why(data=request.data))
        period = actions.unlock_goals(period=period, by=request.actor, at=timezone.now(), **asked)
        return Response(PeriodOut(period).data)


class LockProgress(PeriodLock):
    """From now on, the period takes no more check-ins."""

    @extend_schema(request=None, responses=PeriodOut)
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        period = self.period(request, period_id)
        period = actions.lock_progress(period=period, by=request.actor, at=timezone.now())
        return Response(PeriodOut(period).data)


class UnlockProgress(PeriodLock):
    """The period takes check-ins again."""

    @extend_schema(request=shared.Why, responses=PeriodOut)
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        period = self.period(request, period_id)
        asked = shared.valid(shared.Why(data=request.data))
        period = actions.unlock_progress(period=period, by=request.actor, at=timezone.now(), **asked)
        return Response(PeriodOut(period).data)
