"""What happened (audit rows) and what is out of date (stale rows)."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy


class AuditRow(tenancy.TenantModel):
    """Who did what, when, why, and what changed. The database refuses to change or delete one."""

    append_only: ClassVar[bool] = True

    at = models.DateTimeField(_("at"))
    person_id = models.UUIDField(_("person"), null=True)
    person_name = models.CharField(_("name at the time"), max_length=200, blank=True)
    action = models.CharField(_("action"), max_length=80)
    subject_type = models.CharField(_("kind of subject"), max_length=80)
    subject_id = models.UUIDField(_("subject"), null=True)
    subject_label = models.CharField(_("subject at the time"), max_length=300, blank=True)
    why = models.TextField(_("reason"), blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    # Rows that `changes` names, by id: a label says who somebody was then, not who they are. Unknown of early rows.
    named = ArrayField(models.UUIDField(), verbose_name=_("named in the changes"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        indexes = [
            models.Index(fields=["organisation", "-at"], name="audit_by_time"),
            models.Index(fields=["organisation", "subject_id", "-at"], name="audit_by_subject"),
            models.Index(fields=["organisation", "person_id", "-at"], name="audit_by_person"),
            GinIndex(fields=["named"], name="audit_by_named"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_label}"


class StaleRow(tenancy.TenantModel):
    """Something must be computed again. The row is the truth; a task message is only a nudge.

    `mark` counts how often it was marked, so that a claim settles only what it has seen.
    """

    kind = models.CharField(_("kind"), max_length=40)
    subject_id = models.UUIDField(_("subject"))
    mark = models.PositiveIntegerField(_("mark"), default=1)
    marked_at = models.DateTimeField(_("marked at"))
    claim = models.UUIDField(_("claim"), null=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "subject_id"], name="stale_once"),
        ]
        indexes = [models.Index(fields=["organisation", "kind", "marked_at"], name="stale_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
