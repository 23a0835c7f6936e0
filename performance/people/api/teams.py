"""Endpoints of teams."""

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
from performance.people.models import Person, Scope, Team


class TeamOut(serializers.ModelSerializer[Team]):
    parent_id = serializers.UUIDField(allow_null=True)
    lead_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = Team
        fields = ["id", "code", "name_en", "name_zh", "parent_id", "lead_id"]


class TeamDetailOut(TeamOut):
    members = serializers.IntegerField(help_text="On the day asked for.")

    class Meta(TeamOut.Meta):
        fields = [*TeamOut.Meta.fields, "closed_on", "members"]


class TeamIn(serializers.Serializer[Team]):
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True)
    parent_id = serializers.UUIDField(required=False, allow_null=True)
    lead_id = serializers.UUIDField(required=False, allow_null=True)


class NewTeamIn(TeamIn):
    code = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", help_text="The name when absent."
    )


class MemberOut(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = ["id", "number", "name_en", "name_zh", "title_en", "title_zh"]


def _team(team_id: uuid.UUID) -> Team:
    return access.get_or_404(queries.all_teams(), pk=team_id)


def _related(request: Request, asked: dict[str, Any]) -> dict[str, Any]:
    """The parent and the lead in place of their ids, where they were named at all."""
    if "parent_id" in asked:
        parent_id = asked.pop("parent_id")
        open_teams = queries.teams(queries.today(request.actor.organisation))
        asked["parent"] = access.get_or_404(open_teams, pk=parent_id) if parent_id else None
    if "lead_id" in asked:
        asked["lead"] = shared.colleague(request, asked.pop("lead_id"))
    return asked


class Teams(api.TenantView):
    """Teams that are open today; starting one."""

    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(responses=TeamOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        teams = queries.teams(queries.today(request.actor.organisation)).order_by()
        return paginator.get_paginated_response(
            TeamOut(paginator.paginate_queryset(teams, request), many=True).data
        )

    @extend_schema(request=NewTeamIn, responses={201: TeamOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_edit_people(request.actor))
        asked = _related(request, shared.valid(NewTeamIn(data=request.data)))
        team = actions.start_team(by=request.actor, at=timezone.now(), **asked)
        return Response(TeamOut(team).data, status=status.HTTP_201_CREATED)


class OneTeam(api.TenantView):
    """One team on a day (`?asof=`); its names, place and lead."""

    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(operation_id="teams_one", responses=TeamDetailOut, parameters=[shared.ASOF])
    def get(self, request: Request, team_id: uuid.UUID) -> Response:
        team = _team(team_id)
        members = queries.members_of(team.pk, shared.day_asked(request)).count()
        detail = {**TeamOut(team).data, "closed_on": team.closed_on, "members": members}
        return Response(detail)

    @extend_schema(operation_id="teams_change", request=TeamIn(partial=True), responses=TeamOut)
    def patch(self, request: Request, team_id: uuid.UUID) -> Response:
        team = _team(team_id)
        access.require(rules.can_edit_people(request.actor))
        asked = _related(request, shared.valid(TeamIn(data=request.data, partial=True)))
        kept = {key: getattr(team, key) for key in ("name_en", "name_zh", "parent", "lead")}
        team = actions.edit_team(team=team, by=request.actor, at=timezone.now(), **(kept | asked))
        return Response(TeamOut(team).data)


class Members(api.TenantView):
    """Who belongs to a team on a day (`?asof=`)."""

    scope_read = Scope.PEOPLE_READ

    @extend_schema(operation_id="teams_members", responses=MemberOut(many=True), parameters=[shared.ASOF])
    def get(self, request: Request, team_id: uuid.UUID) -> Response:
        members = queries.members_of(_team(team_id).pk, shared.day_asked(request))
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(members.order_by(), request)
        return paginator.get_paginated_response(MemberOut(page, many=True).data)


class Closing(api.TenantView):
    """The team ends today. Its history stays."""

    access = shared.HR
    scope_write = Scope.PEOPLE_WRITE

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, team_id: uuid.UUID) -> Response:
        team = _team(team_id)
        access.require(rules.can_edit_people(request.actor))
        today = queries.today(request.actor.organisation)
        actions.close_team(team=team, on=today, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
