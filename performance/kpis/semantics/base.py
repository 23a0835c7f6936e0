"""A base metric over the rows of one dataset: filter, bucket by day, aggregate for every combination of slices."""

import datetime
from collections.abc import Mapping, Sequence

from performance.kpis import formulas
from performance.kpis.semantics import composing, currencies, filters, slices
from performance.kpis.semantics.calendars import Calendar, Span
from performance.kpis.semantics.composing import AVERAGE_SCALE
from performance.kpis.semantics.currencies import Conversion
from performance.kpis.semantics.sheets import Sheet, Statement
from performance.kpis.semantics.wording import Wording

AGGREGATES = {
    "sum": "sum(amount)",
    "count": "count(amount)::numeric",
    "distinct": "count(DISTINCT amount)::numeric",
    "min": "min(amount)",
    "max": "max(amount)",
    "avg": f"sum(amount) * {AVERAGE_SCALE} / count(amount)",
    "last": "sum(amount)",
}
#: Aggregations that look at a plain column of any type instead of arithmetic over numbers.
OF_A_COLUMN = frozenset({"count", "distinct"})


def base_values(
    wording: Wording,
    sheet: Sheet,
    zone: str,
    grain: str,
    *,
    calendar: Calendar,
    spans: Sequence[Span] = (),
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    within: Statement | None = None,
    conversion: Conversion | None = None,
) -> Statement:
    """SELECT period_start, period_end, slice, dimensions, value, coverage_ppm, inputs.

    `grain` "period" asks for the `spans`; `since` and `until` bound the days that are read, `within` the rows. Coverage
    is the part of the rows that had a value to aggregate, also where a missing one counts as zero. `conversion`: what a
    wording with a currency rule needs; an amount without a rate is missing.
    """
    keys = sorted(wording.dimensions)
    rows = _rows(wording, sheet, zone, keys, since, until, within, conversion)
    cuts = "".join(f", d{place}" for place in range(len(keys)))
    names = f"{cuts}, written" if conversion else cuts
    if grain == "period":
        bucketed = (
            f"SELECT span.period_start, span.period_end, day, amount, given{names} FROM ({rows.sql}) AS r"
            " JOIN unnest(%s::date[], %s::date[]) AS span(period_start, period_end)"
            " ON day BETWEEN span.period_start AND span.period_end"
        )
        params = [*rows.params, [start for start, _end in spans], [end for _start, end in spans]]
    else:
        start, end = calendar.start_sql(grain, "day"), calendar.end_sql(grain, "period_start")
        bucketed = (
            f"SELECT period_start, {end} AS period_end, day, amount, given{names}"
            f" FROM (SELECT {start} AS period_start, r.* FROM ({rows.sql}) AS r"
            f" WHERE {calendar.known_sql('day')}) AS started"
        )
        params = rows.params
    if wording.aggregation == "last":
        bucketed = (
            "SELECT * FROM (SELECT b.*, dense_rank() OVER"
            f" (PARTITION BY period_start, period_end{cuts} ORDER BY day DESC) AS age FROM ({bucketed}) AS b)"
            " AS aged WHERE age = 1"
        )
    if conversion:
        parts = Statement(
            _by_currency(wording, conversion, bucketed, f"period_start, period_end{cuts}"), params
        )
        return currencies.of_parts(wording, parts, conversion, keys)
    return Statement(
        f"SELECT period_start, period_end, {slices.slice_sql(keys)} AS slice,"
        f" {slices.dimensions_sql(keys)} AS dimensions, {_aggregate(wording)} AS value,"
        " (1000000 * count(given) / count(*))::int AS coverage_ppm,"
        " jsonb_build_object('rows', count(*), 'with_value', count(given)) AS inputs"
        f" FROM ({bucketed}) AS bucketed GROUP BY period_start, period_end{slices.cube(keys)}",
        list(params),
    )


def _by_currency(wording: Wording, conversion: Conversion, rows: str, group: str) -> str:
    """One line for each currency and day of the rate: what is converted, and how many rows it stands for."""
    return (
        f"SELECT {group}, written, rate_on, count(*) AS row_count, count(given) AS with_value,"
        f" count(amount) AS with_amount, {currencies.WITHIN[wording.aggregation]} AS amount"
        f" FROM (SELECT *, {currencies.rate_day(conversion, 'day')} AS rate_on FROM ({rows}) AS r) AS dated"
        f" GROUP BY {group}, written, rate_on"
    )


def _aggregate(wording: Wording) -> str:
    aggregate = AGGREGATES[wording.aggregation]
    if wording.missing_policy == "block":
        return f"CASE WHEN count(amount) = count(*) THEN {aggregate} END"
    return aggregate


def whole_of_parts(
    wording: Wording,
    sheet: Sheet,
    zone: str,
    *,
    since: datetime.date,
    until: datetime.date,
    within: slices.Slice,
    among: Mapping[str, Sequence[str]],
    conversion: Conversion | None = None,
) -> Statement:
    """SELECT the one value over these days of all rows of some parts together, for what their values do not make up:
    whoever bought in two stores is one customer. Not for the last value of a period, which each part has of its own."""
    where = rows_where(wording, sheet, zone, since=since, until=until, within=within, among=among)
    if conversion:
        day, code = day_sql(wording, sheet, zone), currencies.written_sql(conversion, sheet)
        rows = (
            f"SELECT {day.sql} AS day, {code.sql} AS written, {amount_sql(wording, sheet)} AS amount,"
            f" {_given_sql(wording, sheet)} AS given, %s::date AS period_start, %s::date AS period_end"
            f" FROM {sheet.relation} AS given_rows WHERE {where.sql}"
        )
        parts = Statement(
            _by_currency(wording, conversion, rows, "period_start, period_end"),
            [*day.params, *code.params, since, until, *where.params],
        )
        found = currencies.converted(wording, parts, conversion)
        return Statement(
            f"SELECT ({composing.aggregate(wording)})::numeric(38, 12) FROM ({found.sql}) AS r", found.params
        )
    return Statement(
        f"SELECT ({_aggregate(wording)})::numeric(38, 12) FROM"
        f" (SELECT {amount_sql(wording, sheet)} AS amount FROM {sheet.relation} AS given_rows WHERE {where.sql}) AS r",
        where.params,
    )


#: The rate of a row, in what rates_beside has joined; in capitals, as no column of a dataset is.
RATE_BESIDE = '"Rates"."Rate"'


def rates_beside(
    wording: Wording,
    sheet: Sheet,
    zone: str,
    conversion: Conversion,
    where: Statement,
    until: datetime.date,
) -> Statement:
    """A JOIN that puts RATE_BESIDE the rows (given_rows) that `where` picks, of a stretch that ends with `until`."""
    day, code = day_sql(wording, sheet, zone), currencies.written_sql(conversion, sheet)
    rate_on = currencies.rate_day(conversion, day.sql)
    asked = Statement(
        f"SELECT DISTINCT {code.sql} AS written, {rate_on} AS rate_on, %s::date AS period_end"
        f" FROM {sheet.relation} AS given_rows WHERE {where.sql}",
        [*code.params, *day.params, until, *where.params],
    )
    found = currencies.rated(asked, conversion)
    return Statement(
        f' LEFT JOIN (SELECT written AS "Written", rate_on AS "On", rate AS "Rate" FROM ({found.sql}) AS found)'
        f' AS "Rates" ON "Rates"."Written" IS NOT DISTINCT FROM {code.sql} AND "Rates"."On" = {rate_on}',
        [*found.params, *code.params, *day.params],
    )


def slices_counted(wording: Wording, sheet: Sheet, zone: str, most: int) -> Statement:
    """SELECT how many slices the values would have, over all months; at most one more than `most`."""
    keys = sorted(wording.dimensions)
    rows = _rows(wording, sheet, zone, keys, None, None)
    # One dimension in brackets is CUBE of one; without any there is only the total.
    grouped = slices.cube(keys).removeprefix(", ") or "()"
    return Statement(
        f"SELECT count(*) FROM (SELECT 1 FROM ({rows.sql}) AS r GROUP BY {grouped} LIMIT %s) AS counted",
        [*rows.params, most + 1],
    )


def _rows(
    wording: Wording,
    sheet: Sheet,
    zone: str,
    keys: Sequence[str],
    since: datetime.date | None,
    until: datetime.date | None,
    within: Statement | None = None,
    conversion: Conversion | None = None,
) -> Statement:
    cuts = "".join(f", {part_sql(wording, sheet, key)} AS d{place}" for place, key in enumerate(keys))
    where = rows_where(wording, sheet, zone, since=since, until=until)
    day = day_sql(wording, sheet, zone)
    narrowed = within or Statement("true")
    code = currencies.written_sql(conversion, sheet) if conversion else None
    written = f", {code.sql} AS written" if code else ""
    return Statement(
        f"SELECT {day.sql} AS day, {amount_sql(wording, sheet)} AS amount, {_given_sql(wording, sheet)} AS given{cuts}"
        f"{written} FROM {sheet.relation} AS given_rows WHERE {where.sql} AND {narrowed.sql}",
        [*day.params, *(code.params if code else []), *where.params, *narrowed.params],
    )


def rows_where(
    wording: Wording,
    sheet: Sheet,
    zone: str,
    *,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    within: slices.Slice | None = None,
    among: Mapping[str, Sequence[str]] | None = None,
) -> Statement:
    """The condition that picks the rows behind a value: the metric's filters, the days, the slice; `among` names several
    values of a dimension."""
    day = day_sql(wording, sheet, zone)
    parts = [Statement(f"{sheet.columns[wording.time_column].sql} IS NOT NULL")]
    parts += filters.conditions(wording.filters, sheet)
    if since is not None:
        parts.append(Statement(f"{day.sql} >= %s::date", [*day.params, since]))
    if until is not None:
        parts.append(Statement(f"{day.sql} <= %s::date", [*day.params, until]))
    if within:
        parts.append(slice_where(wording, sheet, within))
    for key, chosen in sorted((among or {}).items()):
        column = sheet.columns[wording.dimensions[key]].sql
        parts.append(Statement(f"coalesce({column}::text, '') = ANY(%s)", [list(chosen)]))
    return Statement(
        " AND ".join(part.sql for part in parts), [param for part in parts for param in part.params]
    )


def slice_where(wording: Wording, sheet: Sheet, within: slices.Slice) -> Statement:
    """The condition that picks the rows of a slice; of {}, all rows."""
    columns = [(part_sql(wording, sheet, key), value) for key, value in sorted(within.items())]
    told = " AND ".join(f"{column} = %s" for column, _value in columns)
    return Statement(told or "true", [value for _column, value in columns])


def part_sql(wording: Wording, sheet: Sheet, key: str) -> str:
    """A row's value of a dimension, as slices name it."""
    return f"coalesce({sheet.columns[wording.dimensions[key]].sql}::text, '')"


def day_sql(wording: Wording, sheet: Sheet, zone: str) -> Statement:
    """The calendar day of a row: instants are read in the organisation's time zone."""
    column = sheet.columns[wording.time_column]
    if column.type == "timestamp":
        return Statement(f"({column.sql} AT TIME ZONE %s)::date", [zone])
    return Statement(column.sql)


def amount_sql(wording: Wording, sheet: Sheet) -> str:
    """What one row contributes."""
    amount = _given_sql(wording, sheet)
    is_filled = wording.missing_policy == "zero" and wording.aggregation not in OF_A_COLUMN
    return f"coalesce({amount}, 0)" if is_filled else amount


def _given_sql(wording: Wording, sheet: Sheet) -> str:
    """The same, missing where the row has nothing to contribute."""
    if wording.aggregation in OF_A_COLUMN:
        return sheet.columns[wording.expression].sql if wording.expression else "1"
    formula = formulas.parse(wording.expression, sheet.names())
    return formulas.sql(formula, {key: sheet.columns[key].sql for key in formula.references})
