"""A table or query of a source with meaning: typed columns, a key, the dates that count."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import i18n, tenancy
from performance.sources.models.connections import Connection

KEY = RegexValidator(r"^[a-z][a-z0-9_]{0,49}\Z", _("Small Latin letters, digits and underscores."))


class Mode(models.TextChoices):
    IMPORTED = "imported", _("Copied into Accord")
    LIVE = "live", _("Asked at the source, nothing is copied")


class ColumnType(models.TextChoices):
    TEXT = "text", pgettext_lazy("type of a column", "text")
    INTEGER = "integer", _("whole number")
    DECIMAL = "decimal", _("decimal")
    DATE = "date", _("date")
    TIMESTAMP = "timestamp", _("date and time")
    BOOLEAN = "boolean", _("yes or no")


class ColumnRole(models.TextChoices):
    KEY = "key", _("Key")
    TIME = "time", _("Business time")
    DIMENSION = "dimension", _("Dimension")
    MEASURE = "measure", _("Measure")
    IGNORED = "ignored", _("Left out")


class DateOrder(models.TextChoices):
    CLEAR = "", _("year first, or a day above 12")
    DMY = "dmy", _("day, month, year")
    MDY = "mdy", _("month, day, year")


class Dataset(tenancy.TenantModel):
    """Rows of one kind of thing. Imported rows live in the table `queries.row_relation(dataset)`; those of a live
    dataset stay at the source, and `loaded_at` says when its columns were last found there as promised."""

    connection = tenancy.TenantForeignKey(Connection, related_name="datasets")
    key = models.CharField(_("key"), max_length=50, validators=[KEY])
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.IMPORTED)
    schema_name = models.CharField(_("schema"), max_length=128, blank=True)
    table_name = models.CharField(_("table or sheet"), max_length=128, blank=True)
    query = models.TextField(_("query"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64)
    cursor_column = models.CharField(_("new since"), max_length=50, blank=True)
    overlap_days = models.PositiveSmallIntegerField(_("days read again"), default=3)
    settling_days = models.PositiveSmallIntegerField(_("days until a day is settled"), default=3)
    refresh_hours = models.PositiveSmallIntegerField(_("load every so many hours"), default=24)
    #: How far the last good load has read, as the source writes it: {"type", "value"}; {} = read everything.
    cursor = models.JSONField(_("read up to"), default=dict, blank=True)
    row_count = models.PositiveBigIntegerField(_("rows"), default=0)
    loaded_at = models.DateTimeField(_("last good load"), null=True, blank=True)
    next_load_at = models.DateTimeField(_("next load"), null=True, blank=True)
    created_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["name_en"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "key"], condition=Q(closed_at=None), name="dataset_key_once"
            ),
            models.CheckConstraint(
                condition=(~Q(table_name="") & Q(query="")) | (Q(table_name="") & ~Q(query="")),
                name="dataset_table_or_query",
            ),
            models.CheckConstraint(condition=Q(settling_days__lte=30), name="dataset_settles"),
        ]
        indexes = [models.Index(fields=["organisation", "next_load_at"], name="dataset_by_next_load")]

    def __str__(self) -> str:
        return i18n.local(self, "name")

    @property
    def is_live(self) -> bool:
        return self.mode == Mode.LIVE

    @property
    def source_label(self) -> str:
        """What it reads, in the words of the source."""
        if self.query:
            return str(_("own query"))
        return f"{self.schema_name}.{self.table_name}" if self.schema_name else self.table_name


class DatasetColumn(tenancy.TenantModel):
    """One typed column. `source_name` is the source's own name; `key` is the column of the physical table.

    `is_key` columns identify a row together; a key may also be a business time or a dimension.
    """

    dataset = tenancy.TenantForeignKey(Dataset, related_name="columns")
    number = models.PositiveSmallIntegerField(_("order"))
    source_name = models.CharField(_("column at the source"), max_length=128)
    key = models.CharField(_("key"), max_length=50, validators=[KEY])
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    #: The type that the source declared when the column was modelled; "" for files, which declare none.
    source_type = models.CharField(_("type at the source"), max_length=10, blank=True)
    type = models.CharField(_("type"), max_length=10, choices=ColumnType.choices)
    date_order = models.CharField(_("order of dates"), max_length=3, choices=DateOrder.choices, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=ColumnRole.choices)
    is_key = models.BooleanField(_("identifies the row"), default=False)
    #: What the money in it is in: a code such as EUR, or the key of the text column that holds the code; "" unsaid.
    currency = models.CharField(_("currency"), max_length=50, blank=True, default="")

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "dataset", "key"], name="column_key_once"),
            models.UniqueConstraint(
                fields=["organisation", "dataset", "source_name"], name="column_source_once"
            ),
            models.CheckConstraint(
                condition=~Q(role=ColumnRole.KEY) | Q(is_key=True), name="column_key_role_is_key"
            ),
            models.CheckConstraint(
                condition=~Q(role=ColumnRole.TIME) | Q(type__in=[ColumnType.DATE, ColumnType.TIMESTAMP]),
                name="column_time_is_date",
            ),
            models.CheckConstraint(
                condition=~Q(role=ColumnRole.MEASURE) | Q(type__in=[ColumnType.INTEGER, ColumnType.DECIMAL]),
                name="column_measure_is_number",
            ),
            models.CheckConstraint(
                condition=Q(currency="") | Q(type__in=[ColumnType.INTEGER, ColumnType.DECIMAL]),
                name="column_money_is_number",
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name") or self.key

    @property
    def names_currency(self) -> bool:
        """Whether all of it is in one currency; else, where `currency` says anything, a column holds it."""
        return self.currency.isupper()
