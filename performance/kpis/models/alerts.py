"""Alerts: what is watched, what was found and who answers for it; and notes that explain a point."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric
from performance.kpis.models.values import DIGITS, PLACES, month_text


class AlertKind(models.TextChoices):
    THRESHOLD = "threshold", _("Beyond a limit")
    PATH = "path", _("Behind its path to the target")
    BUDGET = "budget", _("Worse than the budget")
    STALENESS = "staleness", _("Data are late")
    ANOMALY = "anomaly", _("Unlike its own past")


class Operator(models.TextChoices):
    ABOVE = "above", _("above")
    BELOW = "below", _("below")


class AlertRule(tenancy.TenantModel):
    """What raises an alert, and whose it is.

    It watches `slice`; with a `cut` (the key of a dimension), each of that dimension's parts within the slice. `value`:
    the limit of a threshold; for path and budget, how many per cent off are still fine. `owner` None: the business
    owner of the metric.
    """

    metric = tenancy.TenantForeignKey(Metric, related_name="alert_rules")
    slice = models.JSONField(_("slice"), default=dict, blank=True)
    slice_key = models.TextField(_("slice as text"))
    cut = models.CharField(_("each part by"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=9, choices=AlertKind.choices)
    operator = models.CharField(
        _("raised when the value is"), max_length=5, choices=Operator.choices, blank=True
    )
    value = models.DecimalField(
        _("limit or tolerance"), max_digits=DIGITS, decimal_places=PLACES, null=True, blank=True
    )
    owner = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    answer_days = models.PositiveSmallIntegerField(_("days to answer"), default=5)
    set_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    set_at = models.DateTimeField(_("set at"))
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "metric", "kind", "operator", "cut", "slice_key"],
                condition=Q(retired_at__isnull=True),
                name="alert_rule_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_rule_kind"),
            models.CheckConstraint(
                condition=(
                    Q(kind=AlertKind.THRESHOLD, operator__in=Operator.values, value__isnull=False)
                    | Q(kind__in=[AlertKind.PATH, AlertKind.BUDGET], operator="", value__gte=0)
                    | Q(kind__in=[AlertKind.STALENESS, AlertKind.ANOMALY], operator="", value__isnull=True)
                ),
                name="alert_rule_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(kind=AlertKind.STALENESS) | Q(cut="", slice_key="{}"),
                name="alert_rule_of_data_has_no_slice",
            ),
            models.CheckConstraint(condition=Q(answer_days__range=(1, 90)), name="alert_rule_days"),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} {self.kind} {self.slice_key}"


class AlertState(models.TextChoices):
    OPEN = "open", pgettext_lazy("alert", "Open")
    ACKNOWLEDGED = "acknowledged", _("Being worked on")
    RESOLVED = "resolved", _("Resolved")
    RECOVERED = "recovered", _("Recovered by itself")


#: An alert somebody still has to answer for.
UNANSWERED = (AlertState.OPEN, AlertState.ACKNOWLEDGED)


class Alert(tenancy.TenantModel):
    """One condition that held for one slice in one month: a work item with an owner, a cause, an action and an end.

    `value`, `low`, `high`, `expected` are those at opening: it is raised outside of what lies between `low` and `high`,
    either of which may be missing. `value_now` follows the value while the alert is open. For late data all of them
    are hours: how old the data were, and how old they may get.
    """

    rule = tenancy.TenantForeignKey(AlertRule, related_name="alerts")
    metric = tenancy.TenantForeignKey(Metric, related_name="alerts")
    kind = models.CharField(_("kind"), max_length=9, choices=AlertKind.choices)
    slice = models.JSONField(_("slice"), default=dict)
    slice_key = models.TextField(_("slice as text"))
    month = models.DateField(_("month"))
    value = models.DecimalField(_("value"), max_digits=DIGITS, decimal_places=PLACES)
    value_now = models.DecimalField(_("value now"), max_digits=DIGITS, decimal_places=PLACES)
    low = models.DecimalField(_("not below"), max_digits=DIGITS, decimal_places=PLACES, null=True)
    high = models.DecimalField(_("not above"), max_digits=DIGITS, decimal_places=PLACES, null=True)
    expected = models.DecimalField(_("expected"), max_digits=DIGITS, decimal_places=PLACES, null=True)
    state = models.CharField(_("state"), max_length=12, choices=AlertState.choices, default=AlertState.OPEN)
    owner = tenancy.TenantForeignKey("people.Person", related_name="alerts")
    opened_at = models.DateTimeField(_("opened at"))
    due_on = models.DateField(_("due on"))
    cause = models.TextField(_("cause"), blank=True)
    action = models.TextField(_("action"), blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    closed_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    resolution = models.TextField(_("resolution"), blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "rule", "slice_key", "month"],
                condition=Q(state__in=UNANSWERED),
                name="alert_open_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind"),
            models.CheckConstraint(
                condition=(
                    Q(state=AlertState.OPEN, closed_at__isnull=True, closed_by__isnull=True)
                    | (
                        Q(state=AlertState.ACKNOWLEDGED, closed_at__isnull=True, closed_by__isnull=True)
                        & ~Q(cause="")
                        & ~Q(action="")
                    )
                    | Q(state=AlertState.RECOVERED, closed_at__isnull=False, closed_by__isnull=True)
                    | (
                        Q(state=AlertState.RESOLVED, closed_at__isnull=False, closed_by__isnull=False)
                        & ~Q(resolution="")
                    )
                ),
                name="alert_state_says_who",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "metric", "month"],
                condition=Q(state__in=UNANSWERED),
                name="alert_unanswered",
            ),
            models.Index(fields=["organisation", "rule", "month"], name="alert_by_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} · {month_text(self.month)}"

    @property
    def is_unanswered(self) -> bool:
        return self.state in UNANSWERED


class StepKind(models.TextChoices):
    OPENED = "opened", _("Raised")
    TAKEN_UP = "taken_up", _("Taken up")
    HANDED_OVER = "handed_over", _("Handed over")
    RESOLVED = "resolved", _("Resolved")
    RECOVERED = "recovered", _("Recovered by itself")
    RULE_RETIRED = "rule_retired", _("Closed with its rule")


class AlertStep(tenancy.TenantModel):
    """What happened to an alert, step by step. `by` None: nobody, the numbers themselves."""

    append_only: ClassVar[bool] = True

    alert = tenancy.TenantForeignKey(Alert, related_name="steps")
    kind = models.CharField(_("step"), max_length=12, choices=StepKind.choices)
    by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    to = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    value = models.DecimalField(_("value"), max_digits=DIGITS, decimal_places=PLACES)
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=StepKind.values), name="alert_step_kind"),
        ]
        indexes = [models.Index(fields=["organisation", "alert", "at"], name="alert_step_by_alert")]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.kind}"


class PointNote(tenancy.TenantModel):
    """Why a slice was what it was in a month. Shown at the point, and again in the same month of later years."""

    metric = tenancy.TenantForeignKey(Metric, related_name="notes")
    slice = models.JSONField(_("slice"), default=dict)
    slice_key = models.TextField(_("slice as text"))
    month = models.DateField(_("month"))
    text = models.TextField(_("note"))
    written_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    written_at = models.DateTimeField(_("written at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="point_note_says_something"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "metric", "slice_key", "month"],
                condition=Q(withdrawn_at__isnull=True),
                name="point_note_by_point",
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric} · {month_text(self.month)}"
