"""Reads: periods, and the quarters and months of the fiscal calendar."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from performance.foundation import tenancy
from performance.people.models import Organisation, Period
from performance.people.models.organisations import FiscalPattern

A_DAY = datetime.timedelta(days=1)


def periods() -> QuerySet[Period]:
    """Newest first."""
    return Period.objects.order_by("-starts_on", "kind")


def hold_period(period_id: uuid.UUID) -> Period:
    """The period as it is now, kept from moving on until the transaction ends. Readers hold it side by side;
    whoever moves it waits for them. Call it before any other lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM people_period WHERE organisation_id = %s AND id = %s FOR SHARE",
            [tenancy.current_organisation_id(), period_id],
        )
    return Period.objects.get(pk=period_id)


@dataclass(frozen=True)
class Unfinished:
    """What the end of a period finds undone: `kind` for machines, `words` for people, in the reader's language and with
    the number in them."""

    kind: str
    number: int
    words: str


def unfinished(periods: Sequence[Period], at: datetime.datetime) -> dict[uuid.UUID, list[Unfinished]]:
    """By period, what would stay undone if it were closed now; the apps above this one know. A constant number of
    queries."""
    found: dict[uuid.UUID, list[Unfinished]] = defaultdict(list)
    for name in settings.PERIOD_LEFTOVERS:
        for key, left in import_string(name)(periods, at).items():
            found[key] += left
    return found


def current_period(on: datetime.date) -> Period | None:
    """The quarter (else the shortest other period) that holds this day, of several an open one; where none does, the
    latest open one. Closed before its last day it stays the current one, to be read: a later one is not current before it
    has begun."""
    holding = list(Period.objects.filter(starts_on__lte=on, ends_on__gte=on))
    if holding:
        return min(
            holding, key=lambda period: (period.state == "closed", period.kind != "quarter", period.days)
        )
    return Period.objects.exclude(state="closed").order_by("-starts_on").first()


@dataclass(frozen=True)
class Quarter:
    """A quarter of the fiscal calendar; `year` is the one that the fiscal year ends in."""

    year: int
    number: int
    starts_on: datetime.date
    ends_on: datetime.date


@dataclass(frozen=True)
class Month:
    """A month of the fiscal calendar, `number` 1 to 12, or one of its 13 periods. Its first and last day."""

    year: int
    number: int
    starts_on: datetime.date
    ends_on: datetime.date


#: Weeks of the months of a year; a 53rd week lengthens the last one.
WEEKS_OF_MONTHS = {
    FiscalPattern.WEEKS_445: (4, 4, 5) * 4,
    FiscalPattern.WEEKS_454: (4, 5, 4) * 4,
    FiscalPattern.WEEKS_544: (5, 4, 4) * 4,
    FiscalPattern.THIRTEEN: (4,) * 13,
}


def fiscal_quarter(organisation: Organisation, on: datetime.date) -> Quarter:
    """The quarter that holds a day by the organisation's fiscal calendar.

    Calendar months: three months from the fiscal year's first one. Week patterns: thirteen weeks each, in a year that
    begins on the Monday nearest to its first month. Thirteen periods: three, three, three and four of them.
    """
    months = _months(organisation, on)
    by_three = [months[at : at + 3] for at in range(0, 9, 3)] + [months[9:]]
    quarters = [
        Quarter(months[0].year, number, of_quarter[0].starts_on, of_quarter[-1].ends_on)
        for number, of_quarter in enumerate(by_three, start=1)
    ]
    return next(quarter for quarter in quarters if on <= quarter.ends_on)


def next_quarter(organisation: Organisation, after: Quarter) -> Quarter:
    return fiscal_quarter(organisation, after.ends_on + A_DAY)


def fiscal_month(organisation: Organisation, on: datetime.date) -> Month:
    """The month, or the four weeks, that hold a day by the organisation's fiscal calendar."""
    return next(month for month in _months(organisation, on) if on <= month.ends_on)


def next_month(organisation: Organisation, after: Month) -> Month:
    return fiscal_month(organisation, after.ends_on + A_DAY)


def months_of(organisation: Organisation, quarter: Quarter) -> list[Month]:
    """The months of a quarter, in order."""
    months = _months(organisation, quarter.starts_on)
    return [month for month in months if quarter.starts_on <= month.starts_on <= quarter.ends_on]


def week_years(pattern: str, first_month: int, years: range) -> list[list[Month]]:
    """The months of these fiscal years of a pattern of weeks; empty for calendar months. Pure."""
    weeks = WEEKS_OF_MONTHS.get(FiscalPattern(pattern))
    if weeks is None:
        return []
    # A year is named after the one that it ends in, which begins some months after it unless both begin in January.
    late = int(first_month > 1)
    begins = [_nearest_monday(year - late, first_month) for year in (*years, years.stop)]
    return [_months_of_weeks(weeks, begin, after) for begin, after in pairwise(begins)]


def _months(organisation: Organisation, on: datetime.date) -> list[Month]:
    """The months of the fiscal year that holds a day."""
    years = week_years(
        organisation.fiscal_pattern, organisation.fiscal_start_month, range(on.year - 1, on.year + 3)
    )
    if years:
        return next(months for months in years if months[0].starts_on <= on <= months[-1].ends_on)
    first_month = organisation.fiscal_start_month
    begin = _first_of_month(on.year - (on.month < first_month), first_month)
    starts = [_first_of_month(begin.year, begin.month + number) for number in range(13)]
    return _named((starts[12] - A_DAY).year, starts)


def _months_of_weeks(weeks: Sequence[int], begin: datetime.date, after: datetime.date) -> list[Month]:
    starts = [begin]
    for count in weeks:
        starts.append(starts[-1] + datetime.timedelta(weeks=count))
    starts[-1] = after
    return _named((after - datetime.timedelta(days=10)).year, starts)


def _named(year: int, starts: Sequence[datetime.date]) -> list[Month]:
    return [
        Month(year, number, starts_on, following - A_DAY)
        for number, (starts_on, following) in enumerate(pairwise(starts), start=1)
    ]


def _nearest_monday(year: int, month: int) -> datetime.date:
    first = datetime.date(year, month, 1)
    back = first.weekday()
    return first - datetime.timedelta(days=back if back <= 3 else back - 7)


def _first_of_month(year: int, month: int) -> datetime.date:
    """Months beyond 1 to 12 carry into the year."""
    return datetime.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
