"""What the two sides say at the end of a period: grades, kept beside the computed progress."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from okr.models.agreements import Side
from okr.models.objectives import Objective
from performance.foundation import tenancy


class Grade(tenancy.TenantModel):
    """One side's grade in whole percent, with the one that progress suggested. The newest of a side counts;
    a correction is a new row. Progress stays what scores read."""

    append_only: ClassVar[bool] = True

    objective = tenancy.TenantForeignKey(Objective, related_name="grades")
    side = models.CharField(_("side"), max_length=8, choices=Side.choices)
    percent = models.PositiveSmallIntegerField(_("grade"))
    suggested = models.PositiveSmallIntegerField(_("suggested grade"), null=True)
    reason = models.TextField(_("why it differs"), blank=True)
    went_well = models.TextField(_("what went well"), blank=True)
    learned = models.TextField(_("what we learned"), blank=True)
    change = models.TextField(_("what we would change"), blank=True)
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(side__in=Side.values), name="okr_grade_side"),
            models.CheckConstraint(condition=Q(percent__lte=1000), name="okr_grade_percent"),
            models.CheckConstraint(
                condition=Q(suggested=models.F("percent")) | Q(suggested__isnull=True) | ~Q(reason=""),
                name="okr_grade_says_why",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "objective", "-at", "-id"], name="grade_by_time")]

    def __str__(self) -> str:
        return f"{self.objective_id} {self.side} {self.percent}%"
