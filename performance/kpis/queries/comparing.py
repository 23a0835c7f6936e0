"""What a board compares with: the target, the budget, the month before, or the same month of the year before."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from performance.engine import fixed
from performance.kpis.models import Additivity, Aggregation, Basis, MetricVersion
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.values import Point

TARGET, MONTH, YEAR, BUDGET = Basis.values
#: In the order in which they are offered.
BASES = dict(Basis.choices)
#: What the line in charts is called that values are held against.
LINES = {TARGET: _("Target"), MONTH: _("Month before"), YEAR: _("Year before"), BUDGET: _("Budget")}
#: What looks at an earlier month; those that are set look at the month itself.
EARLIER = (MONTH, YEAR)


def basis_from(text: str) -> str:
    """The basis that an address names; the target for anything else."""
    return text if text in BASES else TARGET


def compared_month(month: datetime.date, basis: str) -> datetime.date:
    return calendar_months.months_before(month, back(basis))


def back(basis: str) -> int:
    """How many months back a basis looks."""
    return {MONTH: 1, YEAR: calendar_months.calendar().per_year}.get(basis, 0)


def references(points: Sequence[Point], basis: str) -> dict[datetime.date, Decimal]:
    """month → what its value is held against, for the months of a series and, where past values are, as many after it."""
    if basis in EARLIER:
        found = ((calendar_months.months_before(each.month, -back(basis)), each.value) for each in points)
    elif basis == BUDGET:
        found = ((each.month, each.budget) for each in points)
    else:
        found = ((each.month, each.target) for each in points)
    return {month: value for month, value in found if value is not None}


def path_today(
    given: Decimal | None, version: MetricVersion, month: datetime.date, today: datetime.date
) -> Decimal | None:
    """Where a value should be today: what adds up grows evenly over the days of a running month. A running total grows
    too, from a month before that is not known here, and so does a number of different values, the slower the more of
    them have been seen: they have no path until their month is over."""
    if given is None or today >= calendar_months.last_of(month):
        return given
    if _grows_unevenly(version) and today >= month:
        return None
    if version.additivity != Additivity.ADDITIVE:
        return given
    return given * max((today - month).days, 0) / calendar_months.days_of(month) if today >= month else given


def is_part_of_month(version: MetricVersion, month: datetime.date, today: datetime.date) -> bool:
    """Whether a value still grows with the days of its month: then it is no less than that of a whole one yet."""
    grows = _grows_unevenly(version) or version.additivity == Additivity.ADDITIVE
    return grows and today <= calendar_months.last_of(month)


def _grows_unevenly(version: MetricVersion) -> bool:
    return version.is_cumulative or (version.is_base and version.aggregation == Aggregation.DISTINCT)


def compared(
    points: Sequence[Point], basis: str, version: MetricVersion, today: datetime.date
) -> tuple[Decimal | None, Decimal | None]:
    """(what the last month is held against as a whole, where that is today). Past months are told as they were."""
    month = points[-1].month
    whole = references(points, basis).get(month)
    return whole, whole if basis in EARLIER else path_today(whole, version, month, today)


def relative(value: Decimal | None, against: Decimal | None) -> Decimal | None:
    """The difference in per cent of the size of what it is held against; None where there is none, or where that is
    nothing."""
    if value is None or not against:
        return None
    difference = fixed.EXACT.subtract(value, against)
    return fixed.EXACT.divide(fixed.EXACT.multiply(difference, Decimal(100)), fixed.EXACT.abs(against))
