"""Endpoints under /api/v1/: metrics, versions and signatures, values, targets. Same rules and actions as the pages."""

import datetime
import uuid

from django.db.models import QuerySet
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs
from performance.kpis import actions, queries, rules, tasks
from performance.kpis.models import (
    Aggregation,
    Dimension,
    Direction,
    Grain,
    Metric,
    MetricValue,
    MetricVersion,
    MissingPolicy,
    Side,
    Signature,
    Target,
    TargetKind,
)
from performance.people import models as people
from performance.sources import models as sources

READ, WRITE = "metrics:read", "metrics:write"


class MetricOut(serializers.ModelSerializer[Metric]):
    business_owner = serializers.UUIDField(source="business_owner_id")
    finance_owner = serializers.UUIDField(source="finance_owner_id")

    class Meta:
        model = Metric
        fields = [
            "id",
            "key",
            "name_en",
            "name_zh",
            "unit",
            "direction",
            "decimals",
            "business_owner",
            "finance_owner",
            "retired_at",
        ]


class SignatureOut(serializers.ModelSerializer[Signature]):
    person = serializers.UUIDField(source="person_id")

    class Meta:
        model = Signature
        fields = ["side", "person", "note", "at"]


class VersionOut(serializers.ModelSerializer[MetricVersion]):
    metric = serializers.UUIDField(source="metric_id")
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
    filters = serializers.ListField(child=serializers.DictField())
    dimensions = serializers.DictField(child=serializers.CharField())
    signatures = SignatureOut(many=True)

    class Meta:
        model = MetricVersion
        fields = [
            "id",
            "metric",
            "number",
            "state",
            "kind",
            "description_en",
            "description_zh",
            "dataset",
            "aggregation",
            "expression",
            "filters",
            "time_column",
            "formula",
            "dimensions",
            "unit",
            "direction",
            "decimals",
            "additivity",
            "missing_policy",
            "effective_from",
            "change_note",
            "submitted_at",
            "certified_at",
            "declined_at",
            "decline_reason",
            "signatures",
        ]


class MetricDetailOut(MetricOut):
    versions = VersionOut(many=True)

    class Meta(MetricOut.Meta):
        fields = [*MetricOut.Meta.fields, "versions"]


class DefinitionIn(serializers.Serializer[None]):
    """A base metric names a dataset, an aggregation and a date; a formula names other metrics."""

    kind = serializers.ChoiceField(choices=["base", "derived"])
    unit = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    effective_from = serializers.DateField()
    direction = serializers.ChoiceField(choices=Direction.choices, default=Direction.UP)
    decimals = serializers.IntegerField(min_value=0, max_value=8, default=2)
    description_en = serializers.CharField(required=False, allow_blank=True, default="")
    description_zh = serializers.CharField(required=False, allow_blank=True, default="")
    dataset = serializers.UUIDField(required=False, allow_null=True, default=None)
    aggregation = serializers.ChoiceField(
        choices=Aggregation.choices, required=False, allow_blank=True, default=""
    )
    expression = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    filters = serializers.ListField(child=serializers.DictField(), required=False, default=list)
    time_column = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    formula = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    dimensions = serializers.DictField(
        child=serializers.CharField(allow_blank=True), required=False, default=dict
    )
    missing_policy = serializers.ChoiceField(choices=MissingPolicy.choices, default=MissingPolicy.NULL)
    change_note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")

    def definition(self) -> actions.Definition:
        given = dict(self.validated_data)
        dataset_id = given.pop("dataset")
        datasets = sources.Dataset.objects.filter(closed_at=None)
        dataset = access.get_or_404(datasets, pk=dataset_id) if dataset_id else None
        return actions.Definition(dataset=dataset, **{name: given[name] for name in DEFINED})


DEFINED = (
    "kind",
    "unit",
    "effective_from",
    "direction",
    "decimals",
    "description_en",
    "description_zh",
    "aggregation",
    "expression",
    "filters",
    "time_column",
    "formula",
    "dimensions",
    "missing_policy",
    "change_note",
)


class MetricIn(DefinitionIn):
    key = serializers.CharField(max_length=60)
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    business_owner = serializers.UUIDField()
    finance_owner = serializers.UUIDField()


class SignIn(serializers.Serializer[None]):
    side = serializers.ChoiceField(choices=Side.choices)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class DeclineIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=1000)


class ValueOut(serializers.ModelSerializer[MetricValue]):
    version = serializers.UUIDField(source="version_id")
    slice = serializers.DictField(child=serializers.CharField())
    inputs = serializers.DictField()

    class Meta:
        model = MetricValue
        fields = [
            "id",
            "version",
            "grain",
            "period_start",
            "period_end",
            "slice",
            "value",
            "coverage_ppm",
            "state",
            "as_of",
            "inputs",
        ]


class ValuesAsked(serializers.Serializer[None]):
    grain = serializers.ChoiceField(choices=Grain.choices, default=Grain.MONTH)
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    by = serializers.CharField(required=False, allow_blank=True, default="")
    as_of = serializers.DateTimeField(required=False)


class TargetOut(serializers.ModelSerializer[Target]):
    slice = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = Target
        fields = ["id", "kind", "grain", "period_start", "period_end", "slice", "value", "set_at"]


class TargetRowIn(serializers.Serializer[None]):
    month = serializers.DateField()
    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    value = serializers.DecimalField(max_digits=28, decimal_places=8)


class TargetsIn(serializers.Serializer[None]):
    kind = serializers.ChoiceField(choices=TargetKind.choices)
    rows = TargetRowIn(many=True, allow_empty=False)


class ChangedOut(serializers.Serializer[None]):
    changed = serializers.IntegerField()


def _metrics(request: Request) -> QuerySet[Metric]:
    return queries.visible_metrics(request.actor)


def _version_of(request: Request, pk: uuid.UUID) -> MetricVersion:
    return access.get_or_404(queries.visible_versions(request.actor), pk=pk)


class MetricsView(api.TenantView):
    """Metrics that I may see; a new draft."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(
        operation_id="metrics_list",
        responses=MetricOut(many=True),
        parameters=[OpenApiParameter("certified", bool, description="Only certified ones.")],
    )
    def get(self, request: Request) -> Response:
        found = _metrics(request)
        if request.query_params.get("certified") in ("true", "1"):
            found = found.filter(pk__in=queries.certified_metrics().values("pk"))
        pages = api.NewestFirst()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(MetricOut(page, many=True).data)

    @extend_schema(operation_id="metrics_draft", request=MetricIn, responses={201: VersionOut})
    def post(self, request: Request) -> Response:
        actor = request.actor
        access.require(rules.can_draft_metric(actor))
        form = MetricIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        everyone = people.Person.objects.all()
        version = actions.draft_metric(
            key=given["key"],
            name_en=given["name_en"],
            name_zh=given["name_zh"],
            business_owner=access.get_or_404(everyone, pk=given["business_owner"]),
            finance_owner=access.get_or_404(everyone, pk=given["finance_owner"]),
            definition=form.definition(),
            by=actor,
            at=timezone.now(),
        )
        return Response(VersionOut(version).data, status=status.HTTP_201_CREATED)


class MetricView(api.TenantView):
    """One metric with the versions that I may see; the next draft of it."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metrics_read", responses=MetricDetailOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(_metrics(request), pk=pk)
        versions = queries.visible_versions(actor).filter(metric=metric).order_by("-number")
        versions = versions.prefetch_related("signatures")
        data = {**MetricOut(metric).data, "versions": VersionOut(versions, many=True).data}
        return Response(data)

    @extend_schema(operation_id="metrics_revise", request=DefinitionIn, responses={201: VersionOut})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(_metrics(request), pk=pk)
        access.require(rules.can_edit_metric(actor, metric))
        form = DefinitionIn(data=request.data)
        form.is_valid(raise_exception=True)
        version = actions.revise_metric(
            metric=metric, definition=form.definition(), by=actor, at=timezone.now()
        )
        return Response(VersionOut(version).data, status=status.HTTP_201_CREATED)


class SubmitView(api.TenantView):
    """Asks both owners to sign a draft."""

    scope_write = WRITE

    @extend_schema(operation_id="metric_versions_submit", request=None, responses=VersionOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        version = _version_of(request, pk)
        access.require(rules.can_edit_draft(actor, version))
        actions.submit_for_review(version=version, by=actor, at=timezone.now())
        return Response(VersionOut(_version_of(request, pk)).data)


class SignView(api.TenantView):
    """Signs a version for the own side."""

    scope_write = WRITE

    @extend_schema(operation_id="metric_versions_sign", request=SignIn, responses=VersionOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        version = _version_of(request, pk)
        form = SignIn(data=request.data)
        form.is_valid(raise_exception=True)
        access.require(rules.can_sign(actor, version, form.validated_data["side"]))
        certified = actions.sign_version(version=version, by=actor, at=timezone.now(), **form.validated_data)
        if certified:
            jobs.nudge(tasks.refresh_stale_values)
        return Response(VersionOut(_version_of(request, pk)).data)


class DeclineView(api.TenantView):
    """Sends a version back with a reason."""

    scope_write = WRITE

    @extend_schema(operation_id="metric_versions_decline", request=DeclineIn, responses=VersionOut)
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        version = _version_of(request, pk)
        access.require(rules.can_decline(actor, version))
        form = DeclineIn(data=request.data)
        form.is_valid(raise_exception=True)
        actions.decline_version(version=version, by=actor, at=timezone.now(), **form.validated_data)
        return Response(VersionOut(_version_of(request, pk)).data)


class ValuesView(api.TenantView):
    """Values of a metric: one grain, a range of days, one slice (dimensions as parameters) or all of one cut."""

    scope_read = READ

    @extend_schema(
        operation_id="metrics_values",
        responses=ValueOut(many=True),
        parameters=[
            OpenApiParameter("grain", str, enum=Grain.values, default="month"),
            OpenApiParameter("since", datetime.date),
            OpenApiParameter("until", datetime.date),
            OpenApiParameter(
                "by", str, description="Dimension keys joined by commas; the total when absent."
            ),
            OpenApiParameter("as_of", datetime.datetime, description="What was known at that moment."),
        ],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(_metrics(request), pk=pk)
        asked = ValuesAsked(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        known_at = given.get("as_of")
        found = (
            queries.values_known_at(known_at, given["grain"]) if known_at else queries.values(given["grain"])
        )
        found = found.filter(metric=metric)
        known = set(Dimension.objects.values_list("key", flat=True))
        within = {key: value for key, value in request.query_params.items() if key in known}
        keys = {key for key in given["by"].split(",") if key} | set(within)
        found = found.filter(dimensions=",".join(sorted(keys)), slice__contains=within)
        if given.get("since"):
            found = found.filter(period_end__gte=given["since"])
        if given.get("until"):
            found = found.filter(period_start__lte=given["until"])
        pages = api.NewestFirst()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(ValueOut(page, many=True).data)


class TargetsView(api.TenantView):
    """Targets and budgets of a metric; setting them replaces what stood there."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metrics_targets", responses=TargetOut(many=True))
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        metric = access.get_or_404(_metrics(request), pk=pk)
        pages = api.NewestFirst()
        targets = Target.objects.filter(metric=metric)
        page = pages.paginate_queryset(targets, request, view=self)
        return pages.get_paginated_response(TargetOut(page, many=True).data)

    @extend_schema(operation_id="metrics_set_targets", request=TargetsIn, responses=ChangedOut)
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        actor = request.actor
        metric = access.get_or_404(_metrics(request), pk=pk)
        access.require(rules.can_set_targets(actor, metric))
        form = TargetsIn(data=request.data)
        form.is_valid(raise_exception=True)
        rows = [(row["month"], row["slice"], row["value"]) for row in form.validated_data["rows"]]
        changed = actions.set_targets(
            metric=metric, kind=form.validated_data["kind"], rows=rows, by=actor, at=timezone.now()
        )
        return Response({"changed": changed})


urls: list[URLPattern] = [
    path("metrics/", MetricsView.as_view(), name="api_metrics"),
    path("metrics/<uuid:pk>/", MetricView.as_view(), name="api_metric"),
    path("metrics/<uuid:pk>/values/", ValuesView.as_view(), name="api_metric_values"),
    path("metrics/<uuid:pk>/targets/", TargetsView.as_view(), name="api_metric_targets"),
    path("metric-versions/<uuid:pk>/submit/", SubmitView.as_view(), name="api_metric_version_submit"),
    path("metric-versions/<uuid:pk>/sign/", SignView.as_view(), name="api_metric_version_sign"),
    path("metric-versions/<uuid:pk>/decline/", DeclineView.as_view(), name="api_metric_version_decline"),
]
