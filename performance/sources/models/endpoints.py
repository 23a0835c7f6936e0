"""What a REST source is asked for: an endpoint for each table."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import tenancy
from performance.sources.models.connections import Connection


class Paging(models.TextChoices):
    NONE = "none", _("All at once")
    PAGE = "page", _("Page numbers")
    OFFSET = "offset", _("Offset: how many rows to pass over")
    CURSOR = "cursor", _("A cursor in the answer")
    LINK = "link", _("A Link header")


class SinceFormat(models.TextChoices):
    ISO = "iso", pgettext_lazy("how a moment is written", "2026-05-14T06:00:00Z")
    DATE = "date", pgettext_lazy("how a moment is written", "2026-05-14")
    SECONDS = "seconds", _("Seconds since 1970")
    MILLISECONDS = "milliseconds", _("Milliseconds since 1970")


class Endpoint(tenancy.TenantModel):
    """One table of a REST source. `parameters` are sent with every request; `rows_path` and `next_path` are JMESPath.

    `page_parameter` carries the page, the offset or the cursor; a cursor without one is the next address itself.
    """

    connection = tenancy.TenantForeignKey(Connection, related_name="endpoints")
    name = models.CharField(_("name"), max_length=128)
    path = models.CharField(_("path"), max_length=500, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    rows_path = models.CharField(_("where the rows are"), max_length=300, blank=True)
    paging = models.CharField(_("paging"), max_length=8, choices=Paging.choices, default=Paging.NONE)
    page_parameter = models.CharField(_("parameter of the page"), max_length=60, blank=True)
    size_parameter = models.CharField(_("parameter of the size"), max_length=60, blank=True)
    page_size = models.PositiveIntegerField(_("rows on a page"), null=True, blank=True)
    first_page = models.PositiveSmallIntegerField(_("first page"), default=1)
    next_path = models.CharField(_("where the next cursor is"), max_length=300, blank=True)
    since_parameter = models.CharField(_("parameter of what is new"), max_length=60, blank=True)
    since_format = models.CharField(
        _("how a moment is written"), max_length=12, choices=SinceFormat.choices, default=SinceFormat.ISO
    )

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "connection", "name"], name="endpoint_name_once")
        ]

    def __str__(self) -> str:
        return self.name

    def plan(self) -> dict[str, Any]:
        """What the connector takes."""
        return {name: getattr(self, name) for name in FIELDS}


#: What somebody decides about an endpoint.
FIELDS = (
    "name",
    "path",
    "parameters",
    "rows_path",
    "paging",
    "page_parameter",
    "size_parameter",
    "page_size",
    "first_page",
    "next_path",
    "since_parameter",
    "since_format",
)
