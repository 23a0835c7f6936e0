"""An export: what was asked for, by whom, how far it is, and the file that came out."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.appraisals.models.cycles import Cycle
from performance.foundation import tenancy


class ExportFormat(models.TextChoices):
    XLSX = "xlsx", _("Excel workbook (XLSX)")
    CSV = "csv", _("Text table (CSV)")


class CodePage(models.TextChoices):
    """In which bytes a text table is written: only such as can write every letter."""

    UTF_8 = "utf-8", _("UTF-8")
    GB18030 = "gb18030", _("GB18030 (GBK, older systems in China)")
    UTF_16 = "utf-16-le", _("UTF-16 (Unicode of Windows)")


CONTENT_TYPES = {
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.CSV: "text/csv",
}


class ExportState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("export", "Waiting")
    RUNNING = "running", pgettext_lazy("export", "Running")
    STOPPED = "stopped", pgettext_lazy("export", "Stopped")
    FAILED = "failed", pgettext_lazy("export", "Failed")
    DONE = "done", pgettext_lazy("export", "Done")


class Export(tenancy.TenantModel):
    """One file of a cycle's entries as they were when it was asked for.

    A worker takes it by writing `claim` and `held_until`; whoever lost the claim can neither report progress nor
    finish. `file` names the finished file in the folder of exports and is empty before and after its life.
    """

    cycle = tenancy.TenantForeignKey(Cycle, related_name="exports")
    format = models.CharField(_("format"), max_length=4, choices=ExportFormat.choices)
    columns = models.JSONField(_("columns"), default=list)
    headings = models.JSONField(_("own headings"), default=dict)
    layout = models.CharField(_("layout"), max_length=60, blank=True)
    filters = models.JSONField(_("filter"), default=dict)
    with_bom = models.BooleanField(_("byte order mark"), default=False)
    code_page = models.CharField(
        _("code page"), max_length=10, choices=CodePage.choices, default=CodePage.UTF_8
    )
    language = models.CharField(_("language"), max_length=10, default="en")
    state = models.CharField(
        _("state"), max_length=8, choices=ExportState.choices, default=ExportState.WAITING
    )
    total = models.PositiveIntegerField(_("entries to go through"), default=0)
    done = models.PositiveIntegerField(_("entries gone through"), default=0)
    rows = models.PositiveIntegerField(_("rows written"), default=0)
    claim = models.UUIDField(_("claim of the worker"), null=True)
    held_until = models.DateTimeField(_("held by a worker until"), null=True)
    file = models.CharField(_("file"), max_length=120, blank=True)
    bytes = models.PositiveBigIntegerField(_("size"), null=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    requested_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    requested_at = models.DateTimeField(_("requested at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    expires_at = models.DateTimeField(_("kept until"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(format__in=ExportFormat.values), name="export_format_known"),
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state_known"),
            models.CheckConstraint(condition=Q(code_page__in=CodePage.values), name="export_code_page_known"),
            models.CheckConstraint(
                condition=~Q(state="done") | (Q(finished_at__isnull=False) & ~Q(sha256="")),
                name="export_done_with_digest",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "cycle", "-id"], name="export_by_cycle"),
            models.Index(
                fields=["organisation", "held_until"],
                condition=Q(state__in=["waiting", "running"]),
                name="export_open",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        """What the reader saves it as: plain letters, so that every system takes it."""
        return f"appraisal-{self.cycle.period.ends_on:%Y-%m-%d}-{self.pk.hex[-6:]}.{self.format}"

    @property
    def content_type(self) -> str:
        kind = CONTENT_TYPES[ExportFormat(self.format)]
        if self.format != ExportFormat.CSV:
            return kind
        charset = "utf-16" if self.code_page == CodePage.UTF_16 else self.code_page
        return f"{kind}; charset={charset}"

    @property
    def is_open(self) -> bool:
        return self.state in (ExportState.WAITING, ExportState.RUNNING)

    @property
    def is_downloadable(self) -> bool:
        return self.state == ExportState.DONE and bool(self.file)
