"""Goals seen from further away: the strategy map, the timeline, confidence week by week, two periods side by side."""

import uuid
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from okr import queries
from okr.api.objectives import NARROWING, GoalsView, period_asked, uuid_of
from okr.api.serializers import PERCENT, GoalOut, decimal_text, percent_of
from okr.api.teams import Pages
from okr.models.objectives import SCORED_STATES
from performance.people import queries as people

PERIOD = OpenApiParameter("period", uuid.UUID, description="The present one where it is left out.")
PAGING = [OpenApiParameter("page", int), OpenApiParameter("page_size", int)]


class PageOut(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class WeekOfConfidenceOut(serializers.Serializer):
    week_starts_on = serializers.DateField()
    confidence = serializers.IntegerField(
        allow_null=True, help_text="The lowest of its key results, 1 to 5; null where nobody said."
    )


class ConfidenceRowOut(serializers.Serializer):
    objective = GoalOut()
    change = serializers.IntegerField(allow_null=True, help_text="From the last answer but one to the last.")
    weeks = serializers.SerializerMethodField()

    @extend_schema_field(WeekOfConfidenceOut(many=True))
    def get_weeks(self, row: queries.ConfidenceRow) -> list[dict[str, Any]]:
        return [{"week_starts_on": week, "confidence": confidence} for week, confidence in row.weeks]


class ConfidenceOut(PageOut):
    results = ConfidenceRowOut(many=True)


class Confidence(GoalsView):
    @extend_schema(
        operation_id="goals_confidence",
        parameters=[PERIOD, *NARROWING, *PAGING],
        responses=ConfidenceOut,
    )
    def get(self, request: Request) -> Response:
        """How sure people were of the goals of a period, week by week; those in force that you may see, by owner."""
        today = people.today(self.actor.organisation)
        period = period_asked(request, today)
        found = self.narrowed(period) if period else queries.visible_to(self.actor).none()
        running = found.filter(state__in=SCORED_STATES).order_by("owner__name_sort", "created_at", "id")
        pages = Pages()
        page: Any = pages.paginate_queryset(queries.with_key_results(running), request, view=self)
        rows = queries.confidence_rows(page, queries.weeks_of(period, today) if period else [])
        shown = ConfidenceRowOut(rows, many=True, context=self.measured(page))
        return pages.get_paginated_response(shown.data)


class AgreedOut(serializers.Serializer):
    version = serializers.IntegerField()
    on = serializers.DateField()


class TimelineRowOut(serializers.Serializer):
    objective = GoalOut()
    starts_on = serializers.DateField(source="objective.period.starts_on")
    ends_on = serializers.DateField(source="objective.period.ends_on")
    agreed = serializers.SerializerMethodField(help_text="When each version was agreed, in that year.")

    @extend_schema_field(AgreedOut(many=True))
    def get_agreed(self, row: Any) -> list[dict[str, Any]]:
        return [{"version": number, "on": day} for _place, number, day in row.marks]


class TimelineOut(PageOut):
    first = serializers.DateField(help_text="The first day of the fiscal year.")
    last = serializers.DateField()
    results = TimelineRowOut(many=True)


class Timeline(GoalsView):
    @extend_schema(
        operation_id="goals_timeline",
        parameters=[
            OpenApiParameter(
                "period",
                uuid.UUID,
                description="Names the fiscal year around it; the present one by default.",
            ),
            *NARROWING,
            *PAGING,
        ],
        responses=TimelineOut,
    )
    def get(self, request: Request) -> Response:
        """The goals of a fiscal year that you may see, by owner and time, with what was agreed when."""
        organisation = self.actor.organisation
        today = people.today(organisation)
        frame = queries.frame_around(period_asked(request, today), today, organisation.fiscal_start_month)
        pages = Pages()
        found = queries.with_key_results(queries.within(self.narrowed(None), frame))
        page: Any = pages.paginate_queryset(found, request, view=self)
        rows = queries.timeline_rows(page, frame, self.actor)
        shown = TimelineRowOut(rows, many=True, context=self.measured(page))
        answer = pages.get_paginated_response(shown.data)
        answer.data |= {"first": frame.first, "last": frame.last}
        return answer


class TotalsOut(serializers.Serializer):
    """The goals that are or were in force in a period, in parts by how far they came."""

    period = serializers.UUIDField(source="period.pk")
    policy = serializers.SerializerMethodField(
        help_text="The version that counts their progress; 0: none chosen."
    )
    goals = serializers.IntegerField()
    owners = serializers.IntegerField()
    progress = serializers.SerializerMethodField(help_text="The mean of those with a score.")
    reached = serializers.SerializerMethodField(help_text="From 100 percent on.")
    good = serializers.SerializerMethodField(help_text="From 70 percent on.")
    partly = serializers.SerializerMethodField(help_text="From 30 percent on.")
    little = serializers.SerializerMethodField(help_text="Below 30 percent.")
    unscored = serializers.SerializerMethodField()

    def get_policy(self, total: Any) -> int:
        number: int = self.context["policies"][total.period.pk]
        return number

    @extend_schema_field(PERCENT)
    def get_progress(self, total: Any) -> str | None:
        return decimal_text(percent_of(total.mean_micro))

    def get_reached(self, total: Any) -> int:
        return _part(total, "reached")

    def get_good(self, total: Any) -> int:
        return _part(total, "good")

    def get_partly(self, total: Any) -> int:
        return _part(total, "partly")

    def get_little(self, total: Any) -> int:
        return _part(total, "little")

    def get_unscored(self, total: Any) -> int:
        return _part(total, "unscored")


def _part(total: Any, name: str) -> int:
    return dict(total.parts)[name]


class ComparedOwnerOut(serializers.Serializer):
    kind = serializers.CharField(help_text="organisation, team or person")
    owner = serializers.UUIDField(
        source="owner.pk", default=None, allow_null=True, help_text="Null of the organisation."
    )
    goals_before = serializers.IntegerField()
    goals_now = serializers.IntegerField()
    before = serializers.IntegerField(allow_null=True, help_text="Mean progress in whole percent.")
    now = serializers.IntegerField(allow_null=True)
    change = serializers.IntegerField(allow_null=True, help_text="In points.")


class ComparisonOut(PageOut):
    before = TotalsOut(allow_null=True)
    now = TotalsOut(allow_null=True)
    results = ComparedOwnerOut(many=True)


class Comparison(GoalsView):
    @extend_schema(
        operation_id="goals_compare_periods",
        parameters=[
            OpenApiParameter(
                "before", uuid.UUID, description="The period of its kind before, where it is left out."
            ),
            OpenApiParameter("now", uuid.UUID, description="The present one where it is left out."),
            *PAGING,
        ],
        responses=ComparisonOut,
    )
    def get(self, request: Request) -> Response:
        """Two periods side by side, in all and owner by owner, of the goals that you may see: the wider owner first, then
        who fell most. Without a period to compare with both totals are null."""
        now = period_asked(request, people.today(self.actor.organisation), "now")
        before = queries.period_before(list(people.periods()), now)
        if request.query_params.get("before"):
            before = period_asked(request, people.today(self.actor.organisation), "before")
        visible = queries.visible_to(self.actor)
        both = [before, now] if before is not None and now is not None else []
        owners = queries.owners_compared(visible, before=before, now=now) if both else []
        pages = Pages()
        page: Any = pages.paginate_queryset(owners, request, view=self)  # type: ignore[arg-type]
        answer = pages.get_paginated_response(ComparedOwnerOut(queries.comparison_rows(page), many=True).data)
        answer.data |= {"before": None, "now": None}
        if both:
            policies = queries.policies_of(period.pk for period in both)
            numbers = {key: policy.number for key, policy in policies.items()}
            totals = TotalsOut(queries.totals_of(visible, both), many=True, context={"policies": numbers})
            answer.data |= dict(zip(("before", "now"), totals.data, strict=True))
        return answer


class MapNodeOut(serializers.Serializer):
    objective = GoalOut(source="row.objective")
    depth = serializers.IntegerField(help_text="0 at the top.")
    below = serializers.IntegerField(help_text="How many visible goals serve it directly.")
    unshown = serializers.IntegerField(help_text="Of those, how many an open branch does not list here.")
    is_open = serializers.BooleanField()
    is_found = serializers.BooleanField(help_text="The words name it.")


class MapLineOut(serializers.Serializer):
    kind = serializers.CharField(help_text="contributes, supports or needs")
    start = serializers.UUIDField(help_text="What serves, or needs something.")
    end = serializers.UUIDField(help_text="What is served, or is needed.")
    start_drawn = serializers.UUIDField(
        help_text="The node that shows it: its own, or that of the goal which it is folded into."
    )
    end_drawn = serializers.UUIDField()
    share = serializers.SerializerMethodField(
        help_text="Percent of what is served; 0 where nothing flows up."
    )

    @extend_schema_field(serializers.DecimalField(max_digits=7, decimal_places=4))
    def get_share(self, edge: Any) -> str:
        return str(Decimal(edge.share_ppm) / 10_000)


class MapOut(serializers.Serializer):
    period = serializers.UUIDField(allow_null=True)
    nodes = MapNodeOut(many=True)
    lines = MapLineOut(many=True)
    unconnected = serializers.IntegerField(help_text="Goals that serve nothing and are served by none.")
    unconnected_nodes = MapNodeOut(many=True, help_text="Of these, the oldest, what was looked for first.")
    hidden_roots = serializers.IntegerField(help_text="Goals at the top that are not listed here.")
    undrawn_needs = serializers.IntegerField(help_text="Needs that lead to or from goals without a node.")


class StrategyMap(GoalsView):
    @extend_schema(
        operation_id="goals_map",
        parameters=[
            PERIOD,
            OpenApiParameter("q", str, description="Words: what they name is opened up to, and marked."),
            OpenApiParameter(
                "open",
                str,
                description="Ids of the branches to open, with commas between them. Left out: as many as fit.",
            ),
        ],
        responses=MapOut,
    )
    def get(self, request: Request) -> Response:
        """What serves what in a period, from the goals at the top down, as far as you may see it. Bounded: the rest of a
        branch is read at goals/objectives/{id}/served-by/."""
        actor = self.actor
        period = period_asked(request, today := people.today(actor.organisation))
        if period is None:
            return Response(MapOut(NO_MAP).data)
        period.organisation = actor.organisation
        visible = queries.visible_to(actor)
        words = request.query_params.get("q", "")
        hits = queries.found_on_map(visible, reader=actor, period=period, words=words)
        asked = request.query_params.get("open")
        drawn = queries.strategy_map(
            visible,
            pace=queries.pace_of(period, today),
            policy=queries.policy_of(period),
            opened=None if asked is None else _ids(asked),
            found={hit.pk for hit in hits},
            is_lane_open=True,
        )
        shown = {
            "period": period.pk,
            "nodes": drawn.nodes,
            "lines": drawn.edges,
            "unconnected": drawn.unconnected,
            "unconnected_nodes": drawn.lane,
            "hidden_roots": drawn.hidden_roots,
            "undrawn_needs": drawn.undrawn_needs,
        }
        measured = self.measured([node.row.objective for node in drawn.drawn])
        return Response(MapOut(shown, context=measured).data)


NO_MAP: dict[str, Any] = {
    "period": None,
    "nodes": [],
    "lines": [],
    "unconnected": 0,
    "unconnected_nodes": [],
    "hidden_roots": 0,
    "undrawn_needs": 0,
}


def _ids(text: str) -> set[uuid.UUID]:
    return {key for each in text.split(",") if (key := uuid_of(each)) is not None}
