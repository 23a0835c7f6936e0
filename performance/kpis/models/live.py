"""What sources answered for metrics whose rows stay there."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.kpis.models.metrics import MetricVersion
from performance.kpis.models.values import Grain
from performance.sources.models import jobs


class LiveReading(jobs.Job):
    """One asking of a source for the aggregates of one version. `spans` are the periods that it asked for, as
    [[first day, last day], …]. The newest one that is done is what values are computed from; older ones go."""

    version = tenancy.TenantForeignKey(MetricVersion, related_name="live_readings")
    spans = models.JSONField(_("periods asked for"), default=list, blank=True)
    parts_read = models.PositiveIntegerField(_("aggregates"), default=0)

    class Meta(jobs.Job.Meta):
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["organisation", "version", "-asked_at"], name="live_reading_by_version"),
            models.Index(
                fields=["organisation", "due_at"],
                condition=Q(state__in=jobs.OPEN),
                name="live_reading_open",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "version"],
                condition=Q(state__in=jobs.OPEN),
                name="live_reading_open_once",
            ),
            jobs.finished_has_time("live_reading_finished_when"),
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.asked_at:%Y-%m-%d %H:%M}"


class LivePart(tenancy.TenantModel):
    """One aggregated row of an answer. `d0` to `d2` are the values of the sorted dimensions, `dimensions` the keys of
    those that are told apart, `amount` an exact decimal of any length as text. Where amounts are converted: `currency`
    they are in, as the source writes it, and the day, or first day of the month, that their rate is of."""

    reading = tenancy.TenantForeignKey(LiveReading, related_name="parts")
    grain = models.CharField(_("grain"), max_length=7, choices=Grain.choices)
    period_start = models.DateField(_("first day"))
    period_end = models.DateField(_("last day"))
    dimensions = models.CharField(_("dimensions"), max_length=200, blank=True)
    d0 = models.TextField(_("first dimension"), null=True)
    d1 = models.TextField(_("second dimension"), null=True)
    d2 = models.TextField(_("third dimension"), null=True)
    currency = models.TextField(_("currency"), null=True)
    rate_on = models.DateField(_("day of the rate"), null=True)
    row_count = models.BigIntegerField(_("rows"))
    with_value = models.BigIntegerField(_("rows with a value"))
    with_amount = models.BigIntegerField(_("rows that count"))
    amount = models.TextField(_("amount"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        indexes = [models.Index(fields=["organisation", "reading", "grain"], name="live_part_by_reading")]

    def __str__(self) -> str:
        return f"{self.reading_id} {self.period_start} {self.dimensions}"
