"""What the check by night found: scores that a new computation over everybody would have otherwise."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.scoring.models.scores import Score, ScoreRun

#: The kind of the work item by which somebody hears of scores that differ.
SCORE_CHECK = "performance.score_check"


class ScoreDifference(tenancy.TenantModel):
    """One score of one check. `kept` is the score in force, NULL where there was none; `again_micro` what came out
    instead. `keys`: the components that differ; none where only what they rest on does. `is_fault`: nothing came out, for
    the computation broke; the log says why."""

    append_only: ClassVar[bool] = True

    run = tenancy.TenantForeignKey(ScoreRun, related_name="differences")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    kept = tenancy.TenantForeignKey(Score, null=True, related_name="+")
    again_micro = models.BigIntegerField(_("score computed again"), null=True)
    keys = ArrayField(models.CharField(max_length=60), verbose_name=_("components that differ"), default=list)
    is_fault = models.BooleanField(_("could not be computed"), default=False)
    found_at = models.DateTimeField(_("found at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "run", "person"], name="difference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.run}"
