"""One definition, signed by both sides: the metric, its versions, and who signed them."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy
from performance.kpis import formulas, semantics

KEY_HELP = _("Small Latin letters, digits and underscores.")
KEY = RegexValidator(semantics.KEY_PATTERN, KEY_HELP)


class Direction(models.TextChoices):
    UP = "up", _("Higher is better")
    DOWN = "down", _("Lower is better")
    BAND = "band", _("Within a band is best")


class Kind(models.TextChoices):
    BASE = "base", _("From data")
    RATIO = "ratio", _("Ratio of metrics")
    DERIVED = "derived", _("Formula over metrics")
    CUMULATIVE = "cumulative", _("Running total of a metric")


class Accumulation(models.TextChoices):
    YEAR = semantics.YEAR, _("From the start of the year")
    ROLLING = semantics.ROLLING, _("Over the last months")


class CurrencyRule(models.TextChoices):
    AVERAGE = semantics.AVERAGE, _("At the average rate of the month")
    TRANSACTION = semantics.TRANSACTION, _("At the rate of the day")
    CLOSING = semantics.CLOSING, _("At the closing rate")


#: What is computed from other metrics.
FROM_METRICS = [Kind.RATIO, Kind.DERIVED, Kind.CUMULATIVE]


class Aggregation(models.TextChoices):
    SUM = "sum", _("Sum")
    COUNT = "count", _("Number of rows")
    DISTINCT = "distinct", _("Number of different values")
    MIN = "min", _("Smallest")
    MAX = "max", _("Largest")
    AVG = "avg", _("Average")
    LAST = "last", _("Last in the period (balance)")


class Additivity(models.TextChoices):
    ADDITIVE = "additive", _("Adds up over time and slices")
    SEMI = "semi", _("Adds up over slices, not over time")
    NONE = "none", _("Recomputed for every total")


class MissingPolicy(models.TextChoices):
    NULL = "null", _("Leave out")
    ZERO = "zero", _("Count as zero")
    BLOCK = "block", _("Show no value")


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("In review")
    CERTIFIED = "certified", _("Certified")
    DECLINED = "declined", _("Sent back")
    DEPRECATED = "deprecated", _("Retired")


class Side(models.TextChoices):
    BUSINESS = "business", _("Business owner")
    FINANCE = "finance", _("Finance owner")


class Problem(models.TextChoices):
    """Why a metric still shows the values that it had."""

    READING = "reading", _("Its data are being read anew")
    GONE = "gone", _("Something that it is computed from is gone")
    TOO_LARGE = "too_large", _("A value is too large to be kept")
    TOO_MANY = "too_many", _("It has too many parts to be kept")
    FAILED = "failed", _("It could not be computed")
    AWAY = "away", _("Its source did not answer: the values are those of before")
    UNABLE = "unable", _("It cannot be computed at its source: the values are those of before")


class Metric(tenancy.TenantModel):
    """What business and finance both call by this name.

    `unit`, `direction` and `decimals` are those of the newest certified version (of the draft before there is
    one), copied when it is certified, so that lists need no join. `problem`: how the last computation went.
    """

    key = models.CharField(_("key"), max_length=60, validators=[KEY])
    name_en = models.CharField(_("name in English"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    business_owner = tenancy.TenantForeignKey("people.Person", related_name="+")
    finance_owner = tenancy.TenantForeignKey("people.Person", related_name="+")
    unit = models.CharField(_("unit"), max_length=120)
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices)
    decimals = models.PositiveSmallIntegerField(_("decimals shown"), default=2)
    problem = models.CharField(_("problem"), max_length=10, choices=Problem.choices, blank=True)
    created_at = models.DateTimeField(_("created at"))
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "key"], name="metric_key_once"),
            models.CheckConstraint(
                condition=~Q(business_owner=F("finance_owner")), name="metric_owners_are_two"
            ),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="metric_direction"),
            models.CheckConstraint(condition=Q(decimals__lte=8), name="metric_decimals"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return i18n.local(self, "name")


class MetricVersion(tenancy.TenantModel):
    """One wording of the definition. What is in it cannot change once it is in review (also in the database).

    `dimensions` maps a dimension key to the dataset's column key; for formulas, to "".
    `filters` is a list of {"column", "op", "value"}, see semantics/filters.py. A running total has its input as the
    formula; the month in which its year starts is part of the wording, so that what was signed stays what it was.
    `allocations` maps an input to how it is shared out among parts, see semantics/allocating.py.
    `tie_out` is the key of the metric that holds the ledger account, see queries/tying.py. `currency_rule` says at which
    rates amounts become the currency of the unit (rates.CurrencyRule); "" takes them as they are.
    """

    metric = tenancy.TenantForeignKey(Metric, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(
        _("state"), max_length=10, choices=VersionState.choices, default=VersionState.DRAFT
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    description_en = models.TextField(_("meaning in English"), blank=True)
    description_zh = models.TextField(_("meaning in Chinese"), blank=True)
    dataset = tenancy.TenantForeignKey("sources.Dataset", null=True, blank=True, related_name="+")
    aggregation = models.CharField(_("aggregation"), max_length=8, choices=Aggregation.choices, blank=True)
    expression = models.CharField(_("column or arithmetic"), max_length=1000, blank=True)
    filters = models.JSONField(_("filter"), default=list, blank=True)
    time_column = models.CharField(_("date that counts"), max_length=80, blank=True)
    formula = models.CharField(_("formula"), max_length=1000, blank=True)
    accumulation = models.CharField(
        _("runs over"), max_length=7, choices=Accumulation.choices, blank=True, default=""
    )
    accumulation_months = models.PositiveSmallIntegerField(_("number of months"), null=True, blank=True)
    year_starts_in = models.PositiveSmallIntegerField(_("first month of the year"), null=True, blank=True)
    dimensions = models.JSONField(_("dimensions"), default=dict, blank=True)
    unit = models.CharField(_("unit"), max_length=120)
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices)
    decimals = models.PositiveSmallIntegerField(_("decimals shown"), default=2)
    additivity = models.CharField(
        _("adding up"), max_length=8, choices=Additivity.choices, default=Additivity.NONE
    )
    missing_policy = models.CharField(
        _("missing input"), max_length=5, choices=MissingPolicy.choices, default=MissingPolicy.NULL
    )
    currency_rule = models.CharField(_("currency"), max_length=11, blank=True, default="")
    allocations = models.JSONField(_("shared out"), default=dict, blank=True)
    tie_out = models.CharField(_("ledger account"), max_length=60, blank=True, default="")
    tie_out_reversed = models.BooleanField(_("the account has the other sign"), default=False)
    tie_out_tolerance = models.CharField(_("may differ by"), max_length=30, blank=True, default="")
    tie_out_reason = models.CharField(_("why it is not tied out"), max_length=500, blank=True, default="")
    effective_from = models.DateField(_("in force from"))
    change_note = models.TextField(_("what changes and why"), blank=True)
    proposed_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    proposed_at = models.DateTimeField(_("proposed at"))
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    certified_at = models.DateTimeField(_("certified at"), null=True, blank=True)
    declined_at = models.DateTimeField(_("sent back at"), null=True, blank=True)
    declined_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    decline_reason = models.TextField(_("reason for sending back"), blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["metric", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "metric", "number"], name="metric_version_number_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "metric"],
                condition=Q(state__in=[VersionState.DRAFT, VersionState.REVIEW]),
                name="metric_version_open_once",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind=Kind.BASE, dataset__isnull=False, formula="")
                    | (Q(kind__in=FROM_METRICS, dataset__isnull=True) & ~Q(formula=""))
                ),
                name="metric_version_reads_rows_or_metrics",
            ),
            models.CheckConstraint(
                condition=(
                    Q(accumulation="", accumulation_months=None, year_starts_in=None)
                    & ~Q(kind=Kind.CUMULATIVE)
                )
                | Q(
                    kind=Kind.CUMULATIVE,
                    accumulation=Accumulation.YEAR,
                    accumulation_months=None,
                    year_starts_in__range=(1, 12),
                )
                | Q(
                    kind=Kind.CUMULATIVE,
                    accumulation=Accumulation.ROLLING,
                    accumulation_months__range=(2, semantics.MOST_MONTHS),
                    year_starts_in=None,
                ),
                name="metric_version_runs_over",
            ),
            models.CheckConstraint(
                condition=Q(currency_rule="") | Q(kind=Kind.BASE, currency_rule__in=semantics.CURRENCY_RULES),
                name="metric_version_converted",
            ),
            models.CheckConstraint(
                condition=Q(allocations={}) | Q(kind__in=[Kind.RATIO, Kind.DERIVED]),
                name="metric_version_shares_out_inputs",
            ),
            models.CheckConstraint(
                condition=~Q(tie_out="") | Q(tie_out_reversed=False, tie_out_tolerance=""),
                name="metric_version_tied_to",
            ),
            models.CheckConstraint(
                condition=Q(tie_out="") | Q(tie_out_reason=""), name="metric_version_tied_or_reasoned"
            ),
            models.CheckConstraint(
                condition=~Q(state=VersionState.CERTIFIED) | Q(certified_at__isnull=False),
                name="metric_version_certified_when",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "state", "metric"], name="metric_version_by_state")]

    def __str__(self) -> str:
        return f"{self.metric} · {self.number}"

    @property
    def description(self) -> str:
        return i18n.local(self, "description")

    @property
    def is_base(self) -> bool:
        return self.kind == Kind.BASE

    @property
    def is_cumulative(self) -> bool:
        return self.kind == Kind.CUMULATIVE

    @property
    def currency_words(self) -> str:
        """At which rates amounts are converted; nothing where they are taken as they are."""
        return str(CurrencyRule(self.currency_rule).label) if self.currency_rule else ""

    @property
    def input_keys(self) -> tuple[str, ...]:
        """The metrics that it is computed from: those of its formula, and those by whose share one is shared out."""
        if not self.formula:
            return ()
        used = formulas.parse(self.formula).references
        return (*used, *(key for key in semantics.weighing(self) if key not in used))

    @property
    def tie_out_sign(self) -> str:
        """How the account is read, in words; nothing where it is read as it stands."""
        return str(_("the other way round")) if self.tie_out_reversed else ""

    @property
    def is_open(self) -> bool:
        return self.state in (VersionState.DRAFT, VersionState.REVIEW)

    @property
    def dimension_keys(self) -> tuple[str, ...]:
        return tuple(sorted(self.dimensions))


class Signature(tenancy.TenantModel):
    """One side agrees to one version. Each side once, and never one person for both.

    `seen`: what was shown to whoever signed on the page (queries.Impact.seen); {} where nothing was.
    """

    append_only: ClassVar[bool] = True

    version = tenancy.TenantForeignKey(MetricVersion, related_name="signatures")
    side = models.CharField(_("side"), max_length=8, choices=Side.choices)
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    note = models.CharField(_("note"), max_length=300, blank=True)
    seen = models.JSONField(_("seen before signing"), default=dict, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "version", "side"], name="metric_side_signs_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "version", "person"], name="metric_two_people_sign"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="metric_signature_side"),
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.person}"
