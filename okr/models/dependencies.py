"""What one objective needs from another."""

import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from okr.models.objectives import Objective
from performance.foundation import tenancy


class DependencyState(models.TextChoices):
    OPEN = "open", pgettext_lazy("dependency", "Asked")
    ACCEPTED = "accepted", pgettext_lazy("dependency", "Accepted")
    DECLINED = "declined", pgettext_lazy("dependency", "Declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("dependency", "Withdrawn")
    MET = "met", pgettext_lazy("dependency", "Met")
    LAPSED = "lapsed", pgettext_lazy("dependency", "Lapsed")


#: What somebody still has to do something about.
UNSETTLED = (DependencyState.OPEN, DependencyState.ACCEPTED)


class Dependency(tenancy.TenantModel):
    """`objective` needs something from `on`. It is an ask until the side of `on` answers. It never moves a figure,
    and two objectives may need each other."""

    objective = tenancy.TenantForeignKey(Objective, on_delete=models.CASCADE, related_name="needs")
    on = tenancy.TenantForeignKey(Objective, on_delete=models.CASCADE, related_name="needed_by")
    what = models.CharField(pgettext_lazy("dependency", "what is needed"), max_length=300)
    due_on = models.DateField(pgettext_lazy("dependency", "needed by"), null=True)
    state = models.CharField(
        pgettext_lazy("dependency", "state"),
        max_length=10,
        choices=DependencyState.choices,
        default=DependencyState.OPEN,
    )
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(pgettext_lazy("dependency", "asked at"))
    answered_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    answered_at = models.DateTimeField(pgettext_lazy("dependency", "answered at"), null=True)
    #: Why it was declined.
    reason = models.CharField(pgettext_lazy("dependency", "reason"), max_length=500, blank=True)
    #: Met, withdrawn, or lapsed with its period.
    ended_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    ended_at = models.DateTimeField(pgettext_lazy("dependency", "ended at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(objective=F("on")), name="dependency_not_itself"),
            models.CheckConstraint(condition=Q(state__in=DependencyState.values), name="dependency_state"),
            models.CheckConstraint(condition=~Q(state="declined", reason=""), name="dependency_says_why"),
            models.UniqueConstraint(
                fields=["organisation", "objective", "on", "what"],
                condition=Q(state__in=["open", "accepted"]),
                name="dependency_asked_once",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "on"], name="dependency_by_needed")]

    def __str__(self) -> str:
        return f"{self.objective_id} ← {self.on_id}"

    def is_late(self, today: datetime.date) -> bool:
        """Its day is over, and it is neither met nor settled otherwise."""
        return self.state in UNSETTLED and self.due_on is not None and self.due_on < today
