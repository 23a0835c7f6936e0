"""Who sees which rows of a dataset: a column for each dimension of the business units, and who sees all rows."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.people.models import Role
from performance.sources.models.datasets import Dataset


class RowRule(tenancy.TenantModel):
    """The column of the dataset that holds a dimension of the units' slices: a unit with the slice {"store": "HZ01"}
    sees the rows whose `column` of the `dimension` store says HZ01. A dataset with any rule is narrowed."""

    dataset = tenancy.TenantForeignKey(Dataset, related_name="row_rules")
    dimension = models.CharField(_("dimension"), max_length=60)
    column = models.CharField(_("column"), max_length=80)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["dimension"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "dataset", "dimension"], name="row_rule_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dimension} = {self.column}"


class RowGrant(tenancy.TenantModel):
    """Who sees all rows of a narrowed dataset: everybody with a role, or one person."""

    dataset = tenancy.TenantForeignKey(Dataset, related_name="row_grants")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, blank=True, default="")
    person = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(role="", person__isnull=False) | (~Q(role="") & Q(person=None)),
                name="row_grant_to_role_or_person",
            ),
            models.UniqueConstraint(
                fields=["organisation", "dataset", "role"], condition=~Q(role=""), name="row_grant_role_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "dataset", "person"],
                condition=Q(person__isnull=False),
                name="row_grant_person_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_role_display() if self.role else self.person)
