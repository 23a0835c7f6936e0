"""The life of a weight policy: drafted, proposed, approved by both sides, sent back."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from performance.engine import errors
from performance.foundation import access, audit
from performance.inbox import actions as inbox_actions
from performance.people import models as people
from performance.scoring import evidence, queries, rules
from performance.scoring.actions.announcing import begin_telling, end_telling, refuse_short_notice
from performance.scoring.actions.asking import APPROVAL, LOCKING, ask
from performance.scoring.actions.drafts import (
    PolicyRefused,
    locked_row,
    refuse_contradictions,
    refuse_own_weights,
    refuse_scored_signals,
    refuse_uncertified_metrics,
)
from performance.scoring.actions.locking import plan_to_lock
from performance.scoring.models import PolicyApproval, PolicyVersion, Side, VersionState


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
    if reason and reason != version.reason:
        # A part of what both sides approve, which outlives a return.
        version.reason, version.written_by = reason, sorted({*version.written_by, by.person_id})
    if queries.policy_at_work(version) and not version.reason.strip():
        raise PolicyRefused(
            _("Say why the weights change; it is shown to everybody they apply to."),
            code="reason_missing",
            field="reason",
        )
    if version.blend_ppm:
        # Whether there are units enough is known by the values alone.
        plan_to_lock(version, None, at)
    _refuse_unsimulated(version, at)
    _refuse_day_too_soon(version, at)
    version.state, version.proposed_by, version.proposed_at = VersionState.PROPOSED, by.person, at
    version.save(update_fields=["state", "proposed_by", "proposed_at", "reason", "written_by"])
    for side, role in rules.ROLE_OF_SIDE.items():
        approvers = list(queries.approvers_of(version, role))
        if not approvers:
            raise PolicyRefused(_nobody_for(side), code="no_approver")
        for person in approvers:
            ask(person, APPROVAL, version, "Approve", "请批准", by=by, at=at)
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
        _refuse_day_too_soon(version, at)
        version.state, version.approved_at = VersionState.APPROVED, at
        first_day = queries.first_day_for(version, queries.day_of(at))
        if first_day is not None:
            # From then on it locks by itself; until then people hear of it.
            begin_telling(version, plan_to_lock(version, first_day, at), at)
        version.save(update_fields=["state", "approved_at", "told", "told_from", "announced_at"])
        inbox_actions.resolve_work(kind=APPROVAL, subject_id=version.pk, by=by, at=at)
        if first_day is None:
            ask(version.proposed_by, LOCKING, version, "Lock", "请锁定", by=by, at=at)
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
    end_telling(version, at)
    version.save(update_fields=["state", "approved_at", "told", "told_from", "announced_at"])
    for kind in (APPROVAL, LOCKING):
        inbox_actions.resolve_work(kind=kind, subject_id=version.pk, by=by, at=at)
    audit.record(by=by, action="scoring.return_policy", subject=version, why=reason, at=at)
    return version


def _refuse_day_too_soon(version: PolicyVersion, at: datetime.datetime) -> None:
    """A first day that lies ahead leaves people their days of notice. One that is past is named anew at the lock."""
    today = queries.day_of(at)
    first_day = queries.first_day_for(version, today)
    if first_day is not None:
        refuse_short_notice(version, first_day, today)


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


def _nobody_for(side: str) -> str:
    if side == Side.BUSINESS:
        return _(
            "Nobody can approve for business: name an owner (business) who neither proposed this nor is scored by it."
        )
    return _(
        "Nobody can approve for finance: name an owner (finance) who neither proposed this nor is scored by it."
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
