"""What a team says to itself at the end of a period, and what it agrees to do about it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import tenancy


class Column(models.TextChoices):
    WENT_WELL = "went_well", _("What went well")
    LEARNED = "learned", _("What we learned")
    CHANGE = "change", _("What we change next time")


class Retrospective(tenancy.TenantModel):
    """One of a team and a period; it begins with its first note and takes no more once it is closed."""

    team = tenancy.TenantForeignKey("people.Team", related_name="retrospectives")
    period = tenancy.TenantForeignKey("people.Period", related_name="retrospectives")
    closed_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "team", "period"], name="one_retrospective_a_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.period_id}"


class RetrospectiveNote(tenancy.TenantModel):
    """What one member puts down; theirs to change and remove while the retrospective is open."""

    retrospective = tenancy.TenantForeignKey(Retrospective, related_name="notes")
    column = models.CharField(_("column"), max_length=10, choices=Column.choices)
    text = models.CharField(_("note"), max_length=1000)
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))
    edited_at = models.DateTimeField(_("changed at"), null=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "by", "once_key"], name="retrospective_note_sent_once"
            ),
            models.CheckConstraint(condition=Q(column__in=Column.values), name="retrospective_column"),
            models.CheckConstraint(condition=~Q(text=""), name="retrospective_note_says_something"),
        ]
        indexes = [
            models.Index(fields=["organisation", "retrospective", "at"], name="retrospective_notes"),
        ]

    def __str__(self) -> str:
        return f"{self.retrospective_id} {self.column}"


class AgreedAction(tenancy.TenantModel):
    """What somebody of the team does next, by a day."""

    retrospective = tenancy.TenantForeignKey(Retrospective, related_name="agreed")
    what = models.CharField(pgettext_lazy("retrospective", "action"), max_length=300)
    owner = tenancy.TenantForeignKey("people.Person", related_name="+")
    due_on = models.DateField(_("due on"))
    done_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        indexes = [
            models.Index(fields=["organisation", "retrospective"], name="retrospective_actions"),
        ]

    def __str__(self) -> str:
        return self.what
