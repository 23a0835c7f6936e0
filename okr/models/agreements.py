"""How two people come to agree: versions, signatures, the thread, suggested edits."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from okr.models.contents import Content
from okr.models.objectives import Objective
from performance.foundation import tenancy


class VersionState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("version", "Proposed")
    IN_FORCE = "in_force", pgettext_lazy("version", "In force")
    SUPERSEDED = "superseded", pgettext_lazy("version", "Superseded")
    WITHDRAWN = "withdrawn", pgettext_lazy("version", "Withdrawn")


class ObjectiveVersion(tenancy.TenantModel):
    """One full text of an objective. Its content never changes (the database refuses it); its state does.

    At most one version is in force and at most one is proposed.
    """

    objective = tenancy.TenantForeignKey(Objective, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    content = models.JSONField(_("content"))
    reason = models.TextField(_("reason"), blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=VersionState.choices, default=VersionState.PROPOSED
    )
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))
    settled_at = models.DateTimeField(_("settled at"), null=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "objective", "number"], name="okr_version_once"),
            models.UniqueConstraint(fields=["organisation", "by", "once_key"], name="okr_version_sent_once"),
            models.UniqueConstraint(
                fields=["organisation", "objective"],
                condition=Q(state="in_force"),
                name="okr_one_version_in_force",
            ),
            models.UniqueConstraint(
                fields=["organisation", "objective"], condition=Q(state="proposed"), name="okr_one_proposal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.objective_id} v{self.number}"

    @property
    def as_content(self) -> Content:
        return Content.from_json(self.content)


class Side(models.TextChoices):
    OWNER = "owner", pgettext_lazy("side", "Owner")
    MANAGER = "manager", pgettext_lazy("side", "Manager")


class Agreement(tenancy.TenantModel):
    """One side's signature under one version. One for each side, and never one person for both."""

    append_only: ClassVar[bool] = True

    version = tenancy.TenantForeignKey(ObjectiveVersion, related_name="agreements")
    side = models.CharField(_("side"), max_length=8, choices=Side.choices)
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version", "side"], name="okr_agreement_a_side"),
            models.UniqueConstraint(
                fields=["organisation", "version", "person"], name="okr_never_one_for_both"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="okr_agreement_side"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.side}"


class Comment(tenancy.TenantModel):
    """A word in the thread of an objective."""

    append_only: ClassVar[bool] = True

    objective = tenancy.TenantForeignKey(Objective, related_name="comments")
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))
    text = models.TextField(_("comment"))
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "by", "once_key"], name="okr_comment_sent_once"),
        ]
        indexes = [models.Index(fields=["organisation", "objective", "at"], name="comment_by_objective")]

    def __str__(self) -> str:
        return self.text[:60]


class EditState(models.TextChoices):
    OPEN = "open", pgettext_lazy("suggestion", "Open")
    ACCEPTED = "accepted", pgettext_lazy("suggestion", "Accepted")
    REJECTED = "rejected", pgettext_lazy("suggestion", "Rejected")
    LAPSED = "lapsed", pgettext_lazy("suggestion", "Lapsed")


class SuggestedEdit(tenancy.TenantModel):
    """One field, its value and the one suggested. The other side accepts or rejects.

    `field` is the name of a field of the objective ("title") or of a key result ("<id>.target").
    """

    objective = tenancy.TenantForeignKey(Objective, related_name="suggested_edits")
    version = tenancy.TenantForeignKey(ObjectiveVersion, related_name="suggested_edits")
    field = models.CharField(_("field"), max_length=80)
    old = models.JSONField(_("now"), null=True)
    new = models.JSONField(_("suggested"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))
    state = models.CharField(_("state"), max_length=10, choices=EditState.choices, default=EditState.OPEN)
    decided_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "objective", "field", "by"],
                condition=Q(state="open"),
                name="okr_suggestion_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.field
