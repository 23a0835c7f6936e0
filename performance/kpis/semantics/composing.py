"""Every combination of slices from the finest parts: for what was aggregated at a source, or currency by currency."""

from collections.abc import Sequence

from performance.kpis.semantics import slices
from performance.kpis.semantics.wording import Wording

#: Twenty-four places, so that an average is exact where it is rounded to twelve, whatever the size of its sum.
AVERAGE_SCALE = "1.000000000000000000000000"
#: How a whole follows from its parts.
AGGREGATES = {
    "sum": "sum(amount)",
    "count": "sum(amount)",
    "last": "sum(amount)",
    "min": "min(amount)",
    "max": "max(amount)",
    "avg": f"sum(amount) * {AVERAGE_SCALE} / sum(with_amount)",
}


def aggregate(wording: Wording) -> str:
    value = AGGREGATES[wording.aggregation]
    if wording.missing_policy == "block":
        return f"CASE WHEN sum(with_amount) = sum(row_count) THEN {value} END"
    return value


def cubed(wording: Wording, keys: Sequence[str], found: str, more: str = "") -> str:
    """SELECT the columns of base_values from `found`, which has period_start, period_end, d0…, row_count, with_value,
    with_amount and amount. `more`: further entries of `inputs`, as SQL."""
    return (
        f"SELECT period_start, period_end, {slices.slice_sql(keys)} AS slice,"
        f" {slices.dimensions_sql(keys)} AS dimensions, {aggregate(wording)} AS value,"
        " div(1000000 * sum(with_value), sum(row_count))::int AS coverage_ppm,"
        " jsonb_build_object('rows', sum(row_count)::bigint, 'with_value', sum(with_value)::bigint)"
        f"{more} AS inputs FROM ({found}) AS parts GROUP BY period_start, period_end{slices.cube(keys)}"
    )
