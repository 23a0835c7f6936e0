"""How progress is counted in a period: chosen once, versioned, printed beside every figure."""

import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.engine import progress
from performance.foundation import tenancy

#: In percent.
SMALLEST_CAP, LARGEST_CAP = 100, 1000


class Over(models.TextChoices):
    CLAMP = "clamp", _("Stops at 100%")
    CAP = "cap", _("Over-achievement shows up to a cap")


class Missing(models.TextChoices):
    LEAVE_OUT = "leave_out", _("No check-in yet: left out of the mean")
    ZERO = "zero", _("No check-in yet: counts as 0%")


class StartEqualsTarget(models.TextChoices):
    REACHED_OR_NOT = "reached_or_not", _("Start equals target: 100% while it holds, else 0%")
    LEAVE_OUT = "leave_out", _("Start equals target: no progress")


class RollUp(models.TextChoices):
    KEY_RESULTS = "key_results", _("From key results")
    OBJECTIVES = "objectives", _("From contributing objectives")
    BOTH = "both", _("From key results and contributing objectives")


class Method(models.TextChoices):
    WEIGHTED_MEAN = "weighted_mean", _("Weighted mean")
    WORST = "worst", _("The lowest decides")


class StatusRule(models.TextChoices):
    OWN_PACE = "own_pace", _("By the objective's own progress")
    WORST_WINS = "worst_wins", _("Worst status wins")
    LATEST_WINS = "latest_wins", _("Latest status wins")


class CarryOver(models.TextChoices):
    RESTART = "restart", _("Carried over: progress restarts")
    FROM_CURRENT = "from_current", _("Carried over: starts from the last value")
    NOTHING = "nothing", _("Nothing is carried over")


class OkrPolicy(tenancy.TenantModel):
    """One version of a period's policy. The newest version rules; earlier ones stay for what they explained."""

    append_only: ClassVar[bool] = True
    #: Not stored: from when on a page says that it counted, see queries.policies_behind.
    since: datetime.datetime | None = None

    period = tenancy.TenantForeignKey("people.Period", related_name="okr_policies")
    number = models.PositiveSmallIntegerField(_("version"))
    over = models.CharField(_("over-achievement"), max_length=10, choices=Over.choices, default=Over.CLAMP)
    cap_percent = models.PositiveSmallIntegerField(_("cap in percent"), default=120)
    missing = models.CharField(
        _("without a check-in"), max_length=10, choices=Missing.choices, default=Missing.LEAVE_OUT
    )
    start_equals_target = models.CharField(
        _("start equals target"),
        max_length=20,
        choices=StartEqualsTarget.choices,
        default=StartEqualsTarget.REACHED_OR_NOT,
    )
    roll_up = models.CharField(_("roll-up"), max_length=12, choices=RollUp.choices, default=RollUp.BOTH)
    method = models.CharField(
        _("method"), max_length=14, choices=Method.choices, default=Method.WEIGHTED_MEAN
    )
    status_rule = models.CharField(
        _("status"), max_length=12, choices=StatusRule.choices, default=StatusRule.OWN_PACE
    )
    carry_over = models.CharField(
        _("carry over"), max_length=14, choices=CarryOver.choices, default=CarryOver.RESTART
    )
    reason = models.TextField(_("reason"), blank=True)
    by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "period", "number"], name="okr_policy_version_once"
            ),
            models.CheckConstraint(
                condition=Q(cap_percent__range=(SMALLEST_CAP, LARGEST_CAP)), name="okr_policy_cap"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} v{self.number}"

    @property
    def most_percent(self) -> int:
        """What a key result counts at most."""
        return self.cap_percent if self.over == Over.CAP else 100

    @property
    def for_engine(self) -> progress.ProgressPolicy:
        return progress.ProgressPolicy(
            over=self.over,  # type: ignore[arg-type]
            cap_micro=self.cap_percent * 1_000_000,
            missing=self.missing,  # type: ignore[arg-type]
            start_equals_target=self.start_equals_target,  # type: ignore[arg-type]
        )
