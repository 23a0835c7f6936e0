"""Files of goals: what somebody uploaded, and what its dry run showed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy


class GoalImport(tenancy.TenantModel):
    """A file of goals: kept with its dry run until it is applied; the report stays. What it did is taken back goal by
    goal, where it stands as the file left it."""

    period = tenancy.TenantForeignKey("people.Period", related_name="+")
    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(_("content"))
    #: Cell as a spreadsheet names it ("C7") → the text in its place, in this import alone.
    mended = models.JSONField(_("mended cells"), default=dict)
    report = models.JSONField(_("dry run"), default=dict)
    reason = models.TextField(_("reason"), blank=True)
    uploaded_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"))
    checked_at = models.DateTimeField(_("checked at"))
    applied_at = models.DateTimeField(_("applied at"), null=True)
    #: What taking it back needs: of each goal what it wrote, and what stood before. Empty once that is done.
    before = models.JSONField(_("before"), default=dict)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True)
    taken_back_reason = models.TextField(_("why it was taken back"), blank=True)
    #: Of each goal what became of it then: title, deed, why it stayed, id, and number of its latest version.
    taken_back = models.JSONField(_("taken back"), default=list)

    class Meta(tenancy.TenantModel.Meta):
        indexes = [
            models.Index(fields=["organisation", "uploaded_by", "-uploaded_at"], name="goal_import_by_time")
        ]

    def __str__(self) -> str:
        return self.file_name
