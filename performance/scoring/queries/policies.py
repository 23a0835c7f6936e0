"""Policies: their versions, whom they govern, and the plan a version stands for."""

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from performance.foundation import access, tenancy
from performance.people import models as people
from performance.people import queries as people_queries
from performance.scoring import evidence, rules
from performance.scoring.models import (
    PolicyApproval,
    PolicyComponent,
    PolicyVersion,
    SourceKind,
    StageMultiplier,
    VersionState,
    WeightPolicy,
)

FIXED = (VersionState.LOCKED, VersionState.SUPERSEDED)


@dataclass(frozen=True)
class Group:
    """People whose whole period is governed by the same versions."""

    segments: tuple[evidence.Segment, ...]
    person_ids: tuple[uuid.UUID, ...]


def day_of(at: datetime.datetime) -> datetime.date:
    """The organisation's calendar day of a moment."""
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    return people_queries.day_at(organisation, at)


def versions_visible_to(actor: access.Actor) -> QuerySet[PolicyVersion]:
    """Rules in force are known to everybody; what is still being made, to those who make it."""
    versions = PolicyVersion.objects.select_related(
        "policy", "policy__unit", "period", "proposed_by", "locked_by"
    )
    return versions if rules.can_see_drafts(actor) else versions.filter(state__in=FIXED)


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


def policy_at_work(version: PolicyVersion) -> PolicyVersion | None:
    """The locked version that this one follows."""
    before = PolicyVersion.objects.filter(
        policy_id=version.policy_id, state__in=FIXED, number__lt=version.number
    )
    return before.order_by("-number").first()


def previous_weights(version: PolicyVersion) -> dict[str, int] | None:
    """The effective weights the step cap counts from; None without an earlier locked version."""
    before = policy_at_work(version)
    return {item["key"]: item["effective_ppm"] for item in before.planned} if before else None


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


def plan_of(version: PolicyVersion, *, stage: str | None = None) -> dict[str, Any]:
    """The frozen plan, or what it would be if the version were locked now (in another stage, if asked).

    Raises engine.errors.InvalidInput where no weights hold all guardrails.
    """
    if version.plan and stage in (None, version.stage):
        frozen: dict[str, Any] = version.plan
        return frozen
    return evidence.frozen_plan(
        drafts_of(version),
        stage=stage or version.stage,
        missing=version.missing,
        step_cap_ppm=version.step_cap_ppm,
        previous_ppm=previous_weights(version),
    )


def first_day_for(version: PolicyVersion, today: datetime.date) -> datetime.date | None:
    """The first day a version may govern without being asked: the period's, while that lies ahead."""
    return version.period.starts_on if today <= version.period.starts_on else None


def open_periods() -> list[people.Period]:
    """Periods whose scores still move: not closed, and with a locked version."""
    with_rules = PolicyVersion.objects.filter(state__in=FIXED).values("period_id")
    return list(people.Period.objects.filter(pk__in=with_rules).exclude(state="closed").order_by("starts_on"))


def groups(
    period: people.Period, person_ids: Iterable[uuid.UUID] | None = None, *, limit: int | None = None
) -> list[Group]:
    """Who is scored in a period and by which versions; everybody unless ids are given. Three queries."""
    segments = _segments(period)
    policy_of_unit = _governing({policy.unit_id: policy.pk for policy in _policies(segments)})
    employed = _employed(period)
    if person_ids is not None:
        employed = employed.filter(pk__in=list(person_ids))
    by_policy: dict[uuid.UUID, list[uuid.UUID]] = {}
    for person_id, unit_id in employed.order_by("pk").values_list("pk", "unit_id"):
        policy_id = policy_of_unit.get(unit_id)
        if policy_id is not None:
            by_policy.setdefault(policy_id, []).append(person_id)
    return [Group(segments[policy_id], tuple(found)) for policy_id, found in by_policy.items()]


def scored_people(period: people.Period) -> QuerySet[people.Person]:
    """Everybody whom a locked version governs in the period."""
    policies = _policies(_segments(period))
    return _in_units(_employed(period), _governing({policy.unit_id: policy.pk for policy in policies}), None)


def people_in_scope(version: PolicyVersion) -> QuerySet[people.Person]:
    """Whom this version scores, or would score once locked beside what is locked for its period already."""
    policies = {policy.unit_id: policy.pk for policy in _policies(_segments(version.period))}
    policies[version.policy.unit_id] = version.policy_id
    return _in_units(_employed(version.period), _governing(policies), version.policy_id)


def approvers_of(version: PolicyVersion, role: str) -> QuerySet[people.Person]:
    """Holders of a side's role who may approve: neither proposer nor author, and not among the scored."""
    scored = people_in_scope(version).values("pk")
    holders = people_queries.people_with_role(role)
    return holders.exclude(
        pk__in=[version.proposed_by_id, version.drafted_by_id, *version.written_by]
    ).exclude(pk__in=scored)


def is_scored_by(person_id: uuid.UUID, metric_keys: Iterable[str]) -> bool:
    """Whether a policy of an open period weighs one of these metrics for this person."""
    return person_id in set(people_using_metrics(metric_keys))


def people_using_metrics(metric_keys: Iterable[str]) -> list[uuid.UUID]:
    """People whose policy of an open period weighs one of these metrics."""
    wanted = set(metric_keys)
    found: set[uuid.UUID] = set()
    for period in open_periods():
        for group in groups(period):
            used = {
                component["source_ref"]
                for segment in group.segments
                for component in segment.plan["components"]
                if component["source_kind"] == SourceKind.KPI
            }
            if used & wanted:
                found.update(group.person_ids)
    return sorted(found)


def _segments(period: people.Period) -> dict[uuid.UUID, tuple[evidence.Segment, ...]]:
    """The days that each locked version governs, by policy. A version governs until the next one's first day.

    Days are those of the whole period, not of the part gone by: both sets of rules are known in advance, and a
    score does not drift from one day to the next by the calendar alone.
    """
    versions = PolicyVersion.objects.filter(period=period, state__in=FIXED).order_by("effective_on", "number")
    by_policy: dict[uuid.UUID, list[PolicyVersion]] = {}
    for version in versions:
        by_policy.setdefault(version.policy_id, []).append(version)
    return {policy_id: _days_of(period, found) for policy_id, found in by_policy.items()}


def _days_of(period: people.Period, versions: Sequence[PolicyVersion]) -> tuple[evidence.Segment, ...]:
    after = period.ends_on + datetime.timedelta(days=1)
    starts = [max(version.effective_on or period.starts_on, period.starts_on) for version in versions]
    return tuple(
        evidence.Segment(
            version_id=version.pk,
            number=version.number,
            starts_on=start.isoformat(),
            ends_on=(end - datetime.timedelta(days=1)).isoformat(),
            days=(end - start).days,
            plan=version.plan or {},
        )
        for version, (start, end) in zip(versions, pairwise([*starts, after]), strict=True)
        if end > start
    )


def _policies(segments: Mapping[uuid.UUID, Any]) -> list[WeightPolicy]:
    return list(WeightPolicy.objects.filter(pk__in=list(segments)))


def _governing(policy_of_unit: Mapping[uuid.UUID | None, uuid.UUID]) -> dict[uuid.UUID | None, uuid.UUID]:
    """unit → policy: its own, else that of the nearest unit above, else the whole organisation's (None)."""
    parents = dict(people.BusinessUnit.objects.values_list("pk", "parent_id"))
    found: dict[uuid.UUID | None, uuid.UUID] = {}
    for unit_id in (*parents, None):
        above, seen = unit_id, set()
        while above is not None and above not in policy_of_unit and above not in seen:
            seen.add(above)
            above = parents.get(above)
        policy_id = policy_of_unit.get(above, policy_of_unit.get(None))
        if policy_id is not None:
            found[unit_id] = policy_id
    return found


def _employed(period: people.Period) -> QuerySet[people.Person]:
    """Employed on at least one day of the period."""
    return people.Person.objects.filter(
        Q(left_on=None) | Q(left_on__gte=period.starts_on), Q(hired_on=None) | Q(hired_on__lte=period.ends_on)
    )


def _in_units(
    everybody: QuerySet[people.Person],
    policy_of_unit: Mapping[uuid.UUID | None, uuid.UUID],
    policy_id: uuid.UUID | None,
) -> QuerySet[people.Person]:
    units = {
        unit_id
        for unit_id, governing in policy_of_unit.items()
        if policy_id is None or governing == policy_id
    }
    within = Q(unit_id__in=[unit_id for unit_id in units if unit_id is not None])
    return everybody.filter(within | Q(unit_id=None)) if None in units else everybody.filter(within)
