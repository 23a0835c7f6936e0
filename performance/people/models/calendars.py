"""Days that count: work calendars, and the periods that goals, scores and appraisals share."""

import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import i18n, tenancy
from performance.people.models.directory import DateRange


class PeriodKind(models.TextChoices):
    YEAR = "year", _("Year")
    QUARTER = "quarter", _("Quarter")
    MONTH = "month", _("Month")
    CUSTOM = "custom", _("Custom")


class PeriodState(models.TextChoices):
    PLANNING = "planning", _("Planning")
    ACTIVE = "active", _("Active")
    CLOSING = "closing", _("Closing")
    CLOSED = "closed", pgettext_lazy("period", "Closed")


class Period(tenancy.TenantModel):
    """A stretch of days that goals are set for, scored and appraised in. `ends_on` is its last day."""

    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=PeriodKind.choices, default=PeriodKind.QUARTER)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    state = models.CharField(
        _("state"), max_length=10, choices=PeriodState.choices, default=PeriodState.PLANNING
    )
    goals_locked_at = models.DateTimeField(_("goals locked at"), null=True, blank=True)
    progress_locked_at = models.DateTimeField(_("progress locked at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-starts_on", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "starts_on"], name="period_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="period_has_days"),
            ExclusionConstraint(
                name="periods_of_a_kind_apart",
                expressions=[
                    ("organisation", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (DateRange(F("starts_on"), F("ends_on"), Value("[]")), RangeOperators.OVERLAPS),
                ],
                condition=~Q(kind="custom"),
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1

    def day_number(self, on: datetime.date) -> int:
        """Which day of the period `on` is: 1 on the first, `days` on the last, held within."""
        return min(max((on - self.starts_on).days + 1, 0), self.days)


class WorkCalendar(tenancy.TenantModel):
    """Which days are worked: holidays and make-up days of the organisation's country, with its own changes."""

    name_en = models.CharField(_("name in English"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    is_default = models.BooleanField(_("for everybody without another"), default=False)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(is_default=True), name="one_default_calendar"
            ),
        ]

    def __str__(self) -> str:
        return i18n.local(self, "name")


class AbsenceKind(models.TextChoices):
    LEAVE = "leave", pgettext_lazy("absence", "Leave")
    SICK = "sick", _("Sick leave")
    TRAVEL = "travel", _("Travel or training")
    OTHER = "other", pgettext_lazy("absence", "Other")


class Absence(tenancy.TenantModel):
    """Days on which a person is away: nothing is asked of them. `ends_on` is the last of them."""

    person = tenancy.TenantForeignKey("people.Person", related_name="absences")
    kind = models.CharField(_("kind"), max_length=10, choices=AbsenceKind.choices, default=AbsenceKind.LEAVE)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    noted_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    noted_at = models.DateTimeField(_("noted at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="absence_has_days"),
            models.CheckConstraint(condition=Q(kind__in=AbsenceKind.values), name="absence_kind_known"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "person", "starts_on", "ends_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="absence_by_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.starts_on}–{self.ends_on}"


class CalendarDay(tenancy.TenantModel):
    """One day that differs from the country's rule."""

    calendar = tenancy.TenantForeignKey(WorkCalendar, related_name="days")
    on = models.DateField(_("day"))
    is_worked = models.BooleanField(_("worked"))
    note_en = models.CharField(_("note in English"), max_length=80, blank=True)
    note_zh = models.CharField(_("note in Chinese"), max_length=80, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "calendar", "on"], name="calendar_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.on}"
