"""Restatements: which frozen scores would come out otherwise by what is known now, why, and what was decided."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import i18n, tenancy
from performance.scoring.models.policies import PolicyVersion, Side
from performance.scoring.models.scores import Score, ScoreRun

#: Kinds of the work items: a decision for one side, and a note for HR of what was found and what was decided.
RESTATEMENT = "performance.restatement"
RESTATED = "performance.restated"
LONGEST_REASON = 1000


class RestatementState(models.TextChoices):
    PROPOSED = "proposed", _("Waits for a decision")
    AGREED = "agreed", _("Being adopted")
    ADOPTED = "adopted", _("Adopted")
    REJECTED = "rejected", _("Not adopted")
    OVERTAKEN = "overtaken", _("Overtaken by later figures")


#: Nothing is decided yet, or what was decided is not carried out yet.
OPEN_RESTATEMENTS = (RestatementState.PROPOSED, RestatementState.AGREED)


class CauseKind(models.TextChoices):
    METRIC = "kpi", _("A metric")
    GOALS = "okr", _("An objective")
    FEEDBACK = "feedback", _("Feedback")
    CARRIED = "carried", _("A score carried forward")
    WEIGHTS = "weights", _("Who is weighed by what")


class Restatement(tenancy.TenantModel):
    """A proposal to restate the frozen scores of a period. One waits at a time; `digest` is of its causes, and what was
    rejected is not proposed again. Figures are over all of its people, in micro points.

    `proposed_by` is NULL where the check by night found it.
    """

    period = tenancy.TenantForeignKey("people.Period", related_name="+")
    run = tenancy.TenantForeignKey(ScoreRun, related_name="restatements")
    digest = models.CharField(_("digest"), max_length=64)
    state = models.CharField(
        _("state"), max_length=20, choices=RestatementState.choices, default=RestatementState.PROPOSED
    )
    total = models.PositiveIntegerField(_("people"))
    compared = models.PositiveIntegerField(_("compared"))
    higher = models.PositiveIntegerField(_("higher"))
    lower = models.PositiveIntegerField(_("lower"))
    band_up = models.PositiveIntegerField(_("a band up"))
    band_down = models.PositiveIntegerField(_("a band down"))
    change_micro = models.BigIntegerField(_("sum of changes"))
    bins = ArrayField(models.PositiveIntegerField(), verbose_name=_("changes by size"), default=list)
    proposed_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    proposed_at = models.DateTimeField(_("proposed at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    adopted_at = models.DateTimeField(_("adopted at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "period"],
                condition=Q(state__in=["proposed", "agreed"]),
                name="restatement_open_once",
            ),
            models.UniqueConstraint(fields=["organisation", "run"], name="restatement_once_a_run"),
            models.CheckConstraint(
                condition=Q(state__in=RestatementState.values), name="restatement_state_known"
            ),
        ]
        indexes = [models.Index(fields=["organisation", "period", "digest"], name="restatement_by_cause")]

    def __str__(self) -> str:
        return f"{self.period}, {self.proposed_at:%Y-%m-%d}"

    @property
    def is_proposed(self) -> bool:
        return self.state == RestatementState.PROPOSED

    @property
    def band_moves(self) -> int:
        return self.band_up + self.band_down

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_RESTATEMENTS


class RestatementCause(tenancy.TenantModel):
    """What changed beneath frozen scores. `person` where it concerns one alone, and is for those who see their score;
    else `people` share it. `before` and `after` in words where there is no single number. `via`: how it came in; `by` and
    `known_at`: whose doing it was, and when, where that is known."""

    append_only: ClassVar[bool] = True

    restatement = tenancy.TenantForeignKey(Restatement, related_name="causes")
    kind = models.CharField(_("kind"), max_length=10, choices=CauseKind.choices)
    component_key = models.CharField(_("component"), max_length=60, blank=True)
    person = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    people = models.PositiveIntegerField(_("people"))
    label_en = models.CharField(_("name in English"), max_length=300, blank=True)
    label_zh = models.CharField(_("name in Chinese"), max_length=300, blank=True)
    url = models.CharField(_("address"), max_length=600, blank=True)
    before_en = models.CharField(_("before, in English"), max_length=200, blank=True)
    before_zh = models.CharField(_("before, in Chinese"), max_length=200, blank=True)
    after_en = models.CharField(_("after, in English"), max_length=200, blank=True)
    after_zh = models.CharField(_("after, in Chinese"), max_length=200, blank=True)
    before_micro = models.DecimalField(_("value before"), max_digits=40, decimal_places=0, null=True)
    after_micro = models.DecimalField(_("value after"), max_digits=40, decimal_places=0, null=True)
    via = models.CharField(_("came by"), max_length=200, blank=True)
    by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    known_at = models.DateTimeField(_("known since"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["kind", "-people", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CauseKind.values), name="restatement_cause_known"),
        ]
        indexes = [models.Index(fields=["organisation", "restatement"], name="cause_by_restatement")]

    def __str__(self) -> str:
        return i18n.local(self, "label") or self.component_key


class RestatedScore(tenancy.TenantModel):
    """One frozen score that came out otherwise: `kept` is the one in force, the rest what came out.

    `line` is the new score as it is written (see `actions.writing`), so that what is adopted is to the bit what was
    looked at, whatever has changed since. `causes` is what its inputs differ in; −1 is no band.
    """

    run = tenancy.TenantForeignKey(ScoreRun, related_name="restated")
    restatement = tenancy.TenantForeignKey(Restatement, null=True, related_name="scores")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    unit = tenancy.TenantForeignKey("people.BusinessUnit", null=True, related_name="+")
    kept = tenancy.TenantForeignKey(Score, related_name="+")
    version = tenancy.TenantForeignKey(PolicyVersion, related_name="+")
    before_micro = models.BigIntegerField(_("before"), null=True)
    after_micro = models.BigIntegerField(_("after"), null=True)
    change_micro = models.BigIntegerField(_("change"), null=True)
    before_band = models.SmallIntegerField(_("band before"))
    after_band = models.SmallIntegerField(_("band after"))
    causes = models.JSONField(_("causes"), default=list)
    basis = models.UUIDField(_("basis"))
    engine_version = models.CharField(_("engine"), max_length=20)
    line = models.TextField(_("as it is written"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "run", "person"], name="restated_score_once"),
        ]
        indexes = [
            models.Index(fields=["organisation", "restatement", "person"], name="restated_by_proposal"),
            models.Index(fields=["organisation", "person"], name="restated_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.run}"


class RestatementDecision(tenancy.TenantModel):
    """What one side said. A no ends the proposal; two yeses adopt it."""

    append_only: ClassVar[bool] = True

    restatement = tenancy.TenantForeignKey(Restatement, related_name="decisions")
    side = models.CharField(_("side"), max_length=10, choices=Side.choices)
    adopts = models.BooleanField(_("adopts it"))
    reason = models.TextField(_("reason"), max_length=LONGEST_REASON)
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("decided at"))

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "restatement", "side"], name="restatement_side_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "restatement", "person"], name="restatement_person_once"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="restatement_side_known"),
        ]

    def __str__(self) -> str:
        return f"{self.restatement} {self.side}"
