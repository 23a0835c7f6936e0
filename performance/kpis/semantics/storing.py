"""Keeping values: one statement supersedes what changed and inserts what is new, for all slices at once."""

import datetime
import uuid

from performance.kpis.semantics.calendars import Calendar
from performance.kpis.semantics.sheets import Statement
from performance.kpis.semantics.slices import MOST_SLICES


def store_values(
    fresh: Statement,
    *,
    organisation_id: uuid.UUID,
    metric_id: uuid.UUID,
    version_id: uuid.UUID,
    grain: str,
    calendar: Calendar,
    since: datetime.date,
    until: datetime.date,
    at: datetime.datetime,
) -> Statement:
    """Compares `fresh` (the columns of base_values) with the current values whose period_start is in the range.

    Unchanged values stay untouched with their as-of; closed ones are never superseded, and beside them nothing new
    comes in, so that the parts of a closed total still add up to it; what is no longer there is superseded without a
    successor. Answers one row: how many were inserted, how many superseded, and whether there were too many slices, in
    which case nothing was. The insert waits
    for the count of what was superseded, so that the key of current values is free by then.
    """
    # A stretch is closed when every month that it touches is.
    touched = calendar.starts_sql("month", calendar.start_sql("month", "f.period_start"), "f.period_end")
    sql = f"""
    WITH computed AS MATERIALIZED ({fresh.sql}),
    closed AS MATERIALIZED (
        SELECT coalesce(array_agg(month), ARRAY[]::date[]) AS months
        FROM kpis_monthclose WHERE organisation_id = %s
    ),
    fresh AS MATERIALIZED (
        SELECT f.period_start, f.period_end, f.slice, f.slice::text AS slice_key, f.dimensions,
               round(f.value::numeric, 12) AS value, f.coverage_ppm, f.inputs,
               CASE WHEN (SELECT months FROM closed) @> ARRAY{touched} THEN 'closed' ELSE 'provisional' END AS state
        FROM computed AS f WHERE f.period_start BETWEEN %s AND %s
    ),
    kept AS (
        SELECT id, period_start, period_end, slice_key, value, coverage_ppm, version_id, state
        FROM kpis_metricvalue
        WHERE organisation_id = %s AND metric_id = %s AND grain = %s AND superseded_at IS NULL
          AND period_start BETWEEN %s AND %s
    ),
    sized AS MATERIALIZED (SELECT count(DISTINCT slice_key) > %s AS is_too_many FROM fresh),
    frozen AS MATERIALIZED (
        SELECT DISTINCT period_start, period_end FROM kept WHERE state = 'closed'
    ),
    changed AS MATERIALIZED (
        SELECT f.period_start, f.period_end, f.slice, f.slice_key, f.dimensions, f.value, f.coverage_ppm,
               f.inputs, f.state, k.id AS old_id
        FROM fresh AS f FULL JOIN kept AS k
          ON k.period_start = f.period_start AND k.period_end = f.period_end AND k.slice_key = f.slice_key
        WHERE NOT (SELECT is_too_many FROM sized) AND (
           (k.id IS NULL
               AND (f.period_start, f.period_end) NOT IN (SELECT period_start, period_end FROM frozen))
           OR (k.state = 'provisional' AND (
                f.slice_key IS NULL OR f.state <> k.state OR k.version_id <> %s
                OR f.value IS DISTINCT FROM k.value OR f.coverage_ppm <> k.coverage_ppm)))
    ),
    retired AS (
        UPDATE kpis_metricvalue SET superseded_at = %s
        WHERE id = ANY (ARRAY(SELECT old_id FROM changed WHERE old_id IS NOT NULL)) AND organisation_id = %s
        RETURNING 1
    ),
    freed AS (SELECT count(*) AS number FROM retired),
    added AS (
        INSERT INTO kpis_metricvalue (id, organisation_id, metric_id, version_id, grain, period_start,
            period_end, slice, slice_key, dimensions, value, coverage_ppm, state, as_of, inputs)
        SELECT accord_uuid7(), %s, %s, %s, %s, c.period_start, c.period_end, c.slice, c.slice_key,
               c.dimensions, c.value, c.coverage_ppm, c.state, %s, c.inputs
        FROM changed AS c CROSS JOIN freed WHERE c.slice_key IS NOT NULL AND freed.number >= 0
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM added), (SELECT number FROM freed), (SELECT is_too_many FROM sized)
    """
    return Statement(
        sql,
        [
            *fresh.params,
            organisation_id,
            since,
            until,
            organisation_id,
            metric_id,
            grain,
            since,
            until,
            MOST_SLICES,
            version_id,
            at,
            organisation_id,
            organisation_id,
            metric_id,
            version_id,
            grain,
            at,
        ],
    )
