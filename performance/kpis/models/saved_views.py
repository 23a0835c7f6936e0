"""Saved views of the board: whose, what they show, who pinned them, and to whom they are mailed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric


class Basis(models.TextChoices):
    """What a board compares with."""

    TARGET = "target", _("vs target")
    MONTH = "month", _("vs last month")
    YEAR = "year", _("vs same month last year")
    BUDGET = "budget", _("vs budget")


class HeatShown(models.TextChoices):
    """What the cells of the heat map show."""

    VALUE = "value", _("Value")
    TARGET = "target", _("Against target")
    YEAR = "year", _("Against the year before")


class SavedView(tenancy.TenantModel):
    """A board with its filters under a name. `month` None: always the latest; `metric` None: the first of the board.

    A shared one is read by everybody and changed by its owner alone.
    """

    owner = tenancy.TenantForeignKey("people.Person", related_name="+")
    name = models.CharField(_("name"), max_length=80)
    is_shared = models.BooleanField(_("shared with the organisation"), default=False)
    month = models.DateField(_("month"), null=True, blank=True)
    metric = tenancy.TenantForeignKey(Metric, null=True, blank=True, related_name="+")
    slice = models.JSONField(_("slice"), default=dict, blank=True)
    cut = models.CharField(_("compared by"), max_length=60, blank=True)
    basis = models.CharField(_("compared with"), max_length=6, choices=Basis.choices, default=Basis.TARGET)
    heat = models.CharField(
        _("heat map shows"), max_length=6, choices=HeatShown.choices, default=HeatShown.VALUE
    )
    created_at = models.DateTimeField(_("created at"))
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "owner", "name"],
                condition=Q(removed_at__isnull=True),
                name="saved_view_name_once",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
            models.CheckConstraint(condition=Q(basis__in=Basis.values), name="saved_view_basis"),
            models.CheckConstraint(condition=Q(heat__in=HeatShown.values), name="saved_view_heat"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_label(self) -> str:
        """Others read the log: a private view keeps its name to itself."""
        return self.name if self.is_shared else str(self.pk)


class ViewPin(tenancy.TenantModel):
    """Somebody keeps a view beside the navigation."""

    view = tenancy.TenantForeignKey(SavedView, related_name="pins")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    pinned_at = models.DateTimeField(_("pinned at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person", "view"], name="view_pinned_once")
        ]

    def __str__(self) -> str:
        return f"{self.view_id}: {self.person_id}"


class Rhythm(models.TextChoices):
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")


#: The last day that can be chosen: Sunday, and a workday that every month has.
MOST_DAYS = {Rhythm.WEEKLY: 7, Rhythm.MONTHLY: 15}


class Subscription(tenancy.TenantModel):
    """A view is mailed to somebody. `day`: of the week from Monday (1), or the workday after the end of a month.
    `next_on`: the day on which it is due; whoever moves it on writes the letter, and nobody else."""

    view = tenancy.TenantForeignKey(SavedView, related_name="subscriptions")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    rhythm = models.CharField(_("how often"), max_length=7, choices=Rhythm.choices)
    day = models.PositiveSmallIntegerField(_("day"))
    next_on = models.DateField(_("next on"))
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person", "view"],
                condition=Q(ended_at__isnull=True),
                name="view_subscribed_once",
            ),
            models.CheckConstraint(
                condition=(
                    Q(rhythm=Rhythm.WEEKLY, day__range=(1, MOST_DAYS[Rhythm.WEEKLY]))
                    | Q(rhythm=Rhythm.MONTHLY, day__range=(1, MOST_DAYS[Rhythm.MONTHLY]))
                ),
                name="subscription_day",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "next_on"],
                condition=Q(ended_at__isnull=True),
                name="subscription_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.view_id}: {self.person_id}"
