"""Layouts of exports: which columns, in which order, under which headings."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy


class ExportLayout(tenancy.TenantModel):
    """What a receiving system expects, under a name that the organisation shares. `columns` holds `{key, heading}` in
    order; without a heading a column has its usual one. An export keeps its own copy, so that a layout may change."""

    name = models.CharField(_("name"), max_length=60)
    columns = models.JSONField(_("columns"), default=list)
    changed_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    changed_at = models.DateTimeField(_("changed at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("organisation", Lower("name"), name="export_layout_name_once"),
            models.CheckConstraint(condition=~models.Q(columns=[]), name="export_layout_has_columns"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def keys(self) -> list[str]:
        return [column["key"] for column in self.columns]

    @property
    def headings(self) -> dict[str, str]:
        """Its own ones: column → heading."""
        return {column["key"]: column["heading"] for column in self.columns if column["heading"]}
