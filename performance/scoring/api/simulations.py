"""Simulations of a weight policy on past periods: ask for them, watch them, read who would have moved."""

import uuid
from typing import Any

from django.http import FileResponse, Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, jobs
from performance.people import queries as people_queries
from performance.scoring import actions, queries, rules, tasks
from performance.scoring.api.policies import PoliciesView
from performance.scoring.models import Simulation


class SimulationOut(serializers.ModelSerializer[Simulation]):
    period = serializers.UUIDField(source="period_id")
    is_current = serializers.SerializerMethodField(
        help_text="False once the draft says something else, or where no weights hold its guardrails."
    )

    class Meta:
        model = Simulation
        fields = ["id", "period", "state", "is_current", "total", "done", "asked_at", "finished_at"]

    def get_is_current(self, simulation: Simulation) -> bool:
        return bool(simulation.digest == self.context["digest"])


class CellOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    number = serializers.IntegerField()
    average = serializers.DecimalField(max_digits=12, decimal_places=6)
    up = serializers.IntegerField(
        allow_null=True, help_text="How many move a band up; null where it is not told."
    )
    down = serializers.IntegerField(allow_null=True)


class BandStepOut(serializers.Serializer[Any]):
    """One band, or neighbours put together: how many people before and after."""

    name_en = serializers.CharField(source="band.name_en")
    name_zh = serializers.CharField(source="band.name_zh")
    low_micro = serializers.IntegerField(source="band.low_micro", allow_null=True)
    high_micro = serializers.IntegerField(source="band.high_micro", allow_null=True)
    before = serializers.IntegerField()
    after = serializers.IntegerField()


class DimensionOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    groups = CellOut(many=True, source="cells")
    withheld = serializers.IntegerField(help_text="Groups that are small, or would give a small one away.")


class MoveOut(serializers.Serializer[Any]):
    person = serializers.UUIDField(source="person.pk")
    before_micro = serializers.IntegerField(allow_null=True)
    after_micro = serializers.IntegerField(allow_null=True)
    change_micro = serializers.IntegerField(allow_null=True)
    bands_up = serializers.IntegerField(source="steps", help_text="Negative: down.")


class FiguresOut(serializers.ModelSerializer[Simulation]):
    class Meta:
        model = Simulation
        fields = [
            "compared",
            "incomparable",
            "provisional",
            "within",
            "beyond",
            "band_up",
            "band_down",
            "bins",
            "absent",
        ]


class MovedOut(serializers.Serializer[Any]):
    """`figures` are null, and `by` is empty, where so few people would be told on one by one; `largest` names only
    people whose scores the reader sees."""

    simulation = SimulationOut()
    unscored = serializers.IntegerField(source="simulation.unscored")
    figures = serializers.SerializerMethodField()
    by = DimensionOut(many=True, source="dimensions")
    bands = BandStepOut(many=True, source="steps")
    largest = MoveOut(many=True, source="moves")

    @extend_schema_field(FiguresOut(allow_null=True))
    def get_figures(self, moved: queries.Moved) -> dict[str, Any] | None:
        return dict(FiguresOut(moved.simulation).data) if moved.is_told else None


class Simulations(PoliciesView):
    """The simulations of a version, one a past period; asking for those of a draft."""

    @extend_schema(responses=SimulationOut(many=True))
    def get(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        context = {"digest": queries.digest_now(version)}
        return Response(SimulationOut(queries.simulations_of(version), many=True, context=context).data)

    @extend_schema(request=None, responses={202: SimulationOut(many=True)})
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        is_scored = queries.is_in_scope(version, request.actor.person_id)
        access.require(rules.can_simulate(request.actor, version, is_scored=is_scored))
        asked = actions.simulate_policy(version=version, by=request.actor, at=timezone.now())
        for simulation in asked:
            jobs.nudge(tasks.carry_out_simulation, str(simulation.pk))
        jobs.nudge(tasks.clear_forgotten_simulations)
        context = {"digest": queries.digest_now(version)}
        data = SimulationOut(asked, many=True, context=context).data
        return Response(data, status=status.HTTP_202_ACCEPTED)


class SimulationView(PoliciesView):
    """One simulation of a version that I may see."""

    def moved(self, request: Request, version_id: uuid.UUID, simulation_id: uuid.UUID) -> queries.Moved:
        version = self.version(request, version_id)
        simulations = Simulation.objects.filter(version=version).select_related(
            "period", "version__policy", "what_if"
        )
        found = access.get_or_404(simulations, pk=simulation_id)
        self.digest = queries.digest_now(version)
        self.today = people_queries.day_at(request.actor.organisation, timezone.now())
        return queries.moved(found, request.actor, self.today, digest=self.digest)


class OneSimulation(SimulationView):
    """Who would have moved, by how much: as much of it as is the reader's to know."""

    @extend_schema(responses=MovedOut)
    def get(self, request: Request, version_id: uuid.UUID, simulation_id: uuid.UUID) -> Response:
        moved = self.moved(request, version_id, simulation_id)
        return Response(MovedOut(moved, context={"digest": self.digest}).data)


class SimulationFile(SimulationView):
    """The same as a workbook (XLSX), with everybody whose score the reader sees."""

    @extend_schema(
        operation_id="weight_policies_export_simulation", responses={(200, "application/octet-stream"): bytes}
    )
    def get(self, request: Request, version_id: uuid.UUID, simulation_id: uuid.UUID) -> Any:
        moved = self.moved(request, version_id, simulation_id)
        if not moved.has_file:
            raise Http404
        file = actions.export_simulation(moved=moved, by=request.actor, at=timezone.now(), on=self.today)
        return FileResponse(file, as_attachment=True, filename=moved.file_name)
