"""Requests: somebody asks a colleague for feedback, on themselves or on somebody whom they lead."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy


class FeedbackRequest(tenancy.TenantModel):
    """One question to one person. It ends once: with an answer, with a word why not, or taken back."""

    by = tenancy.TenantForeignKey("people.Person", related_name="feedback_asked")
    to = tenancy.TenantForeignKey("people.Person", related_name="feedback_requests")
    about = tenancy.TenantForeignKey("people.Person", related_name="+")
    question = models.CharField(_("question"), max_length=500)
    objective_id = models.UUIDField(_("objective"), null=True, blank=True)
    key_result_id = models.UUIDField(_("key result"), null=True, blank=True)
    due_on = models.DateField(_("until"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined at"), null=True, blank=True)
    word = models.CharField(_("word"), max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    once_key = models.UUIDField(null=True, editable=False)

    #: Set by `queries.titled` for one reader, as of a note.
    objective_title: str = ""
    key_result_title: str = ""

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            # One asking makes a request a person: each of them has a key that is made from the asking's and theirs.
            models.UniqueConstraint(fields=["organisation", "by", "once_key"], name="request_sent_once"),
            models.CheckConstraint(condition=~Q(by=F("to")), name="request_to_another"),
            models.CheckConstraint(condition=~Q(to=F("about")), name="request_about_another"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, declined_at__isnull=True)
                | Q(answered_at__isnull=True, withdrawn_at__isnull=True)
                | Q(declined_at__isnull=True, withdrawn_at__isnull=True),
                name="request_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(declined_at__isnull=True) | ~Q(word=""), name="request_declined_with_a_word"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "to", "-asked_at"], name="request_to"),
            models.Index(fields=["organisation", "by", "-asked_at"], name="request_by"),
        ]

    def __str__(self) -> str:
        return self.question[:60]

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.declined_at is None and self.withdrawn_at is None
