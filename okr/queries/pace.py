"""Where progress should be today, and which policy counts it."""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from okr.models import OkrPolicy
from okr.models.policies import StatusRule
from performance.engine import progress
from performance.people import queries as people


@dataclass(frozen=True)
class Pace:
    """Linear by workday: `expected_micro` is the micro percent that should be done at the end of `on`, which is
    calendar day `day` of the period."""

    on: datetime.date
    day: int
    elapsed: int
    total: int
    expected_micro: int

    @property
    def expected(self) -> int:
        """Whole percent, for the tick on bars and rings."""
        return (self.expected_micro + 500_000) // 1_000_000

    def status(self, progress_micro: int | None) -> str:
        return progress.pace_status(progress_micro, self.expected_micro)

    def status_of(self, key_result: Any) -> str:
        """A yes-or-no is done or not started; everything else is measured against the plan."""
        if key_result.kind == "yes_no" and key_result.progress_micro == 0:
            return "none"
        return self.status(key_result.progress_micro)

    def status_of_entry(self, entry: Any) -> str:
        """The same for one reading."""
        if entry.key_result.kind == "yes_no" and entry.progress_micro == 0:
            return "none"
        return self.status(entry.progress_micro)

    def expected_of(self, key_result: Any) -> int | None:
        """The tick on a key result's bar; a yes-or-no has none on the way."""
        return None if key_result.kind == "yes_no" else self.expected

    def ahead(self, progress_micro: int | None) -> int | None:
        """Whole points before (+) or behind (−) the plan."""
        if progress_micro is None:
            return None
        return (progress_micro + 500_000) // 1_000_000 - self.expected


@dataclass(frozen=True)
class Paces:
    """The plans of several periods on one day. Each key result is measured against that of its own period; its
    objective must be loaded."""

    by_period: Mapping[uuid.UUID, Pace]

    def status_of(self, key_result: Any) -> str:
        return self._of(key_result).status_of(key_result)

    def status_of_entry(self, entry: Any) -> str:
        return self._of(entry.key_result).status_of_entry(entry)

    def expected_of(self, key_result: Any) -> int | None:
        return self._of(key_result).expected_of(key_result)

    def _of(self, key_result: Any) -> Pace:
        return self.by_period[key_result.objective.period_id]


def paces_of(key_results: Iterable[Any], on: datetime.date, organisation: Any) -> Paces:
    """The plans on a day of the periods that these key results belong to, whose objectives and periods are loaded.
    One query."""
    periods = {each.objective.period_id: each.objective.period for each in key_results}
    days = people.work_days(organisation)
    return Paces({key: _pace(period, on, days) for key, period in periods.items()})


def pace_of(period: Any, on: datetime.date) -> Pace:
    """The plan of a period on a day. Queries: the organisation where it is not loaded yet, and its calendar."""
    return _pace(period, on, people.work_days(period.organisation))


def _pace(period: Any, on: datetime.date, days: people.WorkDays) -> Pace:
    total = days.between(period.starts_on, period.ends_on)
    elapsed = days.between(period.starts_on, min(on, period.ends_on))
    return Pace(
        on, period.day_number(on), elapsed, total, progress.expected_pace(elapsed=elapsed, total=total)
    )


def policy_of(period: Any) -> OkrPolicy:
    """The policy in force; the defaults (version 0, not stored) where nobody chose one."""
    return OkrPolicy.objects.filter(period=period).order_by("-number").first() or OkrPolicy(
        period=period, number=0
    )


def policies_of(period_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, OkrPolicy]:
    """The policy in force of each period, in one query."""
    wanted = set(period_ids)
    newest = OkrPolicy.objects.filter(period_id__in=wanted).order_by("period_id", "-number")
    stored = {policy.period_id: policy for policy in newest.distinct("period_id")}
    return {each: stored.get(each) or OkrPolicy(period_id=each, number=0) for each in wanted}


def status_of(objective: Any, key_results: Iterable[Any], pace: Pace, policy: OkrPolicy) -> str:
    """An objective's status as the policy says: by its own progress, by its worst or its latest key result."""
    if policy.status_rule == StatusRule.OWN_PACE:
        return pace.status(objective.progress_micro)
    known = [each for each in key_results if each.filled_at is not None]
    known.sort(key=lambda each: each.filled_at)
    statuses: list[Any] = [pace.status_of(each) for each in known]
    return progress.rollup_status(
        statuses,
        how="latest_wins" if policy.status_rule == StatusRule.LATEST_WINS else "worst_wins",
    )
