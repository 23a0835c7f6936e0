"""Formulas over metrics: inputs that are already aggregated are joined slice by slice, the formula is applied to
each, totals included, and every value carries the part of its inputs that was there."""

import datetime
import uuid
from collections.abc import Mapping, Sequence

from performance.kpis import formulas
from performance.kpis.semantics import allocating, slices
from performance.kpis.semantics.calendars import Calendar, Span
from performance.kpis.semantics.sheets import Statement


def formula_values(
    *,
    organisation_id: uuid.UUID,
    formula: formulas.Formula,
    inputs: Mapping[str, uuid.UUID],
    dimensions: Sequence[str],
    missing_policy: str,
    grain: str,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    shared: Sequence[allocating.Shared] = (),
) -> Statement:
    """SELECT period_start, period_end, slice, dimensions, value, coverage_ppm, inputs.

    `inputs`: metric key → metric id; their current values of this grain are read, those of inputs that are `shared` out
    beside the parts that follow from the rule. `since` and `until` bound period_start. Coverage of a slice is the mean,
    over the finest slices in it, of the covered part of its inputs.
    """
    keys = sorted(dimensions)
    used = [inputs[key] for key in formula.references]
    pivot = _pivot(organisation_id, used, keys, grain, since, until, shared)
    places = range(len(used))
    expressions = {key: f"i{place}" for place, key in enumerate(formula.references)}
    if missing_policy == "zero":
        expressions = {key: f"coalesce({sql}, 0)" for key, sql in expressions.items()}
    value = formulas.sql(formula, expressions)
    if missing_policy == "block":
        value = f"CASE WHEN coverage_ppm = 1000000 THEN {value} END"
    finest_columns = "".join(
        f", slice ->> {slices.literal(key)} AS d{place}" for place, key in enumerate(keys)
    )
    covered = " + ".join(f"coalesce(c{place}, 0)" for place in places)
    kept = ", ".join(
        f"{slices.literal(key)}, trim_scale(i{place})::text" for place, key in enumerate(formula.references)
    )
    no_inputs = "".join(", NULL::numeric" for _place in places)
    # Values and coverage meet in one GROUP BY instead of a join: the planner knows nothing of how many rows
    # a fresh table or a CTE holds, and would walk one for each row of the other.
    return Statement(
        f"WITH pivot AS MATERIALIZED ({pivot.sql}),"
        f" finest AS (SELECT period_start, period_end, ({covered})::numeric / {len(used)} AS part"
        f"{finest_columns} FROM pivot WHERE dimensions = %s),"
        f" parts AS (SELECT period_start, period_end, slice, dimensions, NULL::int AS coverage_ppm"
        f"{''.join(f', i{place}' for place in places)} FROM pivot"
        f" UNION ALL SELECT period_start, period_end, {slices.slice_sql(keys)}, {slices.dimensions_sql(keys)},"
        f" floor(avg(part))::int{no_inputs} FROM finest"
        f" GROUP BY period_start, period_end{slices.cube(keys)}),"
        " whole AS (SELECT period_start, period_end, slice, dimensions, max(coverage_ppm) AS coverage_ppm"
        f"{''.join(f', max(i{place}) AS i{place}' for place in places)} FROM parts"
        " GROUP BY period_start, period_end, slice, dimensions)"
        f" SELECT period_start, period_end, slice, dimensions, {value} AS value,"
        f" coalesce(coverage_ppm, 0) AS coverage_ppm, jsonb_build_object({kept}) AS inputs FROM whole",
        [*pivot.params, slices.dimensions_text(keys)],
    )


def _pivot(
    organisation_id: uuid.UUID,
    used: Sequence[uuid.UUID],
    keys: Sequence[str],
    grain: str,
    since: datetime.date | None,
    until: datetime.date | None,
    shared: Sequence[allocating.Shared] = (),
) -> Statement:
    """One row for each stretch and slice, with input n's value in i<n> and its coverage in c<n>."""
    kept = Statement(
        "SELECT metric_id, period_start, period_end, slice_key, slice, dimensions, value, coverage_ppm"
        " FROM kpis_metricvalue WHERE organisation_id = %s AND metric_id = ANY(%s) AND grain = %s"
        " AND superseded_at IS NULL AND dimensions = ANY(%s)"
        " AND period_start >= %s AND period_start <= %s",
        [
            organisation_id,
            list(used),
            grain,
            slices.dimension_sets(keys),
            since or datetime.date.min,
            until or datetime.date.max,
        ],
    )
    parts = [
        allocating.shared_out(
            one, organisation_id=organisation_id, keys=keys, grain=grain, since=since, until=until
        )
        for one in shared
    ]
    given = Statement(
        " UNION ALL ".join(each.sql for each in (kept, *parts)),
        [param for each in (kept, *parts) for param in each.params],
    )
    columns = "".join(
        f", max(value) FILTER (WHERE metric_id = %s) AS i{place}"
        f", max(coverage_ppm) FILTER (WHERE metric_id = %s AND value IS NOT NULL) AS c{place}"
        for place in range(len(used))
    )
    return Statement(
        f"SELECT period_start, period_end, slice_key, slice, dimensions{columns}"
        f" FROM ({given.sql}) AS given GROUP BY period_start, period_end, slice_key, slice, dimensions",
        [*(metric_id for metric_id in used for _twice in range(2)), *given.params],
    )


def summed_months(
    *,
    organisation_id: uuid.UUID,
    metric_id: uuid.UUID,
    calendar: Calendar,
    spans: Sequence[Span] | None,
    missing_policy: str,
) -> Statement:
    """Values of whole-month stretches of an additive metric: the sum of its months, frozen ones included.

    Same columns as formula_values; coverage is that of all rows together. `spans` None: every quarter that has a month
    with a value.
    """
    total = "sum(v.value)"
    if missing_policy == "block":
        total = "CASE WHEN count(v.value) = count(*) THEN sum(v.value) END"
    if spans is None:
        span = _quarters(organisation_id, metric_id, calendar)
    else:
        bounds = [[start for start, _end in spans], [end for _start, end in spans]]
        span = Statement("unnest(%s::date[], %s::date[])", bounds)
    return Statement(
        "SELECT span.period_start, span.period_end, v.slice, v.dimensions,"
        f" {total} AS value, coalesce(floor(1000000 * sum((v.inputs ->> 'with_value')::bigint)"
        " / nullif(sum((v.inputs ->> 'rows')::bigint), 0)), 0)::int AS coverage_ppm,"
        " jsonb_strip_nulls(jsonb_build_object('rows', sum((v.inputs ->> 'rows')::bigint),"
        " 'with_value', sum((v.inputs ->> 'with_value')::bigint), 'months', count(*),"
        " 'rates', jsonb_agg(DISTINCT v.inputs -> 'rates' -> 0) FILTER (WHERE v.inputs -> 'rates' -> 0 IS NOT NULL)))"
        " AS inputs"
        f" FROM {span.sql} AS span(period_start, period_end)"
        " JOIN kpis_metricvalue AS v ON v.organisation_id = %s AND v.metric_id = %s AND v.grain = 'month'"
        " AND v.superseded_at IS NULL AND v.period_start >= span.period_start"
        " AND v.period_end <= span.period_end"
        " GROUP BY span.period_start, span.period_end, v.slice_key, v.slice, v.dimensions",
        [*span.params, organisation_id, metric_id],
    )


def _quarters(organisation_id: uuid.UUID, metric_id: uuid.UUID, calendar: Calendar) -> Statement:
    return Statement(
        f"(SELECT period_start, {calendar.end_sql('quarter', 'period_start')} AS period_end FROM"
        f" (SELECT DISTINCT {calendar.start_sql('quarter', 'period_start')} AS period_start"
        " FROM kpis_metricvalue WHERE organisation_id = %s AND metric_id = %s AND grain = 'month'"
        " AND superseded_at IS NULL) AS begun)",
        [organisation_id, metric_id],
    )


def both(first: Statement, second: Statement) -> Statement:
    """The rows of two statements with the same columns."""
    columns = "period_start, period_end, slice, dimensions, value, coverage_ppm, inputs"
    return Statement(
        f"SELECT {columns} FROM ({first.sql}) AS one UNION ALL SELECT {columns} FROM ({second.sql}) AS two",
        [*first.params, *second.params],
    )
