"""Which month or quarter a row is of, as a number that the source computes and that is read back here.

Calendar months are counted from the year and the month. Of weeks, the source tells the year's first day by comparing, and
the month by the days since: a 53rd week lengthens the last month only, so that months begin alike in every year.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from performance.kpis.semantics.calendars import A_DAY, QUARTERS, Calendar, Span, Weeks
from performance.kpis.semantics.live.tongues import Tongue, cast, whole, within

#: Numbers of months within a number of a year; there are thirteen at most.
PLACES = 16


@dataclass(frozen=True)
class Stretches:
    """Of calendar months: twelve, or four, for each year."""

    calendar: Calendar

    def dated(self, rows: exp.Select, _tongue: Tongue) -> exp.Select:
        """The rows with what `numbered` needs beside the day."""
        return rows

    def beside(self, dated: exp.Select, more: exp.Expr) -> exp.Select:
        """The dated rows with one more column, which may be what `numbered` says."""
        return dated.select(more)

    def numbered(self, day: exp.Expr, grain: str) -> exp.Expr:
        unit, parts = ("MONTH", 12) if grain == "month" else ("QUARTER", 4)
        year, place = (
            cast(exp.Extract(this=exp.Var(this=name), expression=day.copy()), "int")
            for name in ("YEAR", unit)
        )
        return exp.Add(this=exp.Mul(this=year, expression=whole(parts)), expression=place)

    def days(self, number: int, grain: str) -> Span:
        """The first and the last day of what has this number."""
        months = 1 if grain == "month" else 3
        first = self.calendar.start_of((number - 1) * months)
        return first, self.calendar.last_of(self.calendar.before(first, 1 - months))


@dataclass(frozen=True)
class StretchesOfWeeks(Stretches):
    calendar: Weeks

    def dated(self, rows: exp.Select, tongue: Tongue) -> exp.Select:
        """The day's number, the year's, and those of month and quarter; short names, as questions have a largest length."""
        numbered = rows.select(exp.alias_(tongue.days_since(exp.column("day"), self._origin), "n"))
        of_years = exp.select(exp.Star(), exp.alias_(self._year(), "y")).from_(numbered.subquery("n"))
        of_years = of_years.where(within(exp.column("day"), self._origin, self.calendar.starts[-1] - A_DAY))
        months = [self.calendar.start_of(self.calendar.first_number + place) for place in self._places]
        return (
            exp.select(exp.Star(), exp.alias_(self._number(months), "m"))
            .select(exp.alias_(self._number([months[place] for place in QUARTERS]), "q"))
            .from_(of_years.subquery("y"))
        )

    def beside(self, dated: exp.Select, more: exp.Expr) -> exp.Select:
        return exp.select(exp.Star(), more).from_(dated.subquery("accord_numbered"))

    def numbered(self, _day: exp.Expr, grain: str) -> exp.Expr:
        return exp.column(grain[0])

    def days(self, number: int, grain: str) -> Span:
        year, place = divmod(number, PLACES)
        begins = self._origin + datetime.timedelta(days=year)
        first = self.calendar.before(begins, -(place if grain == "month" else QUARTERS[place]))
        if grain == "month":
            return first, self.calendar.last_of(first)
        return self.calendar.quarter_of(first)

    @property
    def _origin(self) -> datetime.date:
        return self.calendar.starts[0]

    @property
    def _places(self) -> range:
        return range(self.calendar.per_year)

    def _year(self) -> exp.Expr:
        """The number of the first day of the year around a day; the newest is asked first."""
        begins = [(day - self._origin).days for day in self.calendar.starts[:: self.calendar.per_year]]
        number = exp.column("n")
        asked = [
            exp.If(this=exp.GTE(this=number.copy(), expression=whole(begin)), true=whole(begin))
            for begin in reversed(begins[:-1])
        ]
        return exp.Case(ifs=asked)

    def _number(self, begins: list[datetime.date]) -> exp.Expr:
        in_year = exp.Sub(this=exp.column("n"), expression=exp.column("y"))
        ends = [whole((day - self._origin).days) for day in begins[1:]]
        places = [
            exp.If(this=exp.LT(this=in_year.copy(), expression=end), true=whole(place))
            for place, end in enumerate(ends)
        ]
        year = exp.Mul(this=exp.column("y"), expression=whole(PLACES))
        return exp.Add(this=year, expression=exp.Case(ifs=places, default=whole(len(ends))))


def stretches_of(calendar: Calendar) -> Any:
    return StretchesOfWeeks(calendar) if isinstance(calendar, Weeks) else Stretches(calendar)
