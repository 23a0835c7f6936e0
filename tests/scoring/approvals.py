"""Versions that both sides have approved, and the days on which something happens to them."""

import datetime
from collections.abc import Callable
from typing import Any

from performance.foundation import access
from performance.inbox.models import WorkItem
from performance.people import models as people
from performance.scoring import actions
from performance.scoring.models import PolicyVersion
from tests.conftest import Cast

Actor = Callable[[people.Person], access.Actor]
A_DAY = datetime.timedelta(days=1)


def noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(4), datetime.UTC)


def approve(version: PolicyVersion, cast: Cast, actor: Actor, at: datetime.datetime) -> PolicyVersion:
    """Proposed and approved by both sides, and no more."""
    version = actions.propose_policy(version=version, by=actor(cast.hr), at=at)
    actions.approve_policy(version=version, side="business", by=actor(cast.business_owner), at=at)
    return actions.approve_policy(version=version, side="finance", by=actor(cast.finance_owner), at=at)


def open_items(kind: str) -> Any:
    return WorkItem.objects.filter(kind=kind, done_at=None)
