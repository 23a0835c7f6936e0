"""What a draft would have done to scores that were kept: one simulation a past period, and its result for each person."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.scoring.models.policies import PolicyVersion
from performance.scoring.models.scores import Score
from performance.scoring.models.what_ifs import PolicyWhatIf


class SimulationState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    FAILED = "failed", _("Failed")
    DONE = "done", _("Done")
    FORGOTTEN = "forgotten", _("Being taken away")


class Tenure(models.TextChoices):
    """Full years with the organisation at the end of the period."""

    UNDER_ONE = "under_1", _("Under 1 year")
    ONE_TO_THREE = "1_to_3", _("1 to 3 years")
    OVER_THREE = "over_3", _("3 years and more")
    UNKNOWN = "unknown", _("Unknown tenure")


class Simulation(tenancy.TenantModel):
    """The kept scores of one past period reckoned again with a draft's plan, or with that of a what-if.

    `digest` is of the draft's content: once the draft says something else, the simulation speaks of nothing any more.
    `plan` is what it reckons with, pinned when it was asked for. `reached` is the last person done, committed with
    that batch's results and with the figures over all of them, so that a killed worker's simulation goes on where it
    stood. A forgotten one is of no version and no what-if any more, so nobody finds it: its results go in batches, then
    the row.
    """

    version = tenancy.TenantForeignKey(PolicyVersion, null=True, related_name="simulations")
    what_if = tenancy.TenantForeignKey(PolicyWhatIf, null=True, related_name="simulations")
    period = tenancy.TenantForeignKey("people.Period", related_name="+")
    digest = models.CharField(_("digest"), max_length=64)
    plan = models.JSONField(_("plan"))
    state = models.CharField(
        _("state"), max_length=20, choices=SimulationState.choices, default=SimulationState.WAITING
    )
    total = models.PositiveIntegerField(_("people"), default=0)
    done = models.PositiveIntegerField(_("people done"), default=0)
    compared = models.PositiveIntegerField(_("compared"), default=0)
    unscored = models.PositiveIntegerField(_("without a score in the period"), default=0)
    incomparable = models.PositiveIntegerField(_("without comparable evidence"), default=0)
    provisional = models.PositiveIntegerField(_("compared by a provisional score"), default=0)
    within = models.PositiveIntegerField(_("within one point"), default=0)
    beyond = models.PositiveIntegerField(_("over the limit"), default=0)
    band_up = models.PositiveIntegerField(_("a band up"), default=0)
    band_down = models.PositiveIntegerField(_("a band down"), default=0)
    change_micro = models.BigIntegerField(_("sum of changes"), default=0)
    bins = ArrayField(models.PositiveIntegerField(), verbose_name=_("changes by size"), default=list)
    #: Component key → how many people's evidence does not hold it.
    absent = models.JSONField(_("components without evidence"), default=dict)
    reached = models.UUIDField(_("reached"), null=True)
    held_until = models.DateTimeField(_("held by a worker until"), null=True)
    asked_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta(tenancy.TenantModel.Meta):
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "version", "period"], name="simulation_once"),
            models.UniqueConstraint(
                fields=["organisation", "what_if", "period"], name="simulation_once_a_what_if"
            ),
            models.CheckConstraint(
                condition=Q(state__in=SimulationState.values), name="simulation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(version=None, what_if=None, state=SimulationState.FORGOTTEN)
                | (Q(version__isnull=False, what_if=None) | Q(version=None, what_if__isnull=False))
                & ~Q(state=SimulationState.FORGOTTEN),
                name="simulation_forgotten_alone",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "state", "held_until"], name="simulation_waiting")]

    def __str__(self) -> str:
        return f"{self.of or ''}, {self.period}"

    @property
    def of(self) -> PolicyVersion | None:
        """The version whose people it is about; None once it is forgotten."""
        return self.what_if.version if self.what_if is not None else self.version

    @property
    def is_open(self) -> bool:
        return self.state in (SimulationState.WAITING, SimulationState.RUNNING)

    @property
    def is_done(self) -> bool:
        return self.state == SimulationState.DONE


class SimulatedScore(tenancy.TenantModel):
    """One person's kept score and what the draft would have made of it. Unit, team, level and tenure are those they are
    grouped by. `change_micro` is NULL where the two cannot be compared; −1 is no band.

    `parts`: the two components whose points change most, as [key, score in micro].
    """

    simulation = tenancy.TenantForeignKey(Simulation, related_name="scores")
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    score = tenancy.TenantForeignKey(Score, related_name="+")
    unit = tenancy.TenantForeignKey("people.BusinessUnit", null=True, related_name="+")
    team = tenancy.TenantForeignKey("people.Team", null=True, related_name="+")
    level = models.CharField(_("level"), max_length=20, blank=True)
    tenure = models.CharField(_("tenure"), max_length=20, choices=Tenure.choices)
    before_micro = models.BigIntegerField(_("before"), null=True)
    after_micro = models.BigIntegerField(_("after"), null=True)
    change_micro = models.BigIntegerField(_("change"), null=True)
    before_band = models.SmallIntegerField(_("band before"))
    after_band = models.SmallIntegerField(_("band after"))
    absent = ArrayField(
        models.CharField(max_length=60), verbose_name=_("components without evidence"), default=list
    )
    parts = models.JSONField(_("what moved most"), default=list)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "simulation", "person"], name="simulated_score_once"
            ),
            models.CheckConstraint(condition=Q(tenure__in=Tenure.values), name="simulated_tenure_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.simulation}"
