"""The life of a weight policy: drafted, proposed, approved by both sides, locked, announced."""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.engine import errors
from performance.foundation import access, audit, stale
from performance.inbox import actions as inbox_actions
from performance.inbox import models as inbox
from performance.people import models as people
from performance.scoring import evidence, queries, rules
from performance.scoring.actions import market
from performance.scoring.actions.drafts import (
    PolicyRefused,
    locked_row,
    refuse_contradictions,
    refuse_own_weights,
    refuse_scored_authors,
    refuse_scored_signals,
    refuse_uncertified_metrics,
)
from performance.scoring.models import (
    ANNOUNCEMENT,
    PolicyApproval,
    PolicyVersion,
    Side,
    VersionState,
)

APPROVAL = "performance.approval"
LOCKING = "performance.policy_lock"
ANNOUNCED_AT_ONCE = 200


@transaction.atomic
def propose_policy(
    *, version: PolicyVersion, by: access.Actor, at: datetime.datetime, reason: str = ""
) -> PolicyVersion:
    """Puts a draft before both sides. A change of rules that are in force needs a reason."""
    version = locked_row(version)
    if not version.is_draft:
        raise PolicyRefused(_("Only a draft can be proposed."), code="not_a_draft")
    refuse_own_weights(version, by)
    refuse_contradictions(version)
    refuse_uncertified_metrics(version)
    refuse_scored_signals(version)
    version.reason = reason or version.reason
    if queries.policy_at_work(version) and not version.reason.strip():
        raise PolicyRefused(
            _("Say why the weights change; it is shown to everybody they apply to."),
            code="reason_missing",
            field="reason",
        )
    if version.blend_ppm:
        # Whether there are units enough is known by the values alone.
        _plan_to_lock(version, None, at)
    _refuse_unsimulated(version, at)
    version.state, version.proposed_by, version.proposed_at = VersionState.PROPOSED, by.person, at
    version.save(update_fields=["state", "proposed_by", "proposed_at", "reason"])
    for side, role in rules.ROLE_OF_SIDE.items():
        approvers = list(queries.approvers_of(version, role))
        if not approvers:
            raise PolicyRefused(_nobody_for(side), code="no_approver")
        for person in approvers:
            _ask(person, APPROVAL, version, "Approve", "请批准", by=by, at=at)
    audit.record(by=by, action="scoring.propose_policy", subject=version, why=version.reason, at=at)
    return version


@transaction.atomic
def approve_policy(
    *, version: PolicyVersion, side: str, by: access.Actor, at: datetime.datetime
) -> PolicyVersion:
    """One side's yes. The second one makes the version approved."""
    version = locked_row(version)
    is_scored = queries.is_in_scope(version, by.person_id)
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
    version = locked_row(version)
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
    # Held before all else, as runs hold it: a freeze and a lock at one moment wait for each other.
    period = people.Period.objects.select_for_update(no_key=True).get(pk=version.period_id)
    version = locked_row(version)
    if version.state != VersionState.APPROVED or version.period_id != period.pk:
        raise PolicyRefused(_("Both sides approve before a policy is locked."), code="not_approved")
    refuse_own_weights(version, by)
    refuse_uncertified_metrics(version)
    refuse_scored_signals(version)
    approvers = PolicyApproval.objects.filter(version=version).values("person_id")
    if queries.people_in_scope(version).filter(pk__in=approvers).exists():
        raise PolicyRefused(
            _("An approver has come to be scored by this policy. Return it and let somebody else approve."),
            code="is_scored",
        )
    refuse_scored_authors(version)
    today = queries.day_of(at)
    first_day = effective_on or queries.first_day_for(version, today)
    _refuse_first_day(version, first_day, today)
    version.effective_on, version.plan = first_day, _plan_to_lock(version, first_day, at)
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
        changes={
            "effective_on": first_day,
            "stage": version.stage,
            "signals": market.told_readings(version.plan),
        },
        at=at,
    )
    return version


@transaction.atomic
def announce_policy(*, version: PolicyVersion, at: datetime.datetime, limit: int = ANNOUNCED_AT_ONCE) -> int:
    """Tells the next `limit` people concerned; returns how many were told. When nobody is left, it is announced."""
    version = locked_row(version)
    told = inbox.WorkItem.objects.filter(kind=ANNOUNCEMENT, subject_id=version.pk).values("person_id")
    untold = list(queries.people_in_scope(version).exclude(pk__in=told).order_by("pk")[:limit])
    for person in untold:
        _ask(person, ANNOUNCEMENT, version, "Read the new weights of", "请阅读新的权重：", by=None, at=at)
    if len(untold) < limit and version.announced_at is None:
        _withdraw_earlier_announcements(version, at)
        version.announced_at = at
        version.save(update_fields=["announced_at"])
    return len(untold)


def _withdraw_earlier_announcements(version: PolicyVersion, at: datetime.datetime) -> None:
    """Nobody needs to read any more what this version replaced, or what governed a period that is over."""
    earlier = PolicyVersion.objects.filter(policy_id=version.policy_id, number__lt=version.number)
    over = Q(period_id=version.period_id) | Q(period__ends_on__lt=queries.day_of(at))
    for subject_id in earlier.filter(over).values_list("pk", flat=True):
        inbox_actions.resolve_work(kind=ANNOUNCEMENT, subject_id=subject_id, by=None, at=at)


def acknowledge_policy(*, version: PolicyVersion, by: access.Actor, at: datetime.datetime) -> int:
    """Somebody concerned has read the announcement."""
    return inbox_actions.resolve_work(kind=ANNOUNCEMENT, subject_id=version.pk, to=by.person, by=by, at=at)


def _refuse_unsimulated(version: PolicyVersion, at: datetime.datetime) -> None:
    """Nobody is asked to approve what nobody has looked at. Without scores of an earlier period there is nothing to try
    it on."""
    try:
        is_simulated = queries.is_simulated(version, queries.day_of(at))
    except errors.InvalidInput as refusal:
        raise PolicyRefused(evidence.Trouble(refusal.code, None).message, code=refusal.code) from refusal
    if not is_simulated:
        raise PolicyRefused(
            _(
                "Simulate this draft on past periods first: whoever approves it should see who would have moved, "
                "and by how much."
            ),
            code="not_simulated",
        )


def _refuse_approval(version: PolicyVersion, side: str, by: access.Actor, *, is_scored: bool) -> None:
    if version.state != VersionState.PROPOSED:
        raise PolicyRefused(_("Nothing waits for approval here."), code="not_proposed")
    if version.proposed_by_id == by.person_id:
        raise PolicyRefused(_("Whoever proposed a policy cannot approve it."), code="own_proposal")
    if by.person_id in (version.drafted_by_id, *version.written_by):
        raise PolicyRefused(_("Whoever wrote a policy cannot approve it."), code="own_proposal")
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
    if period.state == people.PeriodState.CLOSED:
        raise PolicyRefused(_("The scores of this period are closed."), code="period_closed")
    if queries.freeze_has_begun(period):
        raise PolicyRefused(
            _(
                "The scores of this period are frozen, or being frozen: everybody is measured by the same weights. "
                "New ones come into force with the next period."
            ),
            code="being_frozen",
        )
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


def _plan_to_lock(
    version: PolicyVersion, first_day: datetime.date | None, at: datetime.datetime
) -> dict[str, Any]:
    """The weights, with the market's signals as they are read now: up to the day before the first day in force."""
    try:
        return queries.plan_of(version, before=first_day, at=at)
    except errors.InvalidInput as refusal:
        raise PolicyRefused(evidence.Trouble(refusal.code, None).message, code=refusal.code) from refusal


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
        title_zh=f"{verb_zh}{policy.name_zh or policy.name_en}第{version.number}版",
        detail_en=version.period.name_en,
        detail_zh=version.period.name_zh,
        url=reverse("scoring:policy", args=[version.pk]),
        by=by,
        at=at,
        due_on=version.period.starts_on
        if kind == APPROVAL and version.period.starts_on > queries.day_of(at)
        else None,
    )


def _dismiss_others_of_side(
    version: PolicyVersion, side: str, *, by: access.Actor, at: datetime.datetime
) -> None:
    """The other owners of a side need not look once one of them approved, unless they own the other side too."""
    role = rules.ROLE_OF_SIDE[Side(side)]
    other_role = next(other for other in rules.ROLE_OF_SIDE.values() if other != role)
    holders = people.Person.objects.filter(grants__role=role)
    both = people.Person.objects.filter(grants__role=other_role)
    inbox_actions.resolve_for(
        kind=APPROVAL,
        subject_id=version.pk,
        persons=holders.exclude(pk__in=both.values("pk")),
        by=by,
        at=at,
    )
