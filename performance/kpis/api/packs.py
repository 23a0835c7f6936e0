"""Ready packs: what they give and need, and drafts over one's own data."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import actions, packs, queries, rules
from performance.kpis.api import documents
from performance.kpis.packs import shapes
from performance.sources import queries as sources

READ, WRITE = "metrics:read", "metrics:write"


class SaidOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    description_en = serializers.CharField()
    description_zh = serializers.CharField()


class PackColumnOut(SaidOut):
    type = serializers.ChoiceField(choices=[shapes.DAY, shapes.NUMBER, shapes.FIGURE, shapes.VALUE])
    dimension = serializers.CharField(allow_blank=True)
    sql = serializers.CharField(allow_blank=True)


class PackTableOut(SaidOut):
    columns = PackColumnOut(many=True)


class PackMetricOut(SaidOut):
    table = serializers.CharField(allow_blank=True)
    needed = serializers.ListField(child=serializers.CharField())
    inputs = serializers.ListField(child=serializers.CharField())
    formula = serializers.CharField(allow_blank=True)
    unit = serializers.CharField()
    source_en = serializers.CharField(allow_blank=True)
    source_zh = serializers.CharField(allow_blank=True)


class PackOut(SaidOut):
    tables = PackTableOut(many=True)
    metrics = PackMetricOut(many=True)


class ProposedOut(serializers.Serializer[Any]):
    """`columns`: column of the pack → column of the dataset, or arithmetic over its columns."""

    dataset = serializers.UUIDField()
    columns = serializers.DictField(child=serializers.CharField())


class PackDetailOut(PackOut):
    """`proposed`: table of the pack → the dataset that fits it best, for those who may draft metrics."""

    proposed = serializers.DictField(child=ProposedOut())


class PackTableIn(serializers.Serializer[None]):
    """`columns`: column of the pack → column of the dataset, or arithmetic over its columns where the pack wants a
    number. Left out altogether, they are matched by name."""

    dataset = serializers.UUIDField()
    columns = serializers.DictField(
        child=serializers.CharField(max_length=400, allow_blank=True), required=False, allow_null=True
    )


class PackIn(documents.OwnersIn):
    """`without`: keys of metrics that are not wanted."""

    tables = serializers.DictField(child=PackTableIn())
    without = serializers.ListField(child=serializers.CharField(max_length=60), required=False, default=list)
    dry_run = serializers.BooleanField(default=True)


def _told(found: packs.Pack) -> dict[str, Any]:
    metrics = [
        {
            **{name: getattr(metric, name) for name in shapes.SAID},
            "table": metric.table,
            "needed": list(metric.needed),
            "inputs": list(metric.inputs),
            "formula": metric.entry.text("formula"),
            "unit": metric.entry.text("unit"),
            "source_en": metric.source_en,
            "source_zh": metric.source_zh,
        }
        for metric in found.metrics
    ]
    tables = PackTableOut(found.tables, many=True).data
    return {**{name: getattr(found, name) for name in shapes.SAID}, "tables": tables, "metrics": metrics}


def _pack(name: str) -> packs.Pack:
    try:
        return packs.load(name)
    except KeyError as error:
        raise Http404 from error


class PacksView(api.TenantView):
    """The packs that there are."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metric_packs_list", responses=PackOut(many=True))
    def get(self, request: Request) -> Response:
        return Response([_told(found) for found in packs.every()])


class PackView(api.TenantView):
    """One pack; drafts of it."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metric_packs_read", responses=PackDetailOut)
    def get(self, request: Request, name: str) -> Response:
        found = _pack(name)
        may_draft = rules.can_draft_metric(request.actor)
        chosen = queries.proposed_tables(found) if may_draft else {}
        proposed = {
            key: {"dataset": str(each.dataset.pk), "columns": each.columns} for key, each in chosen.items()
        }
        return Response({**_told(found), "proposed": proposed})

    @extend_schema(
        operation_id="metric_packs_draft",
        request=PackIn,
        responses={200: documents.OutcomesOut, 201: documents.OutcomesOut, 422: documents.OutcomesOut},
    )
    def post(self, request: Request, name: str) -> Response:
        """A dry run, unless `dry_run` is false: then drafts of all that the columns make possible, or none (422)."""
        actor = request.actor
        access.require(rules.can_draft_metric(actor))
        found = _pack(name)
        form = PackIn(data=request.data)
        form.is_valid(raise_exception=True)
        asked: dict[str, Any] = {
            "pack": found,
            "mapped": _mapped(found, form.validated_data["tables"]),
            "without": form.validated_data["without"],
            "by": actor,
            "at": timezone.now(),
            **form.owners(),
        }
        if form.validated_data["dry_run"]:
            return Response(documents.told(actions.check_pack(**asked), kept=False))
        try:
            outcomes = actions.draft_pack(**asked)
        except actions.ImportRefused as refused:
            told = documents.told(refused.outcomes, kept=False)
            return Response(told, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(documents.told(outcomes, kept=True), status=status.HTTP_201_CREATED)


def _mapped(found: packs.Pack, given: dict[str, dict[str, Any]]) -> dict[str, packs.Chosen]:
    """Raises DefinitionRefused for a column that does not fit, ValidationError for one that the pack has not."""
    mapped: dict[str, packs.Chosen] = {}
    tables = {table.key: table for table in found.tables}
    for key, each in given.items():
        table = tables.get(key)
        if table is None:
            raise serializers.ValidationError({"tables": [key]})
        dataset = access.get_or_404(sources.datasets_for_metrics(), pk=each["dataset"])
        sheet = queries.sheet_of(dataset)
        asked = each.get("columns")
        if asked is None:
            mapped[key] = packs.Chosen(dataset, sheet, packs.proposed(table, sheet))
            continue
        columns = {column.key: column for column in table.columns}
        if unknown := sorted(set(asked) - set(columns)):
            raise serializers.ValidationError({"tables": [f"{key}.{name}" for name in unknown]})
        mapped[key] = packs.Chosen(
            dataset,
            sheet,
            {name: packs.judged(columns[name], text, sheet) for name, text in asked.items() if text},
        )
    return mapped
