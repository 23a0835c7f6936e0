"""What objectives need from each other: read, ask, accept or decline, withdraw, mark as met."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.api.objectives import GoalsView, uuid_of
from okr.models import Dependency
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people


class DependencyIn(serializers.Serializer):
    on = serializers.UUIDField(help_text="The objective that it is needed from.")
    what = serializers.CharField(max_length=300, help_text="In one sentence.")
    due_on = serializers.DateField(required=False, allow_null=True, default=None)


class DependencyDeclineIn(serializers.Serializer):
    reason = serializers.CharField(max_length=500)


class DependencyOut(serializers.ModelSerializer[Dependency]):
    objective = serializers.SerializerMethodField(help_text="Null: one that you may not see needs it.")
    on = serializers.SerializerMethodField(help_text="Null: it is needed from one that you may not see.")
    what = serializers.CharField(help_text="Empty: it was said while one of the two was not for you to see.")
    by = serializers.UUIDField(source="by_id")
    answered_by = serializers.UUIDField(source="answered_by_id", allow_null=True)

    class Meta:
        model = Dependency
        fields = [
            *("id", "objective", "on", "what", "due_on", "state", "by", "at", "answered_by", "answered_at"),
            *("reason", "ended_at"),
        ]

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_objective(self, row: Any) -> str | None:
        return str(row.objective_id) if row.sees_objective else None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_on(self, row: Any) -> str | None:
        return str(row.on_id) if row.sees_on else None


class DependenciesOut(serializers.Serializer):
    needs = DependencyOut(many=True)
    needed_by = DependencyOut(many=True)


class _One(GoalsView):
    def reached(self, dependency_id: uuid.UUID) -> Dependency:
        return access.get_or_404(queries.dependencies_within_reach(self.actor), pk=dependency_id)

    def line_of(self, owner_id: uuid.UUID) -> list[uuid.UUID]:
        return people.line_above(owner_id, people.today(self.actor.organisation))

    def asked(self, dependency_id: uuid.UUID) -> Dependency:
        one = self.reached(dependency_id)
        access.require(rules.can_answer(self.actor, one, self.line_of(one.on.owner_id)))
        access.get_or_404(queries.visible_to(self.actor), pk=one.on_id)
        return one

    def told(self, dependency_id: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
        return Response(DependencyOut(self.reached(dependency_id)).data, status=code)


class Dependencies(_One):
    @extend_schema(operation_id="goals_dependencies", responses=DependenciesOut)
    def get(self, request: Request, objective_id: uuid.UUID) -> Response:
        """What the objective needs from others, and what they need from it; only as far as you may see both ends.
        Whoever speaks for the objective is told of each; an end that they may not see is null."""
        one, line = self.found(objective_id)
        speaks = rules.speaks_for(self.actor, one, line)
        needs, needed = queries.dependencies_of(
            one, queries.visible_to(self.actor), reader=self.actor, speaks=speaks
        )
        return Response(DependenciesOut({"needs": needs, "needed_by": needed}).data)

    @extend_schema(operation_id="goals_ask_dependency", request=DependencyIn, responses={201: DependencyOut})
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Asks something of another objective of the same period. It is an ask until its side accepts."""
        one, line = self.found(objective_id)
        access.require(rules.can_ask_of(self.actor, one, line))
        given = self.valid(DependencyIn)
        on = access.get_or_404(queries.visible_to(self.actor), pk=given.pop("on"))
        asked = actions.ask_of_objective(objective=one, on=on, by=self.actor, at=timezone.now(), **given)
        return self.told(asked.pk, status.HTTP_201_CREATED)


class TeamDependencies(GoalsView):
    @extend_schema(
        operation_id="goals_team_dependencies",
        parameters=[OpenApiParameter("period", uuid.UUID, description="The current one when absent.")],
        responses=DependenciesOut,
    )
    def get(self, request: Request, team_id: uuid.UUID) -> Response:
        """What the team still needs from others and others from it, of goals that you may see."""
        today = people.today(self.actor.organisation)
        team = access.get_or_404(people_models.Team.objects.all(), pk=team_id)
        asked = uuid_of(request.query_params.get("period"))
        period = access.get_or_404(people.periods(), pk=asked) if asked else people.current_period(today)
        rows: list[tuple[Dependency, bool]] = []
        if period is not None:
            members = people.members_of(team.pk, today).values_list("pk", flat=True)
            visible = queries.visible_to(self.actor)
            rows = queries.between_teams(
                visible, team=team, member_ids=members, period=period, reader=self.actor
            )
        ours = {"needs": [row for row, is_ours in rows if is_ours]}
        return Response(
            DependenciesOut({**ours, "needed_by": [row for row, is_ours in rows if not is_ours]}).data
        )


class AcceptDependency(_One):
    @extend_schema(operation_id="goals_accept_dependency", request=None, responses=DependencyOut)
    def post(self, request: Request, dependency_id: uuid.UUID) -> Response:
        """Takes on what another objective needs."""
        actions.accept_dependency(dependency=self.asked(dependency_id), by=self.actor, at=timezone.now())
        return self.told(dependency_id)


class DeclineDependency(_One):
    @extend_schema(
        operation_id="goals_decline_dependency", request=DependencyDeclineIn, responses=DependencyOut
    )
    def post(self, request: Request, dependency_id: uuid.UUID) -> Response:
        """Does not take it on; whoever asked reads why."""
        one = self.asked(dependency_id)
        given = self.valid(DependencyDeclineIn)
        actions.decline_dependency(dependency=one, reason=given["reason"], by=self.actor, at=timezone.now())
        return self.told(dependency_id)


class WithdrawDependency(_One):
    @extend_schema(operation_id="goals_withdraw_dependency", request=None, responses=DependencyOut)
    def post(self, request: Request, dependency_id: uuid.UUID) -> Response:
        """Needs it no more, or puts aside what was declined."""
        one = self.reached(dependency_id)
        access.require(rules.can_take_off(self.actor, one, self.line_of(one.objective.owner_id)))
        actions.withdraw_dependency(dependency=one, by=self.actor, at=timezone.now())
        return self.told(dependency_id)


class MeetDependency(_One):
    @extend_schema(operation_id="goals_meet_dependency", request=None, responses=DependencyOut)
    def post(self, request: Request, dependency_id: uuid.UUID) -> Response:
        """What was needed, and accepted, is there. Either side says so."""
        one = self.reached(dependency_id)
        asking, asked = self.line_of(one.objective.owner_id), self.line_of(one.on.owner_id)
        access.require(rules.can_meet(self.actor, one, asking, asked))
        actions.meet_dependency(dependency=one, by=self.actor, at=timezone.now())
        return self.told(dependency_id)
