"""Why a certified metric and its ledger differ, month by month."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric
from performance.kpis.models.values import DIGITS, PLACES, month_text


class TieOutReason(tenancy.TenantModel):
    """What an owner says of one month that is off. It holds while both figures are those that it was said of; None is a
    side without a value."""

    append_only: ClassVar[bool] = True

    metric = tenancy.TenantForeignKey(Metric, related_name="tie_out_reasons")
    month = models.DateField(_("month"))
    own = models.DecimalField(_("value"), max_digits=DIGITS, decimal_places=PLACES, null=True)
    ledger = models.DecimalField(_("ledger"), max_digits=DIGITS, decimal_places=PLACES, null=True)
    reason = models.CharField(_("reason"), max_length=1000)
    stated_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    stated_at = models.DateTimeField(_("stated at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-stated_at", "-id"]
        indexes = [
            models.Index(fields=["organisation", "metric", "month"], name="tie_out_reason_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} {month_text(self.month)}"
