"""Scorecards of groups: a manager's people, a unit with those below it, the whole organisation."""

import datetime
import uuid
from typing import Any

from django.http import FileResponse, Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, queries

PERIOD = OpenApiParameter("period", uuid.UUID, description="The current one unless given.")


class StepOut(serializers.Serializer[Any]):
    band = serializers.CharField(source="name", help_text="Empty where scores are counted by tens.")
    range = serializers.CharField()
    number = serializers.IntegerField()


class MeanLineOut(serializers.Serializer[Any]):
    """Contributions sum exactly to the mean, weights to 1,000,000. The key is empty, and the score null, for components
    that are told together."""

    key = serializers.CharField()
    name = serializers.CharField()
    people = serializers.IntegerField(source="number")
    score = serializers.DecimalField(max_digits=12, decimal_places=6, allow_null=True)
    weight_ppm = serializers.IntegerField()
    contribution_micro = serializers.IntegerField()


class MeanOut(serializers.Serializer[Any]):
    mean_micro = serializers.IntegerField()
    constant_micro = serializers.IntegerField()
    median_micro = serializers.IntegerField(
        allow_null=True,
        help_text="null for readers who do not see each score: it can be the score of one person.",
    )
    components = MeanLineOut(many=True, source="lines")


class MovedLineOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    performance_micro = serializers.IntegerField()
    weight_micro = serializers.IntegerField()


class GroupChangeOut(serializers.Serializer[Any]):
    """performance + weight + people effects are the change of the mean. Where `both` is 0, only the means are told."""

    period = serializers.UUIDField(source="period.pk")
    before_micro = serializers.IntegerField()
    before_people = serializers.IntegerField(source="before_number")
    now_micro = serializers.IntegerField()
    change_micro = serializers.IntegerField()
    both = serializers.IntegerField()
    performance_micro = serializers.IntegerField()
    weight_micro = serializers.IntegerField()
    people_micro = serializers.IntegerField()
    components = MovedLineOut(many=True, source="lines")


class WeightsThenOut(serializers.Serializer[Any]):
    period = serializers.UUIDField(source="period.pk")
    percent = serializers.DictField(
        source="weights", child=serializers.DecimalField(max_digits=5, decimal_places=2)
    )


class BelowOut(serializers.Serializer[Any]):
    unit = serializers.UUIDField(source="unit.pk")
    people = serializers.IntegerField(source="number")
    mean_micro = serializers.IntegerField(allow_null=True, help_text="null where it is not told.")


class GroupCardOut(serializers.Serializer[queries.GroupCard]):
    """`mean` and what follows are null or empty where there is no score, and where figures would tell on people whose
    scores the reader does not see (`is_told` is false)."""

    kind = serializers.ChoiceField(choices=["team", "unit", "organisation"], source="scope.kind")
    name = serializers.CharField(source="scope.name")
    period = serializers.UUIDField(source="period.pk")
    members = serializers.IntegerField()
    scored = serializers.IntegerField(source="number")
    is_told = serializers.BooleanField()
    coverage_ppm = serializers.IntegerField()
    provisional = serializers.IntegerField()
    mean = MeanOut(allow_null=True)
    distribution = StepOut(
        many=True,
        source="steps",
        help_text="Each step holds nobody or at least five people whose scores the reader does not see. Empty where that "
        "cannot be, as the steps, or what they leave of a larger group, would tell on single people.",
    )
    change = GroupChangeOut(allow_null=True)
    weights = WeightsThenOut(many=True, source="weights.periods", default=())
    units = BelowOut(many=True, source="below")


class GroupCardsView(api.TenantView):
    """Scorecards of groups that I may open."""

    scope_read = "performance:read"

    def card(self, request: Request, **named: uuid.UUID) -> queries.GroupCard:
        today = self.today(request)
        scope = queries.visible_scope(request.actor, today, **named)
        asked = request.query_params.get("period")
        period = (
            access.get_or_404(people.Period.objects.all(), pk=asked)
            if asked
            else people_queries.current_period(today)
        )
        if scope is None or period is None:
            raise Http404
        return queries.group_card(scope, period, request.actor, today)

    def today(self, request: Request) -> datetime.date:
        return people_queries.day_at(request.actor.organisation, timezone.now())


class GroupCard(GroupCardsView):
    """The scorecard of a manager's people, of a unit with those below it, or of the whole organisation. That of a team is
    for the manager, the line above, HR and auditors; the others for HR, auditors, owners of metrics and administrators,
    and for managers with people there."""

    @extend_schema(parameters=[PERIOD], responses=GroupCardOut)
    def get(self, request: Request, **named: uuid.UUID) -> Any:
        return Response(GroupCardOut(self.card(request, **named)).data)


class GroupCardFile(GroupCardsView):
    """The same as a PDF, in the language asked for."""

    @extend_schema(parameters=[PERIOD], responses={(200, "application/pdf"): bytes})
    def get(self, request: Request, **named: uuid.UUID) -> Any:
        card = self.card(request, **named)
        if not card.has_file:
            raise Http404
        today = self.today(request)
        file = actions.export_group_card(card=card, by=request.actor, at=timezone.now(), on=today)
        return FileResponse(file, as_attachment=True, filename=actions.group_file_name(card))
