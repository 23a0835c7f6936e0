"""The tenant itself. Global: it is what the walls are built from."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from performance.foundation import i18n


def check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("This time zone is not known."))


class FiscalPattern(models.TextChoices):
    MONTHS = "months", _("Calendar months")
    WEEKS_445 = "445", _("4-4-5 weeks")
    WEEKS_454 = "454", _("4-5-4 weeks")
    WEEKS_544 = "544", _("5-4-4 weeks")
    THIRTEEN = "13", _("13 periods of four weeks")


class Visibility(models.TextChoices):
    PUBLIC = "public", _("Everybody in the organisation")
    TEAM = "team", _("The team and the line above")
    PRIVATE = "private", _("Owner and manager only")


class Organisation(models.Model):
    """A company that uses Accord."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Shanghai", validators=[check_time_zone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    country = models.CharField(_("country of the holidays"), max_length=2, default="CN")
    fiscal_start_month = models.PositiveSmallIntegerField(_("first month of the fiscal year"), default=1)
    fiscal_pattern = models.CharField(
        _("fiscal calendar"), max_length=8, choices=FiscalPattern.choices, default=FiscalPattern.MONTHS
    )
    goal_visibility = models.CharField(
        _("goals are visible to"), max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    is_demo = models.BooleanField(_("sample company"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(fiscal_start_month__range=(1, 12)), name="organisation_fiscal_month"
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")
