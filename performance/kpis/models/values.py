"""What the metrics were: values by grain and slice, each with its as-of, and the months that are closed."""

import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric, MetricVersion

#: Money to the cent and ratios beyond 1e-9 both fit.
DIGITS, PLACES = 38, 12


def month_text(month: datetime.date) -> str:
    """2026-03; by its first day where that is not the first of a calendar month."""
    return f"{month:%Y-%m}" if month.day == 1 else f"{month}"


class Grain(models.TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    PERIOD = "period", _("Period")


class ValueState(models.TextChoices):
    PROVISIONAL = "provisional", _("Provisional")
    CLOSED = "closed", _("Closed")


class MetricValue(tenancy.TenantModel):
    """One value of one slice in one stretch of days.

    A newer value supersedes an older one, which stays (the database refuses any other change), so that what was
    known on a day can be read again. `slice` is {dimension key: value}; `slice_key` is its text as PostgreSQL
    writes jsonb; `dimensions` the sorted keys joined by commas, "" for the total. `inputs` are what the value was
    computed from: rows for a base metric, values by metric key for a formula.
    """

    metric = tenancy.TenantForeignKey(Metric, related_name="values")
    version = tenancy.TenantForeignKey(MetricVersion, related_name="values")
    grain = models.CharField(_("grain"), max_length=7, choices=Grain.choices)
    period_start = models.DateField(_("first day"))
    period_end = models.DateField(_("last day"))
    slice = models.JSONField(_("slice"), default=dict)
    slice_key = models.TextField(_("slice as text"))
    dimensions = models.CharField(_("dimensions"), max_length=200, blank=True)
    value = models.DecimalField(_("value"), max_digits=DIGITS, decimal_places=PLACES, null=True)
    coverage_ppm = models.PositiveIntegerField(_("coverage"))
    state = models.CharField(_("state"), max_length=11, choices=ValueState.choices)
    as_of = models.DateTimeField(_("as of"))
    superseded_at = models.DateTimeField(_("superseded at"), null=True)
    inputs = models.JSONField(_("computed from"), default=dict)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "metric", "grain", "period_start", "period_end", "slice_key"],
                condition=Q(superseded_at__isnull=True),
                name="metric_value_current_once",
            ),
            models.CheckConstraint(
                condition=Q(period_end__gte=F("period_start")), name="metric_value_has_days"
            ),
            models.CheckConstraint(condition=Q(coverage_ppm__lte=1_000_000), name="metric_value_coverage"),
            models.CheckConstraint(condition=Q(grain__in=Grain.values), name="metric_value_grain"),
            models.CheckConstraint(condition=Q(state__in=ValueState.values), name="metric_value_state"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "metric", "grain", "dimensions", "period_start"],
                condition=Q(superseded_at__isnull=True),
                name="metric_value_by_dimension",
            ),
            models.Index(
                fields=["organisation", "metric", "grain", "slice_key", "period_start", "-as_of"],
                name="metric_value_history",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.period_start} {self.slice_key}"


class MonthClose(tenancy.TenantModel):
    """Finance has closed a month: its values are frozen from then on."""

    append_only: ClassVar[bool] = True

    month = models.DateField(_("month"))
    closed_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    closed_at = models.DateTimeField(_("closed at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "month"], name="metric_month_closed_once"),
        ]

    def __str__(self) -> str:
        return month_text(self.month)
