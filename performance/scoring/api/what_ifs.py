"""What-ifs of policy owners: try, watch, keep, compare, take over into a draft, forget."""

import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.engine import penalty
from performance.foundation import access, bodies, jobs
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import actions, evidence, queries, rules, tasks
from performance.scoring.api.policies import PoliciesView
from performance.scoring.api.policy_shapes import PolicyDetailOut
from performance.scoring.api.simulations import MovedOut, SimulationOut
from performance.scoring.models import WHOLE, PolicyWhatIf, Stage
from performance.scoring.models.what_ifs import LONGEST_NAME


class SupposedPartIn(bodies.Body):
    """One component; what is left out stays as it is."""

    base_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE, required=False)
    multipliers = serializers.DictField(child=serializers.IntegerField(), required=False)
    curve = serializers.DictField(required=False)

    def validate_multipliers(self, given: dict[str, int]) -> dict[str, int]:
        unknown = set(given) - set(Stage.values)
        if unknown:
            raise serializers.ValidationError(f"Unknown stage: {', '.join(sorted(unknown))}")
        return given


class SupposedWhatIfIn(bodies.Body):
    """What is supposed to be another; what is left out stays as it is."""

    stage = serializers.ChoiceField(choices=Stage.choices, required=False)
    alpha_quarters = serializers.IntegerField(min_value=0, max_value=penalty.OFF, required=False)
    components = serializers.DictField(
        child=SupposedPartIn(), required=False, help_text="Key of a component → what of it is supposed."
    )


class NameIn(bodies.Body):
    name = serializers.CharField(max_length=LONGEST_NAME)


class SupposedPeriodIn(bodies.Body):
    period = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="Of the next version; not read for a draft."
    )


class SupposedWhatIfOut(serializers.ModelSerializer[PolicyWhatIf]):
    version = serializers.UUIDField(source="version_id")
    asked_by = serializers.UUIDField(source="asked_by_id")

    class Meta:
        model = PolicyWhatIf
        fields = ["id", "version", "name", "supposed", "asked_by", "asked_at", "kept_at"]


class WhatIfDetailOut(SupposedWhatIfOut):
    """With its simulations, one a past period."""

    simulations = serializers.SerializerMethodField()

    class Meta(SupposedWhatIfOut.Meta):
        fields = [*SupposedWhatIfOut.Meta.fields, "simulations"]

    @extend_schema_field(SimulationOut(many=True))
    def get_simulations(self, what_if: PolicyWhatIf) -> Any:
        context = {"digest": queries.supposed_digest(what_if)}
        return SimulationOut(queries.simulations_of_what_if(what_if), many=True, context=context).data


class SupposedSideOut(serializers.Serializer[Any]):
    what_if = SupposedWhatIfOut()
    moved = MovedOut()


class WhatIfsView(PoliciesView):
    """What-ifs that I may see."""

    def what_if(self, request: Request, what_if_id: uuid.UUID) -> PolicyWhatIf:
        return access.get_or_404(queries.what_ifs_visible_to(request.actor), pk=what_if_id)

    def moved(self, request: Request, found: PolicyWhatIf, simulation_id: uuid.UUID) -> dict[str, Any]:
        simulations = {each.pk: each for each in queries.simulations_of_what_if(found)}
        if simulation_id not in simulations:
            raise Http404
        digest = queries.supposed_digest(found)
        today = people_queries.day_at(request.actor.organisation, timezone.now())
        told = queries.moved(simulations[simulation_id], request.actor, today, digest=digest)
        return dict(MovedOut(told, context={"digest": digest}).data)


class WhatIfsOfPolicy(WhatIfsView):
    """The kept what-ifs of a version; trying another one, which changes nothing."""

    @extend_schema(responses=SupposedWhatIfOut(many=True))
    def get(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        return Response(SupposedWhatIfOut(queries.kept_what_ifs(request.actor, version), many=True).data)

    @extend_schema(request=SupposedWhatIfIn, responses={202: WhatIfDetailOut})
    def post(self, request: Request, version_id: uuid.UUID) -> Response:
        version = self.version(request, version_id)
        access.require(rules.can_suppose_weights(request.actor))
        asked = SupposedWhatIfIn(data=request.data)
        asked.is_valid(raise_exception=True)
        what_if = actions.try_what_if(
            version=version,
            supposed=_supposed(queries.content_of(version), asked.validated_data),
            by=request.actor,
            at=timezone.now(),
        )
        for simulation in actions.carry_out_at_once(what_if, at=timezone.now()):
            jobs.nudge(tasks.carry_out_simulation, str(simulation.pk))
        jobs.nudge(tasks.clear_forgotten_simulations)
        return Response(WhatIfDetailOut(what_if).data, status=status.HTTP_202_ACCEPTED)


class OneWhatIf(WhatIfsView):
    """One what-if with its simulations; forgetting it."""

    @extend_schema(responses=WhatIfDetailOut)
    def get(self, request: Request, what_if_id: uuid.UUID) -> Response:
        return Response(WhatIfDetailOut(self.what_if(request, what_if_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, what_if_id: uuid.UUID) -> Response:
        found = self.what_if(request, what_if_id)
        actions.forget_what_if(what_if=found, by=request.actor, at=timezone.now())
        jobs.nudge(tasks.clear_forgotten_simulations)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WhatIfMoved(WhatIfsView):
    """Who would have moved in one past period: as much of it as is the reader's to know."""

    @extend_schema(responses=MovedOut)
    def get(self, request: Request, what_if_id: uuid.UUID, simulation_id: uuid.UUID) -> Response:
        return Response(self.moved(request, self.what_if(request, what_if_id), simulation_id))


class KeepWhatIf(WhatIfsView):
    """Keeps what I tried under a name."""

    @extend_schema(request=NameIn, responses=WhatIfDetailOut)
    def post(self, request: Request, what_if_id: uuid.UUID) -> Response:
        found = self.what_if(request, what_if_id)
        access.require(rules.can_keep_what_if(request.actor, found))
        asked = NameIn(data=request.data)
        asked.is_valid(raise_exception=True)
        actions.keep_what_if(what_if=found, by=request.actor, at=timezone.now(), **asked.validated_data)
        return Response(WhatIfDetailOut(self.what_if(request, what_if_id)).data)


class DraftWhatIf(WhatIfsView):
    """Writes what is supposed into the draft that it was tried on, or into the next version for a period."""

    @extend_schema(request=SupposedPeriodIn, responses={201: PolicyDetailOut})
    def post(self, request: Request, what_if_id: uuid.UUID) -> Response:
        found = self.what_if(request, what_if_id)
        asked = SupposedPeriodIn(data=request.data)
        asked.is_valid(raise_exception=True)
        named = asked.validated_data["period"]
        period = access.get_or_404(people.Period.objects.all(), pk=named) if named else None
        version = actions.draft_from_what_if(
            what_if=found, period=period, by=request.actor, at=timezone.now()
        )
        return self.answer(request, version.pk, status.HTTP_201_CREATED)


class CompareWhatIfs(WhatIfsView):
    """Two what-ifs side by side, each with who would have moved in its latest past period."""

    @extend_schema(
        operation_id="what_ifs_compare",
        parameters=[OpenApiParameter("one", uuid.UUID), OpenApiParameter("other", uuid.UUID)],
        responses=SupposedSideOut(many=True),
    )
    def get(self, request: Request) -> Response:
        ids = [
            serializers.UUIDField().run_validation(request.query_params.get(name))
            for name in ("one", "other")
        ]
        sides = []
        for found in (self.what_if(request, each) for each in ids):
            simulations = queries.simulations_of_what_if(found)
            told = self.moved(request, found, simulations[-1].pk)
            sides.append({"what_if": SupposedWhatIfOut(found).data, "moved": told})
        return Response(sides)


def _supposed(content: evidence.Content, given: dict[str, Any]) -> evidence.Content:
    parts: dict[str, dict[str, Any]] = given.get("components", {})
    unknown = sorted(set(parts) - {each.key for each in content.components})
    if unknown:
        raise serializers.ValidationError(
            {"components": {key: [_("There is no such component.")] for key in unknown}}
        )
    return evidence.Content(
        given.get("stage", content.stage),
        given.get("alpha_quarters", content.alpha_quarters),
        tuple(
            evidence.with_weights(
                each,
                base_ppm=parts.get(each.key, {}).get("base_ppm", each.base_ppm),
                curve=parts.get(each.key, {}).get("curve", each.curve),
                multipliers=parts.get(each.key, {}).get("multipliers", each.multipliers),
            )
            for each in content.components
        ),
    )
