"""Weights come into force: by whoever locks them, or by themselves on the day that was approved and told."""

import datetime
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from performance.engine import errors
from performance.foundation import access, audit, i18n, stale
from performance.inbox import actions as inbox_actions
from performance.inbox import models as inbox
from performance.people import models as people
from performance.scoring import evidence, queries
from performance.scoring.actions import market
from performance.scoring.actions.announcing import end_telling, refuse_short_notice, tell_what_came_out
from performance.scoring.actions.asking import LOCKING, ask
from performance.scoring.actions.drafts import (
    PolicyRefused,
    locked_row,
    refuse_own_weights,
    refuse_scored_authors,
    refuse_scored_signals,
    refuse_uncertified_metrics,
)
from performance.scoring.models import PolicyApproval, PolicyVersion, VersionState

#: So many days after its first day a version still locks by itself: a worker may be down over a long weekend. What is held
#: up for longer would change weights backwards that people have worked under since.
LATEST_LOCK_DAYS = 3


@transaction.atomic
def lock_policy(
    *,
    version: PolicyVersion,
    by: access.Actor,
    at: datetime.datetime,
    effective_on: datetime.date | None = None,
) -> PolicyVersion:
    """Puts an approved version in force: from its first day, while that lies ahead, or from a named day that is not past
    and gives people their days of notice.

    Freezes the effective weights with their explanation and marks everybody concerned for rescoring.
    """
    version = _held(version)
    if version.state != VersionState.APPROVED:
        raise PolicyRefused(_("Both sides approve before a policy is locked."), code="not_approved")
    refuse_own_weights(version, by)
    today = queries.day_of(at)
    first_day = effective_on or queries.first_day_for(version, today)
    return _put_in_force(version, first_day, _judged(version, first_day, today, at), by=by, at=at)


@transaction.atomic
def lock_at_first_day(*, version: PolicyVersion, at: datetime.datetime) -> bool:
    """Locks an approved version by itself once its first day has come; days late, still from that day, since it was
    approved and told before. What speaks against it is put before its proposer. Once it was refused and the day is over
    it is left to a person: whoever lifts the reason later would choose the weights by what came of them. Whether it was
    locked now; a second call finds it done."""
    version = _held(version)
    today = queries.day_of(at)
    if version.state != VersionState.APPROVED or version.told is None or today < version.first_day:
        return False
    days_late = (today - version.first_day).days
    if days_late > LATEST_LOCK_DAYS or (days_late and _was_refused(version)):
        _leave_to_a_person(version, at)
        return False
    try:
        plan = _judged(version, version.first_day, version.first_day, at)
    except PolicyRefused:
        _say_why_unlocked(version, partial(_against, version, at), at)
        return False
    _put_in_force(version, version.first_day, plan, by=None, at=at)
    return True


def _leave_to_a_person(version: PolicyVersion, at: datetime.datetime) -> None:
    """A change is prospective: the day that was told is given up, and whoever locks it names another one."""
    end_telling(version, at)
    version.save(update_fields=["told", "told_from", "announced_at"])
    _say_why_unlocked(version, _missed, at)
    audit.record(
        by=None,
        action="scoring.miss_first_day",
        subject=version,
        changes={"effective_on": version.first_day},
        at=at,
    )


def _missed() -> str:
    return _("It could not be locked on its first day, and weights never change backwards. Name another day.")


def _against(version: PolicyVersion, at: datetime.datetime) -> str:
    """What speaks against the lock on the first day, in the language in force."""
    try:
        _judged(version, version.first_day, version.first_day, at)
    except PolicyRefused as refusal:
        return str(refusal)
    return ""


def _say_why_unlocked(version: PolicyVersion, say: Callable[[], str], at: datetime.datetime) -> None:
    """What could not be locked by itself is put before whoever proposed it, with the reason."""
    detail_en, detail_zh = i18n.in_both(say)
    ask(
        version.proposed_by,
        LOCKING,
        version,
        "Look into why it is not locked:",
        "请查看未能锁定的原因：",
        by=None,
        at=at,
        detail_en=detail_en,
        detail_zh=detail_zh,
    )


def _was_refused(version: PolicyVersion) -> bool:
    """Whether it was put before its proposer that it could not be locked by itself."""
    asked = inbox.WorkItem.objects.filter(kind=LOCKING, subject_id=version.pk)
    return asked.filter(assigned_at__gte=version.told_from).exists()


def _held(version: PolicyVersion) -> PolicyVersion:
    """The version as it is now, with its period: held before all else, as runs hold it, so that a freeze and a lock at
    one moment wait for each other."""
    period = people.Period.objects.select_for_update(no_key=True).get(pk=version.period_id)
    version = locked_row(version)
    if version.period_id != period.pk:
        raise PolicyRefused(_("Somebody has changed this version meanwhile."), code="conflict")
    return version


def _judged(
    version: PolicyVersion, first_day: datetime.date | None, today: datetime.date, at: datetime.datetime
) -> dict[str, Any]:
    """The plan with which a version may come into force on that day. Raises PolicyRefused where it may not."""
    _refuse_first_day(version, first_day, today)
    refuse_uncertified_metrics(version)
    refuse_scored_signals(version)
    approvers = PolicyApproval.objects.filter(version=version).values("person_id")
    if queries.people_in_scope(version).filter(pk__in=approvers).exists():
        raise PolicyRefused(
            _("An approver has come to be scored by this policy. Return it and let somebody else approve."),
            code="is_scored",
        )
    refuse_scored_authors(version)
    return plan_to_lock(version, first_day, at)


def _put_in_force(
    version: PolicyVersion,
    first_day: datetime.date | None,
    plan: dict[str, Any],
    *,
    by: access.Actor | None,
    at: datetime.datetime,
) -> PolicyVersion:
    version.effective_on, version.plan = first_day, plan
    version.state, version.locked_at = VersionState.LOCKED, at
    version.locked_by = by.person if by else None
    tell_what_came_out(version, plan, at)
    version.save(
        update_fields=[
            "effective_on",
            "plan",
            "state",
            "locked_by",
            "locked_at",
            "told",
            "told_from",
            "announced_at",
        ]
    )
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
            "signals": market.told_readings(plan),
        },
        at=at,
    )
    return version


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
    refuse_short_notice(version, first_day, today)
    if not period.starts_on <= first_day <= period.ends_on:
        raise PolicyRefused(
            _("The day lies outside the period."), code="outside_period", field="effective_on"
        )


def plan_to_lock(
    version: PolicyVersion, first_day: datetime.date | None, at: datetime.datetime
) -> dict[str, Any]:
    """The weights, with the market's signals as they are read now: up to the day before the first day in force."""
    try:
        return queries.plan_of(version, before=first_day, at=at)
    except errors.InvalidInput as refusal:
        raise PolicyRefused(evidence.Trouble(refusal.code, None).message, code=refusal.code) from refusal
