"""What-ifs of policy owners: weights that nobody has proposed, tried on kept scores."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.scoring.models.policies import PolicyVersion

LONGEST_NAME = 80


class PolicyWhatIf(tenancy.TenantModel):
    """What a version would be with other weights, multipliers, curves, another stage or penalty; its simulations say who
    would have moved.

    `supposed` holds what differs from the version alone. Without a name it is held for whoever asked, until they ask
    for another one or a day is over; under a name it is there for all who make policies.
    """

    version = tenancy.TenantForeignKey(PolicyVersion, related_name="what_ifs")
    supposed = models.JSONField(_("what is supposed"))
    name = models.CharField(_("name"), max_length=LONGEST_NAME, blank=True)
    asked_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    kept_at = models.DateTimeField(_("kept at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(name="", kept_at=None)
                | ~models.Q(name="") & models.Q(kept_at__isnull=False),
                name="what_if_named_once_kept",
            ),
            models.UniqueConstraint(
                fields=["organisation", "version", "name"],
                condition=~models.Q(name=""),
                name="what_if_name_once",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "asked_by", "asked_at"], name="what_if_by_asker")]

    def __str__(self) -> str:
        return self.name or f"{self.version}, {_('not kept')}"

    @property
    def is_kept(self) -> bool:
        return bool(self.name)


class ScoreWhatIf(tenancy.TenantModel):
    """What somebody supposed of a score of their own and kept: they alone ever see it.

    `supposed`: stage, alpha_quarters, and scores of components in micro by key; what is not there stays as it was.
    """

    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    score = tenancy.TenantForeignKey("scoring.Score", related_name="+")
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    supposed = models.JSONField(_("what is supposed"))
    before_micro = models.BigIntegerField(_("before"), null=True)
    after_micro = models.BigIntegerField(_("after"), null=True)
    kept_at = models.DateTimeField(_("kept at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["organisation", "person", "-id"], name="score_what_if_mine")]

    def __str__(self) -> str:
        return self.name
