"""What a source answered, as the statement that values are kept from: the columns of base_values."""

import uuid
from collections.abc import Sequence

from performance.kpis.semantics import slices
from performance.kpis.semantics.base import AVERAGE_SCALE
from performance.kpis.semantics.live.grouping import COMPOSABLE, Span
from performance.kpis.semantics.sheets import Statement
from performance.kpis.semantics.wording import Wording

AGGREGATES = {
    "sum": "sum(amount)",
    "count": "sum(amount)",
    "last": "sum(amount)",
    "min": "min(amount)",
    "max": "max(amount)",
    "avg": f"sum(amount) * {AVERAGE_SCALE} / sum(with_amount)",
}


def parts_values(
    wording: Wording,
    *,
    organisation_id: uuid.UUID,
    reading_id: uuid.UUID,
    grain: str,
    spans: Sequence[Span] | None = None,
) -> Statement:
    """SELECT period_start, period_end, slice, dimensions, value, coverage_ppm, inputs from the parts of one reading.

    `spans`: only these stretches; None for all of the grain.
    """
    keys = sorted(wording.dimensions)
    names = "".join(f", d{place}" for place in range(len(keys)))
    found = Statement(
        f"SELECT period_start, period_end, dimensions{names}, row_count, with_value, with_amount,"
        " amount::numeric AS amount FROM kpis_livepart"
        " WHERE organisation_id = %s AND reading_id = %s AND grain = %s",
        [organisation_id, reading_id, grain],
    )
    if spans is not None:
        found.params.extend([[start for start, _end in spans], [end for _start, end in spans]])
        found = Statement(
            f"{found.sql} AND (period_start, period_end) IN (SELECT * FROM unnest(%s::date[], %s::date[]))",
            found.params,
        )
    if wording.aggregation in COMPOSABLE:
        return Statement(_cubed(wording, keys, found.sql), found.params)
    return Statement(_as_asked(wording, keys, found.sql), found.params)


def _cubed(wording: Wording, keys: Sequence[str], found: str) -> str:
    """Every combination of slices from the finest ones."""
    value = AGGREGATES[wording.aggregation]
    if wording.missing_policy == "block":
        value = f"CASE WHEN sum(with_amount) = sum(row_count) THEN {value} END"
    return (
        f"SELECT period_start, period_end, {slices.slice_sql(keys)} AS slice,"
        f" {slices.dimensions_sql(keys)} AS dimensions, {value} AS value,"
        " div(1000000 * sum(with_value), sum(row_count))::int AS coverage_ppm,"
        " jsonb_build_object('rows', sum(row_count)::bigint, 'with_value', sum(with_value)::bigint) AS inputs"
        f" FROM ({found}) AS parts GROUP BY period_start, period_end{slices.cube(keys)}"
    )


def _as_asked(wording: Wording, keys: Sequence[str], found: str) -> str:
    value = (
        "CASE WHEN with_amount = row_count THEN amount END" if wording.missing_policy == "block" else "amount"
    )
    named = ", ".join(f"{slices.literal(key)}, d{place}" for place, key in enumerate(keys))
    return (
        f"SELECT period_start, period_end, jsonb_strip_nulls(jsonb_build_object({named})) AS slice, dimensions,"
        f" {value} AS value, (1000000 * with_value / row_count)::int AS coverage_ppm,"
        " jsonb_build_object('rows', row_count, 'with_value', with_value) AS inputs"
        f" FROM ({found}) AS parts"
    )
