"""Targets planned in one go: what a plan would set, setting it, and taking it back."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import actions, queries, rules
from performance.kpis.api import definitions, fields
from performance.kpis.models import PlanKind, TargetKind, TargetPlan
from performance.kpis.models.targets import WAYS
from performance.kpis.queries import planning


class TargetPlanOut(serializers.ModelSerializer[TargetPlan]):
    slice = serializers.DictField(child=serializers.CharField())
    rows = serializers.SerializerMethodField(help_text="Those of parts that are open to you.")
    applied_by = serializers.UUIDField(source="applied_by_id")
    undone_by = serializers.UUIDField(source="undone_by_id", allow_null=True)

    class Meta:
        model = TargetPlan
        fields = [
            "id",
            "kind",
            "what",
            "way",
            "slice",
            "cut",
            "first_month",
            "last_month",
            "rows",
            "applied_by",
            "applied_at",
            "undone_by",
            "undone_at",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_rows(self, plan: TargetPlan) -> list[dict[str, Any]]:
        sight: queries.Sight = self.context["sight"]
        return [row for row in plan.rows if sight.opens(plan.metric_id, row["slice"])]


class TargetPlanIn(serializers.Serializer[None]):
    """`total` (and `percents` for own ones) belong to "spread", `cut` to "cascade". With `seen`, the digest of the plan
    that was looked at, it is set; without, nothing is."""

    what = serializers.ChoiceField(choices=PlanKind.choices)
    kind = serializers.ChoiceField(choices=TargetKind.choices, default=TargetKind.TARGET)
    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    first = fields.DayField()
    months = serializers.IntegerField(min_value=1, max_value=planning.MOST_MONTHS)
    way = serializers.ChoiceField(choices=WAYS)
    total = serializers.DecimalField(
        max_digits=28, decimal_places=planning.TYPED_PLACES, required=False, allow_null=True, default=None
    )
    percents = serializers.ListField(
        child=serializers.DecimalField(max_digits=12, decimal_places=8),
        required=False,
        default=list,
        max_length=planning.MOST_MONTHS,
    )
    cut = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    seen = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["what"] == PlanKind.SPREAD and attrs["total"] is None:
            raise serializers.ValidationError({"total": serializers.Field.default_error_messages["required"]})
        return attrs


class PlannedRowOut(serializers.Serializer[Any]):
    month = serializers.DateField()
    slice = serializers.DictField(child=serializers.CharField())
    share = serializers.CharField(source="percent", allow_null=True)
    before = fields.ValueField(allow_null=True)
    after = fields.ValueField()


class PlanOut(serializers.Serializer[Any]):
    """`total`: what the rows sum to, null where they do not add up. `applied`: the plan that was set, if any."""

    digest = serializers.CharField()
    total = fields.ValueField(allow_null=True)
    said = serializers.ListField(child=serializers.CharField())
    rows = PlannedRowOut(many=True)
    applied = serializers.UUIDField(allow_null=True)


class TargetPlansView(api.TenantView):
    """Plans that were set; what a plan would set, and setting it."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metric_target_plans", responses=TargetPlanOut(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        pages = api.NewestFirst()
        page = pages.paginate_queryset(planning.target_plans(metric), request, view=self)
        return pages.get_paginated_response(
            TargetPlanOut(page, many=True, context={"sight": queries.sight_of(request.actor)}).data
        )

    @extend_schema(operation_id="metric_plan_targets", request=TargetPlanIn, responses=PlanOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        access.require(rules.can_set_targets(request.actor, metric))
        form = TargetPlanIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        place = {name: given[name] for name in ("kind", "slice", "first", "months", "way")}
        asked: planning.SpreadAsked | planning.CascadeAsked
        if given["what"] == PlanKind.SPREAD:
            asked = planning.SpreadAsked(**place, total=given["total"], percents=given["percents"])
        else:
            asked = planning.CascadeAsked(**place, cut=given["cut"])
        plan = planning.plan_of(metric, asked, queries.sight_of(request.actor))
        applied = None
        if given["seen"]:
            applied = actions.apply_target_plan(
                metric=metric, asked=asked, seen=given["seen"], by=request.actor, at=timezone.now()
            ).pk
        body = {
            "digest": plan.digest,
            "total": plan.total,
            "said": plan.said,
            "rows": plan.rows,
            "applied": applied,
        }
        return Response(PlanOut(body).data)


class UndoTargetPlanView(api.TenantView):
    """What stood before the plan is back, unless one of its targets has been changed since."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_undo_target_plan", request=None, responses={204: None})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        plans = TargetPlan.objects.filter(metric__in=queries.visible_metrics(request.actor))
        plan = access.get_or_404(plans.select_related("metric"), pk=pk)
        access.require(rules.can_set_targets(request.actor, plan.metric))
        actions.undo_target_plan(plan=plan, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
