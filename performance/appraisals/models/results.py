"""Publishing in waves, and that people have read what was published about them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.appraisals.models.cycles import Cycle, CycleEntry
from performance.foundation import tenancy


class WaveKind(models.TextChoices):
    REST = "rest", pgettext_lazy("wave", "Everybody who is left")
    UNIT = "unit", pgettext_lazy("wave", "A business unit")
    TEAM = "team", pgettext_lazy("wave", "A team")
    LIST = "list", pgettext_lazy("wave", "A list of people")


class Wave(tenancy.TenantModel):
    """Results of a cycle that were published together. What people are promised is the same in each wave of a cycle:
    `acknowledge_days` to say that they have read their result, `appeal_days` to appeal, and `answer_days` from the appeal
    to its decision."""

    append_only: ClassVar[bool] = True

    cycle = tenancy.TenantForeignKey(Cycle, related_name="waves")
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("for whom"), max_length=4, choices=WaveKind.choices)
    unit = tenancy.TenantForeignKey("people.BusinessUnit", null=True, blank=True, related_name="+")
    team = tenancy.TenantForeignKey("people.Team", null=True, blank=True, related_name="+")
    people = models.PositiveIntegerField(_("people"))
    acknowledge_days = models.PositiveSmallIntegerField(_("days to say that one has read it"))
    appeal_days = models.PositiveSmallIntegerField(_("days to appeal"))
    answer_days = models.PositiveSmallIntegerField(_("days to decide an appeal"))
    acknowledge_until = models.DateField(_("to be read by"))
    appeal_until = models.DateField(_("appeals until"))
    published_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    published_at = models.DateTimeField(_("published at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "cycle", "number"], name="wave_number_once"),
            models.CheckConstraint(condition=Q(kind__in=WaveKind.values), name="wave_kind_known"),
            models.CheckConstraint(condition=Q(people__gt=0), name="wave_of_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} #{self.number}"


class Publication(tenancy.TenantModel):
    """One result that was published: once, in one wave."""

    append_only: ClassVar[bool] = True

    wave = tenancy.TenantForeignKey(Wave, related_name="publications")
    entry = tenancy.TenantForeignKey(CycleEntry, related_name="publications")

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "entry"], name="published_once"),
        ]
        indexes = [models.Index(fields=["organisation", "wave"], name="publication_by_wave")]

    def __str__(self) -> str:
        return str(self.entry)


class Acknowledgement(tenancy.TenantModel):
    """The person says that they have read their result, not that they agree. Their manager and HR read the comment."""

    entry = tenancy.TenantForeignKey(CycleEntry, related_name="acknowledgements")
    comment = models.TextField(_("comment"), blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "entry"], name="acknowledged_once"),
        ]

    def __str__(self) -> str:
        return str(self.entry)
