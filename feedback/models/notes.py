"""Notes: what somebody tells a colleague, with their name."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from feedback.models.recognition import MOST_POINTS, CompanyValue
from feedback.models.requests import FeedbackRequest
from performance.foundation import tenancy


class NoteKind(models.TextChoices):
    PRAISE = "praise", _("Praise")
    SUGGESTION = "suggestion", _("Suggestion")
    ANSWER = "answer", pgettext_lazy("feedback", "Answer")


class NoteVisibility(models.TextChoices):
    ASKER = "asker", _("Only whoever asked")
    RECIPIENT = "recipient", _("Only the recipient")
    MANAGER = "manager", _("The recipient and their manager")
    PUBLIC = "public", _("Everybody")


class Note(tenancy.TenantModel):
    """Feedback from one person to another, with the author's name. It may belong to an objective or a key result, and
    answer a request: then whoever asked reads it too, or alone.

    The manager who may read it is the recipient's manager on the day it was written, kept here: a later manager
    does not inherit it, a former one keeps it.
    """

    author = tenancy.TenantForeignKey("people.Person", related_name="notes_given")
    about = tenancy.TenantForeignKey("people.Person", related_name="notes_received")
    manager = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=NoteKind.choices, default=NoteKind.PRAISE)
    visibility = models.CharField(_("who can read it"), max_length=10, choices=NoteVisibility.choices)
    text = models.TextField(_("text"), max_length=2000)
    request = tenancy.TenantForeignKey(FeedbackRequest, null=True, blank=True, related_name="answers")
    value = tenancy.TenantForeignKey(CompanyValue, null=True, blank=True, related_name="notes")
    points = models.PositiveSmallIntegerField(_("points"), default=0)
    objective_id = models.UUIDField(_("objective"), null=True, blank=True)
    key_result_id = models.UUIDField(_("key result"), null=True, blank=True)
    written_at = models.DateTimeField(_("written at"))
    retracted_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    once_key = models.UUIDField(null=True, editable=False)

    #: Set by `queries.titled` for one reader. It is not kept with the note: a goal's title is for those who may see it.
    objective_title: str = ""
    key_result_title: str = ""

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "author", "once_key"], name="note_sent_once"),
            models.CheckConstraint(condition=~Q(author=F("about")), name="note_to_somebody_else"),
            models.CheckConstraint(
                condition=~Q(visibility="public") | Q(kind="praise"), name="only_praise_is_public"
            ),
            models.CheckConstraint(
                condition=Q(kind="answer", request__isnull=False)
                | ~Q(kind="answer") & ~Q(visibility="asker"),
                name="answer_has_a_request",
            ),
            models.CheckConstraint(
                condition=Q(points=0) | Q(visibility="public", points__lte=MOST_POINTS),
                name="points_with_public_praise",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=True) | Q(kind="praise"), name="praise_for_a_value"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "about", "-written_at"], name="note_received"),
            models.Index(fields=["organisation", "author", "-written_at"], name="note_given"),
            models.Index(fields=["organisation", "objective_id", "-written_at"], name="note_by_objective"),
            models.Index(
                fields=["organisation", "-written_at"], condition=Q(visibility="public"), name="note_public"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
