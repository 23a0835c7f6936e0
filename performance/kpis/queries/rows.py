"""Down to the source rows: exactly those that a value was computed from."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from performance.kpis import semantics
from performance.kpis.models import Metric, MetricValue, MetricVersion
from performance.kpis.queries import months
from performance.kpis.queries.conversions import conversion_of
from performance.kpis.queries.definitions import Lineage, lineage, versions_in_force
from performance.kpis.queries.sheets import sheet_of
from performance.kpis.queries.sights import EVERYTHING, Sight
from performance.sources.models import Dataset

PAGE = 100
#: Aggregations whose rows add up to the value, so that the page can show the sum beside it.
SUMMED = {"sum": "sum(amount)", "count": "count(amount)", "distinct": "count(DISTINCT amount)"}


@dataclass(frozen=True)
class Trace:
    """`rows` as tuples in the order of `columns`, with what each contributes in `amounts`: where amounts are converted, by
    the newest rates, None where there is no rate."""

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
    sight: Sight = EVERYTHING,
) -> Trace:
    """The rows of a base version between two days, in its filters and slice, as far as `sight` opens them. Two queries
    and the columns.

    The same condition and arithmetic as for the values, so that the rows shown are the rows counted. One query more where
    amounts are converted.
    """
    dataset = version.dataset
    if dataset is None:
        raise ValueError("Only a base metric reads rows.")
    sheet = sheet_of(dataset)
    where = semantics.rows_where(version, sheet, dataset.time_zone, since=since, until=until, within=slice)
    narrowed = sight.rows.of(dataset)
    if narrowed is not None:
        opened = narrowed.condition(sheet.columns)
        where = semantics.Statement(f"{where.sql} AND {opened.sql}", [*where.params, *opened.params])
    amount = semantics.amount_sql(version, sheet)
    beside = semantics.Statement("")
    conversion = conversion_of(version, sheet)
    if conversion:
        beside = semantics.rates_beside(version, sheet, dataset.time_zone, conversion, where, until)
        amount = f"({amount}) * {semantics.RATE_BESIDE}"
    source = f"FROM {sheet.relation} AS given_rows{beside.sql} WHERE {where.sql}"
    params = [*beside.params, *where.params]
    names = "".join(f", {column.sql}" for column in sheet.columns.values())
    order = sheet.columns[version.time_column].sql
    aggregate = SUMMED.get(version.aggregation, "NULL")
    with connection.cursor() as cursor:
        # Compiled from a checked definition: quoted columns, whitelisted arithmetic, values as parameters.
        cursor.execute(
            f"SELECT count(*), {aggregate} FROM (SELECT {amount} AS amount {source}) AS counted",  # noqa: S608
            params,
        )
        total, aggregated = cursor.fetchone()
        cursor.execute(
            f"SELECT {amount}{names} {source} ORDER BY {order} DESC, given_rows.ctid LIMIT %s OFFSET %s",
            [*params, limit, offset],
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


@dataclass(frozen=True)
class AtSource:
    """Where somebody with an account there finds the rows: `conditions` in words, in the names of the source."""

    dataset: Dataset
    time_column: str
    conditions: Sequence[tuple[str, str]]


def where_rows_are(version: MetricVersion, slice: semantics.Slice) -> AtSource:
    """The rows of a live dataset are not fetched for a page: a page makes no calls to sources."""
    dataset = version.dataset
    if dataset is None:
        raise ValueError("Only a base metric reads rows.")
    names = {column.key: column.source_name for column in dataset.columns.all()}
    conditions = [(names.get(version.dimensions[key], key), value) for key, value in sorted(slice.items())]
    return AtSource(dataset, names.get(version.time_column, version.time_column), conditions)


def bases_behind(metric: Metric, since: datetime.date, until: datetime.date) -> list[MetricVersion]:
    """The base metrics that the metric's value of these days comes from, with their names: in the versions that it was
    computed by, also where another one has come into force for later or once the days were closed."""
    behind = _computed_by([metric.pk], since, until)
    version = behind.get(metric.pk) or versions_in_force(since, [metric.pk]).get(metric.pk)
    if version is None:
        return []
    bases = {one.metric_id: one for one in lineage(version, since).base_versions()}
    if not version.is_base:
        bases |= _computed_by(bases, since, until)
    found = MetricVersion.objects.filter(pk__in=[one.pk for one in bases.values()])
    return sorted(found.select_related("metric", "dataset__connection"), key=lambda one: one.metric.name_en)


def first_days(metric: Metric, since: datetime.date, until: datetime.date) -> dict[uuid.UUID, datetime.date]:
    """base metric → the first day whose rows count for the metric's value of these days: that of the window where a
    running total lies between, else `since`."""
    version = _computed_by([metric.pk], since, until).get(metric.pk) or versions_in_force(
        since, [metric.pk]
    ).get(metric.pk)
    return {} if version is None else _first_days(lineage(version, since), since, until)


def _first_days(line: Lineage, since: datetime.date, until: datetime.date) -> dict[uuid.UUID, datetime.date]:
    version = line.version
    if version.is_base:
        return {version.metric_id: since}
    if version.is_cumulative:
        since = semantics.first_month(version, until, months.calendar())
    found: dict[uuid.UUID, datetime.date] = {}
    for part in line.parts:
        for metric_id, day in _first_days(part, since, until).items():
            found[metric_id] = min(day, found.get(metric_id, day))
    return found


def _computed_by(
    metric_ids: Iterable[uuid.UUID], since: datetime.date, until: datetime.date
) -> dict[uuid.UUID, MetricVersion]:
    """metric id → the version of its value of exactly these days."""
    totals = MetricValue.objects.filter(
        metric__in=list(metric_ids),
        period_start=since,
        period_end=until,
        dimensions="",
        superseded_at=None,
    )
    return {total.metric_id: total.version for total in totals.select_related("version__dataset__connection")}
