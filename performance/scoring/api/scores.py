"""Scores: the ones in force, one with its whole sum, and its replay."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.engine import penalty
from performance.foundation import access, api, bodies
from performance.people import queries as people_queries
from performance.scoring import actions, evidence, queries, rules
from performance.scoring.models import WHOLE, CurrentScore, Score, ScoreWhatIf, Stage
from performance.scoring.models.what_ifs import LONGEST_NAME


class ScoreOut(serializers.ModelSerializer[Score]):
    """A score in micro points (80 points: 80_000_000); null where nothing counted."""

    person = serializers.UUIDField(source="person_id")
    period = serializers.UUIDField(source="period_id")
    version = serializers.UUIDField(source="version_id")

    class Meta:
        model = Score
        fields = [
            "id",
            "person",
            "period",
            "version",
            "score_micro",
            "constant_micro",
            "coverage_ppm",
            "state",
            "engine_version",
            "digest",
            "computed_at",
        ]


class ChangeLineOut(serializers.Serializer[queries.ChangedLine]):
    """What one component did to the change; a value or weight is null where that period does not have it."""

    key = serializers.CharField()
    name_en = serializers.CharField(source="line.name_en")
    name_zh = serializers.CharField(source="line.name_zh")
    value_before_micro = serializers.IntegerField(source="before.value_micro", default=None, allow_null=True)
    value_now_micro = serializers.IntegerField(source="now.value_micro", default=None, allow_null=True)
    weight_before_ppm = serializers.IntegerField(source="before.effective_ppm", default=None, allow_null=True)
    weight_now_ppm = serializers.IntegerField(source="now.effective_ppm", default=None, allow_null=True)
    performance_micro = serializers.IntegerField(source="effect.performance_micro")
    weight_micro = serializers.IntegerField(source="effect.weight_micro")


class ScoreChangeOut(serializers.Serializer[queries.Change]):
    """Since the last closed period, in micro points: performance + weight effects, exactly, as those of the components
    sum to them."""

    period = serializers.UUIDField(source="period.pk")
    change_micro = serializers.IntegerField()
    performance_micro = serializers.IntegerField()
    weight_micro = serializers.IntegerField()
    components = ChangeLineOut(source="moved", many=True)


class PenaltyOut(serializers.Serializer[queries.Penalty]):
    """What it did that what is weak weighs more; α in quarters."""

    alpha_quarters = serializers.IntegerField()
    without_micro = serializers.IntegerField()
    effect_micro = serializers.IntegerField()


class ScoreDetailOut(ScoreOut):
    """With its whole sum, its inputs, the change since the last closed period and the effect of a penalty for what is
    weak (each null without one)."""

    explanation = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()
    change = serializers.SerializerMethodField()
    penalty = serializers.SerializerMethodField()

    class Meta(ScoreOut.Meta):
        fields = [*ScoreOut.Meta.fields, "explanation", "evidence", "change", "penalty"]

    @extend_schema_field(PenaltyOut(allow_null=True))
    def get_penalty(self, score: Score) -> Any:
        found = queries.penalty_of(score, queries.versions_of(score))
        return PenaltyOut(found).data if found else None

    def get_explanation(self, score: Score) -> dict[str, Any]:
        return evidence.explanation_of(score)

    def get_evidence(self, score: Score) -> dict[str, Any]:
        return evidence.evidence_of(score, queries.trails_of([score]))

    @extend_schema_field(ScoreChangeOut(allow_null=True))
    def get_change(self, score: Score) -> Any:
        change = queries.change_since(score)
        return ScoreChangeOut(change).data if change else None


class ReplayOut(serializers.Serializer[queries.Replay]):
    identical = serializers.BooleanField(source="is_identical")
    kept_micro = serializers.IntegerField(allow_null=True)
    again_micro = serializers.IntegerField(allow_null=True)
    differences = serializers.ListField(child=serializers.CharField())


class SupposedIn(bodies.Body):
    """`values`: metric key → what it would be in the slice over the days of the score's period."""

    slice = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    values = serializers.DictField(child=serializers.DecimalField(max_digits=38, decimal_places=12))


class OtherwiseIn(bodies.Body):
    """`scores_micro`: component key → its score in micro points. What is left out stays as it is."""

    stage = serializers.ChoiceField(choices=Stage.choices, required=False)
    alpha_quarters = serializers.IntegerField(min_value=0, max_value=penalty.OFF, required=False)
    scores_micro = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=1000 * WHOLE), required=False, default=dict
    )


class KeepOtherwiseIn(OtherwiseIn):
    name = serializers.CharField(max_length=LONGEST_NAME)


class OwnWhatIfOut(serializers.ModelSerializer[ScoreWhatIf]):
    score = serializers.UUIDField(source="score_id")
    period = serializers.UUIDField(source="score.period_id")

    class Meta:
        model = ScoreWhatIf
        fields = ["id", "score", "period", "name", "supposed", "before_micro", "after_micro", "kept_at"]


class SupposedLineOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    value_before = serializers.IntegerField(allow_null=True)
    value_after = serializers.IntegerField(allow_null=True)
    points_before = serializers.IntegerField()
    points_after = serializers.IntegerField()


class SupposedOut(serializers.Serializer[Any]):
    """In micro points. Without lines nothing that the score rests on would be another."""

    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)
    lines = SupposedLineOut(many=True)


class LineOut(serializers.Serializer[queries.Line]):
    """One component: score × weight = points, and what it was read from."""

    key = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    category = serializers.CharField()
    source_kind = serializers.CharField()
    source_ref = serializers.CharField()
    curve = serializers.DictField()
    raw_micro = serializers.IntegerField(allow_null=True)
    value_micro = serializers.IntegerField(allow_null=True)
    treatment = serializers.CharField()
    base_ppm = serializers.IntegerField()
    constant_ppm = serializers.IntegerField()
    stage_ppm = serializers.IntegerField()
    market_ppm = serializers.IntegerField()
    share_ppm = serializers.IntegerField()
    previous_ppm = serializers.IntegerField(allow_null=True)
    planned_ppm = serializers.IntegerField()
    effective_ppm = serializers.IntegerField()
    unvaried_ppm = serializers.IntegerField(
        allow_null=True, help_text="Its weight if weights did not depend on results; null where they do not."
    )
    guardrails = serializers.ListField(child=serializers.CharField())
    contribution_micro = serializers.IntegerField()
    constant_contribution_micro = serializers.IntegerField()
    coverage_ppm = serializers.IntegerField()
    provisional = serializers.BooleanField()
    refs = serializers.ListField(child=serializers.DictField())


class ScoresView(api.TenantView):
    """Scores that I may see."""

    scope_read = "performance:read"

    def visible(self, request: Request) -> QuerySet[Score]:
        on = people_queries.day_at(request.actor.organisation, timezone.now())
        return queries.scores_visible_to(request.actor, on)


class Scores(ScoresView):
    """The scores in force: mine, those of the people below me, everybody's for HR and auditors."""

    @extend_schema(
        parameters=[OpenApiParameter("person", uuid.UUID), OpenApiParameter("period", uuid.UUID)],
        responses=ScoreOut(many=True),
    )
    def get(self, request: Request) -> Response:
        current = CurrentScore.objects.all()
        for name in ("person", "period"):
            if request.query_params.get(name):
                asked = serializers.UUIDField().run_validation(request.query_params[name])
                current = current.filter(**{f"{name}_id": asked})
        scores = self.visible(request).filter(pk__in=current.values("score_id"))
        paginator = api.NewestFirst()
        page = paginator.paginate_queryset(scores.order_by(), request)
        return paginator.get_paginated_response(ScoreOut(page, many=True).data)


class OneScore(ScoresView):
    """One score with its whole sum and its inputs."""

    @extend_schema(responses=ScoreDetailOut)
    def get(self, request: Request, score_id: uuid.UUID) -> Response:
        return Response(ScoreDetailOut(access.get_or_404(self.visible(request), pk=score_id)).data)


class ScorecardFile(ScoresView):
    """The scorecard as a PDF, in the language asked for."""

    @extend_schema(operation_id="scores_export", responses={(200, "application/pdf"): bytes})
    def get(self, request: Request, score_id: uuid.UUID) -> Any:
        score = access.get_or_404(self.visible(request), pk=score_id)
        file = actions.export_scorecard(score=score, by=request.actor, at=timezone.now())
        return FileResponse(file, as_attachment=True, filename=actions.scorecard_file_name(score))


class ReplayScore(ScoresView):
    """Computes a score again from what it kept, and compares."""

    @extend_schema(responses=ReplayOut)
    def get(self, request: Request, score_id: uuid.UUID) -> Response:
        score = access.get_or_404(self.visible(request), pk=score_id)
        return Response(ReplayOut(queries.replay_score(score)).data)


class SupposeScore(ScoresView):
    """The score if metrics had other values. Nothing is kept."""

    scope_write = "performance:read"

    @extend_schema(operation_id="score_supposed", request=SupposedIn, responses=SupposedOut)
    def post(self, request: Request, score_id: uuid.UUID) -> Response:
        score = access.get_or_404(self.visible(request), pk=score_id)
        form = SupposedIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        found = queries.supposed_score(score, score.person, within=given["slice"], values=given["values"])
        return Response(SupposedOut(found).data)


class SupposeOtherwise(ScoresView):
    """The score if its components, the stage or the penalty were others. Nothing is kept."""

    scope_write = "performance:read"

    @extend_schema(operation_id="score_otherwise", request=OtherwiseIn, responses=SupposedOut)
    def post(self, request: Request, score_id: uuid.UUID) -> Response:
        score = access.get_or_404(self.visible(request), pk=score_id)
        asked = OtherwiseIn(data=request.data)
        asked.is_valid(raise_exception=True)
        found = actions.suppose_score(score=score, supposition=_supposition(score, asked.validated_data))
        return Response(SupposedOut(found).data)


class OwnWhatIfs(ScoresView):
    """What I kept of my own scores; nobody else sees it."""

    @extend_schema(operation_id="own_what_ifs", responses=OwnWhatIfOut(many=True))
    def get(self, request: Request) -> Response:
        return Response(OwnWhatIfOut(queries.own_what_ifs(request.actor), many=True).data)


class OneOwnWhatIf(ScoresView):
    """Forgetting one of mine."""

    scope_write = "performance:write"

    @extend_schema(operation_id="own_what_if_forget", responses={204: None})
    def delete(self, request: Request, what_if_id: uuid.UUID) -> Response:
        actions.forget_own_what_if(what_if_id=what_if_id, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class KeepOwnWhatIf(ScoresView):
    """Keeps what I suppose of a score of mine."""

    scope_write = "performance:write"

    @extend_schema(operation_id="own_what_if_keep", request=KeepOtherwiseIn, responses={201: OwnWhatIfOut})
    def post(self, request: Request, score_id: uuid.UUID) -> Response:
        score = access.get_or_404(self.visible(request), pk=score_id)
        access.require(rules.can_keep_own_what_if(request.actor, score))
        asked = KeepOtherwiseIn(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        kept = actions.keep_own_what_if(
            name=given.pop("name"),
            score=score,
            supposition=_supposition(score, given),
            by=request.actor,
            at=timezone.now(),
        )
        return Response(OwnWhatIfOut(kept).data, status=status.HTTP_201_CREATED)


def _supposition(score: Score, given: dict[str, Any]) -> queries.Supposition:
    known = {line.key for line in queries.scorecard(score).sliders}
    if unknown := sorted(set(given["scores_micro"]) - known):
        words = [_("There is no such component.")]
        raise serializers.ValidationError({"scores_micro": dict.fromkeys(unknown, words)})
    return queries.Supposition(given.get("stage"), given.get("alpha_quarters"), given["scores_micro"])


class ScoreEvidence(ScoresView):
    """Why one component of a score counts and weighs what it does."""

    @extend_schema(responses=LineOut)
    def get(self, request: Request, score_id: uuid.UUID, key: str) -> Response:
        card = queries.scorecard(access.get_or_404(self.visible(request), pk=score_id))
        line = next((line for line in card.lines if line.key == key), None)
        if line is None:
            raise Http404
        return Response(LineOut(line).data)
