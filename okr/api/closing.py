"""The end of a period: grades, and what is taken into the next one."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.api import objectives
from okr.api.objectives import GoalsView
from okr.api.serializers import ObjectiveOut
from okr.models import Grade, Objective
from performance.foundation import access
from performance.people import queries as people


class GradeIn(serializers.Serializer):
    percent = serializers.IntegerField(min_value=0, max_value=1000)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    went_well = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    learned = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    change = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)


class GradeOut(serializers.ModelSerializer[Grade]):
    objective = serializers.UUIDField(source="objective_id")
    by = serializers.UUIDField(source="by_id")

    class Meta:
        model = Grade
        fields = [
            *("id", "objective", "side", "percent", "suggested", "reason", "went_well", "learned", "change"),
            *("by", "at"),
        ]


class CarryIn(serializers.Serializer):
    into = serializers.UUIDField(help_text="The later period.")
    objectives = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=200)


class DuplicateIn(CarryIn):
    start = serializers.ChoiceField(
        choices=["same", "last"],
        default="same",
        help_text="Key results start where they did, or from the last value where the target is not reached.",
    )


class Grades(GoalsView):
    @extend_schema(operation_id="goals_grades", responses=GradeOut(many=True))
    def get(self, request: Request, objective_id: uuid.UUID) -> Response:
        """The grade of each side, for the two sides, the line above, HR and auditors."""
        one, line = self.found(objective_id)
        access.require(rules.can_read_grades(self.actor, one, line))
        return Response(GradeOut(list(queries.grades_of(one).values()), many=True).data)

    @extend_schema(operation_id="goals_grade", request=GradeIn, responses={201: GradeOut})
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Grades for your side: the owner first. A grade other than the suggested one needs a reason."""
        one, _line = self.found(objective_id)
        access.require(not self.actor.only_reads and rules.side_of(self.actor, one) is not None)
        grade = actions.grade_objective(
            objective=one, by=self.actor, at=timezone.now(), **self.valid(GradeIn)
        )
        return Response(GradeOut(grade).data, status=status.HTTP_201_CREATED)


class ExportView(GoalsView):
    @extend_schema(
        operation_id="goals_export",
        parameters=[
            OpenApiParameter("period", uuid.UUID),
            *objectives.NARROWING,
            OpenApiParameter("bom", bool, description="CSV begins with a byte order mark."),
        ],
        responses={(200, "application/octet-stream"): bytes},
    )
    def get(self, request: Request, form: str) -> HttpResponseBase:
        """Objectives that you may see with their key results and last values, as CSV or XLSX."""
        asked = request.query_params
        rows = self.narrowed(objectives.uuid_of(asked.get("period")))
        file = actions.export_objectives(
            objectives=rows,
            form=form,
            filters=asked.dict(),
            with_bom=asked.get("bom", "") in ("1", "true"),
            by=self.actor,
            at=timezone.now(),
        )
        return FileResponse(file, as_attachment=True, filename=f"objectives.{form}")


class IntoLater(GoalsView):
    """What the two ways into a later period share."""

    def chosen(
        self, candidates: QuerySet[Objective], seen: QuerySet[Objective], given: dict[str, Any]
    ) -> list[Objective]:
        """Those asked for: 404 for what may not be seen, 403 for what may only be seen."""
        access.require(not self.actor.only_reads)
        wanted = set(given["objectives"])
        found = list(candidates.filter(pk__in=wanted))
        for key in wanted - {one.pk for one in found}:
            access.get_or_404(seen, pk=key)
        access.require(len(found) == len(wanted))
        return found

    def answer(self, made: Sequence[Objective]) -> Response:
        visible = queries.visible_to(self.actor)
        rows = queries.with_key_results(visible.filter(pk__in=[each.pk for each in made]))
        shown = ObjectiveOut(rows, many=True, context=self.measured(rows))
        return Response(shown.data, status=status.HTTP_201_CREATED)


class Carry(IntoLater):
    @extend_schema(operation_id="goals_carry_over", request=CarryIn, responses={201: ObjectiveOut(many=True)})
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        """Takes objectives of a closing or closed period along as drafts. Twice makes no doubles; the answer
        holds the new ones."""
        period = access.get_or_404(people.periods(), pk=period_id)
        given: dict[str, Any] = self.valid(CarryIn)
        visible = queries.visible_to(self.actor)
        made = actions.carry_over(
            objectives=self.chosen(
                queries.to_carry(self.actor, visible, period), visible.filter(period=period), given
            ),
            to=access.get_or_404(people.periods(), pk=given["into"]),
            by=self.actor,
            at=timezone.now(),
        )
        return self.answer(made)


class Duplicate(IntoLater):
    @extend_schema(
        operation_id="goals_duplicate", request=DuplicateIn, responses={201: ObjectiveOut(many=True)}
    )
    def post(self, request: Request, period_id: uuid.UUID) -> Response:
        """Copies objectives of a period, whatever became of them, into a later one as drafts without a tie to the
        former. What stands there under the same title is left alone; the answer holds the new ones."""
        period = access.get_or_404(people.periods(), pk=period_id)
        given: dict[str, Any] = self.valid(DuplicateIn)
        visible = queries.visible_to(self.actor)
        made = actions.duplicate_objectives(
            objectives=self.chosen(
                queries.to_duplicate(self.actor, visible, period), visible.filter(period=period), given
            ),
            to=access.get_or_404(people.periods(), pk=given["into"]),
            from_last_value=given["start"] == "last",
            by=self.actor,
            at=timezone.now(),
        )
        return self.answer(made)
