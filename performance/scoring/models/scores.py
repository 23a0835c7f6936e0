"""Score runs, scores, and which score is the current one. Scores are micro points (80 points: 80_000_000)."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.scoring.models.policies import PolicyVersion


class RunKind(models.TextChoices):
    FULL = "full", _("Everybody")
    INCREMENTAL = "incremental", _("What changed")
    FREEZE = "freeze", _("Freeze at closing")
    CHECK = "check", _("Check by night")
    RESTATE = "restate", _("Frozen scores compared")


class RunState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Failed")
    DONE = "done", _("Done")


class RunProblem(models.TextChoices):
    """Why a run ended early."""

    FAULT = (
        "fault",
        _(
            "A score could not be computed; the administrator finds the reason in the log. The scores written so far stay. "
            "Take the run up again once the reason is mended."
        ),
    )
    CHECK_FAULT = (
        "check_fault",
        _(
            "The check ended early; the administrator finds the reason in the log. Take it up again once the reason is "
            "mended."
        ),
    )


class ScoreState(models.TextChoices):
    PROVISIONAL = "provisional", _("Provisional")
    FROZEN = "frozen", _("Frozen")


class ScoreRun(tenancy.TenantModel):
    """One computation of many scores, in parts that several workers take side by side. `versions` are the sets of weights
    it goes by, from the first part to the last; NULL until then, and where it is no run over everybody."""

    period = tenancy.TenantForeignKey("people.Period", related_name="+")
    kind = models.CharField(_("kind"), max_length=20, choices=RunKind.choices)
    state = models.CharField(_("state"), max_length=20, choices=RunState.choices, default=RunState.WAITING)
    total = models.PositiveIntegerField(_("people"), default=0)
    done = models.PositiveIntegerField(_("people done"), default=0)
    written = models.PositiveIntegerField(_("new scores"), default=0)
    versions = ArrayField(models.UUIDField(), verbose_name=_("versions"), null=True)
    started_by = tenancy.TenantForeignKey("people.Person", null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    #: What is asked for once alone, whoever asks how often: the night and the weights of a comparison.
    key = models.CharField(_("once"), max_length=100, blank=True, default="")

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "period"],
                condition=Q(state__in=["waiting", "running"])
                & ~Q(kind__in=["incremental", "check", "restate"]),
                name="one_run_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["organisation", "period"],
                condition=Q(state__in=["waiting", "running"], kind="restate"),
                name="one_comparison_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["organisation", "period", "key"],
                condition=~Q(key=""),
                name="run_once_by_key",
            ),
            models.UniqueConstraint(
                fields=["organisation", "period"],
                condition=Q(state__in=["waiting", "running"], kind="check"),
                name="one_check_at_a_time",
            ),
            models.CheckConstraint(condition=Q(kind__in=RunKind.values), name="run_kind_known"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
        ]
        indexes = [models.Index(fields=["organisation", "state"], name="run_waiting")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.period}"

    @property
    def problem_code(self) -> str:
        """One word for machines, or "". What is not a code, as older runs kept it, counts as a fault."""
        return self.error and (self.error if self.error in RunProblem.values else RunProblem.FAULT.value)

    @property
    def problem(self) -> str:
        """The problem in the reader's language, or ""."""
        return str(RunProblem(self.problem_code).label) if self.error else ""

    @property
    def is_open(self) -> bool:
        return self.state in (RunState.WAITING, RunState.RUNNING)

    @property
    def only_compares(self) -> bool:
        """Whether it writes no score, but says which would come out otherwise."""
        return self.kind in (RunKind.CHECK, RunKind.RESTATE)

    @property
    def wants_a_reason(self) -> bool:
        """Whether somebody has to look into it: what was compared broke off, or open scores differ. What a comparison of
        frozen scores finds is proposed, and decided there."""
        found = self.kind == RunKind.CHECK and self.state == RunState.DONE and bool(self.written)
        return self.only_compares and (self.state == RunState.FAILED or found)


class ScoreRunPart(tenancy.TenantModel):
    """The people of a run behind `after` up to `until`, by their ids; NULL: from the first, to the last. Whoever works on it
    holds the row, and finishes it in the transaction of its scores: what dies with a worker was never there."""

    run = tenancy.TenantForeignKey(ScoreRun, related_name="parts")
    number = models.PositiveIntegerField(_("number"))
    after = models.UUIDField(_("after"), null=True)
    until = models.UUIDField(_("until"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "run", "number"], name="run_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.number}"


class ScoreBasis(tenancy.TenantModel):
    """What the scores of everybody under the same versions share; see `evidence.keeping`. `id` is made of the content:
    another content is another basis."""

    append_only: ClassVar[bool] = True

    content = models.JSONField(_("content"))

    def __str__(self) -> str:
        return str(self.pk)


class ScoreTrail(tenancy.TenantModel):
    """References that lead to one number in the scores of many. `id` is made of the content."""

    append_only: ClassVar[bool] = True

    refs = models.JSONField(_("references"))

    def __str__(self) -> str:
        return str(self.pk)


class ScoreManager(tenancy.TenantManager):
    """Whoever reads a score reads its columns by its basis."""

    def get_queryset(self) -> tenancy.TenantQuerySet:
        return super().get_queryset().select_related("basis")


class Score(tenancy.TenantModel):
    """A computed score with all it was computed from. Never changed: a new one follows it.

    The columns are read by `evidence.explanation_of`, `inputs_of` and `evidence_of`, which know their order: inputs by
    stretch and component, sums by component. With the plans of the versions that the basis names they recompute the score
    bit for bit. `score_micro` is NULL where nothing counted.
    """

    append_only: ClassVar[bool] = True

    # Without an index for each key: scores are found by person and period, and every index is written for every score.
    person = tenancy.TenantForeignKey("people.Person", related_name="+", db_index=False)
    period = tenancy.TenantForeignKey("people.Period", related_name="+", db_index=False)
    version = tenancy.TenantForeignKey(PolicyVersion, related_name="+", db_index=False)
    run = tenancy.TenantForeignKey(ScoreRun, related_name="+", db_index=False)
    basis = tenancy.TenantForeignKey(ScoreBasis, related_name="+", db_index=False)
    score_micro = models.BigIntegerField(_("score"), null=True)
    constant_micro = models.BigIntegerField(_("score at constant weights"), null=True)
    coverage_ppm = models.PositiveIntegerField(_("data coverage"))
    state = models.CharField(_("state"), max_length=20, choices=ScoreState.choices)
    raw_micro = ArrayField(
        models.DecimalField(max_digits=40, decimal_places=0, null=True), verbose_name=_("raw values")
    )
    covered_ppm = ArrayField(models.IntegerField(), verbose_name=_("coverage of each value"))
    provisional = ArrayField(models.BooleanField(), verbose_name=_("provisional values"))
    previous_micro = ArrayField(
        models.BigIntegerField(null=True), verbose_name=_("scores carried forward"), null=True
    )
    refs = models.TextField(_("references"))
    value_micro = ArrayField(models.BigIntegerField(), verbose_name=_("component scores"))
    treatment = ArrayField(models.SmallIntegerField(), verbose_name=_("treatment"))
    effective_ppm = ArrayField(models.IntegerField(), verbose_name=_("effective weights"))
    constant_ppm = ArrayField(models.IntegerField(), verbose_name=_("constant weights"))
    contribution_micro = ArrayField(models.BigIntegerField(), verbose_name=_("contributions"))
    constant_contribution_micro = ArrayField(
        models.BigIntegerField(), verbose_name=_("contributions at constant weights")
    )
    digest = models.CharField(_("digest"), max_length=64)
    engine_version = models.CharField(_("engine"), max_length=20)
    computed_at = models.DateTimeField(_("computed at"))

    objects: ClassVar[ScoreManager] = ScoreManager()

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ScoreState.values), name="score_state_known"),
            models.CheckConstraint(condition=Q(coverage_ppm__lte=1_000_000), name="score_coverage_within"),
        ]
        indexes = [
            models.Index(fields=["organisation", "person", "period", "computed_at"], name="score_history")
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.period}"

    @property
    def is_frozen(self) -> bool:
        return self.state == ScoreState.FROZEN

    @property
    def from_weights_micro(self) -> int | None:
        """What the moved weights add or take: the score less the one at constant weights."""
        if self.score_micro is None or self.constant_micro is None:
            return None
        return self.score_micro - self.constant_micro


class CurrentScore(tenancy.TenantModel):
    """Which score of a person and period is in force."""

    person = tenancy.TenantForeignKey("people.Person", related_name="current_scores", db_index=False)
    period = tenancy.TenantForeignKey("people.Period", related_name="+", db_index=False)
    score = tenancy.TenantForeignKey(Score, related_name="+", db_index=False)
    is_frozen = models.BooleanField(_("frozen"), default=False)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person", "period"], name="current_score_once"),
        ]
        indexes = [models.Index(fields=["organisation", "period", "person"], name="current_by_period")]

    def __str__(self) -> str:
        return f"{self.person}, {self.period}"
