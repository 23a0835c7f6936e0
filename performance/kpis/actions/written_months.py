"""The month that a column of a dataset says, as SQL: a day, a point in time, or a text as people write months."""

from performance.kpis import semantics
from performance.kpis.queries import months
from performance.kpis.semantics.calendars import PLAIN, Weeks

#: How a month may be written where the column is text: 2026-05, 2026/5/1, 2026年5月, and 202605 without signs. Which
#: number of 5/1/2026 is the month cannot be told.
WRITTEN = (
    "^(1[89]|2[01])[0-9]{2} ?[-/.年] ?(0?[1-9]|1[0-2]) ?(月|[-/.月] ?[0-9]{1,2} ?日?([ T].*)?)?$",
    "^(1[89]|2[01])[0-9]{2}(0[1-9]|1[0-2])([0-3][0-9])?$",
)
#: And a month of a fiscal year: P04 FY2026, FY2026-P04, 2026财年4月, 2026财年第4期.
NUMBERED = (
    "^P ?0?([0-9]{1,2}) ?[-/]? ?(?:FY)? ?(20[0-9]{2})$",
    "^(?:FY)? ?(20[0-9]{2}) ?[-/]? ?(?:P|财年 ?第?) ?0?([0-9]{1,2}) ?(?:月|期)?$",
)


def month_sql(column: str, type_: str, zone: str) -> semantics.Statement:
    """The first day of the month; NULL for a text that says none."""
    calendar = months.calendar()
    if isinstance(calendar, Weeks):
        return _of_weeks(calendar, column, type_, zone)
    if type_ == "timestamp":
        return semantics.Statement(calendar.start_sql("month", f"{column} AT TIME ZONE %s"), [zone])
    if type_ == "date":
        return semantics.Statement(calendar.start_sql("month", column))
    text = _plain_text(column)
    year = f"left({text}, 4)::int"
    return semantics.Statement(
        f"CASE WHEN {text} ~ %s THEN make_date({year}, substring({text}, '^.{{4}}[^0-9]+([0-9]+)')::int, 1)"
        f" WHEN {text} ~ %s THEN make_date({year}, substring({text}, 5, 2)::int, 1) END",
        list(WRITTEN),
    )


def _of_weeks(calendar: Weeks, column: str, type_: str, zone: str) -> semantics.Statement:
    if type_ == "timestamp":
        return _holding(calendar, semantics.Statement(f"({column} AT TIME ZONE %s)::date", [zone]))
    if type_ == "date":
        return _holding(calendar, semantics.Statement(column))
    text = f"upper({_plain_text(column)})"
    year = f"left({text}, 4)::int"
    month = f"substring({text}, '^.{{4}}[^0-9]+([0-9]+)')::int"
    day = f"nullif(substring({text}, '^.{{4}}[^0-9]+[0-9]+[^0-9]+([0-9]{{1,2}})'), '')::int"
    signed = _holding(calendar, _day(calendar, year, month, day))
    month, day = f"substring({text}, 5, 2)::int", f"nullif(substring({text}, 7, 2), '')::int"
    unsigned = _holding(calendar, _day(calendar, year, month, day))
    first, second = NUMBERED
    numbered = [
        calendar.numbered_sql(
            f"(regexp_match({text}, %s))[{at}]::int", f"(regexp_match({text}, %s))[{of}]::int"
        )
        for at, of in ((2, 1), (1, 2))
    ]
    cases = [
        (WRITTEN[0], signed),
        (WRITTEN[1], unsigned),
        *(
            (pattern, semantics.Statement(sql, [pattern] * sql.count("%s")))
            for pattern, sql in zip((first, second), numbered, strict=True)
        ),
    ]
    told = " ".join(f"WHEN {text} ~ %s THEN {found.sql}" for _pattern, found in cases)
    return semantics.Statement(
        f"CASE {told} END",
        [param for pattern, found in cases for param in (pattern, *found.params)],
    )


def _day(calendar: Weeks, year: str, month: str, day: str) -> semantics.Statement:
    """The day that is written; where only a month is, its first one, of thirteen periods nothing."""
    without = "1" if calendar.per_year == PLAIN.per_year else "NULL"
    return semantics.Statement(f"(make_date({year}, {month}, 1) + coalesce({day}, {without}) - 1)")


def _holding(calendar: Weeks, day: semantics.Statement) -> semantics.Statement:
    """The month that holds the day. The first day of a month on the wall stands for that month: of twelve months of weeks
    the one that holds its 15th is called alike."""
    moved, params = day.sql, [*day.params]
    if calendar.per_year == PLAIN.per_year:
        moved = f"{day.sql} + CASE WHEN extract(day FROM {day.sql}) = 1 THEN 14 ELSE 0 END"
        params = [*day.params, *day.params]
    sql = calendar.start_sql("month", moved)
    return semantics.Statement(sql, params * (sql.count(moved)))


def _plain_text(column: str) -> str:
    """What a Chinese keyboard writes wide is made plain first, and spaces are made few."""
    return f"btrim(regexp_replace(normalize({column}, NFKC), '\\s+', ' ', 'g'))"
