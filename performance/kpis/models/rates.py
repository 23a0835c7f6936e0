"""What other currencies are worth in the organisation's own: rates of three kinds, in versions that never change."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy

#: Twenty places, so that a rate that was turned over (one divided by it) multiplies amounts of any size to the cent.
RATE_DIGITS, RATE_PLACES = 38, 20
CODE = RegexValidator(r"^[A-Z]{3}\Z", _("Three capital letters, such as EUR."))


class RateKind(models.TextChoices):
    AVERAGE = "average", _("Average of a month")
    DAILY = "daily", _("Rate of a day")
    CLOSING = "closing", _("Closing rate")


class RateOrigin(models.TextChoices):
    FILE = "file", _("From a file")
    DATASET = "dataset", _("From a dataset")
    HAND = "hand", _("By hand")


class RateVersion(tenancy.TenantModel):
    """One step in the life of the rates of a kind into `currency`. What it says anew are its `rates`; everything else is
    as in the versions before it, so that any version can be read again and none is ever written anew.

    `is_inverse`: what was given said how much of the other currency one unit of `currency` buys, and was turned over.
    `changes` of `rate_count` rates replace one of before. `carried_days`: for how many days at most a rate was to count on
    until the next one, see Rate.is_carried.
    """

    append_only: ClassVar[bool] = True

    kind = models.CharField(_("kind"), max_length=7, choices=RateKind.choices)
    currency = models.CharField(_("into"), max_length=3, validators=[CODE])
    number = models.PositiveIntegerField(_("number"))
    origin = models.CharField(_("where from"), max_length=7, choices=RateOrigin.choices)
    origin_name = models.CharField(_("file or dataset"), max_length=200, blank=True)
    is_inverse = models.BooleanField(_("turned over"), default=False)
    carried_days = models.PositiveSmallIntegerField(_("days carried over"), default=0)
    note = models.CharField(_("what changes and why"), max_length=500, blank=True)
    rate_count = models.PositiveIntegerField(_("rates"))
    changes = models.PositiveIntegerField(_("rates that changed"))
    made_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    made_at = models.DateTimeField(_("made at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "currency", "number"], name="rate_version_number_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=RateKind.values), name="rate_version_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.number}"


class Rate(tenancy.TenantModel):
    """How many units of the version's currency one unit of `source` is worth: on `day`, or over the month that begins
    with it where the kind is an average. `is_carried`: no market was open on that day, and somebody decided that the rate
    of the last day before it counts."""

    append_only: ClassVar[bool] = True

    version = tenancy.TenantForeignKey(RateVersion, related_name="rates")
    source = models.CharField(_("currency"), max_length=3, validators=[CODE])
    day = models.DateField(_("day"))
    rate = models.DecimalField(_("rate"), max_digits=RATE_DIGITS, decimal_places=RATE_PLACES)
    is_carried = models.BooleanField(_("carried over"), default=False)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "version", "source", "day"], name="rate_once_a_version"
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_is_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"


class RateProposal(tenancy.TenantModel):
    """Rates that somebody is looking at before they become a version: what a dry run compares, and nothing counts.

    `rows`: [currency, day, rate as it will be kept, whether it is carried over] in that order of currency and day.
    `left_out`: rows of other pairs of currencies.
    """

    kind = models.CharField(_("kind"), max_length=7, choices=RateKind.choices)
    currency = models.CharField(_("into"), max_length=3, validators=[CODE])
    origin = models.CharField(_("where from"), max_length=7, choices=RateOrigin.choices)
    origin_name = models.CharField(_("file or dataset"), max_length=200, blank=True)
    is_inverse = models.BooleanField(_("turned over"), default=False)
    carried_days = models.PositiveSmallIntegerField(_("days carried over"), default=0)
    note = models.CharField(_("what changes and why"), max_length=500, blank=True)
    rows = models.JSONField(_("rates"))
    left_out = models.PositiveIntegerField(_("rows left out"), default=0)
    made_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    made_at = models.DateTimeField(_("made at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "made_by", "kind"], name="rate_proposal_once_a_person"
            ),
            models.CheckConstraint(condition=Q(kind__in=RateKind.values), name="rate_proposal_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.made_by}"
