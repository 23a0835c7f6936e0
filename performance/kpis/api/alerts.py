"""Alerts, the rules that raise them, and notes on points."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.kpis import actions, queries, rules, tasks
from performance.kpis.api import definitions
from performance.kpis.models import Alert, AlertKind, AlertRule, AlertStep, Metric, Operator, PointNote
from performance.kpis.queries import alerts as told
from performance.people import models as people


class AlertRuleOut(serializers.ModelSerializer[AlertRule]):
    slice = serializers.DictField(child=serializers.CharField())
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    set_by = serializers.UUIDField(source="set_by_id")

    class Meta:
        model = AlertRule
        fields = [
            "id",
            "kind",
            "operator",
            "value",
            "slice",
            "cut",
            "owner",
            "answer_days",
            "set_by",
            "set_at",
        ]


class AlertRuleIn(serializers.Serializer[None]):
    """`value`: the limit of a threshold; for path and budget, how many per cent off are still fine. `owner` null: the
    business owner of the metric. With a `cut`, each of that dimension's parts is watched."""

    kind = serializers.ChoiceField(choices=AlertKind.choices)
    operator = serializers.ChoiceField(choices=Operator.choices, required=False, allow_blank=True, default="")
    value = serializers.DecimalField(
        max_digits=28, decimal_places=8, required=False, allow_null=True, default=None
    )
    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    cut = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    owner = serializers.UUIDField(required=False, allow_null=True, default=None)
    answer_days = serializers.IntegerField(min_value=1, max_value=90, required=False, default=5)


class AlertStepOut(serializers.ModelSerializer[AlertStep]):
    by = serializers.UUIDField(source="by_id", allow_null=True)
    to = serializers.UUIDField(source="to_id", allow_null=True)

    class Meta:
        model = AlertStep
        fields = ["kind", "by", "to", "value", "at"]


class AlertOut(serializers.ModelSerializer[Alert]):
    """`value`, `low`, `high`, `expected` are those at opening; of late data they are hours."""

    rule = serializers.UUIDField(source="rule_id")
    metric = serializers.UUIDField(source="metric_id")
    slice = serializers.DictField(child=serializers.CharField())
    owner = serializers.UUIDField(source="owner_id")
    closed_by = serializers.UUIDField(source="closed_by_id", allow_null=True)

    class Meta:
        model = Alert
        fields = [
            "id",
            "rule",
            "metric",
            "kind",
            "slice",
            "month",
            "value",
            "value_now",
            "low",
            "high",
            "expected",
            "state",
            "owner",
            "opened_at",
            "due_on",
            "cause",
            "action",
            "closed_at",
            "closed_by",
            "resolution",
        ]


class AlertDetailOut(AlertOut):
    steps = AlertStepOut(many=True)

    class Meta(AlertOut.Meta):
        fields = [*AlertOut.Meta.fields, "steps"]


class TakeUpIn(serializers.Serializer[None]):
    cause = serializers.CharField(max_length=2000)
    action = serializers.CharField(max_length=2000)
    due_on = serializers.DateField()


class HandOverIn(serializers.Serializer[None]):
    to = serializers.UUIDField()


class ResolveIn(serializers.Serializer[None]):
    resolution = serializers.CharField(max_length=2000)
    remember = serializers.BooleanField(required=False, default=False)


class RetireRuleIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=500)


class PointNoteOut(serializers.ModelSerializer[PointNote]):
    slice = serializers.DictField(child=serializers.CharField())
    written_by = serializers.UUIDField(source="written_by_id")

    class Meta:
        model = PointNote
        fields = ["id", "slice", "month", "text", "written_by", "written_at"]


class PointNoteIn(serializers.Serializer[None]):
    month = serializers.DateField()
    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    text = serializers.CharField(max_length=2000)


def _metric(request: Request, pk: uuid.UUID) -> Metric:
    return access.get_or_404(definitions.metrics_of(request), pk=pk)


def _alert(request: Request, pk: uuid.UUID) -> Alert:
    return access.get_or_404(queries.visible_alerts(request.actor), pk=pk)


def _workable(request: Request, pk: uuid.UUID) -> Alert:
    """A closed one is told so by the action, not by a wall."""
    found = _alert(request, pk)
    access.require(rules.can_work_on(request.actor, found) or not found.is_unanswered)
    return found


def _detail(request: Request, pk: uuid.UUID) -> Response:
    found = _alert(request, pk)
    steps = AlertStep.objects.filter(alert=found).order_by("at", "id")
    data: dict[str, Any] = {**AlertOut(found).data, "steps": AlertStepOut(steps, many=True).data}
    return Response(data)


class AlertRulesView(api.TenantView):
    """What is watched of a metric; a rule for the same thing watched in the same way is changed."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metric_alert_rules", responses=AlertRuleOut(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        pages = api.NewestFirst()
        page = pages.paginate_queryset(told.rules_of(_metric(request, pk)), request, view=self)
        return pages.get_paginated_response(AlertRuleOut(page, many=True).data)

    @extend_schema(operation_id="metric_set_alert_rule", request=AlertRuleIn, responses=AlertRuleOut)
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        metric = _metric(request, pk)
        access.require(rules.can_set_alert_rules(request.actor, metric))
        form = AlertRuleIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        owner = given.pop("owner")
        wording = actions.RuleWording(
            owner=access.get_or_404(people.Person.objects.all(), pk=owner) if owner else None, **given
        )
        rule = actions.set_alert_rule(metric=metric, wording=wording, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.watch_values)
        return Response(AlertRuleOut(rule).data)


class RetireAlertRuleView(api.TenantView):
    """Watches no longer; open alerts of the rule are closed with the reason."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_retire_alert_rule", request=RetireRuleIn, responses={204: None})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        rule = access.get_or_404(queries.visible_rules(request.actor), pk=pk)
        access.require(rules.can_set_alert_rules(request.actor, rule.metric))
        form = RetireRuleIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.retire_alert_rule(rule=rule, by=request.actor, at=timezone.now(), **form.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AlertsView(api.TenantView):
    """Alerts of metrics that I may see."""

    scope_read = definitions.READ

    @extend_schema(
        operation_id="metric_alerts",
        responses=AlertOut(many=True),
        parameters=[
            OpenApiParameter("list", str, enum=told.LISTS, default="open"),
            OpenApiParameter("metric", uuid.UUID, description="Only those of one metric."),
        ],
    )
    def get(self, request: Request) -> Response:
        which = request.query_params.get("list", "open")
        asked = serializers.UUIDField(required=False, allow_null=True)
        metric_id = asked.run_validation(request.query_params.get("metric") or None)
        pages = api.NewestFirst()
        page = pages.paginate_queryset(told.listed(request.actor, which, metric_id), request, view=self)
        return pages.get_paginated_response(AlertOut(page, many=True).data)


class AlertView(api.TenantView):
    """One alert and what happened to it."""

    scope_read = definitions.READ

    @extend_schema(operation_id="metric_alert", responses=AlertDetailOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return _detail(request, pk)


class TakeUpView(api.TenantView):
    """Cause, action and the day by which it is done; whoever takes it up owns it."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_alert_take_up", request=TakeUpIn, responses=AlertDetailOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        found = _workable(request, pk)
        form = TakeUpIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.take_up_alert(alert=found, by=request.actor, at=timezone.now(), **form.validated_data)
        return _detail(request, pk)


class HandOverView(api.TenantView):
    """Somebody else answers for it."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_alert_hand_over", request=HandOverIn, responses=AlertDetailOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        found = _workable(request, pk)
        form = HandOverIn(data=request.data)
        form.is_valid(raise_exception=True)
        to = access.get_or_404(people.Person.objects.all(), pk=form.validated_data["to"])
        actions.hand_over_alert(alert=found, to=to, by=request.actor, at=timezone.now())
        return _detail(request, pk)


class ResolveView(api.TenantView):
    """Closes it with what came of it; with `remember`, the cause becomes a note on the point."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_alert_resolve", request=ResolveIn, responses=AlertDetailOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        found = _workable(request, pk)
        form = ResolveIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.resolve_alert(alert=found, by=request.actor, at=timezone.now(), **form.validated_data)
        return _detail(request, pk)


class NotesView(api.TenantView):
    """What explains the points of a metric; one more."""

    scope_read, scope_write = definitions.READ, definitions.WRITE

    @extend_schema(operation_id="metric_notes", responses=PointNoteOut(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        notes = queries.visible_notes(request.actor).filter(metric=_metric(request, pk))
        pages = api.NewestFirst()
        page = pages.paginate_queryset(notes, request, view=self)
        return pages.get_paginated_response(PointNoteOut(page, many=True).data)

    @extend_schema(operation_id="metric_write_note", request=PointNoteIn, responses={201: PointNoteOut})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        metric = _metric(request, pk)
        access.require(rules.can_write_notes(request.actor, metric))
        form = PointNoteIn(data=request.data)
        form.is_valid(raise_exception=True)
        note = actions.write_point_note(
            metric=metric, by=request.actor, at=timezone.now(), **form.validated_data
        )
        return Response(PointNoteOut(note).data, status=status.HTTP_201_CREATED)


class WithdrawNoteView(api.TenantView):
    """Shown no more."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metric_withdraw_note", request=None, responses={204: None})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        note = access.get_or_404(queries.visible_notes(request.actor), pk=pk)
        access.require(rules.can_withdraw_note(request.actor, note))
        actions.withdraw_point_note(note=note, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
