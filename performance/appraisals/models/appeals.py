"""Appeals (申诉) against published results: reason, what they rest on, and HR's decision."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.appraisals.models.cycles import CycleEntry
from performance.foundation import tenancy

#: Characters of a reason, of an appeal or of its decision.
LONGEST_REASON = 4000


class AppealState(models.TextChoices):
    OPEN = "open", pgettext_lazy("appeal", "Open")
    UPHELD = "upheld", pgettext_lazy("appeal", "Upheld")
    REJECTED = "rejected", pgettext_lazy("appeal", "Rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("appeal", "Withdrawn")


class Appeal(tenancy.TenantModel):
    """One person against their result. `rating_before` is the result that stood when it was filed; upheld, the result is
    `rating_after`, which lies over it: neither the score nor any rating before it changes. A decided appeal is final (a
    trigger sees to it); one that was withdrawn may be followed by another within the time."""

    entry = tenancy.TenantForeignKey(CycleEntry, related_name="appeals")
    state = models.CharField(_("state"), max_length=9, choices=AppealState.choices, default=AppealState.OPEN)
    reason = models.TextField(_("reason"))
    rating_before = models.PositiveSmallIntegerField(_("result before"), null=True, blank=True)
    filed_at = models.DateTimeField(_("filed at"))
    answer_until = models.DateField(_("decided by the day"))
    decided_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    decision = models.TextField(_("reason of the decision"), blank=True)
    rating_after = models.PositiveSmallIntegerField(_("corrected result"), null=True, blank=True)
    once_key = models.UUIDField(null=True, editable=False)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "entry"],
                condition=~Q(state="withdrawn"),
                name="appeal_one_that_counts",
            ),
            models.UniqueConstraint(fields=["organisation", "once_key"], name="appeal_filed_once"),
            models.CheckConstraint(condition=Q(state__in=AppealState.values), name="appeal_state_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="appeal_for_a_reason"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="appeal_ended_at",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "withdrawn"], decided_by=None, decision="")
                | (Q(state__in=["upheld", "rejected"], decided_by__isnull=False) & ~Q(decision="")),
                name="appeal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="upheld", rating_after__range=(1, 5))
                | (~Q(state="upheld") & Q(rating_after=None)),
                name="appeal_upheld_corrects",
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "state", "answer_until"], name="appeal_by_state"),
        ]

    def __str__(self) -> str:
        return str(self.entry)

    @property
    def is_open(self) -> bool:
        return self.state == AppealState.OPEN

    @property
    def is_upheld(self) -> bool:
        return self.state == AppealState.UPHELD

    @property
    def is_decided(self) -> bool:
        return self.state in (AppealState.UPHELD, AppealState.REJECTED)


class EvidenceKind(models.TextChoices):
    SCORE = "score", _("Part of the score")
    OBJECTIVE = "objective", _("Objective")


class AppealEvidence(tenancy.TenantModel):
    """What an appeal rests on, as it stood when it was filed: a part of the score, or a goal it was read from."""

    append_only: ClassVar[bool] = True

    appeal = tenancy.TenantForeignKey(Appeal, related_name="evidence")
    kind = models.CharField(_("kind"), max_length=9, choices=EvidenceKind.choices)
    title = models.CharField(_("title"), max_length=300)
    said = models.CharField(_("what it said"), max_length=300, blank=True)
    url = models.CharField(_("address"), max_length=300)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "appeal", "url"], name="appeal_rests_once"),
            models.CheckConstraint(
                condition=Q(kind__in=EvidenceKind.values), name="appeal_evidence_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title
