"""How far the reviews of a cycle are: by stage, by unit, and who is late."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from performance.appraisals.models import Cycle, CycleEntry, CycleStage, Review, ReviewState
from performance.appraisals.queries.reviews import (
    COUNTED,
    STAGE_OF,
    kind_name,
    late_reviews,
    stage_on,
    stages_of,
    with_days,
)
from performance.people import models as people


@dataclass(frozen=True)
class ReviewProgress:
    """How many reviews of one kind a stage asks for, how many were sent, and how many are late."""

    kind: str
    total: int
    done: int
    late: int

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0

    @property
    def label(self) -> str:
        return kind_name(self.kind)


@dataclass(frozen=True)
class UnitProgress:
    """The same for the people of one business unit (None: those without one), by kind."""

    unit: people.BusinessUnit | None
    people: int
    by_kind: tuple[ReviewProgress, ...]

    @property
    def late(self) -> int:
        return sum(each.late for each in self.by_kind)


def _counts(reviews: QuerySet[Any], on: datetime.date, *by: str) -> Any:
    return (
        reviews.order_by()
        .values(*by)
        .annotate(
            total=Count("pk"),
            done=Count("pk", filter=Q(state=ReviewState.SUBMITTED)),
            late=Count("pk", filter=Q(state=ReviewState.OPEN, due_on__lt=on)),
        )
    )


def _counted(cycle: Cycle, seen: QuerySet[CycleEntry]) -> QuerySet[Any]:
    inside = seen.filter(cycle=cycle).exclude(state="left_out")
    return with_days(Review.objects.filter(entry__in=inside, state__in=COUNTED))


def review_progress(cycle: Cycle, seen: QuerySet[CycleEntry], on: datetime.date) -> dict[str, ReviewProgress]:
    """kind → how far. One query, whatever the number of people."""
    rows = _counts(_counted(cycle, seen), on, "kind")
    return {row["kind"]: ReviewProgress(row["kind"], row["total"], row["done"], row["late"]) for row in rows}


def progress_by_unit(
    cycle: Cycle, seen: QuerySet[CycleEntry], on: datetime.date, kinds: Sequence[str]
) -> list[UnitProgress]:
    """Units with the most late first. Three queries."""
    rows = {
        (row["entry__unit"], row["kind"]): row
        for row in _counts(_counted(cycle, seen), on, "entry__unit", "kind")
    }
    inside = seen.filter(cycle=cycle).exclude(state="left_out").order_by()
    counted = dict(inside.values_list("unit").annotate(people=Count("pk")))
    units = people.BusinessUnit.objects.in_bulk([key for key in counted if key])
    found = []
    for key, number in counted.items():
        empty = {"total": 0, "done": 0, "late": 0}
        parts = tuple(
            ReviewProgress(kind, *[rows.get((key, kind), empty)[name] for name in ("total", "done", "late")])
            for kind in kinds
        )
        found.append(UnitProgress(units.get(key), number, parts))
    return sorted(found, key=lambda each: (-each.late, str(each.unit or "")))


def late_writers(cycle: Cycle, on: datetime.date) -> int:
    """How many people are late with a review that they were not reminded of yet."""
    late = late_reviews(cycle, on).filter(reminded_at=None)
    return len({delegate or reviewer for delegate, reviewer in late.values_list("delegate", "reviewer")})


@dataclass(frozen=True)
class FunnelStep:
    """A stage with how far its reviews are; `total` None where it has none of its own."""

    stage: CycleStage
    is_current: bool
    total: int | None = None
    done: int = 0
    late: int = 0

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0

    @property
    def bar(self) -> str:
        return "good" if self.total and self.done == self.total else ""


def funnel(cycle: Cycle, seen: QuerySet[CycleEntry], on: datetime.date) -> list[FunnelStep]:
    """The stages in order, with the reviews of those who are seen. Two queries; none without reviews."""
    if not cycle.has_reviews:
        return []
    stages, counted = stages_of(cycle), review_progress(cycle, seen, on)
    current = stage_on(stages, on)
    steps = []
    for stage in stages:
        parts = [each for kind, each in counted.items() if STAGE_OF[kind] == stage.stage]
        is_written = stage.stage in STAGE_OF.values()
        steps.append(
            FunnelStep(
                stage=stage,
                is_current=cycle.is_open and stage == current,
                total=sum(each.total for each in parts) if is_written else None,
                done=sum(each.done for each in parts),
                late=sum(each.late for each in parts),
            )
        )
    return steps
