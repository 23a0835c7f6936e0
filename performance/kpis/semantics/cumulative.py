"""Running totals: at each month, the sum of an additive metric's months from the start of the year, or of so many months.

The total of a slice is the sum of that slice's own months, so that totals recompute and parts add up. Over time nothing
adds up: a quarter or a period is what stood at its last month. A month is missing when the input has no value at all in
it; a part that has none in a month that is there simply brought nothing.
"""

import datetime
import uuid
from collections.abc import Sequence

from performance.kpis.semantics import slices
from performance.kpis.semantics.calendars import Calendar, Span
from performance.kpis.semantics.sheets import Statement
from performance.kpis.semantics.wording import ROLLING, Wording


def running_values(
    wording: Wording,
    *,
    organisation_id: uuid.UUID,
    metric_id: uuid.UUID,
    grain: str,
    calendar: Calendar,
    spans: Sequence[Span] = (),
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> Statement:
    """SELECT period_start, period_end, slice, dimensions, value, coverage_ppm, inputs.

    `metric_id`: the input, whose kept values of months are summed. `grain` "period" asks for the `spans`; one that does
    not end with a month has no value, as the input has none for a part of a month. Coverage is the mean of that of the
    months; `inputs` names the months that are missing.
    """
    keys = sorted(wording.dimensions)
    if grain == "period":
        stretches = _of_spans(calendar, spans)
    else:
        stretches = _of_grain(calendar, grain)
    value = "sum(i.value)"
    if wording.missing_policy == "zero":
        value = "coalesce(sum(i.value), 0)"
    elif wording.missing_policy == "block":
        value = f"CASE WHEN {COVERAGE} = 1000000 THEN sum(i.value) END"
    back = _back(wording, calendar)
    months = calendar.starts_sql("month", "w.first", "w.last")
    return Statement(
        "WITH input AS MATERIALIZED (SELECT period_start AS month, slice, slice_key, dimensions, value,"
        " CASE WHEN value IS NULL THEN 0 ELSE coverage_ppm END AS coverage_ppm FROM kpis_metricvalue"
        " WHERE organisation_id = %s AND metric_id = %s AND grain = 'month' AND superseded_at IS NULL"
        " AND dimensions = ANY(%s)),"
        " known AS MATERIALIZED (SELECT month FROM input WHERE dimensions = ''),"
        " bounds AS (SELECT min(month) AS earliest, max(month) AS latest FROM known),"
        f" stretches AS ({stretches.sql}),"
        f" backed AS (SELECT stretches.*, {back} AS back FROM stretches"
        " WHERE period_start >= %s AND period_start <= %s),"
        " windows AS MATERIALIZED (SELECT period_start, period_end, last, back + 1 AS size,"
        f" {calendar.earlier_sql('last', 'back')} AS first FROM backed),"
        " counted AS MATERIALIZED (SELECT w.period_start, w.period_end, w.first, w.last, w.size,"
        f" count(k.month) AS present, coalesce(jsonb_agg(to_char(m, '{calendar.key_pattern}') ORDER BY m)"
        " FILTER (WHERE k.month IS NULL), '[]') AS missing"
        f" FROM windows AS w CROSS JOIN LATERAL {months} AS there(m)"
        " LEFT JOIN known AS k ON k.month = m"
        " GROUP BY w.period_start, w.period_end, w.first, w.last, w.size)"
        f" SELECT c.period_start, c.period_end, i.slice, i.dimensions, {value} AS value,"
        f" {COVERAGE} AS coverage_ppm,"
        " jsonb_build_object('months', c.present, 'of', c.size, 'missing', c.missing) AS inputs"
        " FROM counted AS c JOIN input AS i ON i.month BETWEEN c.first AND c.last"
        " GROUP BY c.period_start, c.period_end, c.size, c.present, c.missing, i.slice_key, i.slice, i.dimensions",
        [
            organisation_id,
            metric_id,
            slices.dimension_sets(keys),
            *stretches.params,
            since or datetime.date.min,
            until or datetime.date.max,
        ],
    )


#: The mean over the window: a month that is missing counts nothing, one in which the part has no rows lacks none.
COVERAGE = "floor((sum(i.coverage_ppm) + 1000000 * (c.present - count(*))) / c.size)::int"


def _of_grain(calendar: Calendar, grain: str) -> Statement:
    """From the first to the last month with a value of the input, those between that have none included."""
    first = calendar.start_sql(grain, "earliest")
    last = calendar.start_sql("month", "period_end")
    return Statement(
        f"SELECT period_start, period_end, {last} AS last FROM (SELECT period_start,"
        f" {calendar.end_sql(grain, 'period_start')} AS period_end FROM bounds,"
        f" LATERAL {calendar.starts_sql(grain, first, 'latest')} AS begins(period_start)) AS whole"
    )


def _of_spans(calendar: Calendar, spans: Sequence[Span]) -> Statement:
    last = calendar.start_sql("month", "period_end")
    return Statement(
        f"SELECT period_start, period_end, {last} AS last"
        " FROM bounds, unnest(%s::date[], %s::date[]) AS span(period_start, period_end)"
        f" WHERE period_end = {calendar.end_sql('month', last)}"
        f" AND {last} >= earliest AND period_start <= latest",
        [[start for start, _end in spans], [end for _start, end in spans]],
    )


def _back(wording: Wording, calendar: Calendar) -> str:
    """How many months before the last one a window begins, as SQL."""
    if wording.accumulation == ROLLING:
        return f"{(wording.accumulation_months or 1) - 1:d}"
    return calendar.back_sql("last", wording.year_starts_in or 1)


def first_month(wording: Wording, last: datetime.date, calendar: Calendar) -> datetime.date:
    """The first day of the window whose last month holds `last`."""
    if wording.accumulation == ROLLING:
        return calendar.before(last, (wording.accumulation_months or 1) - 1)
    return calendar.year_from(last, wording.year_starts_in or 1)
