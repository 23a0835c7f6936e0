"""What praise is given for: the values of the company, and the points that come with it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy

MOST_POINTS = 10


class CompanyValue(tenancy.TenantModel):
    """One of the values, as HR writes it. One that is retired is offered no more; praise keeps it."""

    name_en = models.CharField(_("name in English"), max_length=60)
    name_zh = models.CharField(_("name in Chinese"), max_length=60, blank=True)
    text_en = models.CharField(_("meaning in English"), max_length=300, blank=True)
    text_zh = models.CharField(_("meaning in Chinese"), max_length=300, blank=True)
    ordinal = models.PositiveSmallIntegerField(_("place"), default=0)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["ordinal", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name_en"], condition=Q(retired_at__isnull=True), name="value_once"
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class RecognitionRule(tenancy.TenantModel):
    """How many points everybody may give in a calendar month. They are given, never bought, and do not add up."""

    points_a_month = models.PositiveSmallIntegerField(_("points a month"), default=20)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation"], name="recognition_rule_once"),
            models.CheckConstraint(condition=Q(points_a_month__lte=1000), name="recognition_rule_bound"),
        ]

    def __str__(self) -> str:
        return str(self.points_a_month)
