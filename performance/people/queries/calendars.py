"""Reads: which days are worked. The country's holidays and make-up days, changed by the organisation's own."""

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

import holidays
from django.db.models import QuerySet

from performance.people.models import CalendarDay, Organisation, WorkCalendar

SATURDAY = 5


@dataclass(frozen=True)
class WorkDays:
    """Answers for any day without asking the database again. `overrides`: day → worked or not."""

    country: str = ""
    overrides: Mapping[datetime.date, bool] = field(default_factory=dict)

    def is_workday(self, on: datetime.date) -> bool:
        own = self.overrides.get(on)
        if own is not None:
            return own
        if self.country:
            return _country(self.country).is_working_day(on)
        return on.weekday() < SATURDAY

    def between(self, first: datetime.date, last: datetime.date) -> int:
        """How many days are worked from `first` to `last`, both included."""
        days = (last - first).days + 1
        return sum(self.is_workday(first + datetime.timedelta(days=n)) for n in range(days))

    def note(self, on: datetime.date) -> str:
        """The holiday's name in the country's own words; empty on other days."""
        return _country(self.country).get(on, "") if self.country else ""


@functools.lru_cache(maxsize=32)
def _country(code: str) -> holidays.HolidayBase:
    return holidays.country_holidays(code)


def countries() -> list[str]:
    """Country codes whose holidays are known."""
    return sorted(holidays.list_supported_countries())


def work_days(organisation: Organisation) -> WorkDays:
    """The organisation's calendar: its country's rule and its own days. One query."""
    return WorkDays(organisation.country, dict(own_days().values_list("on", "is_worked")))


def own_days() -> QuerySet[CalendarDay]:
    """Days on which the organisation differs from its country."""
    return CalendarDay.objects.filter(calendar__is_default=True).order_by("on")


def default_calendar() -> WorkCalendar | None:
    return WorkCalendar.objects.filter(is_default=True).first()


def special_days(
    work_days: WorkDays, on: datetime.date, days: int = 183
) -> list[tuple[datetime.date, bool, str]]:
    """(day, worked, name) of the coming half year where a weekday is off or a weekend is worked."""
    found = []
    for number in range(days):
        day = on + datetime.timedelta(days=number)
        worked = work_days.is_workday(day)
        if worked != (day.weekday() < SATURDAY):
            found.append((day, worked, work_days.note(day)))
    return found
