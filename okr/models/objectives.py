"""Objectives and key results as they stand: the version in force, with progress kept beside it."""

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from okr.models.contents import PACED_KINDS
from performance.foundation import tenancy

WHOLE_PPM = 1_000_000


class OwnerKind(models.TextChoices):
    PERSON = "person", pgettext_lazy("owner", "Person")
    TEAM = "team", _("Team")
    ORGANISATION = "organisation", _("Organisation")


class ObjectiveType(models.TextChoices):
    COMMITTED = "committed", _("Committed")
    ASPIRATIONAL = "aspirational", _("Aspirational")
    LEARNING = "learning", _("Learning")


class Visibility(models.TextChoices):
    PUBLIC = "public", _("Everybody in the organisation")
    TEAM = "team", _("The team and the line above")
    PRIVATE = "private", _("Owner, co-owners and the line above")


class State(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("objective", "Draft")
    PROPOSED = "proposed", pgettext_lazy("objective", "Proposed")
    DISCUSSED = "discussed", pgettext_lazy("objective", "In discussion")
    AGREED = "agreed", pgettext_lazy("objective", "Agreed")
    ACTIVE = "active", pgettext_lazy("objective", "Active")
    CLOSED = "closed", pgettext_lazy("objective", "Closed")


OPEN_STATES = (State.DRAFT, State.PROPOSED, State.DISCUSSED)
RUNNING_STATES = (State.AGREED, State.ACTIVE)
SCORED_STATES = (State.AGREED, State.ACTIVE, State.CLOSED)


class KeyResultKind(models.TextChoices):
    INCREASE = "increase", _("Number up")
    DECREASE = "decrease", _("Number down")
    BAND = "band", _("Stay within a band")
    PERCENT = "percent", _("Percent")
    MONEY = "money", _("Money")
    MILESTONES = "milestones", _("Milestones")
    YES_NO = "yes_no", _("Yes or no")
    KPI = "kpi", _("Bound to a metric")


LINE_KINDS = frozenset({"increase", "decrease", "percent", "money", "kpi"})


def amount(name: Any) -> models.DecimalField:
    return models.DecimalField(name, max_digits=28, decimal_places=8, null=True, blank=True)


class Objective(tenancy.TenantModel):
    """What somebody wants to reach in a period.

    `owner` answers for it (of a team's or the organisation's objective: who leads), `agreer` agrees for the
    manager's side: never the same person. Text and key results are those of the version in force, or of the
    proposal while there is none. Progress is micro percent; None is "no score". `pace_points` are what its parts'
    checkpoints roll up to, [day, micro percent] each; empty where it is expected linearly.
    """

    period = tenancy.TenantForeignKey("people.Period", related_name="objectives")
    owner_kind = models.CharField(
        _("owned by a"), max_length=14, choices=OwnerKind.choices, default=OwnerKind.PERSON
    )
    owner = tenancy.TenantForeignKey("people.Person", related_name="objectives")
    team = tenancy.TenantForeignKey("people.Team", null=True, blank=True, related_name="objectives")
    agreer = tenancy.TenantForeignKey("people.Person", null=True, related_name="objectives_to_agree")
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    type = models.CharField(
        _("type"), max_length=14, choices=ObjectiveType.choices, default=ObjectiveType.COMMITTED
    )
    visibility = models.CharField(
        _("visible to"), max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    weight = models.PositiveSmallIntegerField(_("weight among the owner's objectives"), default=1)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PROPOSED)
    version_number = models.PositiveSmallIntegerField(_("version in force"), null=True)
    agreed_at = models.DateTimeField(_("agreed at"), null=True)
    carried_from = tenancy.TenantForeignKey("self", null=True, related_name="carried_to")
    proposed_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    created_at = models.DateTimeField(_("created at"))
    progress_micro = models.BigIntegerField(_("progress"), null=True)
    coverage_ppm = models.PositiveIntegerField(_("coverage"), default=0)
    confidence = models.PositiveSmallIntegerField(_("confidence"), null=True)
    checked_at = models.DateTimeField(_("last check-in"), null=True)
    pace_points = models.JSONField(_("expected pace"), default=list, blank=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "carried_from", "period"], name="objective_carried_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "proposed_by", "once_key"], name="objective_sent_once"
            ),
            models.CheckConstraint(condition=~Q(owner=F("agreer")), name="objective_two_sides"),
            models.CheckConstraint(condition=Q(weight__range=(1, 100)), name="objective_weight"),
            models.CheckConstraint(
                condition=~Q(owner_kind="team") | Q(team__isnull=False), name="objective_of_a_team"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "period", "owner"], name="objective_by_owner"),
            models.Index(fields=["organisation", "period", "team"], name="objective_by_team"),
            models.Index(fields=["organisation", "owner", "-created_at"], name="objective_by_time"),
            models.Index(fields=["organisation", "period", "-created_at", "-id"], name="objective_newest"),
            GinIndex(
                OpClass(Upper("title"), name="gin_trgm_ops"),
                OpClass(Upper("description"), name="gin_trgm_ops"),
                name="objective_words",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def audit_label(self) -> str:
        """The log is read by people who may not see this objective: only what everybody sees stands in it."""
        is_open_to_all = self.visibility == Visibility.PUBLIC and self.state != State.DRAFT
        return self.title if is_open_to_all else f"Objective {self.pk.hex[-8:]}"

    @property
    def is_in_force(self) -> bool:
        return self.version_number is not None

    @property
    def is_open(self) -> bool:
        """Not yet agreed for the first time."""
        return self.state in OPEN_STATES

    @property
    def shown_state(self) -> State:
        """As sealing leaves it, from the moment on that its period is closed: sealing itself comes a little later. The
        period is loaded."""
        if self.state == State.CLOSED or self.period.state != "closed":
            return State(self.state)
        return State.CLOSED if self.state in RUNNING_STATES else State.DRAFT

    @property
    def is_final(self) -> bool:
        """Closed with its period: compared with no pace any more."""
        return self.shown_state == State.CLOSED


class KeyResult(tenancy.TenantModel):
    """How one sees that the objective is reached. Amounts are exact and in the key result's own unit. `paced_from` is the
    day on which it came into force, where its period ran already: before it nothing is expected."""

    objective = tenancy.TenantForeignKey(Objective, related_name="key_results")
    owner = tenancy.TenantForeignKey("people.Person", related_name="key_results")
    ordinal = models.PositiveSmallIntegerField(_("order"), default=0)
    kind = models.CharField(_("kind"), max_length=12, choices=KeyResultKind.choices)
    title = models.CharField(_("title"), max_length=200)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    start = amount(_("start"))
    target = amount(_("target"))
    commit = amount(_("commit value"))
    stretch = amount(_("stretch value"))
    lower = amount(_("lower edge"))
    upper = amount(_("upper edge"))
    tolerance = amount(_("tolerance"))
    weight_ppm = models.PositiveIntegerField(_("weight"))
    metric_key = models.CharField(_("metric"), max_length=80, blank=True)
    slice = models.JSONField(_("slice"), default=dict, blank=True)
    checkpoints = models.JSONField(_("checkpoints"), default=list, blank=True)
    paced_from = models.DateField(_("expected from"), null=True)
    removed_at = models.DateTimeField(_("removed at"), null=True)
    current = amount(_("current value"))
    done = models.BooleanField(_("done"), null=True)
    confidence = models.PositiveSmallIntegerField(_("confidence"), null=True)
    progress_micro = models.BigIntegerField(_("progress"), null=True)
    provisional = models.BooleanField(_("provisional"), default=False)
    filled_at = models.DateTimeField(_("value as of"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["ordinal", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(weight_ppm__range=(0, WHOLE_PPM)), name="key_result_weight"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__range=(1, 5)),
                name="key_result_confidence",
            ),
            models.CheckConstraint(
                condition=~Q(kind="kpi") | ~Q(metric_key=""), name="key_result_names_metric"
            ),
            models.CheckConstraint(
                condition=Q(checkpoints=[]) | Q(kind__in=PACED_KINDS), name="key_result_paced"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "objective", "ordinal"], name="key_result_by_objective"),
            models.Index(fields=["organisation", "owner"], name="key_result_by_owner"),
            models.Index(
                fields=["organisation", "metric_key"], condition=Q(kind="kpi"), name="key_result_by_metric"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Milestone(tenancy.TenantModel):
    """One step of a milestone key result."""

    key_result = tenancy.TenantForeignKey(KeyResult, related_name="milestones")
    ordinal = models.PositiveSmallIntegerField(_("order"), default=0)
    title = models.CharField(_("title"), max_length=200)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    done = models.BooleanField(_("done"), null=True)
    removed_at = models.DateTimeField(_("removed at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["ordinal", "id"]
        constraints = [models.CheckConstraint(condition=Q(weight__range=(1, 100)), name="milestone_weight")]
        indexes = [
            models.Index(fields=["organisation", "key_result", "ordinal"], name="milestone_by_key_result")
        ]

    def __str__(self) -> str:
        return self.title


class ProgressPoint(tenancy.TenantModel):
    """An objective's progress from a moment on: what scores read "as of", and what the history line draws."""

    append_only: ClassVar[bool] = True

    objective = tenancy.TenantForeignKey(Objective, related_name="progress_points")
    at = models.DateTimeField(_("at"))
    progress_micro = models.BigIntegerField(_("progress"), null=True)
    coverage_ppm = models.PositiveIntegerField(_("coverage"), default=0)
    provisional = models.BooleanField(_("provisional"), default=False)
    version_number = models.PositiveSmallIntegerField(_("version in force"))
    policy_number = models.PositiveSmallIntegerField(_("version of the policy"), default=0)

    class Meta(tenancy.TenantModel.Meta):
        indexes = [models.Index(fields=["organisation", "objective", "-at", "-id"], name="progress_by_time")]

    def __str__(self) -> str:
        return f"{self.objective_id} {self.at:%Y-%m-%d}"
