"""Endpoints of the import of goals: file → dry run → apply."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries
from okr.actions.importing import cells, steps
from okr.api.objectives import GoalsView
from okr.models import GoalImport
from okr.queries import import_remains
from okr.queries.imports import HEAVY
from performance.foundation import access, api, sheets
from performance.people import queries as people


class GoalFileIn(serializers.Serializer[None]):
    file = serializers.FileField(help_text="CSV, XLSX, XLS or ODS, up to 5,000 rows and 5 MB.")
    period = serializers.UUIDField(
        required=False, allow_null=True, help_text="The current period when absent."
    )


class GoalImportOut(serializers.ModelSerializer[GoalImport]):
    period = serializers.UUIDField(source="period_id")

    class Meta:
        model = GoalImport
        fields = ["id", "period", "file_name", "uploaded_at", "checked_at", "applied_at", "taken_back_at"]


class RemnantOut(serializers.Serializer[queries.Remnant]):
    id = serializers.UUIDField(allow_null=True)
    title = serializers.CharField(help_text="As the file had it.")
    deed = serializers.ChoiceField(
        list(import_remains.DEEDS), help_text="`unpropose`: it is a draft again. `restore`: its former text."
    )
    why = serializers.ChoiceField(
        list(import_remains.REASONS), allow_blank=True, help_text="Of what stays, else empty."
    )


class GoalDryRunOut(GoalImportOut):
    mended = serializers.DictField(child=serializers.CharField(), help_text="Cell: the text in its place.")
    report = serializers.DictField(
        help_text="What would be `new` and `changed` (with the fields of each change), what is the `same`, "
        "`counts`, what stands in the way (`errors`), and columns that are `not_read`. Where somebody was `forgotten` "
        "whom it told of, it cannot be taken back any more."
    )
    taken_back = serializers.SerializerMethodField(
        help_text="What became of each goal when it was taken back."
    )

    class Meta(GoalImportOut.Meta):
        fields = [*GoalImportOut.Meta.fields, "reason", "mended", "report", "taken_back_reason", "taken_back"]

    @extend_schema_field(RemnantOut(many=True))
    def get_taken_back(self, upload: GoalImport) -> list[dict[str, Any]]:
        return [
            {"id": row[3] if len(row) > 3 else None, "title": row[0], "deed": row[1], "why": row[2]}
            for row in upload.taken_back
        ]


class GoalCellIn(serializers.Serializer[None]):
    cell = serializers.RegexField(sheets.CELL, help_text="As a spreadsheet names it: C7.")
    value = serializers.CharField(max_length=cells.LONGEST, allow_blank=True)


class ApplyGoalsIn(serializers.Serializer[None]):
    reason = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=2000,
        help_text="Needed where something agreed changes.",
    )
    as_drafts = serializers.BooleanField(
        default=False, help_text="New objectives are saved as drafts; nobody is asked to agree yet."
    )


class ImportView(GoalsView):
    def upload(self, import_id: uuid.UUID) -> GoalImport:
        """One's own import; anybody else's does not exist."""
        return access.get_or_404(queries.goal_imports(self.actor), pk=import_id)


class GoalImports(ImportView):
    @extend_schema(operation_id="goals_imports", responses=GoalImportOut(many=True))
    def get(self, request: Request) -> Response:
        """Your own imports, newest first."""
        pages = api.NewestFirst()
        rows = queries.goal_imports(self.actor).defer("report", *HEAVY).order_by()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(GoalImportOut(page, many=True).data)

    @extend_schema(
        operation_id="goals_import",
        request={"multipart/form-data": GoalFileIn},
        responses={201: GoalDryRunOut},
    )
    def post(self, request: Request) -> Response:
        """Tries a file of objectives out: what would be new, what would change, what stands in the way. Nothing but
        the file is saved."""
        given: dict[str, Any] = self.valid(GoalFileIn)
        current = queries.period_to_plan(people.today(self.actor.organisation))
        asked = given.get("period") or (current.pk if current else None)
        # One byte beyond the bound is enough to be refused.
        upload = actions.upload_goals(
            file_name=given["file"].name,
            content=given["file"].read(steps.MAX_BYTES + 1),
            period=access.get_or_404(people.periods(), pk=asked),
            by=self.actor,
            at=timezone.now(),
        )
        return Response(GoalDryRunOut(upload).data, status=status.HTTP_201_CREATED)


class OneGoalImport(ImportView):
    @extend_schema(operation_id="goals_import_report", responses=GoalDryRunOut)
    def get(self, request: Request, import_id: uuid.UUID) -> Response:
        """The dry run, or the report of an import that was applied."""
        return Response(GoalDryRunOut(self.upload(import_id)).data)


class CheckGoals(ImportView):
    @extend_schema(operation_id="goals_import_check", request=None, responses=GoalDryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        """The dry run anew, against the goals as they are now."""
        upload = actions.check_goal_import(upload=self.upload(import_id), by=self.actor, at=timezone.now())
        return Response(GoalDryRunOut(upload).data)


class GoalCells(ImportView):
    @extend_schema(operation_id="goals_import_mend", request=GoalCellIn, responses=GoalDryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        """Another text for a wrong cell, in the import alone; the file is tried out again."""
        given = self.valid(GoalCellIn)
        upload = actions.mend_goal_cells(
            upload=self.upload(import_id),
            texts={given["cell"]: given["value"]},
            by=self.actor,
            at=timezone.now(),
        )
        return Response(GoalDryRunOut(upload).data)


class ApplyGoals(ImportView):
    @extend_schema(operation_id="goals_import_apply", request=ApplyGoalsIn, responses=GoalDryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        """Does what the dry run showed, whole or not at all: proposals that both sides agree to. 409 when goals have
        changed since."""
        upload = actions.apply_goal_import(
            upload=self.upload(import_id),
            by=self.actor,
            at=timezone.now(),
            **self.valid(ApplyGoalsIn),
        )
        return Response(GoalDryRunOut(upload).data)


class TakingBackOut(serializers.Serializer[Any]):
    seen = serializers.CharField(
        help_text="Names what is shown here: send it along, and nothing else is done."
    )
    goals = RemnantOut(many=True)


class TakeBackIn(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=2000)
    seen = serializers.CharField(
        required=False, allow_null=True, default=None, help_text="Left out, what is there now is taken back."
    )


class TakeGoalsBack(ImportView):
    @extend_schema(operation_id="goals_import_taking_back", responses=TakingBackOut)
    def get(self, request: Request, import_id: uuid.UUID) -> Response:
        """What taking an import back would do, goal by goal, and what stays as others have gone on with it."""
        upload = self.upload(import_id)
        remains = queries.remains_of(upload, self.actor, people.today(self.actor.organisation))
        return Response(TakingBackOut({"seen": queries.digest_of(remains), "goals": remains}).data)

    @extend_schema(operation_id="goals_import_take_back", request=TakeBackIn, responses=GoalDryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        """Takes back what stands as the import left it, all of it or nothing. 409 when something else would be done."""
        upload = actions.take_back_goal_import(
            upload=self.upload(import_id), by=self.actor, at=timezone.now(), **self.valid(TakeBackIn)
        )
        return Response(GoalDryRunOut(upload).data)
