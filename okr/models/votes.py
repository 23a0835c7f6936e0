"""Saying how sure one is, without having heard the others: a blind vote; and who was called into a thread."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from okr.models.agreements import Comment
from okr.models.objectives import Objective
from performance.foundation import tenancy


class Mention(tenancy.TenantModel):
    """Somebody whom a comment calls by name."""

    append_only: ClassVar[bool] = True

    comment = tenancy.TenantForeignKey(Comment, related_name="mentions")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "comment", "person"], name="mentioned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.comment_id} @{self.person_id}"


class ConfidenceVote(tenancy.TenantModel):
    """How sure those concerned are of an objective. Nobody sees a ballot before the vote is over."""

    objective = tenancy.TenantForeignKey(Objective, related_name="votes")
    opened_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    opened_at = models.DateTimeField(_("opened at"))
    closed_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "objective"],
                condition=Q(closed_at__isnull=True),
                name="one_vote_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.objective_id} {self.opened_at:%Y-%m-%d}"


class Ballot(tenancy.TenantModel):
    """One person's answer, 1 (hardly) to 5 (certain); changed freely until the vote is over."""

    vote = tenancy.TenantForeignKey(ConfidenceVote, related_name="ballots")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    confidence = models.PositiveSmallIntegerField(_("confidence"), null=True)
    why = models.CharField(_("why"), max_length=300, blank=True)
    cast_at = models.DateTimeField(_("at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "vote", "person"], name="one_ballot_a_person"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__range=(1, 5)), name="ballot_confidence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vote_id} {self.person_id}"
