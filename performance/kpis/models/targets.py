"""Targets and budgets are data: by metric, slice and period."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric
from performance.kpis.models.values import DIGITS, PLACES, Grain


class TargetKind(models.TextChoices):
    TARGET = "target", _("Target")
    BUDGET = "budget", _("Budget")


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
