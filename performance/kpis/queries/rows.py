"""Down to the source rows: exactly those that a value was computed from."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from performance.kpis import semantics
from performance.kpis.models import MetricVersion
from performance.kpis.queries.definitions import lineage
from performance.kpis.queries.sheets import sheet_of
from performance.sources.models import Dataset

PAGE = 100
#: Aggregations whose rows add up to the value, so that the page can show the sum beside it.
SUMMED = {"sum": "sum(amount)", "count": "count(amount)", "distinct": "count(DISTINCT amount)"}


@dataclass(frozen=True)
class Trace:
    """`rows` as tuples in the order of `columns`, with what each contributes in `amounts`."""

    dataset: Dataset
    columns: Sequence[semantics.Column]
    rows: Sequence[tuple[Any, ...]]
    amounts: Sequence[Any]
    total: int
    aggregated: Decimal | None


def trace(
    version: MetricVersion,
    *,
    slice: semantics.Slice,
    since: datetime.date,
    until: datetime.date,
    offset: int = 0,
    limit: int = PAGE,
) -> Trace:
    """The rows of a base version between two days, in its filters and slice. Two queries and the columns.

    The same condition and arithmetic as for the values, so that the rows shown are the rows counted.
    """
    dataset = version.dataset
    if dataset is None:
        raise ValueError("Only a base metric reads rows.")
    sheet = sheet_of(dataset)
    where = semantics.rows_where(version, sheet, dataset.time_zone, since=since, until=until, within=slice)
    amount = semantics.amount_sql(version, sheet)
    source = f"FROM {sheet.relation} WHERE {where.sql}"
    names = "".join(f", {column.sql}" for column in sheet.columns.values())
    order = sheet.columns[version.time_column].sql
    aggregate = SUMMED.get(version.aggregation, "NULL")
    with connection.cursor() as cursor:
        # Compiled from a checked definition: quoted columns, whitelisted arithmetic, values as parameters.
        cursor.execute(
            f"SELECT count(*), {aggregate} FROM (SELECT {amount} AS amount {source}) AS counted",  # noqa: S608
            where.params,
        )
        total, aggregated = cursor.fetchone()
        cursor.execute(
            f"SELECT {amount}{names} {source} ORDER BY {order} DESC, ctid LIMIT %s OFFSET %s",
            [*where.params, limit, offset],
        )
        found = cursor.fetchall()
    return Trace(
        dataset=dataset,
        columns=list(sheet.columns.values()),
        rows=[row[1:] for row in found],
        amounts=[row[0] for row in found],
        total=total,
        aggregated=aggregated,
    )


def bases_of(version: MetricVersion | None, on: datetime.date) -> list[MetricVersion]:
    """The base metrics at the bottom of this one, with their names."""
    if version is None:
        return []
    keys = {one.pk for one in lineage(version, on).base_versions()}
    return sorted(
        MetricVersion.objects.filter(pk__in=keys).select_related("metric", "dataset__connection"),
        key=lambda one: one.metric.name_en,
    )
