"""Sharing out: an input of a formula that lacks a dimension is allocated to its parts, exactly.

Amounts are whole cents (hundredths of the unit) by largest remainder: each part has its share rounded down, what is left
over goes cent by cent to the parts that lost most, in the order of their names where they lost the same, and what is
smaller than a cent to the first of them. So the parts of each whole sum to it, to its last digit.
"""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals
from performance.kpis.semantics import slices
from performance.kpis.semantics.sheets import Statement

SHARE, EVEN, FIXED = "share", "even", "fixed"
WAYS = (SHARE, EVEN, FIXED)
MOST_SHARES = 200
CENT = "0.01"
WHOLE = Decimal(100)
#: Of a share in percent. So many of so few digits sum exactly.
MOST_PLACES = 8


class AllocationRefused(refusals.Refused):
    """A rule that shares nothing out."""

    def __init__(self, message: Any, code: str = "allocation") -> None:
        super().__init__(message, code=code, field="allocations")


@dataclass(frozen=True)
class Allocation:
    """How one input is shared out. `way`: by the SHARE of another `metric`, EVEN among the parts that the other inputs
    have, or by FIXED `shares`: part → percent, 100 in all. Parts whose weight is zero or below get nothing."""

    way: str
    metric: str = ""
    shares: Mapping[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Allocation":
        """As definitions keep it. Raises AllocationRefused."""
        way, metric = str(given.get("way", "")), str(given.get("metric") or "").strip()
        if way not in WAYS:
            raise AllocationRefused(_("Choose how it is shared out: share, even or fixed."))
        if way == SHARE and not metric:
            raise AllocationRefused(_("Name the metric by whose share it is shared out."))
        return cls(
            way,
            metric if way == SHARE else "",
            _shares(given.get("shares") or {}) if way == FIXED else {},
        )

    @property
    def kept(self) -> dict[str, Any]:
        """As definitions keep it: only what its way needs, numbers as text."""
        found: dict[str, Any] = {"way": self.way}
        if self.way == SHARE:
            found["metric"] = self.metric
        if self.way == FIXED:
            found["shares"] = {part: f"{share.normalize():f}" for part, share in sorted(self.shares.items())}
        return found


def _shares(given: Any) -> dict[str, Decimal]:
    if not isinstance(given, Mapping) or not given:
        raise AllocationRefused(_("Name each part with its share in percent."))
    if len(given) > MOST_SHARES:
        words = {"limit": MOST_SHARES}
        raise AllocationRefused(_("Shares are fixed for at most %(limit)s parts.") % words)
    found: dict[str, Decimal] = {}
    for part, text in given.items():
        try:
            share = Decimal(str(text).strip().rstrip("%％").strip())
        except InvalidOperation as error:
            raise AllocationRefused(
                _("“%(given)s” is no share in percent.") % {"given": str(text)[:40]}
            ) from error
        if not _is_share(share):
            raise AllocationRefused(_("“%(given)s” is no share in percent.") % {"given": str(text)[:40]})
        found[str(part).strip()] = share
    total = sum(found.values(), Decimal(0))
    if total != WHOLE:
        raise AllocationRefused(_("The shares sum to %(sum)s %%, not to 100.") % {"sum": f"{total:f}"})
    return found


def _is_share(share: Decimal) -> bool:
    return share.is_finite() and 0 < share <= WHOLE and int(share.as_tuple().exponent) >= -MOST_PLACES


def allocations_of(wording: Any) -> dict[str, Allocation]:
    """input key → its rule. Raises AllocationRefused."""
    return {key: Allocation.of(given) for key, given in sorted(wording.allocations.items())}


def weighing(wording: Any) -> tuple[str, ...]:
    """The keys of the metrics by whose share something is shared out."""
    given = (dict(rule) for rule in wording.allocations.values())
    return tuple(
        sorted({str(rule["metric"]) for rule in given if rule.get("way") == SHARE and rule.get("metric")})
    )


@dataclass(frozen=True)
class Shared:
    """One input that is shared out: its rule, the dimensions that it has itself, and the ids of what is read.
    `others`: the inputs that have all dimensions, among whose parts it is shared evenly."""

    rule: Allocation
    metric_id: uuid.UUID
    own: frozenset[str]
    weight_id: uuid.UUID | None = None
    others: Sequence[uuid.UUID] = ()


def shared_out(
    given: Shared,
    *,
    organisation_id: uuid.UUID,
    keys: Sequence[str],
    grain: str,
    since: datetime.date | None,
    until: datetime.date | None,
) -> Statement:
    """SELECT metric_id, period_start, period_end, slice_key, slice, dimensions, value, coverage_ppm: the input's values
    of every slice that names a dimension which it lacks. `keys`: the sorted dimensions of the formula.

    Each whole is a value of the input by the dimensions that it has, and is shared out to the finest slices; coarser
    ones are the sum of theirs. Where there is nothing to share by, nothing is shared out.
    """
    own = [key for key in keys if key in given.own]
    lacking = [place for place, key in enumerate(keys) if key not in given.own]
    span = [since or datetime.date.min, until or datetime.date.max]
    wholes = Statement(
        "SELECT period_start, period_end, slice, slice_key, value, coverage_ppm FROM kpis_metricvalue"
        " WHERE organisation_id = %s AND metric_id = %s AND grain = %s AND superseded_at IS NULL"
        " AND dimensions = %s AND value IS NOT NULL AND period_start BETWEEN %s AND %s",
        [organisation_id, given.metric_id, grain, slices.dimensions_text(own), *span],
    )
    weights = _weights(given, wholes, organisation_id, keys, own, grain, span)
    on = "".join(f" AND w.slice ->> {slices.literal(key)} = o.slice ->> {slices.literal(key)}" for key in own)
    columns = "".join(f", slice ->> {slices.literal(key)} AS d{place}" for place, key in enumerate(keys))
    without = " + ".join(f"GROUPING(d{place})" for place in lacking)
    slice_sql = slices.slice_sql(keys)
    # All of it in whole numbers of cents: `div` cuts exactly, and what is left over is compared as it stands.
    return Statement(
        f"SELECT %s::uuid AS metric_id, period_start, period_end, ({slice_sql})::text AS slice_key, {slice_sql} AS slice,"
        f" {slices.dimensions_sql(keys)} AS dimensions, sum(amount) AS value, min(coverage_ppm) AS coverage_ppm"
        f" FROM (SELECT period_start, period_end, coverage_ppm{columns},"
        f" sign(whole) * ({CENT} * (cents + CASE WHEN place <= div(abs(whole) - {CENT} * spent, {CENT}) THEN 1 ELSE 0 END)"
        f" + CASE WHEN place = 1 THEN mod(abs(whole), {CENT}) ELSE 0 END) AS amount"
        " FROM (SELECT *, sum(cents) OVER (PARTITION BY period_start, period_end, whole_key) AS spent,"
        " row_number() OVER (PARTITION BY period_start, period_end, whole_key"
        f" ORDER BY abs(whole) * weight - cents * all_weight * {CENT} DESC, slice::text) AS place"
        f" FROM (SELECT *, div(abs(whole) * weight, all_weight * {CENT}) AS cents"
        " FROM (SELECT w.period_start, w.period_end, w.slice, w.weight, o.value AS whole, o.slice_key AS whole_key,"
        " o.coverage_ppm, sum(w.weight) OVER (PARTITION BY w.period_start, w.period_end, o.slice_key) AS all_weight"
        f" FROM ({weights.sql}) AS w JOIN ({wholes.sql}) AS o"
        f" ON o.period_start = w.period_start AND o.period_end = w.period_end{on}"
        ") AS weighed WHERE all_weight > 0) AS cut) AS ranked) AS parts"
        f" GROUP BY period_start, period_end{slices.cube(keys)} HAVING {without} < {len(lacking)}",
        [given.metric_id, *weights.params, *wholes.params],
    )


def _weights(
    given: Shared,
    wholes: Statement,
    organisation_id: uuid.UUID,
    keys: Sequence[str],
    own: Sequence[str],
    grain: str,
    span: Sequence[datetime.date],
) -> Statement:
    """SELECT period_start, period_end, slice, weight: one row for each of the finest slices."""
    if given.rule.way == FIXED:
        # One dimension is lacking: each whole meets every part that is named. Those of the other inputs that are not
        # named get nothing, which is an amount, and no gap.
        [lacking] = [slices.literal(key) for key in keys if key not in own]
        named = list(given.rule.shares)
        others = _of_values(given.others, "0::numeric", organisation_id, keys, grain, span)
        return Statement(
            f"SELECT o.period_start, o.period_end, o.slice || jsonb_build_object({lacking}, s.part) AS slice, s.weight"
            f" FROM ({wholes.sql}) AS o CROSS JOIN unnest(%s::text[], %s::numeric[]) AS s(part, weight)"
            f" UNION ALL SELECT * FROM ({others.sql}) AS others WHERE slice ->> {lacking} <> ALL(%s::text[])",
            [*wholes.params, named, list(given.rule.shares.values()), *others.params, named],
        )
    if given.rule.way == SHARE:
        read = [given.weight_id] if given.weight_id else []
        return _of_values(read, "greatest(max(value), 0)", organisation_id, keys, grain, span)
    return _of_values(given.others, "1::numeric", organisation_id, keys, grain, span)


def _of_values(
    read: Sequence[uuid.UUID],
    weight: str,
    organisation_id: uuid.UUID,
    keys: Sequence[str],
    grain: str,
    span: Sequence[datetime.date],
) -> Statement:
    return Statement(
        f"SELECT period_start, period_end, slice, {weight} AS weight FROM kpis_metricvalue"
        " WHERE organisation_id = %s AND metric_id = ANY(%s) AND grain = %s AND superseded_at IS NULL"
        " AND dimensions = %s AND value IS NOT NULL AND period_start BETWEEN %s AND %s"
        " GROUP BY period_start, period_end, slice",
        [organisation_id, list(read), grain, slices.dimensions_text(keys), *span],
    )
