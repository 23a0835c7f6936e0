"""What a source answered, as the statement that values are kept from: the columns of base_values."""

import uuid
from collections.abc import Sequence

from performance.kpis.semantics import composing, currencies, slices
from performance.kpis.semantics.calendars import Span
from performance.kpis.semantics.live.grouping import COMPOSABLE
from performance.kpis.semantics.sheets import Statement
from performance.kpis.semantics.wording import Wording


def parts_values(
    wording: Wording,
    *,
    organisation_id: uuid.UUID,
    reading_id: uuid.UUID,
    grain: str,
    spans: Sequence[Span] | None = None,
    conversion: currencies.Conversion | None = None,
) -> Statement:
    """SELECT period_start, period_end, slice, dimensions, value, coverage_ppm, inputs from the parts of one reading.

    `spans`: only these stretches; None for all of the grain. `conversion`: see base_values.
    """
    keys = sorted(wording.dimensions)
    names = "".join(f", d{place}" for place in range(len(keys)))
    written = _written(conversion)
    found = Statement(
        f"SELECT period_start, period_end, dimensions{names}{written.sql}, row_count, with_value, with_amount,"
        " amount::numeric AS amount FROM kpis_livepart"
        " WHERE organisation_id = %s AND reading_id = %s AND grain = %s",
        [*written.params, organisation_id, reading_id, grain],
    )
    if spans is not None:
        found.params.extend([[start for start, _end in spans], [end for _start, end in spans]])
        found = Statement(
            f"{found.sql} AND (period_start, period_end) IN (SELECT * FROM unnest(%s::date[], %s::date[]))",
            found.params,
        )
    if conversion:
        return currencies.of_parts(wording, found, conversion, keys)
    if wording.aggregation in COMPOSABLE:
        return Statement(composing.cubed(wording, keys, found.sql), found.params)
    return Statement(_as_asked(wording, keys, found.sql), found.params)


def _written(conversion: currencies.Conversion | None) -> Statement:
    if conversion is None:
        return Statement("")
    if conversion.money.column:
        return Statement(", currency AS written, rate_on")
    return Statement(", %s::text AS written, rate_on", [conversion.money.fixed])


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
