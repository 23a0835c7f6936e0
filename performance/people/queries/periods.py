"""Reads: periods, and the quarters of the fiscal calendar."""

import datetime
import uuid
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from performance.foundation import tenancy
from performance.people.models import Organisation, Period
from performance.people.models.organisations import FiscalPattern


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


def current_period(on: datetime.date) -> Period | None:
    """The quarter (else the shortest other period) that holds this day and is open; the latest one else."""
    holding = list(Period.objects.filter(starts_on__lte=on, ends_on__gte=on).exclude(state="closed"))
    if holding:
        return min(holding, key=lambda period: (period.kind != "quarter", period.days))
    return Period.objects.exclude(state="closed").order_by("-starts_on").first()


@dataclass(frozen=True)
class Quarter:
    """A quarter of the fiscal calendar; `year` is the one that the fiscal year ends in."""

    year: int
    number: int
    starts_on: datetime.date
    ends_on: datetime.date


def fiscal_quarter(organisation: Organisation, on: datetime.date) -> Quarter:
    """The quarter that holds a day by the organisation's fiscal calendar.

    Calendar months: three months from the fiscal year's first one. Week patterns (4-4-5 and its kin, 13 periods):
    thirteen weeks each, in a year that begins on the Monday nearest to its first month; a 53rd week lengthens the
    fourth quarter.
    """
    if organisation.fiscal_pattern == FiscalPattern.MONTHS:
        return _quarter_of_months(organisation.fiscal_start_month, on)
    return _quarter_of_weeks(organisation.fiscal_start_month, on)


def next_quarter(organisation: Organisation, after: Quarter) -> Quarter:
    return fiscal_quarter(organisation, after.ends_on + datetime.timedelta(days=1))


def _quarter_of_months(first_month: int, on: datetime.date) -> Quarter:
    passed = (on.month - first_month) % 12
    number = passed // 3 + 1
    begin = _first_of_month(on.year, on.month - passed % 3)
    year_begins = _first_of_month(begin.year, begin.month - 3 * (number - 1))
    year_ends = _first_of_month(year_begins.year, year_begins.month + 12) - datetime.timedelta(days=1)
    after = _first_of_month(begin.year, begin.month + 3)
    return Quarter(year_ends.year, number, begin, after - datetime.timedelta(days=1))


def _quarter_of_weeks(first_month: int, on: datetime.date) -> Quarter:
    starts = [_nearest_monday(year, first_month) for year in range(on.year - 1, on.year + 3)]
    begin = max(start for start in starts if start <= on)
    after = min(start for start in starts if start > on)
    number = min((on - begin).days // 91, 3) + 1
    starts_on = begin + datetime.timedelta(days=91 * (number - 1))
    ends_on = (after if number == 4 else starts_on + datetime.timedelta(days=91)) - datetime.timedelta(days=1)
    return Quarter((after - datetime.timedelta(days=10)).year, number, starts_on, ends_on)


def _nearest_monday(year: int, month: int) -> datetime.date:
    first = datetime.date(year, month, 1)
    back = first.weekday()
    return first - datetime.timedelta(days=back if back <= 3 else back - 7)


def _first_of_month(year: int, month: int) -> datetime.date:
    """Months beyond 1 to 12 carry into the year."""
    return datetime.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
