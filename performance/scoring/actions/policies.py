"""The life of a weight policy: drafted, proposed, approved by both sides, locked, announced."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.foundation import access, audit, refusals, stale
from performance.inbox import actions as inbox_actions
from performance.inbox import models as inbox
from performance.people import models as people
from performance.scoring import evidence, queries, rules
from performance.scoring.models import (
    CurrentScore,
    PolicyApproval,
    PolicyComponent,
    PolicyVersion,
    Side,
    StageMultiplier,
    VersionState,
    WeightPolicy,
)

APPROVAL = "performance.approval"
LOCKING = "performance.policy_lock"
ANNOUNCEMENT = "performance.policy_announcement"
ANNOUNCED_AT_ONCE = 200


class PolicyRefused(refusals.Refused):
    """A step in a policy's life that its rules do not allow."""


@transaction.atomic
def draft_policy(
    *,
    name_en: str,
    name_zh: str,
    unit: people.BusinessUnit | None,
    period: people.Period,
    stage: str,
    missing: str,
    step_cap_ppm: int | None,
    components: Sequence[evidence.ComponentDraft],
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
) -> PolicyVersion:
    """A policy of its own for a unit (None: everybody without another), as version 1."""
    if WeightPolicy.objects.filter(unit=unit).exists():
        raise PolicyRefused(
            _("There is a policy for these people already. Draft its next version instead."),
            code="policy_exists",
            field="unit",
        )
    policy = WeightPolicy.objects.create(name_en=name_en, name_zh=name_zh, unit=unit, created_at=at)
    version = _new_version(policy, 1, period, by=by, at=at)
    return revise_draft(
        version=version,
        period=period,
        stage=stage,
        missing=missing,
        step_cap_ppm=step_cap_ppm,
        components=components,
        reason=reason,
        by=by,
        at=at,
    )


@transaction.atomic
def draft_next_version(
    *, policy: WeightPolicy, period: people.Period, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    """A copy of the newest version to change. One version is in the making at a time."""
    WeightPolicy.objects.select_for_update().get(pk=policy.pk)
    latest = PolicyVersion.objects.filter(policy=policy).order_by("-number").first()
    if latest is None or not latest.is_fixed:
        raise PolicyRefused(_("A version is in the making already."), code="conflict")
    version = _new_version(policy, latest.number + 1, period, by=by, at=at)
    return revise_draft(
        version=version,
        period=period,
        stage=latest.stage,
        missing=latest.missing,
        step_cap_ppm=latest.step_cap_ppm,
        components=queries.drafts_of(latest),
        by=by,
        at=at,
    )


@transaction.atomic
def revise_draft(
    *,
    version: PolicyVersion,
    period: people.Period,
    stage: str,
    missing: str,
    step_cap_ppm: int | None,
    components: Sequence[evidence.ComponentDraft],
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
) -> PolicyVersion:
    """Replaces the content of a draft. It may still be incomplete; proposing it checks everything."""
    version = _locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft can be edited."), code="not_a_draft")
    found = evidence.troubles(
        components, step_cap_ppm=step_cap_ppm, previous_ppm=queries.previous_weights(version)
    )
    if found:
        raise PolicyRefused(_described(found[0], components), code=found[0].code, field="components")
    version.period, version.stage, version.missing = period, stage, missing
    version.step_cap_ppm, version.reason = step_cap_ppm, reason
    version.save(update_fields=["period", "stage", "missing", "step_cap_ppm", "reason"])
    _replace_components(version, components)
    audit.record(
        by=by,
        action="scoring.draft_policy",
        subject=version,
        changes={draft.key: draft.base_ppm for draft in components},
        at=at,
    )
    return version


@transaction.atomic
def discard_draft(*, version: PolicyVersion, by: access.Actor, at: datetime.datetime) -> None:
    """Throws a draft away; with it the policy, when it never had another version."""
    version = _locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft can be discarded."), code="not_a_draft")
    audit.record(by=by, action="scoring.discard_draft", subject=version, at=at)
    _replace_components(version, [])
    policy = version.policy
    version.delete()
    if not PolicyVersion.objects.filter(policy=policy).exists():
        policy.delete()


@transaction.atomic
def propose_policy(
    *, version: PolicyVersion, by: access.Actor, at: datetime.datetime, reason: str = ""
) -> PolicyVersion:
    """Puts a draft before both sides. A change of rules that are in force needs a reason."""
    version = _locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft can be proposed."), code="not_a_draft")
    version.reason = reason or version.reason
    if queries.policy_at_work(version) and not version.reason.strip():
        raise PolicyRefused(
            _("Say why the weights change; it is shown to everybody they apply to."),
            code="reason_missing",
            field="reason",
        )
    version.state, version.proposed_by, version.proposed_at = VersionState.PROPOSED, by.person, at
    version.save(update_fields=["state", "proposed_by", "proposed_at", "reason"])
    for side, role in rules.ROLE_OF_SIDE.items():
        approvers = list(queries.approvers_of(version, role))
        if not approvers:
            raise PolicyRefused(_nobody_for(side), code="no_approver")
        for person in approvers:
            _ask(person, APPROVAL, version, "Approve", "请审批", by=by, at=at)
    audit.record(by=by, action="scoring.propose_policy", subject=version, why=version.reason, at=at)
    return version


@transaction.atomic
def approve_policy(
    *, version: PolicyVersion, side: str, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    """One side's yes. The second one makes the version approved."""
    version = _locked_row(version)
    is_scored = queries.people_in_scope(version).filter(pk=by.person_id).exists()
    _refuse_approval(version, side, by, is_scored=is_scored)
    PolicyApproval.objects.create(version=version, side=side, person=by.person, at=at)
    inbox_actions.resolve_work(kind=APPROVAL, subject_id=version.pk, to=by.person, by=by, at=at)
    _dismiss_others_of_side(version, side, by=by, at=at)
    audit.record(by=by, action="scoring.approve_policy", subject=version, changes={"side": side}, at=at)
    if PolicyApproval.objects.filter(version=version).count() == len(Side.values):
        version.state, version.approved_at = VersionState.APPROVED, at
        version.save(update_fields=["state", "approved_at"])
        inbox_actions.resolve_work(kind=APPROVAL, subject_id=version.pk, by=by, at=at)
        _ask(version.proposed_by, LOCKING, version, "Lock", "请锁定", by=by, at=at)
    return version


@transaction.atomic
def return_policy(
    *, version: PolicyVersion, reason: str, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    """Sends a proposal back to be changed; approvals given so far fall away."""
    version = _locked_row(version)
    if version.state not in (VersionState.PROPOSED, VersionState.APPROVED):
        raise PolicyRefused(_("Only a proposal can be returned."), code="not_proposed")
    if not reason.strip():
        raise PolicyRefused(_("Say what should change."), code="reason_missing", field="reason")
    PolicyApproval.objects.filter(version=version).delete()
    version.state, version.approved_at = VersionState.DRAFT, None
    version.save(update_fields=["state", "approved_at"])
    for kind in (APPROVAL, LOCKING):
        inbox_actions.resolve_work(kind=kind, subject_id=version.pk, by=by, at=at)
    audit.record(by=by, action="scoring.return_policy", subject=version, why=reason, at=at)
    return version


@transaction.atomic
def lock_policy(
    *,
    version: PolicyVersion,
    by: access.Actor,
    at: datetime.datetime,
    effective_on: datetime.date | None = None,
) -> PolicyVersion:
    """Puts an approved version in force: from the period's first day, or from a named day that is not past.

    Freezes the effective weights with their explanation and marks everybody concerned for rescoring.
    """
    version = _locked_row(version)
    if version.state != VersionState.APPROVED:
        raise PolicyRefused(_("Both sides approve before a policy is locked."), code="not_approved")
    approvers = PolicyApproval.objects.filter(version=version).values("person_id")
    if queries.people_in_scope(version).filter(pk__in=approvers).exists():
        raise PolicyRefused(
            _("An approver has come to be scored by this policy. Return it and let somebody else approve."),
            code="is_scored",
        )
    today = queries.day_of(at)
    first_day = effective_on or queries.first_day_for(version, today)
    _refuse_first_day(version, first_day, today)
    version.effective_on, version.plan = first_day, queries.plan_of(version)
    version.state, version.locked_by, version.locked_at = VersionState.LOCKED, by.person, at
    version.save(update_fields=["effective_on", "plan", "state", "locked_by", "locked_at"])
    earlier = PolicyVersion.objects.filter(
        policy_id=version.policy_id, period_id=version.period_id, state=VersionState.LOCKED
    )
    earlier.exclude(pk=version.pk).update(state=VersionState.SUPERSEDED)
    stale.mark("score", queries.people_in_scope(version).values_list("pk", flat=True), at=at)
    inbox_actions.resolve_work(kind=LOCKING, subject_id=version.pk, by=by, at=at)
    audit.record(
        by=by,
        action="scoring.lock_policy",
        subject=version,
        why=version.reason,
        changes={"effective_on": first_day, "stage": version.stage},
        at=at,
    )
    return version


@transaction.atomic
def announce_policy(*, version: PolicyVersion, at: datetime.datetime, limit: int = ANNOUNCED_AT_ONCE) -> int:
    """Tells the next `limit` people concerned; returns how many were told. When nobody is left, it is announced."""
    version = _locked_row(version)
    told = inbox.WorkItem.objects.filter(kind=ANNOUNCEMENT, subject_id=version.pk).values("person_id")
    untold = list(queries.people_in_scope(version).exclude(pk__in=told).order_by("pk")[:limit])
    for person in untold:
        _ask(person, ANNOUNCEMENT, version, "Read the new weights of", "请阅读新的权重：", by=None, at=at)
    if len(untold) < limit and version.announced_at is None:
        version.announced_at = at
        version.save(update_fields=["announced_at"])
    return len(untold)


def acknowledge_policy(*, version: PolicyVersion, by: access.Actor, at: datetime.datetime) -> int:
    """Somebody concerned has read the announcement."""
    return inbox_actions.resolve_work(kind=ANNOUNCEMENT, subject_id=version.pk, to=by.person, by=by, at=at)


def _locked_row(version: PolicyVersion) -> PolicyVersion:
    """The row as it is now, held until the end of the transaction: two approvals at once queue up here."""
    rows = PolicyVersion.objects.select_for_update(of=("self",)).select_related("policy", "period")
    return rows.get(pk=version.pk)


def _new_version(
    policy: WeightPolicy, number: int, period: people.Period, *, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    return PolicyVersion.objects.create(
        policy=policy, number=number, period=period, drafted_by=by.person, drafted_at=at
    )


def _replace_components(version: PolicyVersion, components: Sequence[evidence.ComponentDraft]) -> None:
    StageMultiplier.objects.filter(component__version=version).delete()
    PolicyComponent.objects.filter(version=version).delete()
    rows = [
        PolicyComponent(
            version=version,
            key=draft.key,
            name_en=draft.name_en,
            name_zh=draft.name_zh,
            category=draft.category,
            source_kind=draft.source_kind,
            source_ref=draft.source_ref,
            slice=draft.slice,
            base_ppm=draft.base_ppm,
            min_ppm=draft.min_ppm,
            max_ppm=draft.max_ppm,
            curve=dict(draft.curve),
            color=draft.color,
            position=position,
        )
        for position, draft in enumerate(components)
    ]
    PolicyComponent.objects.bulk_create(rows)
    StageMultiplier.objects.bulk_create(
        StageMultiplier(component=row, stage=stage, factor_ppm=factor)
        for row, draft in zip(rows, components, strict=True)
        for stage, factor in draft.multipliers.items()
    )


def _refuse_approval(version: PolicyVersion, side: str, by: access.Actor, *, is_scored: bool) -> None:
    if version.state != VersionState.PROPOSED:
        raise PolicyRefused(_("Nothing waits for approval here."), code="not_proposed")
    if version.proposed_by_id == by.person_id:
        raise PolicyRefused(_("Whoever proposed a policy cannot approve it."), code="own_proposal")
    if is_scored:
        raise PolicyRefused(_("Whoever is scored by a policy cannot approve it."), code="is_scored")
    if not rules.can_approve_policy(by, version, side, is_scored=is_scored):
        raise PolicyRefused(_("Only an owner of this side approves for it."), code="not_an_owner")
    given = PolicyApproval.objects.filter(version=version)
    if given.filter(person=by.person).exists():
        raise PolicyRefused(_("One person cannot approve for both sides."), code="same_person")
    if given.filter(side=side).exists():
        raise PolicyRefused(_("This side has approved already."), code="conflict")


def _refuse_first_day(version: PolicyVersion, first_day: datetime.date | None, today: datetime.date) -> None:
    period = version.period
    if (
        period.state == people.PeriodState.CLOSED
        or CurrentScore.objects.filter(period=period, is_frozen=True).exists()
    ):
        raise PolicyRefused(_("The scores of this period are closed."), code="period_closed")
    if first_day is None:
        raise PolicyRefused(
            _("The period has begun. Name the day, today or later, from which the weights apply."),
            code="period_started",
            field="effective_on",
        )
    if first_day < today:
        raise PolicyRefused(
            _("Weights never change backwards."), code="not_prospective", field="effective_on"
        )
    if not period.starts_on <= first_day <= period.ends_on:
        raise PolicyRefused(
            _("The day lies outside the period."), code="outside_period", field="effective_on"
        )


def _described(trouble: evidence.Trouble, components: Sequence[evidence.ComponentDraft]) -> str:
    named = next((draft.name_en for draft in components if draft.key == trouble.key), "")
    return f"{named}: {trouble.message}" if named else str(trouble.message)


def _nobody_for(side: str) -> str:
    if side == Side.BUSINESS:
        return _(
            "Nobody can approve for business: name an owner (business) who neither proposed this nor is scored by it."
        )
    return _(
        "Nobody can approve for finance: name an owner (finance) who neither proposed this nor is scored by it."
    )


def _ask(
    person: Any,
    kind: str,
    version: PolicyVersion,
    verb_en: str,
    verb_zh: str,
    *,
    by: Any,
    at: datetime.datetime,
) -> None:
    policy = version.policy
    inbox_actions.assign_work(
        to=person,
        kind=kind,
        subject_id=version.pk,
        title_en=f"{verb_en} {policy.name_en}, version {version.number}",
        title_zh=f"{verb_zh}{policy.name_zh or policy.name_en} 第 {version.number} 版",
        detail_en=version.period.name_en,
        detail_zh=version.period.name_zh,
        url=reverse("scoring:policy", args=[version.pk]),
        by=by,
        at=at,
        due_on=version.period.starts_on
        if kind == APPROVAL and version.period.starts_on > at.date()
        else None,
    )


def _dismiss_others_of_side(
    version: PolicyVersion, side: str, *, by: access.Actor, at: datetime.datetime
) -> None:
    """The other owners of a side need not look once one of them approved, unless they own the other side too."""
    role = rules.ROLE_OF_SIDE[Side(side)]
    other_role = next(other for other in rules.ROLE_OF_SIDE.values() if other != role)
    holders = people.Person.objects.filter(grants__role=role)
    waiting = inbox.WorkItem.objects.filter(
        kind=APPROVAL, subject_id=version.pk, done_at=None, person__in=holders
    )
    both = people.Person.objects.filter(grants__role=other_role)
    waiting.exclude(person__in=both).update(done_at=at, done_by=by.person)
