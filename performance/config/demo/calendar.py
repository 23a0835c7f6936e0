"""The days of the story, counted from today, so that the demo is always in mid-quarter of its own present."""

import datetime
import zoneinfo
from dataclasses import dataclass

from django.utils import timezone

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
MONTHS_OF_HISTORY = 6


@dataclass(frozen=True)
class Days:
    """Today, and the quarters and months around it."""

    today: datetime.date

    @property
    def quarter(self) -> datetime.date:
        """First day of this quarter."""
        return datetime.date(self.today.year, 3 * ((self.today.month - 1) // 3) + 1, 1)

    @property
    def last_quarter(self) -> datetime.date:
        return shift(self.quarter, -3)

    @property
    def history(self) -> datetime.date:
        """First day with sales: six whole months before this one."""
        return shift(self.today.replace(day=1), -MONTHS_OF_HISTORY)

    def months(self) -> list[datetime.date]:
        """First days of the months with sales, this one included."""
        return [shift(self.history, number) for number in range(MONTHS_OF_HISTORY + 1)]

    def weeks(self, first: datetime.date, until: datetime.date) -> list[datetime.date]:
        """Mondays of the whole weeks from `first` on whose Friday lies before `until`."""
        monday = first + datetime.timedelta(days=-first.weekday() % 7)
        found = []
        while monday + datetime.timedelta(days=4) < until:
            found.append(monday)
            monday += datetime.timedelta(weeks=1)
        return found


def shift(first: datetime.date, months: int) -> datetime.date:
    """The first day of a month, so many months away."""
    number = first.year * 12 + first.month - 1 + months
    return datetime.date(number // 12, number % 12 + 1, 1)


def quarter_end(first: datetime.date) -> datetime.date:
    return shift(first, 3) - datetime.timedelta(days=1)


def at(day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
    """A moment on a day of the company's time zone; never later than now, since nobody has done it yet."""
    return min(datetime.datetime.combine(day, datetime.time(hour, minute), ZONE), timezone.now())
