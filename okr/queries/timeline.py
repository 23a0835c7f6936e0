"""The timeline: goals as bars over the months of a fiscal year."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from okr.models import Objective, ObjectiveVersion
from okr.models.agreements import Side
from okr.queries.objectives import percent
from okr.queries.sight import STOOD, sights_of
from okr.queries.visibility import drafts
from performance.foundation import access


@dataclass(frozen=True)
class Frame:
    """The days that are drawn, both included, and today."""

    first: datetime.date
    last: datetime.date
    today: datetime.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def place(self, day: datetime.date) -> float:
        """Where a day begins, in percent of the width; days outside stand at the edge."""
        return round(min(max((day - self.first).days / self.days * 100, 0.0), 100.0), 3)

    @property
    def now(self) -> float | None:
        """Where today stands, None outside."""
        return self.place(self.today) if self.first <= self.today <= self.last else None

    @property
    def months(self) -> list[tuple[datetime.date, float, float]]:
        """(first day, where it begins, how wide it is) of each month."""
        starts = [_later(self.first, number) for number in range(12)]
        ends = [*starts[1:], self.last + datetime.timedelta(days=1)]
        return [
            (start, self.place(start), round(self.place(end) - self.place(start), 3))
            for start, end in zip(starts, ends, strict=True)
        ]


def frame_around(period: Any, today: datetime.date, first_month: int = 1) -> Frame:
    """The fiscal year that holds the period's first day, or today where there is no period."""
    day = period.starts_on if period is not None else today
    first = datetime.date(day.year - (day.month < first_month), first_month, 1)
    return Frame(first, _later(first, 12) - datetime.timedelta(days=1), today)


def _later(first: datetime.date, months: int) -> datetime.date:
    number = first.year * 12 + first.month - 1 + months
    return datetime.date(number // 12, number % 12 + 1, 1)


def within(objectives: QuerySet[Objective], frame: Frame) -> QuerySet[Objective]:
    """Those whose period touches the frame, by owner and time; no drafts."""
    touching = objectives.filter(period__starts_on__lte=frame.last, period__ends_on__gte=frame.first)
    return touching.exclude(drafts()).order_by("owner__name_sort", "period__starts_on", "id")


@dataclass(frozen=True)
class TimelineRow:
    """One goal. `x` and `width` of its bar, `done` of the part that is reached and `marks` of its agreements are in
    percent of the frame's width; `expected` is where today's pace stands while the period runs."""

    objective: Objective
    x: float
    width: float
    done: float
    marks: list[tuple[float, int, datetime.date]]

    @property
    def percent(self) -> int | None:
        return percent(self.objective.progress_micro)


def timeline_rows(objectives: Iterable[Objective], frame: Frame, reader: access.Actor) -> list[TimelineRow]:
    """The goals of a page. One query, and those of `sights_of`: when each version was agreed by both sides, of
    those that the reader may read."""
    shown = list(objectives)
    sights = sights_of(shown, reader)
    versions = ObjectiveVersion.objects.filter(objective__in=[each.pk for each in shown], state__in=STOOD)
    signed = versions.annotate(signed_at=Max("agreements__at"), sides=Count("agreements"))
    agreed: dict[uuid.UUID, list[ObjectiveVersion]] = defaultdict(list)
    for version in signed.filter(sides=len(Side.values)).defer("content").order_by("number"):
        agreed[version.objective_id].append(version)
    return [_row(each, sights[each.pk].versions(agreed[each.pk]), frame) for each in shown]


def _row(objective: Objective, agreed: Iterable[ObjectiveVersion], frame: Frame) -> TimelineRow:
    x = frame.place(objective.period.starts_on)
    width = frame.place(objective.period.ends_on + datetime.timedelta(days=1)) - x
    done = width * min(max(percent(objective.progress_micro) or 0, 0), 100) / 100
    days = [(each.number, timezone.localdate(each.signed_at)) for each in agreed]  # type: ignore[attr-defined]
    marks = [(frame.place(day), number, day) for number, day in days if frame.first <= day <= frame.last]
    return TimelineRow(objective, x, round(width, 3), round(done, 3), marks)
