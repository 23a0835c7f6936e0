"""Which objective serves which."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from okr.models.objectives import WHOLE_PPM, Objective
from performance.foundation import tenancy


class AlignmentKind(models.TextChoices):
    CONTRIBUTES = "contributes", _("Contributes, with a share")
    SUPPORTS = "supports", _("Supports, without score")


class Alignment(tenancy.TenantModel):
    """`child` contributes to `parent` with a share that rolls up, or supports it without score.

    A trigger refuses a link that would close a cycle, also when two links are made at the same moment.
    """

    child = tenancy.TenantForeignKey(Objective, on_delete=models.CASCADE, related_name="serves")
    parent = tenancy.TenantForeignKey(Objective, on_delete=models.CASCADE, related_name="served_by")
    kind = models.CharField(
        _("kind"), max_length=12, choices=AlignmentKind.choices, default=AlignmentKind.CONTRIBUTES
    )
    share_ppm = models.PositiveIntegerField(_("share"), default=0)
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))
    #: A contribution counts once the side of what it serves has taken it.
    accepted_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    accepted_at = models.DateTimeField(_("accepted at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "child", "parent"], name="alignment_once"),
            models.CheckConstraint(condition=~Q(child=F("parent")), name="alignment_not_itself"),
            models.CheckConstraint(
                condition=Q(kind="supports", share_ppm=0)
                | Q(kind="contributes", share_ppm__range=(1, WHOLE_PPM)),
                name="alignment_share",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "parent"], name="alignment_by_parent")]

    @property
    def is_offer(self) -> bool:
        """Waits for the other side."""
        return self.accepted_at is None

    def __str__(self) -> str:
        return f"{self.child_id} → {self.parent_id}"
