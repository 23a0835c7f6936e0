"""Every load has an id, counts, a drift report, and the rows it could not take, with the reason."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.sources.connectors import columns
from performance.sources.models import jobs
from performance.sources.models.connections import SourceFile
from performance.sources.models.datasets import Dataset
from performance.sources.models.jobs import JobState

__all__ = ["JobState", "Load", "RejectedRow"]


class Load(jobs.Job):
    """One reading of a dataset from its source, or one batch that a system sent. Each row in the dataset carries the
    load that last changed it.

    `drift` lists {"column", "change": "gone" | "new" | "type", "before", "after"}.
    """

    dataset = tenancy.TenantForeignKey(Dataset, related_name="loads")
    file = tenancy.TenantForeignKey(SourceFile, null=True, blank=True, related_name="+")
    is_full = models.BooleanField(_("reads everything"), default=True)
    cursor_from = models.JSONField(_("read from"), default=dict, blank=True)
    cursor_to = models.JSONField(_("read up to"), default=dict, blank=True)
    rows_expected = models.PositiveBigIntegerField(_("rows expected"), null=True, blank=True)
    rows_read = models.PositiveBigIntegerField(_("rows read"), default=0)
    rows_rejected = models.PositiveBigIntegerField(_("rows rejected"), default=0)
    rows_inserted = models.PositiveBigIntegerField(_("new rows"), default=0)
    rows_updated = models.PositiveBigIntegerField(_("changed rows"), default=0)
    rows_deleted = models.PositiveBigIntegerField(_("rows that went away"), default=0)
    rows_unchanged = models.PositiveBigIntegerField(_("rows as before"), default=0)
    #: Rows of the dataset without a business date, by the key of that column: they count in no month.
    undated = models.JSONField(_("rows without a date"), default=dict, blank=True)
    drift = models.JSONField(_("changes of the columns"), default=list, blank=True)
    #: What the sender calls this batch, and the SHA-256 of its bytes: the same batch again changes nothing.
    batch_key = models.CharField(_("batch"), max_length=200, blank=True)
    batch_digest = models.CharField(_("SHA-256"), max_length=64, blank=True)

    class Meta(jobs.Job.Meta):
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["organisation", "dataset", "-asked_at"], name="load_by_dataset"),
            models.Index(
                fields=["organisation", "due_at"], condition=Q(state__in=jobs.OPEN), name="load_open"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "dataset"], condition=Q(state__in=jobs.OPEN), name="one_open_load"
            ),
            models.UniqueConstraint(
                fields=["organisation", "dataset", "batch_key"],
                condition=Q(state=JobState.DONE) & ~Q(batch_key=""),
                name="load_batch_once",
            ),
            jobs.finished_has_time("load_finished_when"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} · {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def seconds(self) -> int | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return max(int((self.finished_at - self.started_at).total_seconds()), 0)


class RejectedRow(tenancy.TenantModel):
    """A row kept aside: in no number, with the reason, as the source gave it. Cleared after a while; the load
    keeps the count."""

    KEEP_DAYS: ClassVar[int] = 30

    load = tenancy.TenantForeignKey(Load, related_name="rejected_rows")
    number = models.PositiveBigIntegerField(_("row"))
    reason = models.CharField(_("reason"), max_length=40)
    column_key = models.CharField(_("column"), max_length=50, blank=True)
    value = models.CharField(_("value"), max_length=200, blank=True)
    row = models.JSONField(_("the row"), default=dict)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["number"]
        indexes = [models.Index(fields=["organisation", "load", "number"], name="rejected_by_load")]

    def __str__(self) -> str:
        return f"{self.number}: {self.reason_text}"

    @property
    def reason_text(self) -> str:
        return str(columns.REASONS.get(self.reason, self.reason))
