"""Columns that a dataset takes from another one, row by row, by that one's key."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy
from performance.sources.models.datasets import KEY, Dataset


class Join(tenancy.TenantModel):
    """Each row of `dataset` finds at most one row of `other`: `pairs` name all of the other's key columns, each beside
    the own column that holds its value: [[own, other], …]. `taken` are the other's columns that become columns of the
    dataset, called `key` and theirs. Nothing is copied: rows are joined where they are read.
    """

    dataset = tenancy.TenantForeignKey(Dataset, related_name="joins")
    other = tenancy.TenantForeignKey(Dataset, related_name="joined_by")
    key = models.CharField(_("key"), max_length=20, validators=[KEY])
    pairs = models.JSONField(_("matched by"))
    taken = models.JSONField(_("columns taken"))
    created_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "dataset", "key"], name="join_key_once"),
            models.CheckConstraint(condition=~models.Q(dataset=models.F("other")), name="join_of_two"),
        ]

    def __str__(self) -> str:
        return i18n.local(self.other, "name")

    def column_key(self, name: str) -> str:
        """What a column of the other is called here."""
        return f"{self.key}_{name}"
