"""Months, quarters and years of a fiscal calendar, for Python and as SQL. Pure: the calendar is passed in.

A month is named by its first day. Months are numbered through, so that the number divided by how many a year has is the
fiscal year, and what is left over the place in it.
"""

import datetime
from bisect import bisect_right
from collections.abc import Sequence

Span = tuple[datetime.date, datetime.date]

A_DAY = datetime.timedelta(days=1)
#: The places in the year at which quarters begin; of thirteen periods the last quarter has four.
QUARTERS = (0, 3, 6, 9)


class Calendar:
    """Months of the calendar on the wall, in years from January on."""

    per_year = 12
    is_weeks = False
    #: How a month is named in addresses, files and the log, as PostgreSQL writes it.
    key_pattern = "YYYY-MM"

    def number_of(self, day: datetime.date) -> int:
        return day.year * 12 + day.month - 1

    def start_of(self, number: int) -> datetime.date:
        return datetime.date(number // 12, number % 12 + 1, 1)

    def first_of(self, day: datetime.date) -> datetime.date:
        return self.start_of(self.number_of(day))

    def last_of(self, day: datetime.date) -> datetime.date:
        return self.start_of(self.number_of(day) + 1) - A_DAY

    def before(self, month: datetime.date, number: int) -> datetime.date:
        """The first day of the month that many months earlier (later, when negative)."""
        return self.start_of(self.number_of(month) - number)

    def count(self, first: datetime.date, last: datetime.date) -> int:
        """How many months, both included; none or fewer where the last one comes before the first."""
        return self.number_of(last) - self.number_of(first) + 1

    def place(self, day: datetime.date) -> tuple[int, int]:
        """(fiscal year, number in it from 1 on) of the month that holds the day."""
        year, place = divmod(self.number_of(day), self.per_year)
        return year, place + 1

    def year_from(self, day: datetime.date, starts_in: int) -> datetime.date:
        """The first day of the year around the day that starts in this month of the calendar. Of weeks: of the fiscal
        year, whatever is said."""
        return self.before(day, (day.month - starts_in) % 12)

    def quarter_of(self, day: datetime.date) -> Span:
        """The quarter that holds the day."""
        number = self.number_of(day)
        place = number % self.per_year
        begins = max(start for start in QUARTERS if start <= place)
        ends = next((start for start in QUARTERS if start > place), self.per_year)
        year = number - place
        return self.start_of(year + begins), self.start_of(year + ends) - A_DAY

    def start_sql(self, grain: str, day: str) -> str:
        """The first day of the month or quarter that holds a day, as SQL of both."""
        return f"date_trunc('{grain}', ({day})::timestamp)::date"

    def end_sql(self, grain: str, start: str) -> str:
        """The last day of the month or quarter that begins with this day."""
        length = {"month": "1 month", "quarter": "3 months"}[grain]
        return f"({start} + interval '{length} - 1 day')::date"

    def starts_sql(self, grain: str, first: str, last: str) -> str:
        """A relation of one column of dates: the first days of the months or quarters from the one that begins with
        `first` on, as far as they begin by `last`."""
        length = {"month": "1 month", "quarter": "3 months"}[grain]
        return (
            "(SELECT step::date FROM generate_series"
            f"(({first})::timestamp, ({last})::timestamp, interval '{length}') AS step)"
        )

    def earlier_sql(self, month: str, back: str) -> str:
        """The first day of the month that many months earlier."""
        return f"({month} - make_interval(months => {back}))::date"

    def back_sql(self, month: str, year_starts_in: int) -> str:
        """How many months of its year lie before a month, as year_from has the year."""
        return f"(extract(month FROM {month})::int - {year_starts_in:d} + 12) %% 12"

    def known_sql(self, day: str) -> str:
        """Whether the calendar has a month for the day."""
        return "true"


class Weeks(Calendar):
    """Months of whole weeks: `starts` are their first days over whole years from `first_year` on, and the day after
    them. Days beyond are taken for the first or the last one, and have no values."""

    is_weeks = True
    key_pattern = "YYYY-MM-DD"

    def __init__(self, starts: Sequence[datetime.date], first_year: int, per_year: int) -> None:
        self.starts = tuple(starts)
        self.per_year = per_year
        self.first_number = first_year * per_year
        places = range(len(self.starts) - 1)
        self.quarters = tuple(
            [self.starts[place] for place in places if place % per_year in QUARTERS] + [self.starts[-1]]
        )
        self._arrays = {
            grain: f"'{{{','.join(map(str, self.begins(grain)))}}}'::date[]" for grain in ("month", "quarter")
        }

    def begins(self, grain: str) -> tuple[datetime.date, ...]:
        """The first days of the months or quarters, and the day after the last one."""
        return self.starts if grain == "month" else self.quarters

    def number_of(self, day: datetime.date) -> int:
        return self.first_number + min(max(bisect_right(self.starts, day) - 1, 0), len(self.starts) - 2)

    def start_of(self, number: int) -> datetime.date:
        return self.starts[min(max(number - self.first_number, 0), len(self.starts) - 1)]

    def year_from(self, day: datetime.date, starts_in: int) -> datetime.date:
        return self.before(day, self.number_of(day) % self.per_year)

    def start_sql(self, grain: str, day: str) -> str:
        days = self._arrays[grain]
        return f"({days})[width_bucket(({day})::date, {days})]"

    def end_sql(self, grain: str, start: str) -> str:
        days = self._arrays[grain]
        return f"(({days})[width_bucket(({start})::date, {days}) + 1] - 1)"

    def starts_sql(self, grain: str, first: str, last: str) -> str:
        days = self._arrays[grain]
        places = f"width_bucket(({first})::date, {days}) : width_bucket(({last})::date, {days})"
        return f"(SELECT unnest(({days})[{places}]))"

    def earlier_sql(self, month: str, back: str) -> str:
        days = self._arrays["month"]
        return f"({days})[width_bucket(({month})::date, {days}) - ({back})]"

    def back_sql(self, month: str, _year_starts_in: int) -> str:
        return f"(width_bucket(({month})::date, {self._arrays['month']}) - 1) %% {self.per_year}"

    def numbered_sql(self, year: str, number: str) -> str:
        """The first day of a month by its fiscal year and its number in it."""
        place = f"({year} - {self.first_number // self.per_year}) * {self.per_year} + {number}"
        return f"CASE WHEN {number} BETWEEN 1 AND {self.per_year} THEN ({self._arrays['month']})[{place}] END"

    def known_sql(self, day: str) -> str:
        return f"({day}) BETWEEN '{self.starts[0]}'::date AND '{self.starts[-1] - A_DAY}'::date"


PLAIN = Calendar()
