"""Weight policies as the API reads and writes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from performance.engine import errors, objective, penalty, weights
from performance.foundation import bodies
from performance.scoring import evidence, queries
from performance.scoring.api.market import MarketRuleIn, drafts_from
from performance.scoring.models import (
    MOST_NOTICE,
    MOST_SMOOTHING,
    MOST_UNITS,
    WHOLE,
    BlendMethod,
    Category,
    Missing,
    PolicyApproval,
    PolicyVersion,
    Side,
    SourceKind,
    Stage,
)


class ApprovalOut(serializers.ModelSerializer[PolicyApproval]):
    person = serializers.UUIDField(source="person_id")

    class Meta:
        model = PolicyApproval
        fields = ["side", "person", "at"]


class PolicyVersionOut(serializers.ModelSerializer[PolicyVersion]):
    policy = serializers.UUIDField(source="policy_id")
    name_en = serializers.CharField(source="policy.name_en")
    name_zh = serializers.CharField(source="policy.name_zh")
    unit = serializers.UUIDField(source="policy.unit_id", allow_null=True)
    period = serializers.UUIDField(source="period_id")
    proposed_by = serializers.UUIDField(source="proposed_by_id", allow_null=True)
    approvals = ApprovalOut(many=True)
    stage_evidence = serializers.SerializerMethodField()

    class Meta:
        model = PolicyVersion
        fields = [
            "id",
            "policy",
            "name_en",
            "name_zh",
            "unit",
            "number",
            "period",
            "stage",
            "missing",
            "step_cap_ppm",
            "smoothing_ppm",
            "alpha_quarters",
            "judgements",
            "blend_method",
            "blend_ppm",
            "blend_units",
            "cash_operating",
            "cash_investing",
            "cash_financing",
            "stage_evidence",
            "bands",
            "state",
            "reason",
            "proposed_by",
            "proposed_at",
            "approved_at",
            "locked_at",
            "starts_on",
            "told_from",
            "effective_on",
            "announced_at",
            "approvals",
        ]

    @extend_schema_field(serializers.JSONField(allow_null=True))
    def get_stage_evidence(self, version: PolicyVersion) -> Any:
        kept = version.stage_evidence and evidence.proposal_from(version.stage_evidence)
        shown = queries.proposal_shown(kept or None, version.policy.unit, self.context["actor"])
        return shown.kept() if shown else None


class FlowOut(serializers.Serializer[evidence.Flow]):
    """A cash flow over the months, in micro of the metric's unit."""

    kind = serializers.ChoiceField(choices=evidence.FLOWS)
    metric_key = serializers.CharField()
    metric_version = serializers.IntegerField(allow_null=True)
    value_micro = serializers.IntegerField(allow_null=True, help_text="Null where the part is closed to me.")


class StageProposalOut(serializers.Serializer[evidence.StageProposal]):
    """What cash flows propose; without a stage, `quiet` says why: no_metric, few_months, not_fresh or no_sign."""

    stage = serializers.CharField()
    quiet = serializers.CharField()
    first_month = serializers.CharField()
    last_month = serializers.CharField()
    months = serializers.IntegerField()
    needed = serializers.IntegerField()
    as_of = serializers.CharField()
    flows = FlowOut(many=True)


class PolicyDetailOut(PolicyVersionOut):
    """With the market rules, and the plan: each component's curve, base and effective weight and why, and what each
    market rule said; null where none is feasible. What units scored, from which objective weights follow, is given to
    those alone who see the figures of every unit; to others, how many units there are."""

    plan = serializers.SerializerMethodField()
    market_rules = serializers.SerializerMethodField()
    stage_proposal = serializers.SerializerMethodField()

    class Meta(PolicyVersionOut.Meta):
        fields = [*PolicyVersionOut.Meta.fields, "market_rules", "stage_proposal", "plan"]

    @extend_schema_field(StageProposalOut(allow_null=True))
    def get_stage_proposal(self, version: PolicyVersion) -> Any:
        found = queries.stage_proposal_for(version, weighing=queries.weighing_of(version))
        proposal = queries.proposal_shown(found, version.policy.unit, self.context["actor"])
        return StageProposalOut(proposal).data if proposal else None

    @extend_schema_field(MarketRuleIn(many=True))
    def get_market_rules(self, version: PolicyVersion) -> Any:
        return MarketRuleIn(queries.rules_of(version), many=True).data

    def get_plan(self, version: PolicyVersion) -> dict[str, Any] | None:
        try:
            return queries.plan_shown(queries.plan_of(version), self.context["actor"])
        except errors.InvalidInput:
            return None


class ComponentIn(bodies.Body):
    key = serializers.SlugField(max_length=60)
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True)
    category = serializers.ChoiceField(choices=Category.choices)
    source_kind = serializers.ChoiceField(choices=SourceKind.choices)
    source_ref = serializers.CharField(max_length=120, required=False, allow_blank=True)
    slice = serializers.JSONField(required=False, help_text='"own_unit" or {"dimension": "value"}')
    base_ppm = serializers.IntegerField(
        min_value=0, max_value=WHOLE, required=False, default=0, help_text="Not read with judgements."
    )
    min_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE, required=False)
    max_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE, required=False)
    curve = serializers.DictField(required=False)
    color = serializers.IntegerField(min_value=1, max_value=8, required=False)
    multipliers = serializers.DictField(child=serializers.IntegerField(), required=False)

    def validate_slice(self, given: Any) -> Any:
        if not evidence.is_slice(given):
            raise serializers.ValidationError('"own_unit", or an object of dimensions with one text each.')
        return given

    def validate_multipliers(self, given: dict[str, int]) -> dict[str, int]:
        unknown = set(given) - set(Stage.values)
        if unknown:
            raise serializers.ValidationError(f"Unknown stage: {', '.join(sorted(unknown))}")
        return given


class ScoreBandIn(bodies.Body):
    name_en = serializers.CharField(max_length=evidence.LONGEST_NAME)
    name_zh = serializers.CharField(
        max_length=evidence.LONGEST_NAME, required=False, allow_blank=True, default=""
    )
    from_micro = serializers.IntegerField(allow_null=True, help_text="Micro points; null for the lowest.")


class WeighingIn(bodies.Body):
    """How weights are held and vary; what is left out is not done."""

    smoothing_ppm = serializers.IntegerField(
        min_value=0,
        max_value=MOST_SMOOTHING,
        required=False,
        help_text="The share of last period's weight that stays.",
    )
    alpha_quarters = serializers.IntegerField(
        min_value=0,
        max_value=penalty.OFF,
        required=False,
        help_text="By how much what is weak weighs more, as α in quarters; 4 is not at all.",
    )
    blend_method = serializers.ChoiceField(choices=BlendMethod.choices, required=False)
    blend_ppm = serializers.IntegerField(
        min_value=0,
        max_value=weights.MOST_BLEND,
        required=False,
        help_text="How much of a weight is objective.",
    )
    blend_units = serializers.IntegerField(
        min_value=objective.LEAST_UNITS,
        max_value=MOST_UNITS,
        required=False,
        help_text="From so many units on.",
    )
    cash_operating = serializers.CharField(max_length=60, required=False, allow_blank=True)
    cash_investing = serializers.CharField(max_length=60, required=False, allow_blank=True)
    cash_financing = serializers.CharField(max_length=60, required=False, allow_blank=True)
    judgements = serializers.DictField(
        child=serializers.ChoiceField(choices=evidence.JUDGEMENTS),
        required=False,
        help_text='Comparisons in pairs that base weights follow from: "a/b" → how many times as important a is as b, '
        '"1" to "9" or "1/2" to "1/9"; every pair once. Empty: base weights are stated.',
    )


class DraftIn(bodies.Body):
    """What a draft says, whole: an edit replaces all of it."""

    period = serializers.UUIDField()
    starts_on = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The day from which it is meant to govern; null for the period's first.",
    )
    stage = serializers.ChoiceField(choices=Stage.choices)
    missing = serializers.ChoiceField(choices=Missing.choices, default=Missing.LEAVE_OUT)
    step_cap_ppm = serializers.IntegerField(min_value=0, max_value=WHOLE, allow_null=True, default=50_000)
    reason = serializers.CharField(required=False, allow_blank=True, default="")
    components = ComponentIn(many=True)
    bands = ScoreBandIn(
        many=True,
        required=False,
        help_text="From the lowest upwards; left out, they stay as they are.",
    )
    market_rules = MarketRuleIn(
        many=True, required=False, source="market", help_text="Left out, they stay as they are."
    )

    weighing = WeighingIn(required=False, help_text="Left out, it stays as it is.")

    def validate_weighing(self, given: dict[str, Any]) -> evidence.Weighing:
        return evidence.Weighing(**given)

    def validate_bands(self, given: list[dict[str, Any]]) -> list[evidence.Band]:
        return [evidence.Band(**band) for band in given]

    def validate_market_rules(self, given: list[dict[str, Any]]) -> list[evidence.RuleDraft]:
        return drafts_from(given)


class PolicyIn(DraftIn):
    name_en = serializers.CharField(max_length=120)
    name_zh = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    unit = serializers.UUIDField(required=False, allow_null=True, default=None)


class NextIn(bodies.Body):
    period = serializers.UUIDField()


class ReasonIn(bodies.Body):
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class StageIn(bodies.Body):
    stage = serializers.ChoiceField(
        choices=Stage.choices,
        help_text="The proposed stage that was seen; 409 where another is proposed by now.",
    )


class ApproveIn(bodies.Body):
    side = serializers.ChoiceField(choices=Side.choices)


class LockIn(bodies.Body):
    effective_on = serializers.DateField(required=False, allow_null=True, default=None)


class NoticeShape(bodies.Body):
    """How many days before new weights take hold people hear of them."""

    days = serializers.IntegerField(min_value=0, max_value=MOST_NOTICE)


class WeightChangeOut(serializers.Serializer[queries.WeightChange]):
    """One component: its weight today and then; null where it does not weigh."""

    key = serializers.CharField()
    name_en = serializers.CharField()
    name_zh = serializers.CharField()
    before_ppm = serializers.IntegerField(allow_null=True)
    after_ppm = serializers.IntegerField(allow_null=True)
    change_ppm = serializers.IntegerField()


class WeightDifferenceOut(serializers.Serializer[queries.Difference]):
    """What a version changes for me; `before` is the version that governs me until then."""

    before = serializers.UUIDField(source="before.pk", default=None, allow_null=True)
    lines = WeightChangeOut(many=True)
