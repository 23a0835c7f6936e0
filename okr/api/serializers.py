"""What the API takes and gives. Amounts are decimal text; weights and shares are percent; progress is percent."""

import dataclasses
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from okr import queries, rules
from okr.models import (
    CheckpointContent,
    Content,
    KeyResult,
    KeyResultContent,
    MilestoneContent,
    Objective,
    OkrPolicy,
    policies,
)
from okr.models.contents import AMOUNTS, one_line, ppm_of
from okr.models.objectives import KeyResultKind, ObjectiveType, State, Visibility

# Exact amounts in a key result's own unit.
AMOUNT: dict[str, Any] = {"max_digits": 28, "decimal_places": 8, "required": False, "allow_null": True}


#: Percent with six decimals, as text.
PERCENT = serializers.DecimalField(max_digits=12, decimal_places=6, allow_null=True)
LOWEST_CONFIDENCE = "1 to 5: the lowest among its key results; null where nobody has said."
#: How something stands by its plan, best first; "none" where nothing is known yet.
STATUSES = ("good", "warn", "bad", "none")


def at_most(number: int) -> dict[str, Any]:
    """How long the list is that `many=True` makes of a serializer."""
    return {"max_length": number}


def percent_of(micro: int | None) -> Decimal | None:
    """Micro percent as percent with six decimals."""
    return None if micro is None else Decimal(micro) / 1_000_000


class MilestoneIn(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    weight = serializers.IntegerField(
        min_value=1, max_value=100, required=False, help_text="Left out it stays as it is; 1 for a new one."
    )


class CheckpointIn(serializers.Serializer):
    on = serializers.DateField()
    value = serializers.DecimalField(
        max_digits=28,
        decimal_places=8,
        help_text="Expected by the end of that day, in the key result’s own unit; of milestones percent of their weight.",
    )


class CheckpointOut(serializers.Serializer):
    on = serializers.DateField()
    value = serializers.DecimalField(max_digits=28, decimal_places=8)


class KeyResultIn(serializers.Serializer):
    id = serializers.UUIDField(required=False, help_text="The key result that this one changes.")
    kind = serializers.ChoiceField(choices=KeyResultKind.choices)
    title = serializers.CharField(max_length=200)
    weight = serializers.DecimalField(max_digits=7, decimal_places=4, help_text="Percent of the objective.")
    owner = serializers.UUIDField(required=False, allow_null=True)
    unit = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    currency = serializers.CharField(max_length=3, required=False, default="", allow_blank=True)
    start = serializers.DecimalField(**AMOUNT)
    target = serializers.DecimalField(**AMOUNT)
    commit = serializers.DecimalField(**AMOUNT)
    stretch = serializers.DecimalField(**AMOUNT)
    lower = serializers.DecimalField(**AMOUNT)
    upper = serializers.DecimalField(**AMOUNT)
    tolerance = serializers.DecimalField(**AMOUNT)
    metric = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    slice = serializers.DictField(
        child=serializers.CharField(max_length=rules.LONGEST_VALUE), required=False, default=dict
    )
    milestones = MilestoneIn(many=True, required=False, default=list, **at_most(rules.MOST_MILESTONES))
    checkpoints = CheckpointIn(
        many=True,
        required=False,
        **at_most(rules.MOST_CHECKPOINTS),
        help_text="Empty: expected linearly by workday. Left out they stay as they are.",
    )


class ContentIn(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    type = serializers.ChoiceField(choices=ObjectiveType.choices, default=ObjectiveType.COMMITTED)
    visibility = serializers.ChoiceField(choices=Visibility.choices, default=Visibility.PUBLIC)
    weight = serializers.IntegerField(min_value=1, max_value=100, default=1)
    key_results = KeyResultIn(many=True, **at_most(rules.MOST_KEY_RESULTS))


class ProposalIn(ContentIn):
    period = serializers.UUIDField()
    owner = serializers.UUIDField(required=False, allow_null=True, help_text="A person; yourself by default.")
    team = serializers.UUIDField(required=False, allow_null=True, help_text="For an objective of a team.")
    sponsor = serializers.UUIDField(required=False, allow_null=True)
    draft = serializers.BooleanField(default=False)


class ChangeIn(ContentIn):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    draft = serializers.BooleanField(default=False, help_text="Rewrites a draft; proposes nothing yet.")
    based_on = serializers.IntegerField(
        required=False,
        default=None,
        min_value=0,
        help_text="The version that the text was made from. 409 when another one stands by now.",
    )
    made_from = serializers.CharField(
        required=False,
        default=None,
        allow_null=True,
        max_length=32,
        help_text="Of a draft: the `draft_mark` of the text that this one was made from. 409 when it says something else "
        "by now.",
    )


class WithdrawalIn(serializers.Serializer):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class OkrPolicyIn(serializers.Serializer):
    """What is left out stays as it is."""

    over = serializers.ChoiceField(choices=policies.Over.choices, required=False)
    cap_percent = serializers.IntegerField(
        min_value=policies.SMALLEST_CAP, max_value=policies.LARGEST_CAP, required=False
    )
    missing = serializers.ChoiceField(choices=policies.Missing.choices, required=False)
    start_equals_target = serializers.ChoiceField(choices=policies.StartEqualsTarget.choices, required=False)
    roll_up = serializers.ChoiceField(choices=policies.RollUp.choices, required=False)
    method = serializers.ChoiceField(choices=policies.Method.choices, required=False)
    status_rule = serializers.ChoiceField(choices=policies.StatusRule.choices, required=False)
    carry_over = serializers.ChoiceField(choices=policies.CarryOver.choices, required=False)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    based_on = serializers.IntegerField(
        required=False,
        default=None,
        min_value=0,
        help_text="The version that the choice was compared with. 409 when another one is in force by now.",
    )


class OkrPolicyVersionOut(serializers.ModelSerializer):
    by = serializers.UUIDField(source="by_id", allow_null=True)
    at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = OkrPolicy
        fields = [
            *("number", "over", "cap_percent", "missing", "start_equals_target", "roll_up", "method"),
            *("status_rule", "carry_over", "reason", "by", "at"),
        ]


class OkrPolicyOut(OkrPolicyVersionOut):
    """The policy in force; number 0 where nobody has chosen one."""

    period = serializers.UUIDField(source="period_id")
    versions = OkrPolicyVersionOut(many=True, source="period.okr_policies")

    class Meta(OkrPolicyVersionOut.Meta):
        fields = ["period", *OkrPolicyVersionOut.Meta.fields, "versions"]


class CommentIn(serializers.Serializer):
    text = serializers.CharField(max_length=4000)


class HandOnIn(serializers.Serializer[None]):
    to = serializers.UUIDField()
    why = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class AgreementIn(serializers.Serializer):
    version = serializers.IntegerField(min_value=1)


class SuggestionIn(serializers.Serializer):
    field = serializers.CharField(max_length=80, help_text='"title" or "<key result id>.target".')
    new = serializers.CharField(max_length=4000)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class MilestoneOut(serializers.Serializer):
    id = serializers.UUIDField()
    title = serializers.CharField()
    weight = serializers.IntegerField()
    done = serializers.BooleanField(allow_null=True)


class Measured(serializers.ModelSerializer):
    """How it stands today, out of the `measures` of the context (`queries.measures_of`)."""

    progress = serializers.SerializerMethodField()
    expected = serializers.SerializerMethodField(
        help_text="Percent that the plan expects by the end of today. Null of a yes-or-no."
    )
    status = serializers.SerializerMethodField(help_text="By the plan, as the policy of the period says.")

    @extend_schema_field(PERCENT)
    def get_progress(self, row: Objective | KeyResult) -> str | None:
        return decimal_text(percent_of(row.progress_micro))

    @extend_schema_field(PERCENT)
    def get_expected(self, row: Objective | KeyResult) -> str | None:
        return decimal_text(percent_of(self.measures.expected_of(row)))

    @extend_schema_field(serializers.ChoiceField(choices=STATUSES))
    def get_status(self, row: Objective | KeyResult) -> str:
        return self.measures.status_of(row)

    @property
    def measures(self) -> queries.Measures:
        found: queries.Measures = self.context["measures"]
        return found


class KeyResultOut(Measured):
    weight = serializers.SerializerMethodField()
    metric = serializers.CharField(source="metric_key")
    owner = serializers.UUIDField(source="owner_id")
    milestones = MilestoneOut(many=True)
    checkpoints = CheckpointOut(many=True)

    class Meta:
        model = KeyResult
        fields = [
            *("id", "kind", "title", "weight", "owner", "unit", "currency", *AMOUNTS),
            *("metric", "slice", "current", "done", "confidence", "progress", "expected", "status"),
            *("provisional", "milestones", "checkpoints", "paced_from"),
        ]

    @extend_schema_field(serializers.DecimalField(max_digits=7, decimal_places=4))
    def get_weight(self, row: KeyResult) -> str:
        return str(Decimal(row.weight_ppm) / 10_000)


class GoalOut(Measured):
    """An objective in a line, as the map, the timeline and the confidence of a period name it."""

    period = serializers.UUIDField(source="period_id")
    owner = serializers.UUIDField(source="owner_id")
    team = serializers.UUIDField(source="team_id", allow_null=True)
    state = serializers.ChoiceField(choices=State.choices, source="shown_state")
    confidence = serializers.IntegerField(allow_null=True, help_text=LOWEST_CONFIDENCE)
    policy = serializers.SerializerMethodField(
        help_text="The version of its period’s policy that counts the progress; 0: nobody has chosen one."
    )

    class Meta:
        model = Objective
        fields = [
            *("id", "period", "owner_kind", "owner", "team", "title", "state"),
            *("progress", "policy", "expected", "status", "confidence"),
        ]

    def get_policy(self, row: Objective) -> int:
        return self.measures.policy_of(row)


class ObjectiveOut(GoalOut):
    agreer = serializers.UUIDField(source="agreer_id", allow_null=True)
    version = serializers.IntegerField(source="version_number", allow_null=True)
    key_results = KeyResultOut(many=True)

    class Meta(GoalOut.Meta):
        fields = [
            *("id", "period", "owner_kind", "owner", "agreer", "team", "title", "description", "type"),
            *("visibility", "weight", "state", "version", "progress", "policy", "expected", "status"),
            *("confidence", "key_results"),
        ]


class AgreementOut(serializers.Serializer):
    side = serializers.CharField()
    person = serializers.UUIDField(source="person_id")
    at = serializers.DateTimeField()


class ObjectiveVersionOut(serializers.Serializer):
    number = serializers.IntegerField()
    state = serializers.CharField()
    reason = serializers.CharField()
    by = serializers.UUIDField(source="by_id")
    at = serializers.DateTimeField()
    signatures = AgreementOut(many=True, source="agreements")


class SuggestionOut(serializers.Serializer):
    id = serializers.UUIDField()
    field = serializers.CharField()
    old = serializers.JSONField()
    new = serializers.JSONField()
    reason = serializers.CharField()
    state = serializers.CharField()
    by = serializers.UUIDField(source="by_id")
    at = serializers.DateTimeField()


class CommentOut(serializers.Serializer):
    id = serializers.UUIDField()
    text = serializers.CharField()
    by = serializers.UUIDField(source="by_id")
    at = serializers.DateTimeField()


class ObjectiveDetailOut(ObjectiveOut):
    versions = ObjectiveVersionOut(many=True)
    suggestions = SuggestionOut(many=True, source="suggested_edits")
    comments = CommentOut(many=True)
    draft_mark = serializers.SerializerMethodField(
        help_text="Names the text of a draft: send it back as `made_from`. Null of what is no draft."
    )

    class Meta(ObjectiveOut.Meta):
        fields = [*ObjectiveOut.Meta.fields, "versions", "suggestions", "comments", "draft_mark"]

    def get_draft_mark(self, row: Objective) -> str | None:
        return queries.draft_mark(row) if row.state == State.DRAFT else None


class ObjectivePageOut(serializers.Serializer):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ObjectiveOut(many=True)


def content_from(given: dict[str, Any], known: Content | None = None) -> Content:
    """Valid input as an objective's text. Milestones of a known key result keep their identity by title."""
    before = {each.id: each for each in known.key_results} if known else {}
    return Content(
        title=one_line(given["title"]),
        description=given["description"].strip(),
        type=given["type"],
        visibility=given["visibility"],
        weight=given["weight"],
        key_results=tuple(_key_result(each, before.get(each.get("id"))) for each in given["key_results"]),
    )


def _key_result(given: dict[str, Any], known: KeyResultContent | None) -> KeyResultContent:
    kept = {step.title: step for step in known.milestones} if known else {}
    amounts: dict[str, Any] = {name: given.get(name) for name in AMOUNTS}
    # Only a key result of this very objective can be changed; any other id would be a new one.
    identity: dict[str, Any] = {"id": known.id} if known else {}
    return KeyResultContent(
        kind=given["kind"],
        title=one_line(given["title"]),
        weight_ppm=ppm_of(given["weight"]),
        owner_id=given.get("owner") or (known.owner_id if known else None),
        unit=one_line(given["unit"]),
        currency=given["currency"].upper(),
        metric_key=given["metric"],
        slice=dict(given["slice"]),
        milestones=tuple(
            _milestone(kept.get(title) or MilestoneContent(title=title), step.get("weight"))
            for step in given["milestones"]
            for title in (one_line(step["title"]),)
        ),
        checkpoints=_checkpoints(given, known),
        **amounts,
        **identity,
    )


def _checkpoints(given: dict[str, Any], known: KeyResultContent | None) -> tuple[CheckpointContent, ...]:
    if "checkpoints" not in given:
        return known.checkpoints if known and known.kind == given["kind"] else ()
    points = (CheckpointContent(each["on"], each["value"]) for each in given["checkpoints"])
    return tuple(sorted(points, key=lambda point: point.on))


def _milestone(step: MilestoneContent, weight: int | None) -> MilestoneContent:
    return step if weight is None else dataclasses.replace(step, weight=weight)


def decimal_text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
