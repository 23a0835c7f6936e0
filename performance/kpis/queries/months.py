"""Months as their first days, by the calendar of the organisation we act for: calendar months, or weeks put together."""

import datetime
from functools import lru_cache

from django.utils import dateformat
from django.utils.translation import gettext as _

from performance.foundation import i18n, tenancy
from performance.foundation.components import formats
from performance.kpis.semantics.calendars import A_DAY, PLAIN, Calendar, Span, Weeks
from performance.people import queries as people

#: The fiscal years of a calendar of weeks: values of other days are not kept.
FIRST_YEAR, LAST_YEAR = 1990, 2069


def calendar() -> Calendar:
    """The organisation's; calendar months where we act for none."""
    if tenancy.organisation_id_or_none() is None:
        return PLAIN
    organisation = people.organisation_here()
    return calendar_of(organisation.fiscal_pattern, organisation.fiscal_start_month)


@lru_cache(maxsize=64)
def calendar_of(pattern: str, first_month: int) -> Calendar:
    years = people.week_years(pattern, first_month, range(FIRST_YEAR, LAST_YEAR + 1))
    if not years:
        return PLAIN
    starts = [month.starts_on for months in years for month in months]
    return Weeks([*starts, years[-1][-1].ends_on + A_DAY], FIRST_YEAR, len(years[0]))


def first_of(day: datetime.date) -> datetime.date:
    return calendar().first_of(day)


def months_before(month: datetime.date, number: int) -> datetime.date:
    """The first day of the month that many months earlier (later, when negative)."""
    return calendar().before(month, number)


def years_before(month: datetime.date, number: int = 1) -> datetime.date:
    """The month of the same number in the year that many years earlier."""
    here = calendar()
    return here.before(month, here.per_year * number)


def last_of(month: datetime.date) -> datetime.date:
    return calendar().last_of(month)


def days_of(month: datetime.date) -> int:
    """How many days the month that holds this day has."""
    here = calendar()
    return (here.last_of(month) - here.first_of(month)).days + 1


def settled_on(month: datetime.date, settling_days: int) -> datetime.date:
    """The day from which the month's data stand still."""
    return last_of(month) + datetime.timedelta(days=1 + settling_days)


def run(until: datetime.date, number: int) -> list[datetime.date]:
    """That many months up to and including the one of `until`, oldest first."""
    here = calendar()
    last = here.number_of(until)
    return [here.start_of(last - back) for back in range(number - 1, -1, -1)]


def between(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    """From the month of the one day to that of the other, both included."""
    return run(last, calendar().count(first, last))


def quarter_of(day: datetime.date) -> Span:
    return calendar().quarter_of(day)


def grain_of(starts_on: datetime.date, ends_on: datetime.date) -> str:
    """ "month" or "quarter" when the days are exactly one of the calendar, else "period"."""
    here = calendar()
    if (starts_on, ends_on) == (here.first_of(starts_on), here.last_of(starts_on)):
        return "month"
    return "quarter" if (starts_on, ends_on) == here.quarter_of(starts_on) else "period"


def is_whole_months(starts_on: datetime.date, ends_on: datetime.date) -> bool:
    here = calendar()
    return starts_on == here.first_of(starts_on) and ends_on == here.last_of(ends_on)


def key(month: datetime.date | None) -> str:
    """How addresses, files and the log name a month: 2026-03; by its first day, 2026-03-02, where months are of weeks,
    because two of them may begin in one calendar month. Empty for no month, as templates ask it."""
    if not month:
        return ""
    return f"{month}" if calendar().is_weeks else f"{month:%Y-%m}"


def from_key(text: str) -> datetime.date | None:
    """The month that an address names, by its key or any of its days; None for what is no month. Of weeks, 2026-03 is the
    month that holds the 15th."""
    here = calendar()
    if not here.is_weeks:
        return people.day_from(f"{text[:7]}-01")
    day = people.day_from(text[:10] if len(text) > len("2026-03") else f"{text}-15")
    return None if day is None else here.first_of(day)


def named_by_calendar(year: int, month: int) -> datetime.date | None:
    """The month that 2026-03 means where people write months of the calendar on the wall: of twelve months of weeks the one
    that holds the 15th, which is the one called alike; None of thirteen periods, none of which is."""
    here = calendar()
    return here.first_of(datetime.date(year, month, 15)) if here.per_year == PLAIN.per_year else None


def key_pattern() -> str:
    """`key` for PostgreSQL's to_char."""
    return calendar().key_pattern


def offered(today: datetime.date) -> list[datetime.date]:
    """The months that lists offer where they cannot be typed: from three years ago to two years ahead, oldest first."""
    here = calendar()
    return run(here.before(today, -2 * here.per_year), 5 * here.per_year + 1)


def name(month: datetime.date | None) -> str:
    """Mar 2026 or 2026年3月; where months are of weeks P03 FY2026, or 2026财年3月 (of thirteen: 2026财年第3期)."""
    here = calendar()
    if not month or not here.is_weeks:
        return formats.month(month)
    year, number = here.place(month)
    if not i18n.is_chinese():
        return f"P{number:02d} FY{year}"
    return f"{year}财年{number}月" if here.per_year == 12 else f"{year}财年第{number}期"


def label_of_axis(month: datetime.date) -> str:
    """As charts have it: they write 2026-03 in the reader's language, and what is no day as it stands."""
    return name(month) if calendar().is_weeks else key(month)


def days_in_words(month: datetime.date | None) -> str:
    """The days of a month whose name does not say them: 2–29 Mar 2026; empty for calendar months."""
    here = calendar()
    if not month or not here.is_weeks:
        return ""
    return formats.day_range(here.first_of(month), here.last_of(month))


def choice(month: datetime.date) -> str:
    """As lists offer it: its name, and its days where the name does not say them, without the year that it says."""
    here = calendar()
    if not here.is_weeks:
        return name(month)
    first, last = month, here.last_of(month)
    if i18n.is_chinese():
        days = f"{first.month}月{first.day}日—{last.month}月{last.day}日"
    else:
        days = " – ".join(dateformat.format(day, "j M") for day in (first, last))
    return _("%(month)s (%(days)s)") % {"month": name(month), "days": days}
