"""When check-ins are due, who owes one, and letting somebody off."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.api.objectives import GoalsView
from okr.models import Cadence, CheckInDuty
from okr.models.rhythm import Weekday
from performance.foundation import access, api
from performance.people import queries as people


class CadenceOut(serializers.ModelSerializer[Cadence]):
    team_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = Cadence
        fields = [
            "team_id",
            "every_weeks",
            "due_weekday",
            "due_hour",
            "grace_days",
            "escalate_days",
            "levels",
        ]


class CadenceIn(serializers.Serializer[None]):
    """Days are workdays; `levels` is how far up the line a missing check-in is told."""

    every_weeks = serializers.IntegerField(min_value=1, max_value=4)
    due_weekday = serializers.ChoiceField(choices=Weekday.choices)
    due_hour = serializers.IntegerField(min_value=0, max_value=23)
    grace_days = serializers.IntegerField(min_value=0, max_value=5)
    escalate_days = serializers.IntegerField(min_value=1, max_value=10)
    levels = serializers.IntegerField(min_value=0, max_value=3)


class DutyOut(serializers.ModelSerializer[CheckInDuty]):
    person_id = serializers.UUIDField()

    class Meta:
        model = CheckInDuty
        fields = [
            *("id", "person_id", "week_starts_on", "due_at", "state", "excuse", "reason"),
            *("asked_at", "escalations", "escalate_at", "done_at"),
        ]


class ExcuseIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=300)


class CadenceView(GoalsView):
    """The rhythm of everybody without another."""

    @extend_schema(operation_id="goals_read_rhythm", responses=CadenceOut)
    def get(self, request: Request) -> Response:
        return Response(CadenceOut(queries.standing_cadence()).data)

    @extend_schema(operation_id="goals_set_rhythm", request=CadenceIn, responses=CadenceOut)
    def put(self, request: Request) -> Response:
        return _set(self, None)


class TeamCadence(GoalsView):
    """The rhythm of one team: its own, or everybody's."""

    @extend_schema(operation_id="goals_read_team_rhythm", responses=CadenceOut)
    def get(self, request: Request, team_id: uuid.UUID) -> Response:
        return Response(CadenceOut(queries.standing_cadence(_team(team_id))).data)

    @extend_schema(operation_id="goals_set_team_rhythm", request=CadenceIn, responses=CadenceOut)
    def put(self, request: Request, team_id: uuid.UUID) -> Response:
        return _set(self, _team(team_id))

    @extend_schema(operation_id="goals_drop_team_rhythm", responses={204: None})
    def delete(self, request: Request, team_id: uuid.UUID) -> Response:
        """The team follows everybody's rhythm again."""
        team = _team(team_id)
        access.require(rules.can_set_cadence(self.actor, team))
        cadence = access.get_or_404(queries.cadences(), team=team)
        actions.drop_cadence(cadence=cadence, by=self.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Duties(GoalsView):
    """Who owes or owed a check-in: one's own weeks and those of the people below; HR and auditors see all."""

    @extend_schema(
        operation_id="goals_duties",
        responses=DutyOut(many=True),
        parameters=[
            OpenApiParameter("week_starts_on", str),
            OpenApiParameter("state", str, enum=["open", "done", "excused", "missed"]),
        ],
    )
    def get(self, request: Request) -> Response:
        found = queries.duties_visible_to(self.actor, people.today(self.actor.organisation))
        for name in ("week_starts_on", "state"):
            if request.query_params.get(name):
                found = found.filter(**{name: request.query_params[name]})
        pages = api.NewestFirst()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(DutyOut(page, many=True).data)


class ExcuseWeek(GoalsView):
    """A manager lets somebody off a week."""

    @extend_schema(operation_id="goals_excuse_week", request=ExcuseIn, responses=DutyOut)
    def post(self, request: Request, duty_id: uuid.UUID) -> Response:
        on = people.today(self.actor.organisation)
        duty = access.get_or_404(queries.duties_visible_to(self.actor, on), pk=duty_id)
        access.require(rules.can_excuse(self.actor, duty, people.line_above(duty.person_id, on)))
        given = self.valid(ExcuseIn)
        return Response(
            DutyOut(actions.excuse_week(duty=duty, **given, by=self.actor, at=timezone.now())).data
        )

    @extend_schema(operation_id="goals_take_excuse_back", request=None, responses=DutyOut)
    def delete(self, request: Request, duty_id: uuid.UUID) -> Response:
        """Takes a manager's excuse back, while nothing else came of the week: it is owed again."""
        on = people.today(self.actor.organisation)
        duty = access.get_or_404(queries.duties_visible_to(self.actor, on), pk=duty_id)
        access.require(rules.can_excuse(self.actor, duty, people.line_above(duty.person_id, on)))
        return Response(DutyOut(actions.take_excuse_back(duty=duty, by=self.actor, at=timezone.now())).data)


def _team(team_id: uuid.UUID) -> Any:
    return access.get_or_404(people.all_teams(), pk=team_id)


def _set(view: GoalsView, team: Any) -> Response:
    access.require(rules.can_set_cadence(view.actor, team))
    choices = view.valid(CadenceIn)
    return Response(
        CadenceOut(actions.set_cadence(team=team, choices=choices, by=view.actor, at=timezone.now())).data
    )
