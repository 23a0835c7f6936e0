"""Targets and budgets: set by hand, or read from a dataset such as an uploaded budget."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, duties, stale, tenancy
from performance.kpis import queries, semantics
from performance.kpis.actions.refused import MetricRefused, refuse_narrowed
from performance.kpis.actions.written_months import month_sql
from performance.kpis.models import Grain, Metric, Target, TargetKind
from performance.kpis.models.values import DIGITS, PLACES
from performance.kpis.queries import months
from performance.people import queries as people
from performance.sources.models import Dataset

KEY_FIELDS = ["organisation", "metric", "kind", "grain", "period_start", "period_end", "slice_key"]
TIMES = ("date", "timestamp")
#: What a column of values does not hold any more.
MOST = 10 ** (DIGITS - PLACES)
NUMBERS = ("integer", "decimal")


@dataclass(frozen=True)
class TargetColumns:
    """Which column of a dataset says what. Either `metric` is one metric for all rows, or `metric_column` holds
    metric keys (or names)."""

    month_column: str
    value_column: str
    metric: Metric | None = None
    metric_column: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    kind: str = TargetKind.BUDGET


def set_targets(
    *,
    metric: Metric,
    kind: str,
    rows: Sequence[tuple[datetime.date, Mapping[str, str], Decimal]],
    by: access.Actor,
    at: datetime.datetime,
    why: str = "",
) -> int:
    """One target for each (month, slice, value); what stood there is replaced, and the audit keeps both."""
    if any(not value.is_finite() for _month, _slice, value in rows):
        raise MetricRefused(_("A target is a number."), code="value", field="value")
    duties.refuse_scored_by(by, queries.keys_resting_on([metric.key]))
    wanted = {
        (months.first_of(month), semantics.slice_key(slice)): (slice, value) for month, slice, value in rows
    }
    with transaction.atomic():
        # One after another: what a plan finds standing is what it replaces.
        Metric.objects.select_for_update().get(pk=metric.pk)
        before = {
            (target.period_start, target.slice_key): target.value
            for target in Target.objects.select_for_update().filter(
                metric=metric, kind=kind, grain=Grain.MONTH, period_start__in=[month for month, _ in wanted]
            )
        }
        Target.objects.bulk_create(
            [
                Target(
                    metric=metric,
                    kind=kind,
                    grain=Grain.MONTH,
                    period_start=month,
                    period_end=months.last_of(month),
                    slice=dict(slice),
                    slice_key=text,
                    value=value,
                    set_by=by.person,
                    set_at=at,
                )
                for (month, text), (slice, value) in wanted.items()
            ],
            update_conflicts=True,
            unique_fields=KEY_FIELDS,
            update_fields=["value", "set_by", "set_at"],
        )
        changes = {
            f"{months.key(month)} {text}": [before.get((month, text)), value]
            for (month, text), (_slice, value) in wanted.items()
            if before.get((month, text)) != value
        }
        if changes:
            audit.record(by=by, action="kpis.set_targets", subject=metric, at=at, why=why, changes=changes)
            stale.mark("score_inputs", [metric.pk], at=at)
            stale.mark("metric_watch", [metric.pk], at=at)
    return len(changes)


def import_targets(
    *, dataset: Dataset, columns: TargetColumns, by: access.Actor, at: datetime.datetime
) -> int:
    """Reads every row of the dataset as a target of its month. All or nothing; the same file again changes nothing.

    Raises MetricRefused for rows that are not all open to `by`, columns of the wrong type, unknown metrics, texts that
    are no month, and two rows for the same target.
    """
    if dataset.is_live:
        message = _("Targets are read from a dataset that is copied. This one stays at its source.")
        raise MetricRefused(message, code="live", field="dataset")
    refuse_narrowed(by, dataset)
    sheet = queries.sheet_of(dataset)
    _judge_columns(sheet, columns)
    rows = _target_rows(sheet, columns, dataset.time_zone)
    with transaction.atomic():
        _judge_rows(rows)
        moved = _moved(rows, columns.kind)
        keys = Metric.objects.filter(pk__in=moved).values_list("key", flat=True)
        duties.refuse_scored_by(by, queries.keys_resting_on(keys))
        with connection.cursor() as cursor:
            # Quoted columns of the dataset; every value is a parameter.
            cursor.execute(
                "INSERT INTO kpis_target (id, organisation_id, metric_id, kind, grain, period_start,"  # noqa: S608
                " period_end, slice, slice_key, value, set_by_id, set_at)"
                " SELECT accord_uuid7(), %s, metric_id, %s, 'month', month,"
                f" {months.calendar().end_sql('month', 'month')}, slice, slice::text, value, %s, %s"
                f" FROM ({rows.sql}) AS given WHERE month IS NOT NULL AND value IS NOT NULL"
                " ON CONFLICT (organisation_id, metric_id, kind, grain, period_start, period_end, slice_key)"
                " DO UPDATE SET value = EXCLUDED.value, set_by_id = EXCLUDED.set_by_id,"
                " set_at = EXCLUDED.set_at WHERE kpis_target.value <> EXCLUDED.value",
                [tenancy.current_organisation_id(), columns.kind, by.person_id, at, *rows.params],
            )
            changed = cursor.rowcount
        audit.record(
            by=by,
            action="kpis.import_targets",
            subject=dataset,
            at=at,
            changes={"kind": columns.kind, "changed": changed},
        )
        metrics = Metric.objects.in_bulk(list(moved))
        audit.record_many(
            by=by,
            action="kpis.set_targets",
            changed=[(metrics[metric_id], changes) for metric_id, changes in moved.items()],
            why=str(dataset),
            at=at,
        )
        stale.mark("score_inputs", moved, at=at)
        stale.mark("metric_watch", moved, at=at)
    return changed


def _moved(rows: semantics.Statement, kind: str) -> dict[uuid.UUID, dict[str, list[Decimal | None]]]:
    """What the rows will change: metric → (month and slice → [target before, target after])."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given.metric_id, to_char(given.month, %s) || ' ' || given.slice::text, was.value,"  # noqa: S608
            f" given.value FROM (SELECT metric_id, month, slice, round(value, {PLACES}) AS value"
            f" FROM ({rows.sql}) AS read) AS given LEFT JOIN kpis_target AS was"
            " ON was.organisation_id = %s AND was.metric_id = given.metric_id AND was.kind = %s"
            " AND was.grain = 'month' AND was.period_start = given.month"
            " AND was.slice_key = given.slice::text"
            " WHERE given.month IS NOT NULL AND given.value IS NOT NULL"
            " AND was.value IS DISTINCT FROM given.value ORDER BY 1, 2",
            [months.key_pattern(), *rows.params, tenancy.current_organisation_id(), kind],
        )
        moved: dict[uuid.UUID, dict[str, list[Decimal | None]]] = {}
        for metric_id, place, before, after in cursor.fetchall():
            moved.setdefault(metric_id, {})[place] = [before, after]
    return moved


def _judge_columns(sheet: semantics.Sheet, columns: TargetColumns) -> None:
    month, value = sheet.columns.get(columns.month_column), sheet.columns.get(columns.value_column)
    if month is None or month.type not in (*TIMES, "text"):
        raise MetricRefused(_("Choose the column of the month."), code="columns", field="month_column")
    if value is None or value.type not in NUMBERS:
        raise MetricRefused(_("Choose the column of the target."), code="columns", field="value_column")
    if columns.metric is None and columns.metric_column not in sheet.columns:
        raise MetricRefused(_("Choose the metric or its column."), code="columns", field="metric_column")
    if any(column not in sheet.columns for column in columns.dimensions.values()):
        raise MetricRefused(_("Choose the columns of the slices."), code="columns", field="dimensions")


def _target_rows(sheet: semantics.Sheet, columns: TargetColumns, zone: str) -> semantics.Statement:
    """SELECT metric_id, metric_name, month, month_given, slice, value. Empty slice columns mean the total; a month
    that cannot be read is missing beside what was given."""
    column = sheet.columns[columns.month_column]
    month = month_sql(f"t.{column.sql}", column.type, zone)
    given = f"nullif(btrim(t.{column.sql}::text), '') AS month_given"
    parts = ", ".join(
        f"{semantics.literal(key)}, nullif(t.{sheet.columns[column].sql}::text, '')"
        for key, column in sorted(columns.dimensions.items())
    )
    slice = f"jsonb_strip_nulls(jsonb_build_object({parts}))" if parts else "'{}'::jsonb"
    value = f"t.{sheet.columns[columns.value_column].sql}::numeric AS value"
    before: list[Any] = []
    after: list[Any] = []
    if columns.metric is not None:
        chosen, before = "%s::uuid AS metric_id, '' AS metric_name", [columns.metric.pk]
        joined = ""
    else:
        name = f"t.{sheet.columns[columns.metric_column].sql}"
        chosen, after = f"m.id AS metric_id, {name} AS metric_name", [tenancy.current_organisation_id()]
        joined = (
            " LEFT JOIN kpis_metric AS m ON m.organisation_id = %s AND m.retired_at IS NULL"
            f" AND {name} IN (m.key, m.name_en, nullif(m.name_zh, ''))"
        )
    sql = (
        f"SELECT {chosen}, {month.sql} AS month, {given}, {slice} AS slice, {value}"  # noqa: S608
        f" FROM {sheet.relation} AS t{joined}"
    )
    return semantics.Statement(sql, [*before, *month.params, *after])


def _judge_rows(rows: semantics.Statement) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE metric_id IS NULL), min(metric_name) FILTER (WHERE metric_id IS NULL),"  # noqa: S608
            " count(*) FILTER (WHERE is_unread), min(month_given) FILTER (WHERE is_unread),"
            f" max(abs(value)) >= {MOST} FROM (SELECT *,"
            " month IS NULL AND month_given IS NOT NULL AND value IS NOT NULL AS is_unread"
            f" FROM ({rows.sql}) AS found) AS given",
            rows.params,
        )
        unknown, name, unread, given, is_too_large = cursor.fetchone()
        if unknown:
            words = {"name": name or "", "number": unknown}
            message = _("There is no metric “%(name)s” (rows like this: %(number)s).") % words
            raise MetricRefused(message, code="unknown_metric", field="metric_column")
        if unread:
            raise MetricRefused(_unread_words(given, unread), code="month", field="month_column")
        if is_too_large:
            raise MetricRefused(_("A target is too large to be kept."), code="value", field="value_column")
        cursor.execute(
            "SELECT month, slice FROM"  # noqa: S608
            f" ({rows.sql}) AS given WHERE value IS NOT NULL"
            " GROUP BY metric_id, month, slice HAVING count(*) > 1 ORDER BY month LIMIT 1",
            rows.params,
        )
        twice = cursor.fetchone()
    if twice:
        words = {"month": months.key(twice[0])}
        message = _("Two rows set the same target in %(month)s.") % words
        raise MetricRefused(message, code="twice", field="value_column")


def _unread_words(given: str, number: int) -> str:
    words = {"given": given, "number": number}
    if not months.calendar().is_weeks:
        return _("“%(given)s” is not a month like 2026-05 (rows like this: %(number)s).") % words
    month = months.first_of(people.today_here())
    words |= {"first": months.key(month), "name": months.name(month)}
    return (
        _(
            "“%(given)s” is no month of the fiscal calendar: write its first day, such as %(first)s, or its number, such as "
            "%(name)s (rows like this: %(number)s)."
        )
        % words
    )
