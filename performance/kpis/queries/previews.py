"""What a definition would give, computed for a page and kept nowhere."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import OperationalError, connection, transaction

from performance.foundation import tenancy
from performance.kpis import formulas, semantics
from performance.kpis.models import Grain, Metric, MetricVersion
from performance.kpis.queries import live
from performance.kpis.queries import months as calendar_months
from performance.kpis.queries.sheets import sheet_of
from performance.kpis.queries.values import latest_month

MILLISECONDS = 4000
MONTHS = 6
QUERY_CANCELED = "57014"


@dataclass(frozen=True)
class PreviewRow:
    month: datetime.date
    value: Decimal | None
    coverage_ppm: int


class PreviewTooSlow(Exception):
    """The preview took longer than a page may wait."""


def preview(
    wording: semantics.Wording, *, until: datetime.date | None = None, months: int = MONTHS
) -> list[PreviewRow]:
    """What the totals of the last months (up to the newest data) would be, oldest first.

    `wording` has passed semantics.check. Formulas read the kept values of their inputs; what stays at a source shows
    the last answer to this very version, and nothing before it was asked. Raises PreviewTooSlow when a statement takes
    more than four seconds.
    """
    if stays_at_source(wording):
        return _answered(wording, until, months)
    with in_time() as cursor:
        last = until or _newest_day(wording, cursor)
        if last is None:
            return []
        since = calendar_months.months_before(calendar_months.first_of(last), months - 1)
        statement = _preview_statement(wording, since, calendar_months.last_of(last))
        # The statement is compiled from a checked definition; its values are parameters.
        cursor.execute(
            "SELECT period_start, value::numeric, coverage_ppm FROM"  # noqa: S608
            f" ({statement.sql}) AS found WHERE dimensions = '' ORDER BY period_start",
            statement.params,
        )
        rows = cursor.fetchall()
    return [PreviewRow(month, value, coverage) for month, value, coverage in rows]


def stays_at_source(wording: semantics.Wording) -> bool:
    """Whether nothing can be computed here before the source has been asked."""
    return wording.dataset is not None and wording.dataset.is_live


def _answered(wording: semantics.Wording, until: datetime.date | None, months: int) -> list[PreviewRow]:
    answer = live.answer_of(wording) if isinstance(wording, MetricVersion) else live.NONE
    if answer.reading_id is None:
        return []
    found = semantics.live.parts_values(
        wording,
        organisation_id=tenancy.current_organisation_id(),
        reading_id=answer.reading_id,
        grain=Grain.MONTH,
    )
    with in_time() as cursor:
        cursor.execute(
            "SELECT period_start, value::numeric, coverage_ppm FROM"  # noqa: S608
            f" ({found.sql}) AS found WHERE dimensions = '' AND period_start <= %s"
            " ORDER BY period_start DESC LIMIT %s",
            [*found.params, until or datetime.date.max, months],
        )
        return [PreviewRow(*row) for row in reversed(cursor.fetchall())]


def has_too_many_slices(wording: semantics.Wording) -> bool:
    """Whether a base metric would have more slices than are kept. False also when counting takes longer than somebody
    waits, or when the rows stay at their source: the computation itself looks again."""
    if wording.dataset is None or wording.dataset.is_live or not wording.dimensions:
        return False
    statement = semantics.slices_counted(
        wording, sheet_of(wording.dataset), wording.dataset.time_zone, semantics.MOST_SLICES
    )
    try:
        with in_time() as cursor:
            cursor.execute(statement.sql, statement.params)
            (number,) = cursor.fetchone()
    except PreviewTooSlow:
        return False
    return bool(number > semantics.MOST_SLICES)


@contextmanager
def in_time() -> Iterator[Any]:
    """A cursor whose statements may take four seconds each. Raises PreviewTooSlow."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {MILLISECONDS}")
            yield cursor
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == QUERY_CANCELED:
            raise PreviewTooSlow from error
        raise


def _newest_day(wording: semantics.Wording, cursor: Any) -> datetime.date | None:
    if wording.kind == "base":
        sheet = sheet_of(wording.dataset)
        day = semantics.day_sql(wording, sheet, wording.dataset.time_zone)
        where = semantics.rows_where(wording, sheet, wording.dataset.time_zone)
        cursor.execute(
            f"SELECT max({day.sql}) FROM {sheet.relation} WHERE {where.sql}",  # noqa: S608
            [*day.params, *where.params],
        )
        (newest,) = cursor.fetchone()
        return newest
    keys = formulas.parse(wording.formula).references
    return latest_month(Metric.objects.filter(key__in=keys).values_list("pk", flat=True))


def _preview_statement(
    wording: semantics.Wording, since: datetime.date, until: datetime.date
) -> semantics.Statement:
    if wording.kind == "base":
        total = _without_dimensions(wording)
        return semantics.base_values(
            total, sheet_of(wording.dataset), wording.dataset.time_zone, "month", since=since, until=until
        )
    formula = formulas.parse(wording.formula)
    inputs = dict(Metric.objects.filter(key__in=formula.references).values_list("key", "pk"))
    return semantics.formula_values(
        organisation_id=tenancy.current_organisation_id(),
        formula=formula,
        inputs=inputs,
        dimensions=sorted(wording.dimensions),
        missing_policy=wording.missing_policy,
        grain="month",
        since=since,
        until=until,
    )


def _without_dimensions(wording: semantics.Wording) -> semantics.Definition:
    return semantics.Definition(
        kind=wording.kind,
        unit=wording.unit,
        effective_from=datetime.date.min,
        dataset=wording.dataset,
        aggregation=wording.aggregation,
        expression=wording.expression,
        filters=wording.filters,
        time_column=wording.time_column,
        dimensions=wording.dimensions if wording.aggregation == "last" else {},
        missing_policy=wording.missing_policy,
    )
