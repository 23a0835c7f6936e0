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

CHOICES = (
    *("over", "cap_percent", "missing", "start_equals_target", "roll_up", "method", "status_rule"),
    "carry_over",
)


def set_policy(
    *, period: Any, choices: dict[str, Any], by: access.Actor, at: datetime.datetime, reason: str = ""
) -> OkrPolicy:
    """A new version of the period's policy. Every objective of the period is counted again, from now on; what
    was noted before stays as it was counted then. A change while the period runs needs a reason."""
    with transaction.atomic():
        locked = people.Period.objects.select_for_update(no_key=True).get(pk=period.pk)
        if not rules.is_policy_open(locked):
            raise ObjectiveRefused(_("The progress of this period is locked."), code="progress_locked")
        former = policies.policy_of(locked)
        if locked.state != "planning" and not reason.strip():
            raise ObjectiveRefused(
                _("The period runs already: say why it is counted differently."),
                code="reason",
                field="reason",
            )
        wanted = {name: choices.get(name, getattr(former, name)) for name in CHOICES}
        if former.number and all(getattr(former, name) == value for name, value in wanted.items()):
            raise ObjectiveRefused(_("Nothing would be counted differently."), code="same")
        policy = OkrPolicy.objects.create(
            period=locked, number=former.number + 1, reason=reason, by=by.person, at=at, **wanted
        )
        progress.count_again(
            Objective.objects.filter(period=locked).exclude(version_number=None).values_list("pk", flat=True),
            at=at,
        )
        audit.record(
            by=by,
            action="okr.set_policy",
            subject=locked,
            why=reason,
            changes={
                name: [getattr(former, name), value]
                for name, value in wanted.items()
                if value != getattr(former, name)
            },
            at=at,
        )
    return policy
