"""Targets and budgets are data: by metric, slice and period."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric
from performance.kpis.models.values import DIGITS, PLACES, Grain, month_text


class TargetKind(models.TextChoices):
    TARGET = "target", _("Target")
    BUDGET = "budget", _("Budget")


class PlanKind(models.TextChoices):
    SPREAD = "spread", _("Spread over months")
    CASCADE = "cascade", _("Shared out over parts")


class SpreadWay(models.TextChoices):
    """How a target of many months becomes one of each: the first three sum to it, the last two do not."""

    SEASON = "season", _("By season, as in the past years")
    EVEN = "even", _("Evenly")
    OWN = "own", _("By own percentages")
    FLAT = "flat", _("The same in each month")
    LINE = "line", _("In a straight line from the newest value")


class CascadeWay(models.TextChoices):
    LAST_YEAR = "last_year", _("By last year's shares")
    EVEN = "even", _("Evenly")


#: Every way by its key: both kinds of plans have "even".
WAYS = list(dict([*SpreadWay.choices, *CascadeWay.choices]).items())


class Target(tenancy.TenantModel):
    """What a slice is meant to reach in a stretch of days. Changes are in the audit."""

    metric = tenancy.TenantForeignKey(Metric, related_name="targets")
    kind = models.CharField(_("kind"), max_length=6, choices=TargetKind.choices, default=TargetKind.TARGET)
    grain = models.CharField(_("grain"), max_length=7, choices=Grain.choices, default=Grain.MONTH)
    period_start = models.DateField(_("first day"))
    period_end = models.DateField(_("last day"))
    slice = models.JSONField(_("slice"), default=dict, blank=True)
    slice_key = models.TextField(_("slice as text"))
    value = models.DecimalField(_("value"), max_digits=DIGITS, decimal_places=PLACES)
    set_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    set_at = models.DateTimeField(_("set at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "metric", "kind", "grain", "period_start", "period_end", "slice_key"],
                name="metric_target_once",
            ),
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")), name="metric_target_has_days"
            ),
            models.CheckConstraint(condition=Q(kind__in=TargetKind.values), name="metric_target_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.period_start} {self.slice_key}"


class TargetPlan(tenancy.TenantModel):
    """Targets that were set in one go: a total spread over months, or shared out over the parts of a dimension.

    `rows`: a list of {"month", "slice", "before", "after"}, values as text, `before` null where there was none, so
    that the plan can be taken back.
    """

    metric = tenancy.TenantForeignKey(Metric, related_name="target_plans")
    kind = models.CharField(_("kind"), max_length=6, choices=TargetKind.choices)
    what = models.CharField(_("what was planned"), max_length=7, choices=PlanKind.choices)
    way = models.CharField(_("way"), max_length=9, choices=WAYS)
    slice = models.JSONField(_("slice"), default=dict, blank=True)
    cut = models.CharField(_("each part by"), max_length=60, blank=True)
    first_month = models.DateField(_("first month"))
    last_month = models.DateField(_("last month"))
    rows = models.JSONField(_("targets"), default=list)
    applied_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    applied_at = models.DateTimeField(_("applied at"))
    undone_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TargetKind.values), name="target_plan_kind"),
            models.CheckConstraint(
                condition=Q(what=PlanKind.SPREAD, cut="", way__in=SpreadWay.values)
                | (Q(what=PlanKind.CASCADE, way__in=CascadeWay.values) & ~Q(cut="")),
                name="target_plan_says_how",
            ),
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")), name="target_plan_has_months"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="target_plan_undone_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "metric", "applied_at"], name="target_plan_by_metric")
        ]

    def __str__(self) -> str:
        return f"{self.metric} · {month_text(self.first_month)}"
