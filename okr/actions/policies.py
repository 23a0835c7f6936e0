"""Choosing how a period counts progress."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from okr import rules
from okr.actions import progress
from okr.actions.refusals import ObjectiveRefused
from okr.models import Objective, OkrPolicy
from okr.queries import policies
from performance.foundation import access, audit
from performance.people import models as people


def proposed_policy(*, period: Any, choices: dict[str, Any]) -> OkrPolicy:
    """What these choices would be as the next version, for a look at what it changes. Stores nothing; refuses what
    choosing it would refuse, but for the reason."""
    if not rules.is_policy_open(period):
        raise ObjectiveRefused(_("The progress of this period is locked."), code="progress_locked")
    former = policies.policy_of(period)
    proposed = policies.policy_with(former, choices)
    if former.number and not policies.differences_of(former, proposed):
        raise ObjectiveRefused(_("Nothing would be counted differently."), code="same")
    return proposed


def set_policy(
    *,
    period: Any,
    choices: dict[str, Any],
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
    based_on: int | None = None,
) -> OkrPolicy:
    """A new version of the period's policy. Every objective of the period is counted again, from now on; what
    was noted before stays as it was counted then. A change while the period runs needs a reason. `based_on`: the version
    that the choice was compared with; another one meanwhile is a conflict."""
    with transaction.atomic():
        locked = people.Period.objects.select_for_update(no_key=True).get(pk=period.pk)
        policy = proposed_policy(period=locked, choices=choices)
        former = policies.policy_of(locked)
        if based_on not in (None, former.number):
            raise ObjectiveRefused(
                _("Somebody has chosen another version meanwhile. Look again at what this one changes."),
                code="conflict",
            )
        if rules.is_policy_previewed(locked) and not reason.strip():
            raise ObjectiveRefused(
                _("The period runs already: say why it is counted differently."),
                code="reason",
                field="reason",
            )
        policy.reason, policy.by, policy.at = reason, by.person, at
        policy.save(force_insert=True)
        moved = progress.count_again(
            Objective.objects.filter(period=locked).exclude(version_number=None).values_list("pk", flat=True),
            at=at,
        )
        audit.record(
            by=by,
            action="okr.set_policy",
            subject=locked,
            why=reason,
            changes=policies.differences_of(former, policy) | {"moved": moved},
            at=at,
        )
    return policy
