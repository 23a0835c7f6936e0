"""The weekly mutual pulse of a manager and an employee."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy


class Pulse(tenancy.TenantModel):
    """One side of a week's mutual pulse. The employee rates their own week, the manager rates it as seen by them.

    Seen by both only when both have sent. Never part of a score.
    """

    append_only: ClassVar[bool] = True

    employee = tenancy.TenantForeignKey("people.Person", related_name="pulses")
    manager = tenancy.TenantForeignKey("people.Person", related_name="+")
    author = tenancy.TenantForeignKey("people.Person", related_name="+")
    week_start = models.DateField(_("Monday of the week"))
    manageable = models.PositiveSmallIntegerField(_("the week was manageable"))
    helped = models.PositiveSmallIntegerField(_("help came when asked"))
    clear = models.PositiveSmallIntegerField(_("clear about what matters next"))
    sent_at = models.DateTimeField(_("sent at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "employee", "manager", "week_start", "author"],
                name="pulse_once_a_week",
            ),
            models.CheckConstraint(condition=~Q(employee=F("manager")), name="pulse_of_two"),
            models.CheckConstraint(
                condition=Q(author=F("employee")) | Q(author=F("manager")), name="pulse_by_one_of_the_two"
            ),
            models.CheckConstraint(
                condition=Q(manageable__range=(1, 5), helped__range=(1, 5), clear__range=(1, 5)),
                name="pulse_from_one_to_five",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "manager", "week_start"], name="pulse_by_manager")]

    def __str__(self) -> str:
        return f"{self.employee} × {self.manager}, {self.week_start}"
