"""Datasets: what a table means, and the table of ours that holds its rows."""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db import connection as database
from django.utils.translation import gettext_lazy as _

from performance.foundation import audit, duties
from performance.sources import connectors, queries
from performance.sources.actions import narrowing, scheduling, tokens
from performance.sources.actions.refusing import SourceRefused
from performance.sources.connectors import live, proposing, reasons
from performance.sources.models import ColumnRole, ColumnType, Connection, Dataset, DatasetColumn, Load, Mode

MAX_COLUMNS = 500
CURSOR_TYPES = (ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.INTEGER)
TIME_TYPES = (ColumnType.DATE, ColumnType.TIMESTAMP)
CURRENCY = re.compile(r"[A-Z]{3}")
NUMBER_TYPES = (ColumnType.INTEGER, ColumnType.DECIMAL)


@dataclass(frozen=True)
class ColumnPlan:
    source_name: str
    key: str
    type: str
    role: str
    is_key: bool = False
    name_en: str = ""
    name_zh: str = ""
    source_type: str = ""
    date_order: str = ""
    currency: str = ""


@dataclass(frozen=True)
class DatasetPlan:
    """What somebody decided about a table or query. `cursor_column` is a column key or ""; a live dataset has none."""

    key: str
    name_en: str
    columns: Sequence[ColumnPlan]
    name_zh: str = ""
    schema_name: str = ""
    table_name: str = ""
    query: str = ""
    time_zone: str = "UTC"
    cursor_column: str = ""
    overlap_days: int = 3
    settling_days: int = 3
    refresh_hours: int = field(default=24)
    mode: str = Mode.IMPORTED


def create_dataset(
    *, connection: Connection, plan: DatasetPlan, by: Any, at: datetime
) -> tuple[Dataset, Load | None]:
    """The dataset, its table (none where it is live), and its first load, waiting; None where a system sends the rows.

    Raises SourceRefused (see _judge), key_taken, narrowed.
    """
    narrowing.refuse_narrowed(by, connection)
    _judge(connection, plan)
    dataset = Dataset(
        connection=connection,
        created_by=getattr(by, "person", by),
        created_at=at,
        **_own_fields(plan, connection),
    )
    with transaction.atomic():
        _saved_once(dataset)
        _set_columns(dataset, plan)
        _shape(dataset)
        audit.record(
            by=by,
            action="sources.create_dataset",
            subject=dataset,
            changes={
                "mode": dataset.mode,
                "source": dataset.source_label,
                "columns": [f"{column.key}: {column.type}" for column in plan.columns],
            },
            at=at,
        )
        if connection.is_push:
            return dataset, None
        load = scheduling.start_load(dataset=dataset, by=by, at=at)
    return dataset, load


def change_dataset(
    *,
    dataset: Dataset,
    plan: DatasetPlan,
    by: Any,
    at: datetime,
    why: str = "",
    is_mode_confirmed: bool = False,
) -> Load | None:
    """Takes over another set of columns, key or cursor, and reads everything again; None where a system sends the
    rows. Where the rows that are there do not fit any more, the dataset counts as not loaded until then, and metrics
    keep the values that they had. Copied rows of a dataset that becomes live go once the source was found to answer.

    Raises SourceRefused as create_dataset, "load_running" while a load writes into the table, and "confirm_mode" for
    another mode that was not said twice.
    """
    connection = dataset.connection
    narrowing.refuse_narrowed(by, connection)
    _judge(connection, plan)
    if plan.mode != dataset.mode and not is_mode_confirmed:
        raise SourceRefused(
            _("Confirm that the rows are kept in another place from now on."),
            code="confirm_mode",
            field="is_mode_confirmed",
        )
    duties.refuse_scored_over(by, [dataset.pk])
    narrowing.refuse_writing(by, [dataset.pk])
    with transaction.atomic():
        dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
        if queries.open_load(dataset) is not None:
            raise _load_running()
        before = _told(dataset, list(dataset.columns.all()))
        rows_before = _meaning(dataset, list(dataset.columns.all()))
        for name, value in _own_fields(plan, connection).items():
            setattr(dataset, name, value)
        dataset.cursor = {}
        _saved_once(dataset)
        _set_columns(dataset, plan)
        _shape(dataset)
        if _meaning(dataset, list(dataset.columns.all())) != rows_before:
            dataset.loaded_at = None
            dataset.save(update_fields=["loaded_at"])
        after = _told(dataset, list(dataset.columns.all()))
        changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        audit.record(by=by, action="sources.change_dataset", subject=dataset, changes=changes, why=why, at=at)
        if connection.is_push:
            return None
        load = scheduling.start_load(dataset=dataset, is_full=True, by=by, at=at)
        if not load.is_full:
            # Asked for in the same moment, by the clock: it would read on from where the former columns ended.
            raise _load_running()
        return load


def _load_running() -> SourceRefused:
    return SourceRefused(_("Wait until the load has ended, or stop it."), code="load_running")


def close_dataset(*, dataset: Dataset, by: Any, at: datetime, why: str = "") -> None:
    """No more loads. Its rows stay, so that values computed from them can still be explained. Raises SourceRefused:
    narrowed."""
    duties.refuse_scored_over(by, [dataset.pk])
    narrowing.refuse_writing(by, [dataset.pk])
    with transaction.atomic():
        scheduling.stop_open_load(dataset=dataset, by=by, at=at)
        changed = Dataset.objects.filter(pk=dataset.pk, closed_at=None).update(
            closed_at=at, next_load_at=None
        )
        if changed:
            tokens.end_push_tokens(dataset=dataset, by=by, at=at)
            audit.record(by=by, action="sources.close_dataset", subject=dataset, why=why, at=at)


def _shape(dataset: Dataset) -> None:
    if not dataset.is_live:
        shape_rows(dataset)


def shape_rows(dataset: Dataset) -> None:
    """Makes or changes the table of rows, through the owner's function."""
    columns = [
        {
            "key": column.key,
            "type": column.type,
            "is_key": column.is_key,
            "is_time": column.role == ColumnRole.TIME,
        }
        for column in dataset.columns.exclude(role=ColumnRole.IGNORED).order_by("number")
    ]
    with database.cursor() as cursor:
        cursor.execute("SELECT dataset_rows.shape(%s, %s::jsonb)", [dataset.pk, json.dumps(columns)])


def _own_fields(plan: DatasetPlan, connection: Connection) -> dict[str, Any]:
    query = ""
    if plan.query:
        if not connection.is_database:
            raise SourceRefused(reasons.text("no_query", {}), code="no_query")
        query = connectors.reading_statement(plan.query, dialect=connection.kind)
    return {
        "key": plan.key,
        "name_en": plan.name_en,
        "name_zh": plan.name_zh,
        "schema_name": "" if query else plan.schema_name,
        "table_name": "" if query else plan.table_name,
        "query": query,
        "mode": plan.mode,
        "time_zone": plan.time_zone,
        "cursor_column": "" if plan.mode == Mode.LIVE else plan.cursor_column,
        "overlap_days": plan.overlap_days,
        "settling_days": plan.settling_days,
        "refresh_hours": plan.refresh_hours if connection.is_asked else 0,
    }


def _set_columns(dataset: Dataset, plan: DatasetPlan) -> None:
    dataset.columns.all().delete()
    DatasetColumn.objects.bulk_create(
        DatasetColumn(
            dataset=dataset,
            number=number,
            source_name=column.source_name,
            key=column.key,
            name_en=column.name_en or column.source_name[:120],
            name_zh=column.name_zh,
            type=column.type,
            source_type=column.source_type,
            date_order=column.date_order,
            role=column.role,
            is_key=column.is_key or column.role == ColumnRole.KEY,
            currency="" if column.role == ColumnRole.IGNORED else column.currency,
        )
        for number, column in enumerate(plan.columns, start=1)
    )


def _judge(connection: Connection, plan: DatasetPlan) -> None:
    """Raises SourceRefused: no_columns, key_twice, key_reserved, key_ignored, key_needed, role_type, currency, cursor,
    time_zone, live_kind, live_type."""
    used = [column for column in plan.columns if column.role != ColumnRole.IGNORED]
    if not used or len(used) > MAX_COLUMNS:
        raise SourceRefused(_("Choose at least one column."), code="no_columns")
    keys = [column.key for column in plan.columns]
    if len(set(keys)) != len(keys):
        raise SourceRefused(_("Two columns have the same key."), code="key_twice")
    if set(keys) & proposing.RESERVED:
        raise SourceRefused(_("This key is reserved. Choose another one."), code="key_reserved")
    for column in plan.columns:
        _judge_column(column)
    _judge_currencies(used)
    if plan.time_zone not in zoneinfo.available_timezones():
        raise SourceRefused(_("This time zone is not known."), code="time_zone", field="time_zone")
    if connection.is_push and not any(column.is_key or column.role == ColumnRole.KEY for column in used):
        raise SourceRefused(
            _("Say which columns identify a row: rows that are sent again are told by them."),
            code="key_needed",
        )
    if plan.mode == Mode.LIVE:
        _judge_live(connection, used)
    elif plan.cursor_column:
        _judge_cursor(connection, plan, used)


def _judge_column(column: ColumnPlan) -> None:
    name = column.source_name
    if column.is_key and column.role == ColumnRole.IGNORED:
        raise SourceRefused(
            _Named(_("%(name)s identifies rows and cannot be left out."), name), code="key_ignored"
        )
    if column.role == ColumnRole.TIME and column.type not in TIME_TYPES:
        raise SourceRefused(
            _Named(_("%(name)s is no date, so it is no business time."), name), code="role_type"
        )
    if column.role == ColumnRole.MEASURE and column.type not in NUMBER_TYPES:
        raise SourceRefused(_Named(_("%(name)s is no number, so it is no measure."), name), code="role_type")


def _judge_currencies(used: Sequence[ColumnPlan]) -> None:
    """Money is a number, and what its column names is a code or a column of texts that is loaded."""
    texts = {column.key for column in used if column.type == ColumnType.TEXT}
    for column in used:
        if not column.currency:
            continue
        if column.type not in NUMBER_TYPES:
            message = _("%(name)s is no number, so it has no currency.")
            raise SourceRefused(_Named(message, column.source_name), code="currency")
        if not CURRENCY.fullmatch(column.currency) and column.currency not in texts:
            message = _(
                "Name a currency for %(name)s by three capitals, or the column of texts that holds it."
            )
            raise SourceRefused(_Named(message, column.source_name), code="currency")


def _judge_live(connection: Connection, used: Sequence[ColumnPlan]) -> None:
    """Nobody stands between the source and its sums: a column is what the source says it is."""
    if not connection.can_be_live:
        raise SourceRefused(reasons.text("live_kind", {}), code="live_kind", field="mode")
    for column in used:
        if column.type not in live.CHOICES.get(column.source_type, frozenset()):
            words = {"column": column.source_name}
            raise SourceRefused(reasons.text("live_type", words), code="live_type", field="mode")


def _judge_cursor(connection: Connection, plan: DatasetPlan, used: Sequence[ColumnPlan]) -> None:
    found = next((column for column in used if column.key == plan.cursor_column), None)
    if connection.is_rest and not queries.endpoints(connection).filter(name=plan.table_name).exclude(
        since_parameter=""
    ):
        raise SourceRefused(
            _("Name the endpoint's parameter of what is new first."), code="cursor", field="cursor_column"
        )
    if not connection.is_asked or found is None or found.type not in CURSOR_TYPES:
        raise SourceRefused(
            _("New rows can be told by a date, a point in time or a whole number of a database."),
            code="cursor",
            field="cursor_column",
        )
    if not any(column.is_key or column.role == ColumnRole.KEY for column in used):
        raise SourceRefused(
            _("Reading only what is new needs a key, so that rows can be matched."),
            code="cursor",
            field="cursor_column",
        )


def _told(dataset: Dataset, columns: Sequence[DatasetColumn]) -> dict[str, Any]:
    """What an audit row says about a dataset."""
    return {
        "name": dataset.name_en,
        "mode": dataset.mode,
        "source": dataset.source_label,
        "cursor": dataset.cursor_column,
        "settling_days": dataset.settling_days,
        "refresh_hours": dataset.refresh_hours,
        "columns": [
            ", ".join(filter(None, (f"{column.key}: {column.type}", column.role, column.currency)))
            for column in columns
        ],
    }


def _meaning(dataset: Dataset, columns: Sequence[DatasetColumn]) -> Any:
    """What decides what stands in the rows: other names change nothing in them."""
    read = (dataset.mode, dataset.schema_name, dataset.table_name, dataset.query, dataset.time_zone)
    kept = {
        (column.key, column.source_name, column.type, column.date_order, column.is_key)
        for column in columns
        if column.role != ColumnRole.IGNORED
    }
    return read, kept


def _saved_once(dataset: Dataset) -> None:
    try:
        with transaction.atomic():
            dataset.save()
    except IntegrityError as error:
        if "dataset_key_once" not in str(error):
            raise
        raise SourceRefused(
            _("There is a dataset with this key already."), code="key_taken", field="key"
        ) from error


class _Named:
    """A sentence with the name of a column in it, said in the reader's language."""

    def __init__(self, message: Any, name: str) -> None:
        self.message, self.name = message, name

    def __str__(self) -> str:
        return str(self.message) % {"name": self.name}
