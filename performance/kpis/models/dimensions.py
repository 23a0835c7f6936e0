"""What values can be cut by, and what people call the cuts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy
from performance.kpis.models.metrics import KEY


class Dimension(tenancy.TenantModel):
    """A word that several datasets share: store, country, channel.

    With a dataset, the names of its values are read from there at each refresh.
    """

    key = models.CharField(_("key"), max_length=60, validators=[KEY])
    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    dataset = tenancy.TenantForeignKey("sources.Dataset", null=True, blank=True, related_name="+")
    key_column = models.CharField(_("column of the value"), max_length=80, blank=True)
    label_en_column = models.CharField(_("column of the English name"), max_length=80, blank=True)
    label_zh_column = models.CharField(_("column of the Chinese name"), max_length=80, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="metric_dimension_key_once")
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class DimensionValue(tenancy.TenantModel):
    """The name of one value: store 010 is Binjiang."""

    dimension = tenancy.TenantForeignKey(Dimension, related_name="values")
    key = models.CharField(_("value"), max_length=200)
    name_en = models.CharField(_("name in English"), max_length=200, blank=True)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "dimension", "key"], name="metric_dimension_value_once"
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name") or self.key
