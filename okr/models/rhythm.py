"""When check-ins are due: the rhythm of a team or of everybody, and who owes which week."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import tenancy


class Weekday(models.IntegerChoices):
    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class Cadence(tenancy.TenantModel):
    """How often, until when, and what follows. Without a team: for everybody whose team has none of its own."""

    team = tenancy.TenantForeignKey("people.Team", null=True, blank=True, related_name="+")
    every_weeks = models.PositiveSmallIntegerField(_("every how many weeks"), default=1)
    due_weekday = models.PositiveSmallIntegerField(
        _("due on"), choices=Weekday.choices, default=Weekday.FRIDAY
    )
    due_hour = models.PositiveSmallIntegerField(_("due at"), default=18)
    grace_days = models.PositiveSmallIntegerField(_("workdays of grace"), default=1)
    escalate_days = models.PositiveSmallIntegerField(
        _("workdays until the next level hears of it"), default=2
    )
    levels = models.PositiveSmallIntegerField(_("levels that hear of it"), default=2)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "team"], nulls_distinct=False, name="one_cadence_a_team"
            ),
            models.CheckConstraint(
                condition=Q(every_weeks__range=(1, 4))
                & Q(due_weekday__range=(1, 7))
                & Q(due_hour__range=(0, 23))
                & Q(grace_days__range=(0, 5))
                & Q(escalate_days__range=(1, 10))
                & Q(levels__range=(0, 3)),
                name="cadence_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team_id or 'everybody'}: every {self.every_weeks} weeks"


class DutyState(models.TextChoices):
    OPEN = "open", pgettext_lazy("duty", "Open")
    DONE = "done", pgettext_lazy("duty", "Done")
    EXCUSED = "excused", pgettext_lazy("duty", "Excused")
    MISSED = "missed", pgettext_lazy("duty", "Missed")


class Excuse(models.TextChoices):
    AWAY = "away", _("Away")
    HOLIDAY = "holiday", _("No workday until then")
    MANAGER = "manager", _("Excused by a manager")
    LEFT = "left", _("No longer here")
    CLOSED = "closed", _("The period was closed before")


class CheckInDuty(tenancy.TenantModel):
    """That a person owes a check-in for a week, and what came of it. One row a person and week."""

    person = tenancy.TenantForeignKey("people.Person", related_name="check_in_duties")
    period = tenancy.TenantForeignKey("people.Period", related_name="+")
    week_starts_on = models.DateField(_("Monday of the week"))
    due_at = models.DateTimeField(_("due at"), null=True)
    state = models.CharField(_("state"), max_length=8, choices=DutyState.choices, default=DutyState.OPEN)
    excuse = models.CharField(_("excuse"), max_length=8, choices=Excuse.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    excused_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"), null=True)
    escalate_at = models.DateTimeField(_("goes up the line at"), null=True)
    escalations = models.PositiveSmallIntegerField(_("levels that heard of it"), default=0)
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person", "week_starts_on"], name="check_in_owed_once"
            ),
            models.CheckConstraint(
                condition=Q(state="excused") | Q(due_at__isnull=False), name="duty_is_due_or_excused"
            ),
            models.CheckConstraint(condition=Q(state="excused") | Q(excuse=""), name="duty_excuse"),
        ]
        indexes = [
            models.Index(fields=["organisation", "escalate_at"], condition=Q(state="open"), name="duty_open"),
            models.Index(fields=["organisation", "week_starts_on", "state"], name="duty_by_week"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.week_starts_on} {self.state}"
