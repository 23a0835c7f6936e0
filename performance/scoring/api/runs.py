"""Runs over everybody: start, watch, stop."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, bodies, jobs
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules, tasks
from performance.scoring.models import RunKind, ScoreDifference, ScoreRun

#: Kind of run → who may ask for it, and how.
STARTED = {
    RunKind.FULL: (rules.can_compute_scores, actions.start_run),
    RunKind.FREEZE: (rules.can_freeze_scores, actions.freeze_scores),
    RunKind.RESTATE: (rules.can_ask_for_comparison, actions.compare_scores),
}
READ, WRITE = "performance:read", "performance:write"


class RunIn(bodies.Body):
    period = serializers.UUIDField()
    kind = serializers.ChoiceField(
        choices=[RunKind.FULL, RunKind.FREEZE, RunKind.RESTATE], default=RunKind.FULL
    )


class RunOut(serializers.ModelSerializer[ScoreRun]):
    period = serializers.UUIDField(source="period_id")
    error = serializers.CharField(source="problem_code", help_text="One word; empty unless the run failed.")

    class Meta:
        model = ScoreRun
        fields = [
            "id",
            "period",
            "kind",
            "state",
            "total",
            "done",
            "written",
            "asked_at",
            "started_at",
            "finished_at",
            "error",
        ]


class Runs(api.TenantView):
    """Score runs; starting one (full, freeze at closing, or restate: frozen scores compared with what is known now)."""

    access = access.Access("member", frozenset(rules.KEEPERS))
    scope_read = READ
    scope_write = WRITE

    @extend_schema(responses=RunOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(queries.runs().order_by(), request)
        return paginator.get_paginated_response(RunOut(page, many=True).data)

    @extend_schema(request=RunIn, responses={202: RunOut})
    def post(self, request: Request) -> Response:
        asked = RunIn(data=request.data)
        asked.is_valid(raise_exception=True)
        allowed, ask = STARTED[asked.validated_data["kind"]]
        access.require(allowed(request.actor))
        period = access.get_or_404(people.Period.objects.all(), pk=asked.validated_data["period"])
        run = ask(period=period, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.carry_out_run, str(run.pk))
        return Response(RunOut(run).data, status=status.HTTP_202_ACCEPTED)


class OneRun(api.TenantView):
    """A run and how far it is."""

    access = access.Access("member", frozenset(rules.KEEPERS))
    scope_read = READ

    @extend_schema(responses=RunOut)
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        return Response(RunOut(access.get_or_404(queries.runs(), pk=run_id)).data)


class DifferenceOut(serializers.ModelSerializer[ScoreDifference]):
    person = serializers.UUIDField(source="person_id")
    kept = serializers.UUIDField(source="kept_id", allow_null=True)
    kept_micro = serializers.IntegerField(source="kept.score_micro", allow_null=True, default=None)

    class Meta:
        model = ScoreDifference
        fields = ["person", "kept", "kept_micro", "again_micro", "keys", "found_at"]


class Differences(api.TenantView):
    """What a check by night found, of the people whose scores the caller sees; empty for other runs."""

    access = access.Access("member", frozenset(rules.KEEPERS))
    scope_read = READ

    @extend_schema(responses=DifferenceOut(many=True))
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        run = access.get_or_404(queries.runs(), pk=run_id)
        today = people_queries.day_at(request.actor.organisation, timezone.now())
        return Response(DifferenceOut(queries.differences_of(run, request.actor, today), many=True).data)


class CheckReasonIn(bodies.Body):
    reason = serializers.CharField()


class CloseCheck(api.TenantView):
    """Somebody has looked into what a check by night found."""

    access = access.Access("member", frozenset(rules.KEEPERS))
    scope_write = WRITE

    @extend_schema(request=CheckReasonIn, responses=RunOut)
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        asked = CheckReasonIn(data=request.data)
        asked.is_valid(raise_exception=True)
        run = access.get_or_404(queries.runs(), pk=run_id)
        access.require(rules.can_close_check(request.actor, run))
        actions.close_check(
            run=run, reason=asked.validated_data["reason"], by=request.actor, at=timezone.now()
        )
        return Response(RunOut(run).data)


class StopRun(api.TenantView):
    """Stops a run after the batch in progress."""

    access = access.Access("member", frozenset(rules.KEEPERS))
    scope_write = WRITE

    @extend_schema(request=None, responses=RunOut)
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        run = access.get_or_404(queries.runs(), pk=run_id)
        access.require(rules.can_stop_run(request.actor, run))
        actions.stop_run(run=run, by=request.actor, at=timezone.now())
        run.refresh_from_db()
        return Response(RunOut(run).data)


class ResumeRun(api.TenantView):
    """Goes on with a run that was stopped, or whose worker died."""

    access = access.Access("member", frozenset(rules.KEEPERS))
    scope_write = WRITE

    @extend_schema(request=None, responses=RunOut)
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        run = access.get_or_404(queries.runs(), pk=run_id)
        access.require(rules.can_resume_run(request.actor, run))
        actions.resume_run(run=run, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.carry_out_run, str(run.pk))
        run.refresh_from_db()
        return Response(RunOut(run).data)
