"""What if: drivers moved without keeping anything; and scenarios, from saved to decided on."""

import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import actions, queries, rules
from performance.kpis.api import definitions, fields
from performance.kpis.models import Metric, Scenario, Side
from performance.kpis.queries import scenario_targets, whatif
from performance.kpis.queries import scenarios as told


class MoveIn(serializers.Serializer[None]):
    way = serializers.ChoiceField(choices=list(whatif.MOVES))
    number = serializers.DecimalField(max_digits=28, decimal_places=8)


class WhatIfIn(serializers.Serializer[None]):
    """`since` and `until`: whole days that the metric has a value of (a month, a quarter, a period). `moves`: metric key
    → move. `volume`: the key of what all summed money of the tree grows with."""

    since = fields.DayField()
    until = fields.DayField()
    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    moves = serializers.DictField(child=MoveIn(), required=False, default=dict)
    volume = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")


class SaveScenarioIn(WhatIfIn):
    name = serializers.CharField(max_length=120)
    reason = serializers.CharField(max_length=2000)


class WhatIfLineOut(serializers.Serializer[Any]):
    metric = serializers.CharField(source="metric.key")
    before = fields.ValueField(allow_null=True)
    after = fields.ValueField(allow_null=True)
    change = fields.ValueField(allow_null=True)


class BroughtOut(serializers.Serializer[Any]):
    metric = serializers.CharField(source="metric.key")
    before = fields.ValueField()
    after = fields.ValueField()
    amount = fields.ValueField()


class CashOut(serializers.Serializer[Any]):
    metric = serializers.CharField(source="metric.key")
    balance = serializers.CharField(source="balance.key")
    flow = serializers.CharField(source="flow.key")
    days = fields.ValueField()
    daily = fields.ValueField()
    released = fields.ValueField()


class WhatIfOut(serializers.Serializer[Any]):
    """`tree`: the result first, then everything it is computed from. `brought` sums to the change of the result."""

    tree = WhatIfLineOut(many=True)
    others = WhatIfLineOut(many=True)
    brought = BroughtOut(many=True)
    cash = CashOut(many=True)
    released = fields.ValueField()
    said = serializers.ListField(child=serializers.CharField())
    refusal = serializers.CharField(allow_blank=True)


class ScenarioOut(serializers.ModelSerializer[Scenario]):
    metric = serializers.UUIDField(source="metric_id")
    slice = serializers.DictField(child=serializers.CharField())
    moves = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    results = serializers.ListField(child=serializers.DictField())
    created_by = serializers.UUIDField(source="created_by_id")
    closed_by = serializers.UUIDField(source="closed_by_id", allow_null=True)

    class Meta:
        model = Scenario
        fields = [
            "id",
            "metric",
            "name",
            "reason",
            "since",
            "until",
            "slice",
            "moves",
            "volume",
            "results",
            "state",
            "created_by",
            "created_at",
            "reckoned_at",
            "target_from",
            "proposed_at",
            "closed_by",
            "closed_at",
            "closing_reason",
        ]


class ScenarioTargetOut(serializers.Serializer[Any]):
    """`before`: the target that stands there now."""

    metric = serializers.CharField()
    month = serializers.DateField()
    before = fields.ValueField(allow_null=True)
    after = fields.ValueField()


class ScenarioDetailOut(ScenarioOut):
    """`restated` and `redefined`: keys of metrics whose values or definitions have changed since it was reckoned.
    `targets`: what would be set, for those who decide on it and its author while it waits."""

    restated = serializers.ListField(child=serializers.CharField())
    redefined = serializers.ListField(child=serializers.CharField())
    approved_by = serializers.DictField(child=serializers.UUIDField())
    targets = ScenarioTargetOut(many=True)

    class Meta(ScenarioOut.Meta):
        fields = [*ScenarioOut.Meta.fields, "restated", "redefined", "approved_by", "targets"]


class ProposeIn(serializers.Serializer[None]):
    target_from = fields.DayField()


class ApproveScenarioIn(serializers.Serializer[None]):
    side = serializers.ChoiceField(choices=Side.choices)


class ScenarioReasonIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=2000)


class ComparedOut(serializers.Serializer[Any]):
    """`cells`: one for each scenario, null where it is as the base."""

    metric = serializers.CharField(source="metric.key")
    base = fields.ValueField(allow_null=True)
    cells = WhatIfLineOut(many=True)


def _told(request: Request, metric: Metric, given: dict[str, Any]) -> whatif.WhatIf:
    ground = whatif.ground_of(
        metric,
        since=given["since"],
        until=given["until"],
        within=given["slice"],
        sight=queries.sight_of(request.actor),
    )
    if metric.pk not in ground.tree.versions:
        raise actions.MetricRefused(whatif.NO_DEFINITION, code="uncertified")
    moved = {key: (move["way"], move["number"]) for key, move in given["moves"].items()}
    return whatif.what_if(ground, whatif.Moves(moved, given["volume"]))


def _scenario(request: Request, pk: uuid.UUID) -> Scenario:
    return access.get_or_404(told.visible_scenarios(request.actor), pk=pk)


def _detail(request: Request, pk: uuid.UUID, code: int = status.HTTP_200_OK) -> Response:
    found = _scenario(request, pk)
    stale = told.staleness_of(found, told.told_today(found, queries.sight_of(request.actor)))
    approved_by = {one.side: f"{one.person_id}" for one in found.approvals.all()}
    targets = [
        {"metric": plan.metric.key, "month": row.month, "before": row.before, "after": row.after}
        for plan in scenario_targets.targets_shown(request.actor, found)
        for row in plan.rows
    ]
    more = {
        "restated": stale.restated,
        "redefined": stale.redefined,
        "approved_by": approved_by,
        "targets": ScenarioTargetOut(targets, many=True).data,
    }
    return Response({**ScenarioOut(found).data, **more}, status=code)


def _step(
    request: Request,
    pk: uuid.UUID,
    may: Callable[[access.Actor, Scenario], Any],
    write: Callable[..., Any],
    given: type[serializers.Serializer[None]] | None = None,
) -> Response:
    """A step in the life of a scenario: who may, what is given, one action, and the scenario as it is then."""
    found = _scenario(request, pk)
    access.require(bool(may(request.actor, found)))
    form = given(data=request.data) if given else None
    if form is not None:
        form.is_valid(raise_exception=True)
    more = form.validated_data if form is not None else {}
    write(scenario=found, by=request.actor, at=timezone.now(), **more)
    return _detail(request, pk)


class WhatIfView(api.TenantView):
    """Drivers are moved; the result, what each of them brought, and what else follows. Nothing is kept."""

    scope_read = scope_write = definitions.READ

    @extend_schema(operation_id="metric_what_if", request=WhatIfIn, responses=WhatIfOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        form = WhatIfIn(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(WhatIfOut(_told(request, metric, form.validated_data)).data)


class ScenariosView(api.TenantView):
    """Scenarios of a metric that I may see; one more."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metric_scenarios", responses=ScenarioOut(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        pages = api.NewestFirst()
        found = told.visible_scenarios(request.actor).filter(metric=metric)
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(ScenarioOut(page, many=True).data)

    @extend_schema(
        operation_id="metric_save_scenario", request=SaveScenarioIn, responses={201: ScenarioDetailOut}
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(definitions.metrics_of(request), pk=pk)
        access.require(rules.can_save_scenarios(request.actor))
        form = SaveScenarioIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        kept = actions.save_scenario(
            told=_told(request, metric, given),
            name=given["name"],
            reason=given["reason"],
            by=request.actor,
            at=timezone.now(),
        )
        return _detail(request, kept.pk, status.HTTP_201_CREATED)


class ScenarioView(api.TenantView):
    """One scenario, and whether its numbers are still those of today."""

    scope_read = definitions.READ

    @extend_schema(operation_id="metric_scenario", responses=ScenarioDetailOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return _detail(request, pk)


class CompareScenariosView(api.TenantView):
    """Two or three side by side."""

    scope_read = definitions.READ

    @extend_schema(
        operation_id="metric_compare_scenarios",
        responses=ComparedOut(many=True),
        parameters=[OpenApiParameter("scenario", uuid.UUID, many=True, required=True)],
    )
    def get(self, request: Request) -> Response:
        asked = serializers.ListField(
            child=serializers.UUIDField(), min_length=2, max_length=told.MOST_COMPARED
        )
        ids = asked.run_validation(request.query_params.getlist("scenario"))
        rows = told.compared(told.by_ids(request.actor, ids))
        return Response(ComparedOut(rows, many=True).data)


class ShareScenarioView(api.TenantView):
    """Everybody who sees the metric sees it."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_share_scenario", request=None, responses=ScenarioDetailOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        return _step(request, pk, rules.can_change_scenario, actions.share_scenario)


class ReckonScenarioView(api.TenantView):
    """Over the values and definitions of today."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_reckon_scenario", request=None, responses=ScenarioDetailOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        return _step(request, pk, rules.can_change_scenario, actions.reckon_scenario)


class ProposeScenarioView(api.TenantView):
    """Asks both sides to turn it into targets, from that month on."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_propose_scenario", request=ProposeIn, responses=ScenarioDetailOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        return _step(request, pk, rules.can_change_scenario, actions.propose_scenario, ProposeIn)


class RenewScenarioView(api.TenantView):
    """Proposes what is stale anew: answers with the new scenario; the former is withdrawn."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_renew_scenario", request=None, responses={201: ScenarioDetailOut})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        found = _scenario(request, pk)
        access.require(rules.can_renew_scenario(request.actor, found))
        renewed = actions.renew_scenario(scenario=found, by=request.actor, at=timezone.now())
        return _detail(request, renewed.pk, status.HTTP_201_CREATED)


class ApproveScenarioView(api.TenantView):
    """One side agrees; the second one sets the targets."""

    scope_write = definitions.WRITE

    @extend_schema(
        operation_id="metric_approve_scenario", request=ApproveScenarioIn, responses=ScenarioDetailOut
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        found = _scenario(request, pk)
        form = ApproveScenarioIn(data=request.data)
        form.is_valid(raise_exception=True)
        access.require(form.validated_data["side"] in rules.sides_deciding(request.actor, found))
        actions.approve_scenario(scenario=found, by=request.actor, at=timezone.now(), **form.validated_data)
        return _detail(request, pk)


class DeclineScenarioView(api.TenantView):
    """One of the sides does not agree; no target changes."""

    scope_write = definitions.WRITE

    @extend_schema(
        operation_id="metric_decline_scenario", request=ScenarioReasonIn, responses=ScenarioDetailOut
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        return _step(request, pk, rules.sides_deciding, actions.decline_scenario, ScenarioReasonIn)


class WithdrawScenarioView(api.TenantView):
    """Its author takes it back."""

    scope_write = definitions.WRITE

    @extend_schema(
        operation_id="metric_withdraw_scenario", request=ScenarioReasonIn, responses=ScenarioDetailOut
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        return _step(request, pk, rules.can_withdraw_scenario, actions.withdraw_scenario, ScenarioReasonIn)
