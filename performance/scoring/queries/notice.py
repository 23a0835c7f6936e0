"""What people hear of new weights: how long before, and the difference to those of today."""

import datetime
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from performance.foundation import i18n
from performance.people import models as people
from performance.scoring.models import PolicyVersion, VersionState, WeightNotice
from performance.scoring.queries.governing import FIXED, governing_on
from performance.scoring.queries.policies import day_of


@dataclass(frozen=True)
class WeightChange:
    """One component: its weight today and then, in ppm; None where it does not weigh."""

    key: str
    name_en: str
    name_zh: str
    color: int
    before_ppm: int | None
    after_ppm: int | None

    @property
    def name(self) -> str:
        return i18n.local(self, "name")

    @property
    def change_ppm(self) -> int:
        return (self.after_ppm or 0) - (self.before_ppm or 0)


@dataclass(frozen=True)
class Difference:
    """What new weights change for somebody. `before` governs them until then; None where nothing does."""

    before: PolicyVersion | None
    lines: tuple[WeightChange, ...]


def days_of_notice() -> int:
    """How many days before new weights take hold people hear of them. One query."""
    return WeightNotice.objects.values_list("days", flat=True).first() or 0


def days_promised(version: PolicyVersion) -> int:
    """The days of notice of a version: those of today, or those that people were promised with it, if these were more. One
    query."""
    promised = version.told["notice"] if version.told_from and version.told else 0
    return max(days_of_notice(), promised)


def notice_of(
    version: PolicyVersion, first_day: datetime.date, today: datetime.date
) -> tuple[datetime.date, int]:
    """The first day on which the version may take hold, and by how many days of notice: those promised when people began
    to be told of that day, or of an earlier one; else those of today, or more that were promised."""
    told = version.told
    if version.told_from and told and told["effective_on"] <= first_day.isoformat():
        begun, days = min(today, day_of(version.told_from)), told["notice"]
    else:
        begun, days = today, days_promised(version)
    return begun + datetime.timedelta(days=days), days


def due_versions(today: datetime.date) -> QuerySet[PolicyVersion]:
    """Approved versions of which people are told and whose first day has come, oldest first."""
    approved = PolicyVersion.objects.filter(state=VersionState.APPROVED, told_from__isnull=False)
    return approved.filter(told__effective_on__lte=today.isoformat()).order_by("approved_at")


def differences(
    version: PolicyVersion,
    plan: Mapping[str, Any],
    unit_ids: Collection[uuid.UUID | None],
    today: datetime.date,
) -> dict[uuid.UUID | None, Difference]:
    """By unit, what `plan` of a version changes for its people, against what governs them on the day before it takes
    hold (today, while that lies further ahead), else by what they were weighed last, in an earlier period. Five queries
    at most."""
    day = min(today, version.first_day - datetime.timedelta(days=1))
    has_begun = day >= version.period.starts_on
    before = governing_on(version.period, day, without=version.pk) if has_begun else {}
    if not before.keys() >= set(unit_ids) and (earlier := _period_before(version.period)):
        before = governing_on(earlier, min(day, earlier.ends_on), without=version.pk) | before
    return {
        unit_id: Difference(before.get(unit_id), _lines(before.get(unit_id), plan)) for unit_id in unit_ids
    }


def _period_before(period: people.Period) -> people.Period | None:
    """The last one before this that weights are locked for."""
    weighed = PolicyVersion.objects.filter(state__in=FIXED).values("period_id")
    earlier = people.Period.objects.filter(pk__in=weighed, starts_on__lt=period.starts_on).exclude(
        pk=period.pk
    )
    return earlier.order_by("-ends_on", "-starts_on", "pk").first()


def _lines(before: PolicyVersion | None, plan: Mapping[str, Any]) -> tuple[WeightChange, ...]:
    old = {item["key"]: item for item in before.planned} if before else {}
    new = {item["key"]: item for item in plan["components"]}
    return tuple(
        WeightChange(
            key=key,
            name_en=item["name_en"],
            name_zh=item["name_zh"],
            color=item["color"],
            before_ppm=old[key]["effective_ppm"] if key in old else None,
            after_ppm=new[key]["effective_ppm"] if key in new else None,
        )
        for key, item in (old | new).items()
    )
