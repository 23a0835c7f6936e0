"""What is weighed, by how much, in which stage, and who agreed to it. Weights and factors are whole ppm."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.engine import fixed, objective, penalty, weights
from performance.foundation import i18n, tenancy

WHOLE = fixed.ONE
FACTOR_LOWEST, FACTOR_HIGHEST = WHOLE // 2, 2 * WHOLE
#: The most of last period's weight that smoothing keeps: what moves must get somewhere.
MOST_SMOOTHING = 9 * WHOLE // 10
#: The longest notice, in days.
MOST_NOTICE = 90
#: The most units that a policy may ask for before it blends objective weights in.
MOST_UNITS = 10_000
OWN_UNIT = "own_unit"
#: The kind of the work item by which somebody hears of new weights.
ANNOUNCEMENT = "performance.policy_announcement"


def usual_bands() -> list[dict[str, Any]]:
    """What a first version begins with, from the lowest band upwards: bounds in micro points, inclusive."""
    return [
        {"name_en": name_en, "name_zh": name_zh, "from_micro": bound}
        for name_en, name_zh, bound in (
            ("Not meeting", "未达标", None),
            ("Developing", "待提升", 55 * WHOLE),
            ("Solid", "达标", 70 * WHOLE),
            ("Strong", "良好", 85 * WHOLE),
            ("Exceptional", "卓越", 95 * WHOLE),
        )
    ]


class Stage(models.TextChoices):
    """Life-cycle stages after Dickinson (2011)."""

    INTRODUCTION = "introduction", pgettext_lazy("stage", "Introduction")
    GROWTH = "growth", pgettext_lazy("stage", "Growth")
    MATURE = "mature", pgettext_lazy("stage", "Mature")
    SHAKE_OUT = "shake_out", pgettext_lazy("stage", "Shake-out")
    DECLINE = "decline", pgettext_lazy("stage", "Decline")


class Missing(models.TextChoices):
    LEAVE_OUT = "leave_out", _("Leave it out; the other weights grow in proportion")
    ZERO = "zero", _("Count it as zero")
    CARRY_FORWARD = "carry_forward", _("Carry the last closed value forward, else leave it out")


class BlendMethod(models.TextChoices):
    """How objective weights are found."""

    NONE = "", _("None: weights as agreed")
    ENTROPY = "entropy", _("Entropy: what differs most between units")
    CRITIC = "critic", _("CRITIC: what differs most, and apart from the others")


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    LOCKED = "locked", _("Locked")
    SUPERSEDED = "superseded", _("Superseded")


class Category(models.TextChoices):
    BUSINESS = "business", _("Business KPI")
    FINANCE = "finance", _("Finance KPI")
    FUSED = "fused", _("Fused KPI, business × finance")
    PROCESS = "process", _("Process")
    OKR = "okr", _("OKR")
    FEEDBACK = "feedback", _("Feedback")
    MANAGER = "manager", _("Manager’s rating")


class SourceKind(models.TextChoices):
    OKR = "okr", _("Objectives and key results")
    KPI = "kpi", _("Certified metric")
    FEEDBACK = "feedback", _("Feedback")


class Side(models.TextChoices):
    BUSINESS = "business", _("Business")
    FINANCE = "finance", _("Finance")


class WeightPolicy(tenancy.TenantModel):
    """How the people of a unit (and of the units below it without a policy of their own) are weighed."""

    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    unit = tenancy.TenantForeignKey("people.BusinessUnit", null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "unit"], name="policy_once_a_unit", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class PolicyVersion(tenancy.TenantModel):
    """One set of weights for one period. Once locked it never changes (a trigger sees to it).

    `plan` is what scores are computed with: components, curves and effective weights with their explanation,
    frozen at the lock. `effective_on` is the first day it governs; a later version of the same period takes
    over from its own first day.
    """

    policy = tenancy.TenantForeignKey(WeightPolicy, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    period = tenancy.TenantForeignKey("people.Period", related_name="+")
    stage = models.CharField(_("business stage"), max_length=20, choices=Stage.choices, default=Stage.MATURE)
    missing = models.CharField(
        _("a missing component"), max_length=20, choices=Missing.choices, default=Missing.LEAVE_OUT
    )
    step_cap_ppm = models.PositiveIntegerField(_("step cap"), null=True, blank=True, default=50_000)
    #: The share of last period's weight that stays.
    smoothing_ppm = models.PositiveIntegerField(_("smoothing"), default=0)
    #: By how much what is weak weighs more, as α in quarters; 4 is not at all.
    alpha_quarters = models.PositiveSmallIntegerField(_("penalty for what is weak"), default=penalty.OFF)
    #: Comparisons in pairs that the base weights follow from, "a/b" → "3"; empty where they are stated.
    judgements = models.JSONField(_("comparisons in pairs"), default=dict, blank=True)
    #: How much of a weight is objective, by which method, and from how many units on.
    blend_method = models.CharField(
        _("objective weights"),
        max_length=10,
        choices=BlendMethod.choices,
        default=BlendMethod.NONE,
        blank=True,
    )
    blend_ppm = models.PositiveIntegerField(_("share of objective weights"), default=0)
    blend_units = models.PositiveSmallIntegerField(_("units needed"), default=objective.LEAST_UNITS)
    #: The metrics whose signs propose a stage, and what was proposed when somebody accepted it.
    cash_operating = models.CharField(_("operating cash flow"), max_length=60, blank=True)
    cash_investing = models.CharField(_("investing cash flow"), max_length=60, blank=True)
    cash_financing = models.CharField(_("financing cash flow"), max_length=60, blank=True)
    stage_evidence = models.JSONField(_("what proposed the stage"), null=True, blank=True)
    #: How scores are called, from the lowest band upwards; a band never changes a score.
    bands = models.JSONField(_("bands"), default=usual_bands, blank=True)
    state = models.CharField(
        _("state"), max_length=20, choices=VersionState.choices, default=VersionState.DRAFT
    )
    reason = models.TextField(_("reason for the change"), blank=True)
    drafted_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    #: Everybody who wrote in this version, also before it was sent back: none of them approves it.
    written_by = ArrayField(models.UUIDField(), verbose_name=_("written by"), default=list)
    drafted_at = models.DateTimeField(_("drafted at"))
    proposed_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    proposed_at = models.DateTimeField(_("proposed at"), null=True)
    approved_at = models.DateTimeField(_("approved at"), null=True)
    locked_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    locked_at = models.DateTimeField(_("locked at"), null=True)
    effective_on = models.DateField(_("in force from"), null=True)
    #: The first day that it is meant to govern, a turn within the period; empty for the period's first day.
    starts_on = models.DateField(_("takes over on"), null=True, blank=True)
    #: Since when those concerned are told, and of which day and weights: {"effective_on": …, "weights": {key: ppm},
    #: "notice": days}.
    told_from = models.DateTimeField(_("told from"), null=True)
    told = models.JSONField(_("what is told"), null=True)
    announced_at = models.DateTimeField(_("announced at"), null=True)
    plan = models.JSONField(_("frozen plan"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["policy", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "policy", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["organisation", "policy"],
                condition=Q(state__in=["draft", "proposed", "approved"]),
                name="one_version_in_the_making",
            ),
            models.CheckConstraint(condition=Q(state__in=VersionState.values), name="version_state_known"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="version_stage_known"),
            models.CheckConstraint(condition=Q(missing__in=Missing.values), name="version_missing_known"),
            models.CheckConstraint(
                condition=Q(smoothing_ppm__lte=MOST_SMOOTHING), name="version_smoothing_within"
            ),
            models.CheckConstraint(
                condition=Q(alpha_quarters__lte=penalty.OFF), name="version_penalty_within"
            ),
            models.CheckConstraint(
                condition=Q(blend_method="", blend_ppm=0)
                | Q(blend_method__in=["entropy", "critic"], blend_ppm__range=(1, weights.MOST_BLEND)),
                name="version_blend_whole",
            ),
            models.CheckConstraint(
                condition=Q(blend_units__range=(objective.LEAST_UNITS, MOST_UNITS)),
                name="version_units_within",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(proposed_by__isnull=False, proposed_at__isnull=False),
                name="version_has_proposer",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["locked", "superseded"])
                | Q(locked_at__isnull=False, effective_on__isnull=False, plan__isnull=False),
                name="version_locked_with_plan",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "period", "state"], name="version_by_period")]

    def __str__(self) -> str:
        return f"{self.policy} v{self.number}"

    @property
    def is_fixed(self) -> bool:
        """Locked, or replaced by a later one: scores may rest on it."""
        return self.state in (VersionState.LOCKED, VersionState.SUPERSEDED)

    @property
    def first_day(self) -> Any:
        """In force from then on, or meant to be."""
        return self.effective_on or self.starts_on or self.period.starts_on

    @property
    def is_draft(self) -> bool:
        return self.state == VersionState.DRAFT

    @property
    def bar(self) -> list[tuple[float, int, str]]:
        """The weight bar of the base weights; reads the prefetched components."""
        return [
            (component.base_ppm / 10_000, component.color, i18n.local(component, "name"))
            for component in self.components.all()
        ]

    @property
    def signers(self) -> list[Any]:
        """Who approved; reads the prefetched approvals."""
        return [approval.person for approval in self.approvals.all()]

    @property
    def planned(self) -> list[dict[str, Any]]:
        """The components of the frozen plan; empty before the lock."""
        return self.plan["components"] if self.plan else []


class WeightNotice(tenancy.TenantModel):
    """How many days before new weights take hold people hear of them; one row an organisation, none is no day."""

    days = models.PositiveSmallIntegerField(_("days of notice"), default=0)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation"], name="weight_notice_once"),
            models.CheckConstraint(condition=Q(days__lte=MOST_NOTICE), name="weight_notice_within"),
        ]

    def __str__(self) -> str:
        return str(self.days)


class PolicyComponent(tenancy.TenantModel):
    """One thing that counts. `slice` is {"dimension": "value"} or "own_unit": the slice of the person's unit."""

    version = tenancy.TenantForeignKey(PolicyVersion, related_name="components")
    key = models.SlugField(_("key"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    category = models.CharField(_("category"), max_length=20, choices=Category.choices)
    source_kind = models.CharField(_("source"), max_length=20, choices=SourceKind.choices)
    source_ref = models.CharField(_("reference in the source"), max_length=120, blank=True)
    slice = models.JSONField(_("slice"), default=str, blank=True)
    base_ppm = models.PositiveIntegerField(_("base weight"))
    min_ppm = models.PositiveIntegerField(_("minimum"), default=0)
    max_ppm = models.PositiveIntegerField(_("maximum"), default=WHOLE)
    curve = models.JSONField(_("curve"), default=dict)
    color = models.PositiveSmallIntegerField(_("data colour"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version", "key"], name="component_key_once"),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="component_category_known"
            ),
            models.CheckConstraint(
                condition=Q(source_kind__in=SourceKind.values), name="component_source_known"
            ),
            models.CheckConstraint(
                condition=Q(min_ppm__lte=F("max_ppm"), max_ppm__lte=WHOLE, base_ppm__lte=WHOLE),
                name="component_bounds",
            ),
            models.CheckConstraint(condition=Q(color__range=(1, 8)), name="component_color_known"),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class StageMultiplier(tenancy.TenantModel):
    """How much more or less a component weighs in a stage; absent means × 1."""

    component = tenancy.TenantForeignKey(PolicyComponent, related_name="multipliers")
    stage = models.CharField(_("business stage"), max_length=20, choices=Stage.choices)
    factor_ppm = models.PositiveIntegerField(_("multiplier"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "component", "stage"], name="multiplier_once"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="multiplier_stage_known"),
            models.CheckConstraint(
                condition=Q(factor_ppm__range=(FACTOR_LOWEST, FACTOR_HIGHEST)), name="multiplier_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.stage}"


class PolicyApproval(tenancy.TenantModel):
    """One side's yes. One a side, by two people, neither of them the proposer (a trigger sees to the last)."""

    version = tenancy.TenantForeignKey(PolicyVersion, related_name="approvals")
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version", "side"], name="approval_once_a_side"),
            models.UniqueConstraint(
                fields=["organisation", "version", "person"], name="approval_by_two_people"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="approval_side_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_side_display()}: {self.person}"
