"""Rates of exchange: what is known, and new versions by way of a comparison."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, jobs, sheets
from performance.kpis import actions, queries, rules, tasks
from performance.kpis.models import Rate, RateKind, RateProposal, RateVersion
from performance.kpis.queries import rates
from performance.sources import queries as sources

READ, WRITE = "metrics:read", "metrics:write"


class RateVersionOut(serializers.ModelSerializer[RateVersion]):
    """`currency`: what others are worth in it. `rate_count`: how many rates the version says anew, `changes` of them in
    the place of others. `is_inverse`: they were given as what one unit of `currency` buys, and turned over."""

    made_by = serializers.UUIDField(source="made_by_id")

    class Meta:
        model = RateVersion
        fields = [
            "id", "kind", "currency", "number", "origin", "origin_name", "is_inverse", "carried_days", "note", "rate_count",
            "changes", "made_by", "made_at",
        ]  # fmt: skip


class CoveredOut(serializers.Serializer[rates.Covered]):
    """`missing`: the first hundred days (of averages and closing rates: months) between `first` and `last` without one."""

    source = serializers.CharField()  # type: ignore[assignment]
    first = serializers.DateField()
    last = serializers.DateField()
    newest = serializers.CharField()
    count = serializers.IntegerField()
    missing_count = serializers.IntegerField()
    missing = serializers.ListField(child=serializers.DateField())


class RateSetOut(serializers.Serializer[rates.RateSet]):
    kind = serializers.ChoiceField(choices=RateKind.choices)
    currency = serializers.CharField()
    newest = RateVersionOut(allow_null=True)
    covered = CoveredOut(many=True)
    metrics = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_metrics(self, one: rates.RateSet) -> list[str]:
        return [metric.key for metric in one.users]


class LackingOut(serializers.Serializer[rates.Lacking]):
    """A month of a metric in which `rows` are not counted, for lack of rates from `first` to `last`."""

    metric = serializers.UUIDField(source="metric.pk")
    key = serializers.CharField(source="metric.key")
    month = serializers.DateField()
    kind = serializers.ChoiceField(choices=RateKind.choices)
    currencies = serializers.ListField(child=serializers.CharField())
    rows = serializers.IntegerField()
    first = serializers.DateField()
    last = serializers.DateField()


class RatesOut(serializers.Serializer[Any]):
    sets = RateSetOut(many=True)
    lacking = LackingOut(many=True)


class RateOut(serializers.ModelSerializer[Rate]):
    class Meta:
        model = Rate
        fields = ["source", "day", "rate", "is_carried"]


class RateRowIn(serializers.Serializer[None]):
    day = serializers.CharField(max_length=20, help_text="2026-01-31; of an average also 2026-01.")
    currency = serializers.CharField(max_length=10)
    rate = serializers.CharField(max_length=60, help_text="Decimal text, so that no digit is lost.")


class RatesIn(serializers.Serializer[None]):
    """Either `rows`, or a `dataset`, or (as multipart) a `file`. The columns are found by their usual names where none are
    given. `direction`: what the numbers say: how much of the organisation's currency one unit of the other is "worth",
    or how much of the other one unit of the organisation's "buys"."""

    kind = serializers.ChoiceField(choices=RateKind.choices)
    direction = serializers.ChoiceField(choices=["worth", "buys"])
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    carried_days = serializers.IntegerField(
        min_value=0,
        max_value=actions.MOST_CARRIED,
        required=False,
        default=0,
        help_text="Of rates of days: on how many days in a row without one the last one before them counts.",
    )
    rows = RateRowIn(many=True, required=False)
    dataset = serializers.UUIDField(required=False)
    file = serializers.FileField(required=False, help_text="CSV, XLSX, XLS or ODS.")
    day_column = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")
    currency_column = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")
    other_column = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")
    rate_column = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(1 for name in ("rows", "dataset", "file") if attrs.get(name)) != 1:
            raise serializers.ValidationError({"rows": "one_of_rows_dataset_file"})
        return attrs

    def given(self, by: access.Actor) -> Any:
        chosen = self.validated_data
        is_inverse = chosen["direction"] == "buys"
        columns = actions.RateColumns(
            **{name: chosen[f"{name}_column"] for name in ("day", "currency", "other", "rate")}
        )
        if chosen.get("file"):
            content = chosen["file"].read(sheets.MAX_BYTES + 1)
            return actions.given_in_file(content, chosen["file"].name, columns, is_inverse=is_inverse)
        if chosen.get("dataset"):
            dataset = access.get_or_404(sources.datasets_for_metrics(), pk=chosen["dataset"])
            return actions.given_in_dataset(dataset, columns, is_inverse=is_inverse, by=by)
        lines = [f"{row['day']};{row['currency']};{row['rate']}" for row in chosen["rows"]]
        return actions.given_in_text("\n".join(lines))


class RateChangeOut(serializers.Serializer[rates.RateChange]):
    source = serializers.CharField()  # type: ignore[assignment]
    day = serializers.DateField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField()
    is_carried = serializers.BooleanField()
    was_carried = serializers.BooleanField(help_text="Whether `before` was carried over.")
    beside = serializers.CharField(
        allow_null=True,
        help_text="What it is looked at beside: `before`, else the rate of the newest day before it.",
    )


class ClosedOut(serializers.Serializer[None]):
    key = serializers.CharField()
    months = serializers.IntegerField()


class RateProposalOut(serializers.Serializer[Any]):
    """`changes`: the first forty of `new` + `changed` rates, those that replace one first. `closed`: metrics with closed
    months among them, which keep their values. `left_out`: rows about other pairs of currencies. `outlying`: the first
    forty of the rates to look at twice: twice what they are `beside`, or half of it."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=RateKind.choices)
    currency = serializers.CharField()
    against = serializers.IntegerField()
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    left_out = serializers.IntegerField()
    changes = RateChangeOut(many=True)
    outlying_count = serializers.IntegerField()
    outlying = RateChangeOut(many=True)
    metrics = serializers.ListField(child=serializers.CharField())
    closed = ClosedOut(many=True)


def _told(proposal: RateProposal) -> dict[str, Any]:
    diff = rates.rate_diff(proposal)
    return {
        "id": proposal.pk,
        "kind": proposal.kind,
        "currency": proposal.currency,
        "against": diff.against,
        "new": len(diff.new),
        "changed": len(diff.changed),
        "same": diff.same,
        "left_out": proposal.left_out,
        "changes": [*diff.changed, *diff.new][: rates.SHOWN],
        "outlying_count": len(diff.outlying),
        "outlying": diff.outlying[: rates.SHOWN],
        "metrics": [metric.key for metric in diff.metrics],
        "closed": [{"key": metric.key, "months": months} for metric, months in diff.closed],
    }


class RatesView(api.TenantView):
    """The rates of each kind as the newest version knows them, and the months that lack some."""

    scope_read = READ

    @extend_schema(operation_id="metric_rates_read", responses=RatesOut)
    def get(self, request: Request) -> Response:
        found = {
            "sets": rates.rate_sets(request.actor.organisation.currency),
            "lacking": rates.lacking(queries.visible_metrics(request.actor)),
        }
        return Response(RatesOut(found).data)


class RateVersionsView(api.TenantView):
    """Every version, the newest first."""

    scope_read = READ

    @extend_schema(operation_id="metric_rate_versions_list", responses=RateVersionOut(many=True))
    def get(self, request: Request) -> Response:
        pages = api.NewestFirst()
        page = pages.paginate_queryset(rates.rate_versions().order_by(), request, view=self)
        return pages.get_paginated_response(RateVersionOut(page, many=True).data)


class RateVersionView(api.TenantView):
    """What one version says anew, by currency and day; with ?whole=true, all that it knows. In pages."""

    scope_read = READ
    pagination_class = api.InOrder

    @extend_schema(
        operation_id="metric_rate_versions_read",
        responses=RateOut(many=True),
        parameters=[OpenApiParameter("whole", bool, description="Also what earlier versions said.")],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = access.get_or_404(rates.rate_versions(), pk=pk)
        is_whole = request.query_params.get("whole") in ("true", "1")
        pages = api.InOrder()
        page = pages.paginate_queryset(rates.rates_of(version, is_whole=is_whole), request, view=self)
        return pages.get_paginated_response(RateOut(page, many=True).data)


class RateProposalsView(api.TenantView):
    """A dry run: what these rates would change. Nothing counts before it is applied."""

    scope_write = WRITE

    @extend_schema(operation_id="metric_rates_propose", request=RatesIn, responses={201: RateProposalOut})
    def post(self, request: Request) -> Response:
        access.require(rules.can_set_rates(request.actor))
        form = RatesIn(data=request.data)
        form.is_valid(raise_exception=True)
        proposal = actions.propose_rates(
            kind=form.validated_data["kind"],
            given=form.given(request.actor),
            is_inverse=form.validated_data["direction"] == "buys",
            note=form.validated_data["note"],
            carried_days=form.validated_data["carried_days"],
            by=request.actor,
            at=timezone.now(),
        )
        return Response(RateProposalOut(_told(proposal)).data, status=status.HTTP_201_CREATED)


class RateProposalView(api.TenantView):
    """One's own proposal, compared with what is known now."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metric_rates_proposal", responses=RateProposalOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(RateProposalOut(_told(_proposal_of(request, pk))).data)

    @extend_schema(operation_id="metric_rates_discard", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        proposal = _proposal_of(request, pk)
        actions.discard_rates(proposal=proposal)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApplyRatesIn(serializers.Serializer[None]):
    """`against`: the number that the proposal was compared with."""

    against = serializers.IntegerField(min_value=0)


class ApplyRatesView(api.TenantView):
    """Makes a proposal the next version. 409 where somebody made another one since it was compared."""

    scope_write = WRITE

    @extend_schema(operation_id="metric_rates_apply", request=ApplyRatesIn, responses={201: RateVersionOut})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        proposal = _proposal_of(request, pk)
        form = ApplyRatesIn(data=request.data)
        form.is_valid(raise_exception=True)
        version = actions.apply_rates(
            proposal=proposal, by=request.actor, at=timezone.now(), **form.validated_data
        )
        jobs.nudge(tasks.refresh_stale_values)
        return Response(RateVersionOut(version).data, status=status.HTTP_201_CREATED)


def _proposal_of(request: Request, pk: uuid.UUID) -> RateProposal:
    access.require(rules.can_set_rates(request.actor))
    return access.get_or_404(rates.proposals(request.actor.person), pk=pk)
