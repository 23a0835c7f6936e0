"""1:1s: a manager and an employee who meet in a rhythm, with one agenda, action items that come along, and notes."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import tenancy

LONGEST_NOTES = 10_000


class OneOnOne(tenancy.TenantModel):
    """Two people who meet again and again. It belongs to the two of them: whoever manages the employee later begins one
    of their own, and reads nothing of this one."""

    employee = tenancy.TenantForeignKey("people.Person", related_name="one_on_ones")
    manager = tenancy.TenantForeignKey("people.Person", related_name="one_on_ones_held")
    every_weeks = models.PositiveSmallIntegerField(_("every so many weeks"), default=2)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=30)
    begun_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    begun_at = models.DateTimeField(_("begun at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "employee", "manager"],
                condition=Q(ended_at__isnull=True),
                name="one_on_one_of_a_pair",
            ),
            models.CheckConstraint(condition=~Q(employee=F("manager")), name="one_on_one_of_two"),
            models.CheckConstraint(condition=Q(every_weeks__range=(1, 8)), name="one_on_one_rhythm"),
            models.CheckConstraint(condition=Q(minutes__range=(10, 240)), name="one_on_one_minutes"),
        ]
        indexes = [models.Index(fields=["organisation", "manager"], name="one_on_one_by_manager")]

    def __str__(self) -> str:
        return f"{self.employee} × {self.manager}"


class Meeting(tenancy.TenantModel):
    """One of their meetings. The open one is the next; those that were held stay as they were."""

    one_on_one = tenancy.TenantForeignKey(OneOnOne, related_name="meetings")
    starts_at = models.DateTimeField(_("starts at"))
    notes = models.TextField(_("shared notes"), blank=True, max_length=LONGEST_NOTES)
    # Which of the two wrote on last, so that neither overwrites what they have not seen.
    notes_revision = models.PositiveIntegerField(_("revision of the notes"), default=0)
    notes_at = models.DateTimeField(_("notes saved at"), null=True, blank=True)
    held_at = models.DateTimeField(_("held at"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "one_on_one"],
                condition=Q(held_at__isnull=True),
                name="one_meeting_ahead",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "one_on_one", "-starts_at"], name="meeting_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.one_on_one_id} {self.starts_at:%Y-%m-%d}"


class PointKind(models.TextChoices):
    """Where a topic comes from."""

    OWN = "own", _("Added by hand")
    BLOCKER = "blocker", _("A blocker")
    CONFIDENCE = "confidence", _("Confidence fell")
    AGREEMENT = "agreement", _("An agreement")
    NOTE = "note", pgettext_lazy("1:1", "A note")


class Topic(tenancy.TenantModel):
    """A line of the agenda. What was not discussed comes along to the next meeting, as a line of its own there."""

    meeting = tenancy.TenantForeignKey(Meeting, related_name="topics")
    text = models.CharField(_("topic"), max_length=300)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    kind = models.CharField(_("comes from"), max_length=12, choices=PointKind.choices, default=PointKind.OWN)
    source = models.CharField(_("source"), max_length=120, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    carried = models.PositiveSmallIntegerField(_("carried over"), default=0)
    added_at = models.DateTimeField(_("added at"))
    discussed_at = models.DateTimeField(_("discussed at"), null=True, blank=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["added_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "meeting", "source"], condition=~Q(source=""), name="topic_once"
            ),
            models.UniqueConstraint(fields=["organisation", "by", "once_key"], name="topic_sent_once"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class ActionItem(tenancy.TenantModel):
    """What one of the two does. Open ones come along to every next meeting, and wait in their owner's list of work."""

    one_on_one = tenancy.TenantForeignKey(OneOnOne, related_name="actions")
    raised_in = tenancy.TenantForeignKey(Meeting, related_name="raised")
    done_in = tenancy.TenantForeignKey(Meeting, null=True, blank=True, related_name="done")
    what = models.CharField(_("what"), max_length=300)
    owner = tenancy.TenantForeignKey("people.Person", related_name="+")
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    due_on = models.DateField(_("until"), null=True, blank=True)
    carried = models.PositiveSmallIntegerField(_("carried over"), default=0)
    added_at = models.DateTimeField(_("added at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["done_at", "due_on", "added_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "by", "once_key"], name="action_item_sent_once"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(done_in__isnull=False), name="action_done_in_a_meeting"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "one_on_one", "done_at"], name="action_by_one_on_one")
        ]

    def __str__(self) -> str:
        return self.what[:60]


class PrivateNote(tenancy.TenantModel):
    """What one of the two writes for themselves about a meeting. The database shows it to its author alone; it is in no
    export, no log and nobody else's page."""

    private_to: ClassVar[str] = "author"

    meeting = tenancy.TenantForeignKey(Meeting, related_name="+")
    author = tenancy.TenantForeignKey("people.Person", related_name="+")
    text = models.TextField(_("private notes"), blank=True, max_length=LONGEST_NOTES)
    saved_at = models.DateTimeField(_("saved at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "meeting", "author"], name="private_note_once_a_meeting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.author_id}"
