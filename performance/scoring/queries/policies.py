"""Policies: their versions, what they say, and the plan a version stands for."""

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from performance.foundation import access, tenancy
from performance.inbox import models as inbox
from performance.kpis import queries as kpis
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence, rules
from performance.scoring.models import (
    ANNOUNCEMENT,
    PolicyApproval,
    PolicyComponent,
    PolicyVersion,
    SourceKind,
    StageMultiplier,
    VersionState,
    WeightPolicy,
)
from performance.scoring.queries import governing
from performance.scoring.queries.governing import FIXED
from performance.scoring.queries.measured import units_measured
from performance.scoring.queries.signals import signals_of


def day_of(at: datetime.datetime) -> datetime.date:
    """The organisation's calendar day of a moment."""
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    return people_queries.day_at(organisation, at)


def versions_visible_to(actor: access.Actor) -> QuerySet[PolicyVersion]:
    """Rules in force, and those that people are told of, are known to everybody; what is still being made, to those who
    make it."""
    versions = PolicyVersion.objects.select_related(
        "policy", "policy__unit", "period", "proposed_by", "locked_by"
    )
    announced = Q(state=VersionState.APPROVED, told_from__isnull=False)
    return versions if rules.can_see_drafts(actor) else versions.filter(Q(state__in=FIXED) | announced)


def latest_versions(actor: access.Actor) -> list[WeightPolicy]:
    """Every policy with a version the actor may see, as `policy.seen` (newest version first)."""
    approvals = PolicyApproval.objects.select_related("person")
    versions = (
        versions_visible_to(actor)
        .order_by("-number")
        .prefetch_related(Prefetch("approvals", queryset=approvals), "components")
    )
    policies = WeightPolicy.objects.select_related("unit").prefetch_related(
        Prefetch("versions", queryset=versions, to_attr="seen")
    )
    return [policy for policy in policies.order_by("name_en") if policy.seen]


def approvals_of(version: PolicyVersion) -> dict[str, PolicyApproval]:
    """side → who approved for it."""
    given = PolicyApproval.objects.filter(version=version).select_related("person")
    return {approval.side: approval for approval in given}


def must_read(version: PolicyVersion, person_id: uuid.UUID) -> bool:
    """Whether the announcement of this version waits to be read by somebody."""
    waiting = inbox.WorkItem.objects.filter(subject_id=version.pk, kind=ANNOUNCEMENT, done_at=None)
    return waiting.filter(person_id=person_id).exists()


def policy_at_work(version: PolicyVersion) -> PolicyVersion | None:
    """The locked version that this one follows."""
    before = PolicyVersion.objects.filter(
        policy_id=version.policy_id, state__in=FIXED, number__lt=version.number
    )
    return before.order_by("-number").first()


def previous_weights(version: PolicyVersion, period: people.Period | None = None) -> dict[str, int] | None:
    """The effective weights the step cap counts from, for this period of the version or another one.

    The cap holds for a period, not for a version: weights count from where the policy's last earlier period left
    them, else from the first ones of the period itself. None for the first weights of all.
    """
    period = period or version.period
    before = PolicyVersion.objects.filter(
        policy_id=version.policy_id, state__in=FIXED, number__lt=version.number
    )
    reference = (
        before.filter(period__ends_on__lt=period.starts_on).order_by("-period__ends_on", "-number").first()
    )
    if reference is None:
        turns = governing.in_turn(period, before.filter(period=period).order_by("number"))
        reference = turns[0].version if turns else None
    return {item["key"]: item["effective_ppm"] for item in reference.planned} if reference else None


def weighing_of(version: PolicyVersion) -> evidence.Weighing:
    """How the weights of a version are held and vary."""
    return evidence.Weighing(
        smoothing_ppm=version.smoothing_ppm,
        alpha_quarters=version.alpha_quarters,
        judgements=version.judgements,
        blend_method=version.blend_method,
        blend_ppm=version.blend_ppm,
        blend_units=version.blend_units,
        cash_operating=version.cash_operating,
        cash_investing=version.cash_investing,
        cash_financing=version.cash_financing,
    )


def measured_for(
    version: PolicyVersion,
    drafts: Sequence[evidence.ComponentDraft],
    *,
    at: datetime.datetime | None = None,
) -> evidence.Measured | None:
    """What units scored, where the version blends objective weights in."""
    if not version.blend_ppm:
        return None
    return units_measured(drafts, unit_id=version.policy.unit_id, period=version.period, at=at)


def drafts_of(version: PolicyVersion) -> list[evidence.ComponentDraft]:
    """The content of a version as its author stated it."""
    multipliers = Prefetch("multipliers", queryset=StageMultiplier.objects.order_by("stage"))
    components = PolicyComponent.objects.filter(version=version).prefetch_related(multipliers)
    return [
        evidence.ComponentDraft(
            key=component.key,
            name_en=component.name_en,
            name_zh=component.name_zh,
            category=component.category,
            source_kind=component.source_kind,
            source_ref=component.source_ref,
            slice=component.slice,
            base_ppm=component.base_ppm,
            min_ppm=component.min_ppm,
            max_ppm=component.max_ppm,
            curve=component.curve,
            color=component.color,
            multipliers={item.stage: item.factor_ppm for item in component.multipliers.all()},
        )
        for component in components
    ]


def uncertified_components(version: PolicyVersion) -> list[PolicyComponent]:
    """Components that weigh a metric which is not certified, or no longer. Two queries at most."""
    weighing = list(PolicyComponent.objects.filter(version=version, source_kind=SourceKind.KPI))
    signed = kpis.newest_certified().filter(metric__key__in={component.source_ref for component in weighing})
    certified = set(signed.values_list("metric__key", flat=True)) if weighing else set()
    return [component for component in weighing if component.source_ref not in certified]


def plan_of(
    version: PolicyVersion,
    *,
    stage: str | None = None,
    before: datetime.date | None = None,
    at: datetime.datetime | None = None,
) -> dict[str, Any]:
    """The frozen plan, or what it would be if the version were locked now (in another stage, if asked).

    Signals of the market are those of the lock; before it, what they say now of the months before `before`.
    Raises engine.errors.InvalidInput where no weights hold all guardrails.
    """
    if version.plan and stage in (None, version.stage):
        frozen: dict[str, Any] = version.plan
        return frozen
    return plan_with(
        version, drafts_of(version), weighing_of(version), stage=stage or version.stage, before=before, at=at
    )


def plan_with(
    version: PolicyVersion,
    drafts: Sequence[evidence.ComponentDraft],
    weighing: evidence.Weighing,
    *,
    stage: str,
    before: datetime.date | None = None,
    at: datetime.datetime | None = None,
) -> dict[str, Any]:
    """What the plan would be if the version were locked now with these; everything else is as it stands there:
    guardrails, market rules, bands."""
    return evidence.frozen_plan(
        drafts,
        stage=stage,
        missing=version.missing,
        step_cap_ppm=version.step_cap_ppm,
        previous_ppm=previous_weights(version),
        bands=version.bands,
        signals=signals_of(version, before=before, at=at),
        weighing=weighing,
        measured=measured_for(version, drafts, at=at),
    )


def first_day_for(version: PolicyVersion, today: datetime.date) -> datetime.date | None:
    """The first day a version may govern without being asked: the one it names, else the period's, while that lies
    ahead."""
    day = version.starts_on or version.period.starts_on
    return day if today <= day else None
