"""The stages of a cycle, each from a day until a day."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.appraisals.models.cycles import Cycle
from performance.foundation import tenancy


class Stage(models.TextChoices):
    """In their order."""

    SELF = "self", pgettext_lazy("stage", "Self")
    PEERS = "peers", pgettext_lazy("stage", "Peers")
    MANAGER = "manager", pgettext_lazy("stage", "Manager")
    CALIBRATION = "calibration", pgettext_lazy("stage", "Calibration")
    PUBLISH = "publish", pgettext_lazy("stage", "Publishing")
    ACKNOWLEDGE = "acknowledge", pgettext_lazy("stage", "Acknowledgement")
    APPEAL = "appeal", pgettext_lazy("stage", "Appeals")


class CycleStage(tenancy.TenantModel):
    """One stage of a cycle. It begins on its day by itself.

    A cycle without stages has no reviews: scores alone suggest its ratings.
    """

    cycle = tenancy.TenantForeignKey(Cycle, related_name="stages")
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["starts_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "cycle", "stage"], name="stage_once_a_cycle"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="stage_known"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="stage_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()}, {self.cycle}"
