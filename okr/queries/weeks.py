"""Reads: which periods a week is reported in, and which one a new goal is for."""

import datetime

from okr import rules
from performance.people import models as people_models
from performance.people import queries as people


def periods_of_week(monday: datetime.date, today: datetime.date) -> list[people_models.Period]:
    """Every period that takes check-ins of this week: a year's goals are reported beside a quarter's, and a week on
    the border of two quarters in both. The week's own comes first: the one that holds its last day so far, of several
    a quarter, then the shortest."""
    on = _last_day(monday, today)
    begun = people_models.Period.objects.filter(starts_on__lte=on, ends_on__gte=monday)
    takes = [
        each
        for each in begun
        if rules.is_progress_open(each) and rules.is_reportable_week(monday, today, each)
    ]
    return sorted(
        takes, key=lambda each: (each.ends_on < on, each.kind != "quarter", each.days, each.starts_on)
    )


def period_of_week(monday: datetime.date, today: datetime.date) -> people_models.Period | None:
    """The period that a check-in of this week is filed under, by page and API alike. Where none takes one, the
    period to show."""
    takes = periods_of_week(monday, today)
    return takes[0] if takes else people.current_period(_last_day(monday, today))


def period_to_plan(today: datetime.date) -> people_models.Period | None:
    """The period that a new goal is for unless another one is chosen: the current one while its goals are open, else the
    next one whose goals are."""
    current = people.current_period(today)
    if current is None or rules.are_goals_open(current):
        return current
    later = [
        each for each in people.periods() if rules.is_later(each, current) and rules.are_goals_open(each)
    ]
    return min(later, key=lambda each: (each.starts_on, each.kind != "quarter", each.days), default=None)


def _last_day(monday: datetime.date, today: datetime.date) -> datetime.date:
    return min(today, monday + datetime.timedelta(days=6))
