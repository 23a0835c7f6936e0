"""The weekly check-in: append-only, one a person, week and period; a correction is a new row."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from okr.models.objectives import KeyResult, amount
from performance.foundation import tenancy


class CheckIn(tenancy.TenantModel):
    """What a person reports on a week. `number` is 1, later ones correct it and point to the one before.

    It reads the key results of every period that takes check-ins of the week, and is filed under one of them. A week
    on the border of two quarters has a check-in for each: the second does not correct the first.
    """

    append_only: ClassVar[bool] = True

    person = tenancy.TenantForeignKey("people.Person", related_name="check_ins")
    period = tenancy.TenantForeignKey("people.Period", related_name="check_ins")
    week_starts_on = models.DateField(_("Monday of the week"))
    number = models.PositiveSmallIntegerField(_("entry of the week"), default=1)
    corrects = tenancy.TenantForeignKey("self", null=True, related_name="corrections")
    wins = models.TextField(_("wins"), blank=True)
    plans = models.TextField(_("plans"), blank=True)
    blockers = models.TextField(_("blockers"), blank=True)
    asks = tenancy.TenantForeignKey("people.Person", null=True, related_name="check_ins_asking")
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person", "week_starts_on", "period", "number"],
                name="check_in_entry_once",
            ),
            models.CheckConstraint(
                condition=Q(number=1, corrects__isnull=True) | Q(number__gt=1, corrects__isnull=False),
                name="correction_points_back",
            ),
            models.CheckConstraint(condition=Q(week_starts_on__iso_week_day=1), name="week_starts_on_monday"),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "person", "-week_starts_on", "-number"], name="check_in_by_person"
            ),
            models.Index(fields=["organisation", "week_starts_on"], name="check_in_by_week"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.week_starts_on}"


class KeyResultEntry(tenancy.TenantModel):
    """One reading of a key result, with the progress that the engine made of it then.

    Without a check-in it was filled from the metric that the key result is bound to.
    """

    append_only: ClassVar[bool] = True

    check_in = tenancy.TenantForeignKey(CheckIn, null=True, related_name="entries")
    key_result = tenancy.TenantForeignKey(KeyResult, related_name="entries")
    value = amount(_("value"))
    done = models.BooleanField(_("done"), null=True)
    milestones_done = models.JSONField(_("milestones done"), null=True)
    confidence = models.PositiveSmallIntegerField(_("confidence"), null=True)
    note = models.TextField(_("why"), blank=True)
    progress_micro = models.BigIntegerField(_("progress"), null=True)
    provisional = models.BooleanField(_("provisional"), default=False)
    value_as_of = models.DateTimeField(_("value as of"), null=True)
    version_number = models.PositiveSmallIntegerField(_("version in force"))
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "check_in", "key_result"], name="one_entry_a_key_result"
            ),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__range=(1, 5)), name="entry_confidence"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "key_result", "-at", "-id"], name="entry_by_time")]

    def __str__(self) -> str:
        return f"{self.key_result_id} {self.at:%Y-%m-%d}"


class CheckInDraft(tenancy.TenantModel):
    """What was typed but not yet submitted: the form as it stands, one for each person and week."""

    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    week_starts_on = models.DateField(_("Monday of the week"))
    fields = models.JSONField(_("fields"), default=dict)
    saved_at = models.DateTimeField(_("saved at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person", "week_starts_on"], name="check_in_draft_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.week_starts_on}"


class CheckInReply(tenancy.TenantModel):
    """An answer to a check-in, or (without text) the sign that it was read."""

    append_only: ClassVar[bool] = True

    check_in = tenancy.TenantForeignKey(CheckIn, related_name="replies")
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    text = models.TextField(_("reply"), blank=True)
    at = models.DateTimeField(_("at"))
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "by", "once_key"], name="okr_reply_sent_once"),
        ]
        indexes = [models.Index(fields=["organisation", "check_in", "at"], name="reply_by_check_in")]

    def __str__(self) -> str:
        return self.text[:60]


class HandedOn(tenancy.TenantModel):
    """Whom somebody who was asked for help asks in their place. `check_in` is the first entry of the week in its
    period; the newest row says who helps now. Whoever handed it on may still read and answer."""

    append_only: ClassVar[bool] = True

    check_in = tenancy.TenantForeignKey(CheckIn, related_name="handed_on")
    by = tenancy.TenantForeignKey("people.Person", related_name="+")
    to = tenancy.TenantForeignKey("people.Person", related_name="+")
    why = models.CharField(_("why"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [models.CheckConstraint(condition=~Q(by=models.F("to")), name="handed_to_another")]
        indexes = [models.Index(fields=["organisation", "to"], name="handed_on_to")]

    def __str__(self) -> str:
        return f"{self.check_in_id} → {self.to_id}"
