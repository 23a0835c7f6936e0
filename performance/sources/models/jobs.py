"""What every piece of work at a source has in common: it waits, a worker takes it, it ends."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from performance.foundation import tenancy
from performance.sources.connectors import reasons


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Stopped")


OPEN = (JobState.WAITING, JobState.RUNNING)


class Job(tenancy.TenantModel):
    """The row is the truth: a worker claims it by writing `claim`, shows that it lives by `heartbeat_at`, and
    one that falls silent is taken over under a new claim. What the old worker still writes is then refused."""

    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.WAITING)
    asked_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"))
    due_at = models.DateTimeField(_("not before"))
    claim = models.UUIDField(_("claim"), null=True, editable=False)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    problem_code = models.CharField(_("problem"), max_length=40, blank=True)
    problem_params = models.JSONField(_("details of the problem"), default=dict, blank=True)

    class Meta(tenancy.TenantModel.Meta):
        abstract = True

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def problem(self) -> str:
        """The problem in the reader's language, or ""."""
        return str(reasons.text(self.problem_code, self.problem_params)) if self.problem_code else ""


def finished_has_time(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(state__in=OPEN) | Q(finished_at__isnull=False),
        name=name,
    )
