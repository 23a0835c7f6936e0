"""What a definition would give before anybody keeps it, and what a version moves before anybody signs it."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, audit
from performance.foundation.components import formats
from performance.kpis import queries, rules, semantics
from performance.kpis.api import definition_shapes, definitions, documents
from performance.kpis.queries import effects

#: Decimals of a relative change; what a value itself moves by is exact.
PLACES = 6


class EffectOut(serializers.Serializer[effects.Effect]):
    """Decimal text. `before`: the value that stands; `change` is exact, `percent` of the size of the value before."""

    month = serializers.DateField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)
    change = serializers.CharField(allow_null=True)
    percent = serializers.SerializerMethodField()
    coverage_ppm = serializers.IntegerField()
    is_closed = serializers.BooleanField()

    def get_percent(self, row: effects.Effect) -> str | None:
        return None if row.percent is None else audit.plain(formats.rounded(row.percent, PLACES))


class CheckIn(definition_shapes.DefinitionIn):
    """`metric`: the one that is revised, to compare with. `part`: one dimension and its value, to narrow the months."""

    metric = serializers.UUIDField(required=False, allow_null=True, default=None)
    part = serializers.DictField(child=serializers.CharField(), required=False, default=dict)


class CheckOut(serializers.Serializer[Any]):
    """`months` is null where there is no preview: it took too long, or the rows stay at their source."""

    kind = serializers.CharField()
    unit = serializers.CharField()
    additivity = serializers.CharField()
    formula = serializers.CharField(allow_blank=True)
    expression = serializers.CharField(allow_blank=True)
    dimensions = serializers.ListField(child=serializers.CharField())
    part = serializers.DictField(child=serializers.CharField())
    months = EffectOut(many=True, allow_null=True)
    no_preview = serializers.ChoiceField(choices=["", "too_slow", "stays_at_source"])


class CheckView(api.TenantView):
    """The live check of the editor: 422 with the reason and, in `position`, its place in the typed formula."""

    scope_write = definitions.WRITE

    @extend_schema(operation_id="metrics_check", request=CheckIn, responses=CheckOut)
    def post(self, request: Request) -> Response:
        actor = request.actor
        access.require(rules.can_draft_metric(actor))
        form = CheckIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        metric = (
            access.get_or_404(definitions.metrics_of(request), pk=given["metric"])
            if given["metric"]
            else None
        )
        definition = form.definition()
        own_key = metric.key if metric else ""
        checked = semantics.check(
            definition,
            sheet=queries.sheet_of(definition.dataset) if definition.dataset else None,
            inputs=queries.inputs_for(own_key, with_drafts=True),
            own_key=own_key,
        )
        canonical = queries.as_checked(definition, checked, actor.organisation)
        told: dict[str, Any] = {
            "kind": checked.kind,
            "unit": canonical.unit,
            "additivity": checked.additivity,
            "formula": canonical.formula,
            "expression": canonical.expression,
            "dimensions": sorted(checked.shared),
            "part": {},
            "months": None,
            "no_preview": "",
        }
        if queries.stays_at_source(canonical):
            return Response(CheckOut(told | {"no_preview": "stays_at_source"}).data)
        sight = queries.sight_of(actor)
        try:
            part = given["part"] if given["part"] in queries.parts_previewed(canonical, sight=sight) else {}
            told |= {"part": part, "months": effects.effects(canonical, metric, within=part, sight=sight)}
        except queries.PreviewTooSlow:
            told["no_preview"] = "too_slow"
        return Response(CheckOut(told).data)


class UseOut(serializers.Serializer[queries.Use]):
    title = serializers.CharField()
    address = serializers.CharField()


class UsesOut(serializers.Serializer[queries.Uses]):
    """`number` counts also what you may not see; `shown` are some that you may."""

    kind = serializers.CharField()
    number = serializers.IntegerField()
    shown = UseOut(many=True)


class ImpactOut(serializers.Serializer[queries.Impact]):
    """`against`: the number of the version that this one would follow. `mark` goes with the signature."""

    against = serializers.IntegerField(source="against.number", default=None, allow_null=True)
    changes = serializers.SerializerMethodField()
    months = EffectOut(many=True)
    uses = UsesOut(many=True)
    too_slow = serializers.BooleanField(source="is_too_slow")
    mark = serializers.CharField()

    @extend_schema_field(documents.ChangeOfWording(many=True))
    def get_changes(self, impact: queries.Impact) -> list[dict[str, Any]]:
        return [
            {"what": str(what), "before": before, "after": after} for what, before, after in impact.changes
        ]


class ImpactView(api.TenantView):
    """What a version changes against the one before; while it waits, also what it moves and what reads the number: what
    whoever signs it is shown."""

    scope_read = definitions.READ

    @extend_schema(operation_id="metric_versions_impact", responses=ImpactOut)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = access.get_or_404(queries.visible_versions(request.actor), pk=pk)
        return Response(ImpactOut(queries.impact_of(version, request.actor)).data)
