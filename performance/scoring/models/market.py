"""Market rules: which certified metric moves weights, when it begins to count, and by how much."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import i18n, tenancy
from performance.scoring.models.policies import FACTOR_HIGHEST, FACTOR_LOWEST, PolicyComponent, PolicyVersion

MOST_MONTHS = 12


class Measure(models.TextChoices):
    LEVEL = "level", _("The value itself")
    CHANGE = "change", _("Its change")


class MarketSide(models.TextChoices):
    BELOW = "below", pgettext_lazy("market", "Below")
    ABOVE = "above", pgettext_lazy("market", "Above")


class MarketRule(tenancy.TenantModel):
    """When a signal moves weights. `starts_micro` is where it begins to count, `full_micro` where it counts fully.

    `slice` is {"dimension": "value"}; {} is the whole organisation. `months` in a row until it takes hold,
    `until_months` in a row until it ends; a change is that over `span` months.
    """

    version = tenancy.TenantForeignKey(PolicyVersion, related_name="market_rules")
    key = models.SlugField(_("key"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    metric_key = models.CharField(_("metric"), max_length=60)
    slice = models.JSONField(_("slice"), default=dict, blank=True)
    measure = models.CharField(_("measure"), max_length=10, choices=Measure.choices, default=Measure.LEVEL)
    side = models.CharField(_("side"), max_length=10, choices=MarketSide.choices, default=MarketSide.BELOW)
    starts_micro = models.BigIntegerField(_("begins at"))
    full_micro = models.BigIntegerField(_("counts fully at"))
    months = models.PositiveSmallIntegerField(_("months until it takes hold"), default=1)
    until_months = models.PositiveSmallIntegerField(_("months until it ends"), default=1)
    span = models.PositiveSmallIntegerField(_("months of the change"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version", "key"], name="market_rule_key_once"),
            models.CheckConstraint(condition=Q(measure__in=Measure.values), name="market_measure_known"),
            models.CheckConstraint(
                condition=Q(side="below", full_micro__lt=F("starts_micro"))
                | Q(side="above", full_micro__gt=F("starts_micro")),
                name="market_rule_has_ramp",
            ),
            models.CheckConstraint(
                condition=Q(
                    months__range=(1, MOST_MONTHS),
                    until_months__range=(1, MOST_MONTHS),
                    span__range=(1, MOST_MONTHS),
                ),
                name="market_months_within",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "metric_key"], name="market_rule_by_metric")]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class MarketEffect(tenancy.TenantModel):
    """The multiplier of a component once a rule counts fully; absent means × 1."""

    rule = tenancy.TenantForeignKey(MarketRule, related_name="effects")
    component = tenancy.TenantForeignKey(PolicyComponent, related_name="market_effects")
    full_ppm = models.PositiveIntegerField(_("multiplier"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "rule", "component"], name="market_effect_once"),
            models.CheckConstraint(
                condition=Q(full_ppm__range=(FACTOR_LOWEST, FACTOR_HIGHEST)), name="market_effect_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.component}"
