"""Which policy counts progress: the newest of a period today, and at any moment the one that was newest then."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from okr.models import OkrPolicy

#: What one chooses of a policy.
POLICY_CHOICES = (
    *("over", "cap_percent", "missing", "start_equals_target", "roll_up", "method", "status_rule"),
    "carry_over",
)

#: A reading of a period and when it was counted.
Reading = tuple[Any, datetime.datetime]


def policy_of(period: Any) -> OkrPolicy:
    """The policy in force; the defaults (version 0, not stored) where nobody chose one."""
    return OkrPolicy.objects.filter(period=period).order_by("-number").first() or OkrPolicy(
        period=period, number=0
    )


def policy_with(former: OkrPolicy, choices: dict[str, Any]) -> OkrPolicy:
    """The version that would follow with these choices, not stored; what is not chosen stays."""
    wanted = {name: choices.get(name, getattr(former, name)) for name in POLICY_CHOICES}
    return OkrPolicy(period=former.period, number=former.number + 1, **wanted)


def differences_of(former: OkrPolicy, later: OkrPolicy) -> dict[str, list[Any]]:
    """What is chosen differently: [before, after] by name."""
    pairs = {name: [getattr(former, name), getattr(later, name)] for name in POLICY_CHOICES}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def policies_of(period_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, OkrPolicy]:
    """The policy in force of each period, in one query."""
    wanted = set(period_ids)
    newest = OkrPolicy.objects.filter(period_id__in=wanted).order_by("period_id", "-number")
    stored = {policy.period_id: policy for policy in newest.distinct("period_id")}
    return {each: stored.get(each) or OkrPolicy(period_id=each, number=0) for each in wanted}


def policies_behind(today: Iterable[Any] = (), then: Iterable[Reading] = ()) -> list[OkrPolicy]:
    """What counted the progress that a page shows, each version once, by period and number: the policy in force for
    what stands `today` in these periods, and for every reading shown as it was `then` the policy of its moment. Their
    periods are set, and `since` where a page shows several of one period: when it began to count. One query."""
    periods = list(today)
    readings = list(then)
    known = {each.pk: each for each in (*periods, *(period for period, _at in readings))}
    versions: dict[uuid.UUID, list[OkrPolicy]] = defaultdict(list)
    for version in OkrPolicy.objects.filter(period_id__in=known).order_by("number"):
        versions[version.period_id].append(version)
    behind: dict[uuid.UUID, dict[int, OkrPolicy]] = defaultdict(dict)
    for period, at in (*((each, None) for each in periods), *readings):
        ruling = [each for each in versions[period.pk] if at is None or each.at <= at]
        policy = ruling[-1] if ruling else OkrPolicy(number=0)
        policy.period = known[period.pk]
        behind[period.pk][policy.number] = policy
    for shown in behind.values():
        for policy in shown.values():
            policy.since = policy.at if len(shown) > 1 and policy.number else None
    every = [policy for shown in behind.values() for policy in shown.values()]
    return sorted(every, key=lambda each: (each.period.starts_on, each.period.ends_on, each.number))
