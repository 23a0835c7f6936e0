"""A team over time: its weeks, what became of its goals, what it said of ended periods."""

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import pagination, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from okr import queries, rules
from okr.api.check_in_shapes import CheckInReplyOut, KeyResultEntryOut, WeekIn
from okr.api.objectives import GoalsView, period_asked
from okr.api.retrospectives import AgreedActionOut, Circles
from performance.foundation import access
from performance.people import models as people_models
from performance.people import queries as people

#: What is counted of a week.
COUNTED = ("reported", "asked", "owing")


class TeamWeekRowOut(serializers.Serializer):
    person = serializers.UUIDField(source="person.pk")
    state = serializers.SerializerMethodField(help_text="reported, excused or open")
    check_in = serializers.SerializerMethodField(help_text="Null where its words are not for you.")
    at = serializers.DateTimeField(source="check_in.at", default=None)
    wins = serializers.CharField(source="check_in.wins", default="")
    plans = serializers.CharField(source="check_in.plans", default="")
    blockers = serializers.CharField(source="check_in.blockers", default="")
    asks = serializers.UUIDField(source="check_in.asks_id", default=None, allow_null=True)
    confidence = serializers.IntegerField(allow_null=True)
    confidence_before = serializers.IntegerField(allow_null=True)
    entries = KeyResultEntryOut(many=True)
    replies = CheckInReplyOut(many=True)

    def get_state(self, row: queries.TeamRow) -> str:
        if row.check_in is not None:
            return "reported"
        return "excused" if row.is_excused else "open"

    def get_check_in(self, row: queries.TeamRow) -> uuid.UUID | None:
        return row.check_in.pk if row.check_in is not None and row.is_told else None


class TeamWeekOut(serializers.Serializer):
    week_starts_on = serializers.DateField()
    members = serializers.IntegerField(help_text="Who belonged to the team at the end of the week.")
    reported = serializers.IntegerField(
        allow_null=True, help_text="Null in a team so small that a count would name somebody to you."
    )
    asked = serializers.IntegerField(allow_null=True, help_text="0: nobody was asked.")
    owing = serializers.IntegerField(
        allow_null=True,
        help_text="Who reported, or was asked to and is not excused: of so many the reported ones are a part.",
    )
    rows = TeamWeekRowOut(many=True)


class DifferenceOut(serializers.Serializer):
    # A serializer's own `label` does not matter to declared fields.
    label = serializers.CharField()  # type: ignore[assignment]
    old = serializers.CharField(allow_null=True)
    new = serializers.CharField(allow_null=True)


class TeamEventOut(serializers.Serializer):
    kind = serializers.CharField(help_text="proposed, agreed, withdrawn, lapsed or closed")
    at = serializers.DateTimeField()
    objective = serializers.UUIDField(source="objective.pk")
    title = serializers.CharField(source="objective.title")
    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)
    by = serializers.SerializerMethodField(help_text="Who proposed or withdrew it.")
    reason = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()
    percent = serializers.IntegerField(allow_null=True)

    def get_by(self, event: queries.TeamEvent) -> uuid.UUID | None:
        return event.version.by_id if event.version is not None and event.kind == "proposed" else None

    def get_reason(self, event: queries.TeamEvent) -> str:
        return event.version.reason if event.version is not None and event.kind == "proposed" else ""

    def get_changes(self, event: queries.TeamEvent) -> list[dict[str, str | None]]:
        return [dict(zip(("label", "old", "new"), row, strict=True)) for row in event.changes]


class TeamHistoryOut(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TeamEventOut(many=True)


class TeamRetrospectiveOut(serializers.Serializer):
    period = serializers.UUIDField(source="period.pk")
    closed_at = serializers.DateTimeField(source="retrospective.closed_at", default=None, allow_null=True)
    notes = serializers.IntegerField(source="note_count")
    agreed = AgreedActionOut(many=True)


class Pages(pagination.PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class TeamCheckIns(GoalsView):
    @extend_schema(operation_id="goals_team_check_ins", parameters=[WeekIn], responses=TeamWeekOut)
    def get(self, request: Request, team_id: uuid.UUID) -> Response:
        """A week of a team: how many reported, and of each member what you may read: all of yourself and of the people
        below you, of others the readings of goals that you see."""
        actor = self.actor
        asked = WeekIn(data=request.query_params)
        asked.is_valid(raise_exception=True)
        team = access.get_or_404(people_models.Team.objects.all(), pk=team_id)
        today = people.today(actor.organisation)
        monday = min(rules.monday_of(asked.validated_data["week_starts_on"]), rules.monday_of(today))
        (count,) = queries.counts_by_week(team, [monday], today, actor)
        told = {name: getattr(count, name) if count.is_told else None for name in COUNTED}
        shown = {
            "week_starts_on": monday,
            "members": count.members,
            **told,
            "rows": queries.week_of_team(team, monday, today=today, reader=actor),
        }
        return Response(TeamWeekOut(shown).data)


class TeamHistory(GoalsView):
    @extend_schema(
        operation_id="goals_team_history",
        parameters=[
            OpenApiParameter("period", uuid.UUID, description="The present one where it is left out."),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int),
        ],
        responses=TeamHistoryOut,
    )
    def get(self, request: Request, team_id: uuid.UUID) -> Response:
        """What became of the goals of a team and its people in a period, newest first, as far as you may read it."""
        actor = self.actor
        team = access.get_or_404(people_models.Team.objects.all(), pk=team_id)
        today = people.today(actor.organisation)
        events = queries.team_history(
            queries.own_objectives(
                queries.visible_to(actor, today),
                team=team,
                member_ids=people.members_of(team.pk, today).values_list("pk", flat=True),
                period=period_asked(request, today),
            ),
            actor,
        )
        pages = Pages()
        page: Any = pages.paginate_queryset(events, request, view=self)
        return pages.get_paginated_response(TeamEventOut(page, many=True).data)


class TeamRetrospectives(Circles):
    @extend_schema(operation_id="goals_team_retrospectives", responses=TeamRetrospectiveOut(many=True))
    def get(self, request: Request, team_id: uuid.UUID) -> Response:
        """The ended periods of a team that you may look back on, with how much was said and what was agreed."""
        team, endings = self.endings(team_id)
        return Response(TeamRetrospectiveOut(queries.looked_back(team, endings), many=True).data)
