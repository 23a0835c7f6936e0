"""The board: every metric at one slice in one month, held against a target, a budget or an earlier month."""

import datetime
import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import api
from performance.kpis import queries
from performance.kpis.api import definitions, fields
from performance.kpis.queries import boards, comparing, heat, likeness
from performance.people import queries as people

OPTIONAL: dict[str, Any] = {"allow_null": True}


class BoardAsked(serializers.Serializer[Any]):
    month = fields.DayField(required=False, default=None, allow_null=True)
    metric = serializers.UUIDField(required=False, default=None, allow_null=True)
    by = serializers.CharField(required=False, default="", allow_blank=True)
    vs = serializers.ChoiceField(choices=list(comparing.BASES), default=comparing.TARGET)
    heat = serializers.ChoiceField(choices=list(heat.SHOWN), default=heat.VALUE)


class IndicatorOut(serializers.Serializer[boards.Indicator]):
    """Decimal text in the unit of the metric. `against`: what it is compared with, as a whole; `path`: where that is today;
    `gap`: the value's distance from it; `status`: on_track, at_risk, off_track, or better, worse, same; unknown."""

    metric = serializers.UUIDField(source="metric.pk")
    key = serializers.CharField(source="metric.key")
    unit = serializers.CharField(source="metric.unit")
    version = serializers.IntegerField(source="version.number")
    value = serializers.CharField(**OPTIONAL)
    state = serializers.CharField(**OPTIONAL)
    coverage_ppm = serializers.IntegerField(**OPTIONAL)
    target = serializers.CharField(**OPTIONAL)
    against = serializers.CharField(**OPTIONAL)
    path = serializers.CharField(**OPTIONAL)
    gap = serializers.CharField(**OPTIONAL)
    status = serializers.CharField()


class RankedOut(serializers.Serializer[Any]):
    slice = serializers.DictField(child=serializers.CharField())
    name = serializers.CharField(source="label")
    value = serializers.CharField(**OPTIONAL)
    state = serializers.CharField()
    coverage_ppm = serializers.IntegerField()
    against = serializers.CharField(**OPTIONAL)
    gap = serializers.CharField(**OPTIONAL)


class TrendOut(serializers.Serializer[Any]):
    month = serializers.DateField()
    value = serializers.CharField(**OPTIONAL)
    state = serializers.CharField(**OPTIONAL)
    target = serializers.CharField(**OPTIONAL)
    against = serializers.CharField(**OPTIONAL)


class SideOut(serializers.Serializer[likeness.Side]):
    before = serializers.CharField(**OPTIONAL)
    after = serializers.CharField(**OPTIONAL)
    change = serializers.CharField(**OPTIONAL)


class LeftOutOut(serializers.Serializer[likeness.LeftOut]):
    """`reason`: began (first value in `month`), ended (last value in it), no_data (none in it)."""

    slice = serializers.DictField(child=serializers.CharField())
    name = serializers.CharField(source="label")
    before = serializers.CharField(**OPTIONAL)
    after = serializers.CharField(**OPTIONAL)
    reason = serializers.CharField()
    month = serializers.DateField()


class LikenessOut(serializers.Serializer[likeness.Likeness]):
    """Two months by everything, and by those parts alone that have values in both."""

    since = serializers.DateField()
    until = serializers.DateField()
    cut = serializers.CharField()
    whole = SideOut()
    alike = SideOut()
    kept = serializers.IntegerField()
    left_out = LeftOutOut(many=True)
    left_out_count = serializers.IntegerField()
    refusal = serializers.CharField(allow_blank=True)


class HeatCellOut(serializers.Serializer[heat.Cell]):
    """`step`: 1 (worst) to 5 (best) of all cells, 0 where nothing is compared."""

    month = serializers.DateField()
    value = serializers.CharField(**OPTIONAL)
    number = serializers.CharField(**OPTIONAL)
    state = serializers.CharField(**OPTIONAL)
    step = serializers.IntegerField()


class HeatRowOut(serializers.Serializer[heat.Row]):
    slice = serializers.DictField(child=serializers.CharField())
    name = serializers.CharField(source="label")
    cells = HeatCellOut(many=True)


class HeatOut(serializers.Serializer[heat.Heat]):
    shown = serializers.ChoiceField(choices=list(heat.SHOWN))
    rows = HeatRowOut(many=True)
    hidden = serializers.IntegerField()


class BoardOut(serializers.Serializer[Any]):
    """`chosen`: the metric whose trend, ranking, heat map and like-for-like comparison follow."""

    month = serializers.DateField()
    vs = serializers.ChoiceField(choices=list(comparing.BASES))
    compared_month = serializers.DateField(**OPTIONAL)
    slice = serializers.DictField(child=serializers.CharField())
    by = serializers.CharField(allow_blank=True)
    chosen = serializers.UUIDField()
    indicators = IndicatorOut(many=True)
    trend = TrendOut(many=True)
    ranked = RankedOut(many=True)
    like_for_like = LikenessOut(**OPTIONAL)
    heat = HeatOut(**OPTIONAL)
    is_narrowed = serializers.BooleanField(help_text="Only the parts of the reader's branch are there.")


ASKED = [
    OpenApiParameter("month", datetime.date, description="A day of the month; the latest when absent."),
    OpenApiParameter("metric", uuid.UUID, description="Of the trend, the ranking and the heat map."),
    OpenApiParameter("by", str, description="The dimension of the ranking and the heat map."),
    OpenApiParameter("vs", str, enum=list(comparing.BASES), default=comparing.TARGET),
    OpenApiParameter("heat", str, enum=list(heat.SHOWN), default=heat.VALUE),
]


def board_of(request: Request) -> boards.Board:
    """The board that the parameters ask for; dimensions narrow it. Raises NotFound where nothing is certified."""
    asked = BoardAsked(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    given = asked.validated_data
    found = boards.board(
        today=people.today(request.actor.organisation),
        at=timezone.now(),
        month=given["month"],
        within=fields.slice_of(request),
        metric_id=given["metric"],
        cut=given["by"],
        basis=given["vs"],
        heat=given["heat"],
        sight=queries.sight_of(request.actor),
    )
    if found is None:
        raise NotFound
    return found


class BoardView(api.TenantView):
    """The board as the page shows it; not found while no metric is certified."""

    scope_read = definitions.READ

    @extend_schema(operation_id="metrics_board", responses=BoardOut, parameters=ASKED)
    def get(self, request: Request) -> Response:
        return Response(BoardOut(_body(board_of(request))).data)


def _body(found: boards.Board) -> dict[str, Any]:
    return {
        "month": found.month,
        "vs": found.basis,
        "compared_month": found.compared_month,
        "slice": found.within,
        "by": found.cut,
        "chosen": found.chosen.metric.pk,
        "indicators": found.indicators,
        "trend": [
            {
                "month": point.month,
                "value": point.value,
                "state": point.state,
                "target": point.target,
                "against": found.references.get(point.month),
            }
            for point in found.trend
        ],
        "ranked": found.ranked,
        "like_for_like": found.likeness,
        "heat": found.heat,
        "is_narrowed": found.is_narrowed,
    }
