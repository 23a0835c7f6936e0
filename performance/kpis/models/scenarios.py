"""Scenarios: what-ifs that somebody saved, and who agreed to turn them into targets."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import tenancy
from performance.kpis.models.metrics import Metric, Side


class ScenarioState(models.TextChoices):
    PRIVATE = "private", pgettext_lazy("scenario", "Private")
    SHARED = "shared", pgettext_lazy("scenario", "Shared")
    PROPOSED = "proposed", pgettext_lazy("scenario", "Waits for approval")
    APPROVED = "approved", pgettext_lazy("scenario", "Approved")
    DECLINED = "declined", pgettext_lazy("scenario", "Declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("scenario", "Withdrawn")


class Scenario(tenancy.TenantModel):
    """Drivers of a metric as somebody moved them, and what followed when it was last reckoned.

    `moves`: metric key → [way, number as text]. `base`: the kept values of its data at that time, `versions` the
    definitions it was reckoned by, both by metric key: where one of them differs by now, the scenario is stale.
    `results`: a list of {"key", "before", "after"}, the metric first, then what was moved, then what else followed.
    """

    metric = tenancy.TenantForeignKey(Metric, related_name="scenarios")
    name = models.CharField(_("name"), max_length=120)
    reason = models.TextField(_("why"))
    since = models.DateField(_("first day"))
    until = models.DateField(_("last day"))
    slice = models.JSONField(_("slice"), default=dict, blank=True)
    slice_key = models.TextField(_("slice as text"))
    moves = models.JSONField(_("moves"), default=dict)
    volume = models.CharField(_("what grows with volume"), max_length=60, blank=True)
    versions = models.JSONField(_("definitions"), default=dict)
    base = models.JSONField(_("base"), default=dict)
    results = models.JSONField(_("results"), default=list)
    state = models.CharField(
        _("state"), max_length=9, choices=ScenarioState.choices, default=ScenarioState.PRIVATE
    )
    created_by = tenancy.TenantForeignKey("people.Person", related_name="+")
    created_at = models.DateTimeField(_("created at"))
    reckoned_at = models.DateTimeField(_("reckoned at"))
    target_from = models.DateField(_("first month of the targets"), null=True, blank=True)
    proposed_at = models.DateTimeField(_("proposed at"), null=True, blank=True)
    closed_by = tenancy.TenantForeignKey("people.Person", null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closing_reason = models.TextField(_("reason"), blank=True)

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ScenarioState.values), name="scenario_state"),
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="scenario_has_days"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(reason=""), name="scenario_says_why"),
            models.CheckConstraint(
                condition=~Q(state__in=[ScenarioState.PROPOSED, ScenarioState.APPROVED])
                | Q(target_from__isnull=False, proposed_at__isnull=False),
                name="scenario_is_proposed_for_months",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ScenarioState.DECLINED, ScenarioState.WITHDRAWN])
                | (Q(closed_by__isnull=False, closed_at__isnull=False) & ~Q(closing_reason="")),
                name="scenario_closed_with_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "metric", "created_at"], name="scenario_by_metric")]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_label(self) -> str:
        """A private one is nobody's business in the log."""
        return "" if self.state == ScenarioState.PRIVATE else self.name

    @property
    def is_open(self) -> bool:
        """Still its author's to change."""
        return self.state in (ScenarioState.PRIVATE, ScenarioState.SHARED)


class ScenarioApproval(tenancy.TenantModel):
    """One side agrees. Each side once, and never one person for both."""

    append_only: ClassVar[bool] = True

    scenario = tenancy.TenantForeignKey(Scenario, related_name="approvals")
    side = models.CharField(_("side"), max_length=8, choices=Side.choices)
    person = tenancy.TenantForeignKey("people.Person", related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta(tenancy.TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "scenario", "side"], name="scenario_side_approves_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "scenario", "person"], name="scenario_two_people_approve"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="scenario_approval_side"),
        ]

    def __str__(self) -> str:
        return f"{self.scenario_id}: {self.side}"
