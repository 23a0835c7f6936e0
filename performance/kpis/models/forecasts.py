"""What values are expected to be, as it was said on a day."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric
from performance.kpis.models.values import month_text


class Way(models.TextChoices):
    """How a forecast was made; the words of forecasting.WAYS."""

    NAIVE = "seasonal_naive", _("the same month a year before")
    BLEND = "blend", _("trend and season, the middle of three methods")
    MIXED = "mixed", _("half trend and season, half the same month a year before")


class ForecastRefusal(models.TextChoices):
    """Why there is none; the words of forecasting.Refusal."""

    TOO_SHORT = "too_short", _("Needs two years of months")
    ENDED = "ended", _("The last month has no value")
    GAPS = "gaps", _("Months are missing")
    NOT_INSTALLED = "not_installed", _("Forecasting is not installed here")
    FAILED = "failed", _("It could not be computed")


class Forecast(tenancy.TenantModel):
    """The months after `after_month` of one slice, or why nothing is said about them.

    A newer forecast supersedes an older one, which stays (the database refuses any other change), so that what was
    foreseen can be held against what came. `basis` is a digest of the values that it was made from. `points` are [value,
    low 80, high 80, low 95, high 95] as decimal text, one for each month. Errors are mean absolute ones of the backtest, in
    millionths of the mean size of the values. `backtest` holds how far single months and sums of months were off and what
    intervals were worth, see queries.forecasts.
    """

    metric = tenancy.TenantForeignKey(Metric, related_name="forecasts")
    slice = models.JSONField(_("slice"), default=dict)
    slice_key = models.TextField(_("slice as text"))
    after_month = models.DateField(_("last month that is known"))
    way = models.CharField(_("way"), max_length=14, choices=Way.choices, blank=True)
    refusal = models.CharField(_("refusal"), max_length=13, choices=ForecastRefusal.choices, blank=True)
    known_months = models.PositiveSmallIntegerField(_("months known"), default=0)
    points = models.JSONField(_("months to come"), default=list)
    error_ppm = models.PositiveBigIntegerField(_("typical error"), null=True)
    naive_error_ppm = models.PositiveBigIntegerField(_("typical error of the seasonal naive"), null=True)
    backtest = models.JSONField(_("backtest"), default=dict)
    basis = models.CharField(_("made from"), max_length=64)
    made_at = models.DateTimeField(_("made at"))
    superseded_at = models.DateTimeField(_("superseded at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "metric", "slice_key"],
                condition=Q(superseded_at__isnull=True),
                name="metric_forecast_current_once",
            ),
            models.CheckConstraint(
                condition=(Q(refusal="") & ~Q(way="")) | (~Q(refusal="") & Q(way="")),
                name="metric_forecast_says_what_or_why_not",
            ),
            models.CheckConstraint(
                condition=Q(way__in=["", *Way.values]) & Q(refusal__in=["", *ForecastRefusal.values]),
                name="metric_forecast_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {month_text(self.after_month)} {self.slice_key}"
