"""Cycles: opening one, its bands, how ready it is, its next step."""

import uuid
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.appraisals import actions, queries, rules, tasks
from performance.appraisals.api.base import AppraisalsView
from performance.appraisals.models import Band, Cycle
from performance.foundation import access, api, jobs
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import tasks as scoring_tasks

MICRO = Decimal(1_000_000)


class CycleOut(serializers.ModelSerializer[Cycle]):
    period = serializers.UUIDField(source="period_id")
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    team = serializers.UUIDField(source="team_id", allow_null=True)

    class Meta:
        model = Cycle
        fields = [
            "id",
            "name_en",
            "name_zh",
            "period",
            "unit",
            "team",
            "people_on",
            "state",
            "opened_at",
            "signed_off_at",
            "published_at",
        ]


class CycleIn(serializers.Serializer[None]):
    period = serializers.UUIDField()
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, default="")
    unit = serializers.UUIDField(required=False, allow_null=True, default=None)
    team = serializers.UUIDField(required=False, allow_null=True, default=None)


class CycleStepIn(serializers.Serializer[None]):
    step = serializers.ChoiceField(choices=["close_scores", "sign_off", "publish"])


class BandOut(serializers.Serializer[Any]):
    """From which score a rating is suggested; the lowest has no bound."""

    rating = serializers.IntegerField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    from_score = serializers.SerializerMethodField()

    def get_from_score(self, band: Band) -> Decimal | None:
        return None if band.from_micro is None else Decimal(band.from_micro) / MICRO


class BandIn(serializers.Serializer[None]):
    rating = serializers.ChoiceField(choices=[2, 3, 4, 5])
    from_score = serializers.DecimalField(max_digits=6, decimal_places=2, min_value=0, max_value=1000)


class BandsIn(serializers.Serializer[None]):
    """What is left out keeps its bound."""

    bands = BandIn(many=True, allow_empty=False)


class ReadinessOut(serializers.Serializer[Any]):
    """What stands between the cycle and its sign-off. Counts are people."""

    people = serializers.IntegerField()
    left_out = serializers.IntegerField()
    scored = serializers.IntegerField()
    frozen = serializers.IntegerField()
    complete = serializers.IntegerField()
    exceptions = serializers.IntegerField()
    read = serializers.IntegerField()
    newcomers = serializers.IntegerField()
    period_is_closing = serializers.BooleanField()
    is_computing = serializers.SerializerMethodField()
    can_sign_off = serializers.BooleanField()

    def get_is_computing(self, ready: Any) -> bool:
        return ready.run is not None


class ShareOut(serializers.Serializer[Any]):
    """How many people have a rating, null for those without a score; `percent` of those with one."""

    rating = serializers.IntegerField(source="band.rating", allow_null=True, default=None)
    people = serializers.IntegerField()
    percent = serializers.IntegerField()


class Cycles(AppraisalsView):
    """Cycles that I may see; opening one."""

    @extend_schema(responses=CycleOut(many=True), operation_id="cycles_list")
    def get(self, request: Request) -> Response:
        on = people_queries.today(request.actor.organisation)
        paginator = api.NewestFirst()
        found = paginator.paginate_queryset(queries.cycles_visible_to(request.actor, on).order_by(), request)
        return paginator.get_paginated_response(CycleOut(found, many=True).data)

    @extend_schema(request=CycleIn, responses={201: CycleOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_open_cycle(request.actor))
        asked = CycleIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        cycle = actions.open_cycle(
            period=access.get_or_404(people.Period.objects.all(), pk=given["period"]),
            unit=_one(people.BusinessUnit, given["unit"]),
            team=_one(people.Team, given["team"]),
            name_en=given["name_en"],
            name_zh=given["name_zh"],
            by=request.actor,
            at=timezone.now(),
        )
        return Response(CycleOut(cycle).data, status=status.HTTP_201_CREATED)


class CycleDetail(AppraisalsView):
    """One cycle; its next step."""

    @extend_schema(responses=CycleOut, operation_id="cycles_retrieve")
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        return Response(CycleOut(self.cycle(request, cycle_id)).data)

    @extend_schema(request=CycleStepIn, responses=CycleOut, operation_id="cycles_step")
    def post(self, request: Request, cycle_id: uuid.UUID) -> Response:
        """Closes the period's scores, signs the cycle off, or publishes whatever is left."""
        found = self.cycle(request, cycle_id)
        asked = CycleStepIn(data=request.data)
        asked.is_valid(raise_exception=True)
        step = asked.validated_data["step"]
        if step == "close_scores":
            run = actions.close_scores(cycle=found, by=request.actor, at=timezone.now())
            jobs.nudge(scoring_tasks.carry_out_run, str(run.pk))
        elif step == "sign_off":
            actions.sign_off_cycle(cycle=found, by=request.actor, at=timezone.now())
        else:
            actions.publish_wave(cycle=found, by=request.actor, at=timezone.now())
            jobs.nudge(tasks.announce_results)
        return Response(CycleOut(self.cycle(request, cycle_id)).data)


class Bands(AppraisalsView):
    """From which score each rating is suggested."""

    @extend_schema(responses=BandOut(many=True), operation_id="cycle_bands_list")
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        return Response(BandOut(queries.bands_of(found), many=True).data)

    @extend_schema(request=BandsIn, responses=BandOut(many=True), operation_id="cycle_bands_change")
    def put(self, request: Request, cycle_id: uuid.UUID) -> Response:
        """Suggested ratings follow the new bounds."""
        found = self.cycle(request, cycle_id)
        access.require(rules.can_change_cycle(request.actor, found))
        asked = BandsIn(data=request.data)
        asked.is_valid(raise_exception=True)
        standing = {
            band.rating: Decimal(band.from_micro) / MICRO
            for band in queries.bands_of(found)
            if band.from_micro is not None
        }
        wanted = {each["rating"]: each["from_score"] for each in asked.validated_data["bands"]}
        actions.change_bands(cycle=found, bounds=standing | wanted, by=request.actor, at=timezone.now())
        return Response(BandOut(queries.bands_of(found), many=True).data)


class Readiness(AppraisalsView):
    """What stands between the cycle and its sign-off, for HR and auditors."""

    @extend_schema(responses=ReadinessOut)
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        access.require(rules.sees_all_entries(request.actor))
        return Response(ReadinessOut(queries.readiness(found, queries.bands_of(found))).data)


class Distribution(AppraisalsView):
    """How the ratings are spread over the people whose entries I may see, best rating first."""

    @extend_schema(responses=ShareOut(many=True))
    def get(self, request: Request, cycle_id: uuid.UUID) -> Response:
        found = self.cycle(request, cycle_id)
        on = people_queries.today(request.actor.organisation)
        bands = queries.bands_of(found)
        seen = queries.entries_of(found, bands, queries.entries_visible_to(request.actor, on))
        return Response(ShareOut(queries.distribution(seen, bands), many=True).data)


def _one(model: Any, key: uuid.UUID | None) -> Any:
    return access.get_or_404(model.objects.all(), pk=key) if key else None
