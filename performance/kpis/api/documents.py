"""Definitions as YAML: written down, and read with or without keeping anything."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api
from performance.kpis import actions, documents, queries, rules
from performance.people import models as people

READ, WRITE = "metrics:read", "metrics:write"


class DefinitionsDocument(serializers.Serializer[None]):
    document = serializers.CharField()


class OwnersIn(serializers.Serializer[None]):
    """Who owns what is new; metrics that are there keep their owners."""

    business_owner = serializers.UUIDField(required=False, allow_null=True, default=None)
    finance_owner = serializers.UUIDField(required=False, allow_null=True, default=None)

    def owners(self) -> dict[str, people.Person | None]:
        everyone = people.Person.objects.all()
        return {
            side: access.get_or_404(everyone, pk=self.validated_data[side])
            if self.validated_data[side]
            else None
            for side in ("business_owner", "finance_owner")
        }


class DefinitionsIn(OwnersIn):
    document = serializers.CharField(max_length=documents.MAX_BYTES, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=True)


class ChangeOfWording(serializers.Serializer[None]):
    what = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class OutcomeOut(serializers.Serializer[actions.Outcome]):
    key = serializers.CharField()
    state = serializers.ChoiceField(choices=["new", "changed", "same", "skipped", "refused"])
    line = serializers.IntegerField()
    field = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)
    changes = ChangeOfWording(many=True)
    version = serializers.UUIDField(allow_null=True)


class OutcomesOut(serializers.Serializer[None]):
    kept = serializers.BooleanField()
    outcomes = OutcomeOut(many=True)


def told(outcomes: list[actions.Outcome], *, kept: bool) -> dict[str, Any]:
    """`version`: the draft, where one was kept."""
    return {
        "kept": kept,
        "outcomes": [
            {
                "key": one.entry.key,
                "state": one.state,
                "line": one.line,
                "field": one.place,
                "detail": one.message,
                "changes": [
                    {"what": what, "before": before, "after": after} for what, before, after in one.changes
                ],
                "version": str(one.version.pk) if kept and one.version else None,
            }
            for one in outcomes
        ],
    }


class DefinitionsView(api.TenantView):
    """Every signed definition as one document; drafts from a document, inputs before what is computed from them."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metric_definitions_export", responses=DefinitionsDocument)
    def get(self, request: Request) -> Response:
        return Response({"document": documents.written(queries.signed_definitions(request.actor))})

    @extend_schema(
        operation_id="metric_definitions_import",
        request=DefinitionsIn,
        responses={200: OutcomesOut, 201: OutcomesOut, 422: OutcomesOut},
    )
    def post(self, request: Request) -> Response:
        """A dry run, unless `dry_run` is false: then all of it is kept as drafts, or nothing (422)."""
        actor = request.actor
        access.require(rules.can_draft_metric(actor))
        form = DefinitionsIn(data=request.data)
        form.is_valid(raise_exception=True)
        asked = {"document": form.validated_data["document"], **form.owners()}
        if form.validated_data["dry_run"]:
            found = actions.check_document(**asked, by=actor, at=timezone.now())
            return Response(told(found, kept=False))
        try:
            found = actions.import_definitions(**asked, by=actor, at=timezone.now())
        except actions.ImportRefused as refused:
            return Response(told(refused.outcomes, kept=False), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(told(found, kept=True), status=status.HTTP_201_CREATED)


class VersionDocumentView(api.TenantView):
    """One version as a document."""

    scope_read, scope_write = READ, WRITE

    @extend_schema(operation_id="metric_versions_document", responses=DefinitionsDocument)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = access.get_or_404(queries.visible_versions(request.actor), pk=pk)
        return Response({"document": documents.written([version])})
