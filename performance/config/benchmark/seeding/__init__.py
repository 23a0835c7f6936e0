"""A company of any size, made in bulk: people, goals with weeks of check-ins, metrics with values, scores.

What happens once (metrics, policy, runs) goes through the actions that the pages use; what exists a hundred
thousand times is inserted in bulk, in the shape that the actions leave behind.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import TypeVar

from django.utils import timezone

from performance.appraisals.models import Cycle
from performance.config.benchmark.seeding import goals, many, numbers, people, results, scores, weights
from performance.config.benchmark.seeding.many import move_goals
from performance.config.benchmark.seeding.people import Company
from performance.config.benchmark.seeding.scores import start_run
from performance.foundation import tenancy
from performance.foundation.models import StaleRow

__all__ = ["Company", "move_goals", "seed", "seed_many", "seed_results", "start_run"]

Say = Callable[[str], None]
Result = TypeVar("Result")


def seed(count: int, *, say: Say, with_scores: bool = True) -> Company:
    """A company of `count` people in the database behind `default`. Each chapter is a transaction of its own."""
    at = timezone.now() - datetime.timedelta(days=1)
    company = _begun(count, at, say)
    with tenancy.acting_for(company.organisation):
        _told(
            say,
            "objectives, key results, what serves what, twelve weeks of check-ins",
            lambda: goals.tell(company, at),
        )
    with tenancy.acting_for(company.organisation):
        _told(say, "a locked policy", lambda: scores.lock_policy(company, at))
    if with_scores:
        _told(say, "everybody's scores", lambda: scores.compute(company))
    return company


def seed_many(count: int, *, say: Say) -> Company:
    """A company of `count` people with what scores rest on and no more, for sizes that a whole life takes too long for."""
    at = timezone.now() - datetime.timedelta(days=1)
    company = _begun(count, at, say)
    with tenancy.acting_for(company.organisation):
        _told(say, "three objectives and nine key results a head", lambda: many.tell(company))
    with tenancy.acting_for(company.organisation):
        _told(
            say,
            "a locked policy of eight components",
            lambda: scores.lock_policy(company, at, weights.eight()),
        )
        # Values are there, and nothing else is on its way.
        StaleRow.objects.all().delete()
    return company


def seed_results(count: int, *, say: Say) -> tuple[Company, Cycle]:
    """A company of `count` people with a score each, and an open cycle over them."""
    at = timezone.now() - datetime.timedelta(days=1)
    company = _begun(min(count, results.BY_HAND), at, say)
    with tenancy.acting_for(company.organisation):
        _told(say, "a locked policy", lambda: scores.lock_policy(company, at))
    with tenancy.acting_for(company.organisation):
        _told(say, "copies of them", lambda: results.copy_people(count))
    with tenancy.acting_for(company.organisation):
        cycle = _told(say, "everybody's score, and a cycle", lambda: results.tell(company))
    return company, cycle


def _begun(count: int, at: datetime.datetime, say: Say) -> Company:
    """People, and the numbers of their stores."""
    company = _told(say, f"{count:,} people with lines, teams and accounts", lambda: people.found(count))
    with tenancy.acting_for(company.organisation):
        _told(
            say, "a metric dataset, three certified metrics, their values", lambda: numbers.tell(company, at)
        )
    return company


def _told(say: Say, what: str, tell: Callable[[], Result]) -> Result:
    begun = time.perf_counter()
    result = tell()
    say(f"  {what}: {time.perf_counter() - begun:.1f} s")
    return result
