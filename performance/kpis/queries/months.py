"""Calendar months as their first days."""

import datetime


def first_of(day: datetime.date) -> datetime.date:
    return day.replace(day=1)


def months_before(month: datetime.date, number: int) -> datetime.date:
    """The first day of the month that many months earlier (later, when negative)."""
    index = month.year * 12 + month.month - 1 - number
    return datetime.date(index // 12, index % 12 + 1, 1)


def last_of(month: datetime.date) -> datetime.date:
    return months_before(first_of(month), -1) - datetime.timedelta(days=1)


def settled_on(month: datetime.date, settling_days: int) -> datetime.date:
    """The day from which the month's data stand still."""
    return last_of(month) + datetime.timedelta(days=1 + settling_days)


def run(until: datetime.date, number: int) -> list[datetime.date]:
    """That many months up to and including the one of `until`, oldest first."""
    last = first_of(until)
    return [months_before(last, back) for back in range(number - 1, -1, -1)]


def grain_of(starts_on: datetime.date, ends_on: datetime.date) -> str:
    """ "month" or "quarter" when the days are exactly one of the calendar, else "period"."""
    if starts_on.day != 1:
        return "period"
    if ends_on == last_of(starts_on):
        return "month"
    if starts_on.month % 3 == 1 and ends_on == last_of(months_before(starts_on, -2)):
        return "quarter"
    return "period"


def is_whole_months(starts_on: datetime.date, ends_on: datetime.date) -> bool:
    return starts_on.day == 1 and ends_on == last_of(ends_on)
