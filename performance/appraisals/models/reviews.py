"""Reviews: what one person writes of another in a cycle, answer by answer, with what they cite."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.appraisals.models.cycles import CycleEntry
from performance.appraisals.models.templates import ReviewKind, TemplateSection
from performance.foundation import tenancy


class ReviewState(models.TextChoices):
    NOMINATED = "nominated", pgettext_lazy("review", "Nominated")
    OPEN = "open", pgettext_lazy("review", "To write")
    SUBMITTED = "submitted", pgettext_lazy("review", "Sent")
    DECLINED = "declined", pgettext_lazy("review", "Declined")
    EXCUSED = "excused", pgettext_lazy("review", "Excused")


class CitedKind(models.TextChoices):
    OBJECTIVE = "objective", _("Objective")
    CHECK_IN = "check_in", _("Check-in")
    FEEDBACK = "feedback", _("Feedback")
    COMPONENT = "component", _("Part of the score")


class Review(tenancy.TenantModel):
    """One reviewer's word on one person of a cycle.

    `reviewer` owes it; `delegate` writes it for them, for a reason that stays. A person who had several managers in
    the period has a manager's review of each: `from_on` to `until_on` are the days they led, `share_ppm` what theirs
    weighs (together 1,000,000), and `is_lead` names the last of them. `revision` counts what was saved, so that a
    window that is behind is refused. What was sent is fixed: `score`, `suggested_rating`, `overall_micro` (weighted
    mean of the ratings, on the scale from 1 to 5) and `rating` are as they were at that moment.
    """

    entry = tenancy.TenantForeignKey(CycleEntry, related_name="reviews")
    kind = models.CharField(_("kind"), max_length=8, choices=ReviewKind.choices)
    reviewer = tenancy.TenantForeignKey("people.Person", related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=ReviewState.choices, default=ReviewState.OPEN)
    is_lead = models.BooleanField(_("leads the person now"), default=False)
    from_on = models.DateField(_("led from"), null=True, blank=True)
    until_on = models.DateField(_("led until"), null=True, blank=True)
    share_ppm = models.PositiveIntegerField(_("share"), default=1_000_000)
    nominated_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    approved_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    delegate = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    delegated_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    delegation_reason = models.TextField(_("reason for delegating"), blank=True)
    reason = models.TextField(_("reason for declining or excusing"), blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=0)
    saved_at = models.DateTimeField(_("saved at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    submitted_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    score = tenancy.TenantForeignKey("scoring.Score", null=True, blank=True, related_name="+")
    suggested_rating = models.PositiveSmallIntegerField(_("suggested rating"), null=True, blank=True)
    overall_micro = models.BigIntegerField(_("weighted mean"), null=True, blank=True)
    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["entry", "kind", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "entry", "kind", "reviewer"], name="review_once_a_reviewer"
            ),
            models.UniqueConstraint(
                fields=["organisation", "entry"], condition=Q(is_lead=True), name="review_one_lead"
            ),
            models.CheckConstraint(condition=Q(kind__in=ReviewKind.values), name="review_kind_known"),
            models.CheckConstraint(condition=Q(state__in=ReviewState.values), name="review_state_known"),
            models.CheckConstraint(
                condition=~Q(state="submitted") | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="review_sent_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["declined", "excused"]) | ~Q(reason=""),
                name="review_undone_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(delegate=None)
                | (Q(delegated_by__isnull=False) & ~Q(delegation_reason="") & ~Q(delegate=F("reviewer"))),
                name="review_delegated_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__range=(1, 5)), name="review_rating_from_one_to_five"
            ),
            models.CheckConstraint(condition=Q(share_ppm__lte=1_000_000), name="review_share_within"),
        ]
        indexes = [
            models.Index(fields=["organisation", "reviewer", "state"], name="review_by_reviewer"),
            models.Index(fields=["organisation", "delegate", "state"], name="review_by_delegate"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.entry.person}"

    @property
    def writer_id(self) -> uuid.UUID:
        """Whoever writes it: the reviewer, or who does it for them."""
        return self.delegate_id or self.reviewer_id

    @property
    def is_open(self) -> bool:
        return self.state == ReviewState.OPEN

    @property
    def is_submitted(self) -> bool:
        return self.state == ReviewState.SUBMITTED


class ReviewAnswer(tenancy.TenantModel):
    """A section's answer: a draft until its review is sent. `why` is asked where the rating is not the suggested one."""

    review = tenancy.TenantForeignKey(Review, related_name="answers")
    section = tenancy.TenantForeignKey(TemplateSection, related_name="+")
    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    suggested_rating = models.PositiveSmallIntegerField(_("suggested rating"), null=True, blank=True)
    why = models.TextField(_("why it is not the suggested one"), blank=True)
    text = models.TextField(_("text"), blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "review", "section"], name="answer_once_a_section"
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__range=(1, 7)), name="answer_rating_within"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Citation(tenancy.TenantModel):
    """What a section rests on, as it stood when it was cited: it stays when the goal or the note changes."""

    review = tenancy.TenantForeignKey(Review, related_name="citations")
    section = tenancy.TenantForeignKey(TemplateSection, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=CitedKind.choices)
    subject = models.CharField(_("what is cited"), max_length=80)
    title = models.CharField(_("title"), max_length=200)
    said = models.TextField(_("what it says"), blank=True)
    url = models.CharField(_("address"), max_length=300, blank=True)
    cited_at = models.DateTimeField(_("cited at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "review", "section", "kind", "subject"], name="cited_once_a_section"
            ),
            models.CheckConstraint(condition=Q(kind__in=CitedKind.values), name="cited_kind_known"),
        ]

    def __str__(self) -> str:
        return self.title
