"""One load, in a worker: read in batches from the source, stage each batch in its own short transaction, and at
the end merge everything at once.

A live dataset is not read at all: its load finds the columns where they were promised, and says that values have to
be asked anew. The source is read between transactions. Until the merge commits, the dataset keeps the rows it had; a worker
that dies leaves staged rows that the next attempt throws away. Run twice, a load changes nothing.
"""

from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from performance.foundation import stale, tenancy
from performance.sources import connectors
from performance.sources.actions import ahead, claiming, cursors, merging, reaching, shaping
from performance.sources.connectors import live
from performance.sources.models import (
    ColumnRole,
    Connection,
    ConnectionState,
    Dataset,
    DatasetColumn,
    JobState,
    Load,
    Mode,
    RejectedRow,
)

BATCH_ROWS = 10_000
#: Of rows that come as lines: hardly any memory, and fewer transactions.
BATCH_LINES = 25_000
#: Rows that are looked for by their key in one question.
SOUGHT_AT_ONCE = 500


@dataclass(frozen=True)
class Work:
    """What a load needs to know, read once."""

    load: Load
    dataset: Dataset
    columns: tuple[DatasetColumn, ...]
    address: reaching.Address
    source: connectors.Source
    start: connectors.Cursor | None

    @property
    def source_names(self) -> list[str]:
        return [column.source_name for column in self.columns]


def run_load(*, load_id: uuid.UUID, clock: Callable[[], datetime], batch_rows: int | None = None) -> bool:
    """Runs a waiting or abandoned load. True when it has ended well; False when there was nothing to take, it
    failed, was put back for later, or was taken over. Safe to be delivered twice."""
    load = claiming.take(Load, load_id, at=clock())
    if load is None:
        return False
    try:
        work = _prepared(load)
        with claiming.heartbeat(load), reaching.reached(work.address) as source:
            _note_drift(work, source, at=clock())
            if work.dataset.is_live:
                _judge_natives(work, source)
                reached = {}
            else:
                reached = _staged(work, source, clock=clock, batch_rows=batch_rows)
        with tenancy.acting_for(tenancy.current_organisation_id()):
            if work.dataset.is_live:
                _confirmed(work, at=clock())
            else:
                is_partial = work.start is not None and work.address.kind == "rest"
                take_over(
                    load, work.dataset, work.columns, work.start, reached, keeps_absent=is_partial, at=clock()
                )
    except connectors.ConnectorRefused as refused:
        _failed(load, refused, at=clock())
        return False
    except claiming.ClaimLost:
        return False
    return True


def _prepared(load: Load) -> Work:
    with tenancy.acting_for(tenancy.current_organisation_id()):
        if load.attempt > claiming.MAX_ATTEMPTS:
            raise connectors.ConnectorRefused("gave_up", attempts=claiming.MAX_ATTEMPTS)
        dataset = Dataset.objects.select_related("connection").get(pk=load.dataset_id)
        columns = tuple(dataset.columns.exclude(role=ColumnRole.IGNORED).order_by("number"))
        RejectedRow.objects.filter(load=load).delete()
        if not dataset.is_live:
            merging.open_stage(dataset, load)
        claiming.beat(load, at=load.heartbeat_at or load.asked_at, rows_read=0, rows_rejected=0)
        if dataset.query:
            source: connectors.Source = connectors.Query(dataset.query)
        else:
            source = connectors.Table(dataset.schema_name, dataset.table_name)
        return Work(
            load=load,
            dataset=dataset,
            columns=columns,
            address=reaching.address_of(dataset.connection, load.file),
            source=source,
            start=cursors.start_of(dataset, load, columns),
        )


def _note_drift(work: Work, source: connectors.Connector, *, at: datetime) -> None:
    """Compares what the source has now with what was promised. A column that went away is reported, not
    guessed: the load ends here. Raises ConnectorRefused("column_missing")."""
    drift = shaping.drift(source.describe(work.source), _promised(work))
    if drift:
        with tenancy.acting_for(tenancy.current_organisation_id()):
            claiming.beat(work.load, drift=drift, at=at)
    gone = [change["column"] for change in drift if change["change"] == "gone"]
    if gone:
        raise connectors.ConnectorRefused("column_missing", column=gone[0])
    other = [change["column"] for change in drift if change["change"] == "type"]
    used = set(work.source_names)
    for name in other if work.dataset.is_live else ():
        # A copy would put each value into its type or aside; sums at the source would just be others.
        if name in used:
            raise connectors.ConnectorRefused("live_changed", column=name)


def _judge_natives(work: Work, source: connectors.Connector) -> None:
    """Whether every column can be computed where it is. Raises ConnectorRefused: live_kind, live_type."""
    if not isinstance(source, connectors.SqlConnector):
        raise connectors.ConnectorRefused("live_kind")
    natives = source.natives(work.source, work.source_names)
    for column in work.columns:
        live.judge(column.source_name, column.type, natives[column.source_name])


def _promised(work: Work) -> Sequence[DatasetColumn]:
    with tenancy.acting_for(tenancy.current_organisation_id()):
        return list(work.dataset.columns.all())


def _staged(
    work: Work, source: connectors.Connector, *, clock: Callable[[], datetime], batch_rows: int | None
) -> Any:
    """Every batch typed and staged; returns the furthest cursor value seen, as the source gave it."""
    zone = zoneinfo.ZoneInfo(work.dataset.time_zone)
    shape = shaping.Shape(work.columns, zone=zone)
    furthest = cursors.Furthest(work.dataset, work.load, work.columns, has_types=source.has_types)
    batches: Generator[connectors.Batch | connectors.Lines, None, None]
    asked = (work.source, work.source_names)
    is_told = bool(shape.cells) and furthest.reads_lines
    if is_told and isinstance(source, connectors.FileConnector | connectors.SqlConnector):
        batches = source.read_lines(*asked, shape.cells, work.start, batch_rows or BATCH_LINES)
    else:
        batches = source.read(*asked, work.start, batch_rows or BATCH_ROWS)
    read = 0
    with ahead.reading(batches) as pieces:
        for batch in pieces:
            shaped = shaping.Shaped([], [], []) if isinstance(batch, connectors.Lines) else shape.of(batch)
            now = clock()
            with tenancy.acting_for(tenancy.current_organisation_id()):
                claiming.beat(
                    work.load,
                    at=now,
                    rows_read=F("rows_read") + len(batch),
                    rows_rejected=F("rows_rejected") + len(shaped.rejected),
                )
                if isinstance(batch, connectors.Lines):
                    furthest.see_lines(batch)
                    merging.stage_lines(work.dataset, work.columns, batch, zone=zone)
                else:
                    furthest.see(batch, [number for number, _values in shaped.rows])
                    _stage_shaped(work, shaped)
            read += len(batch)
    if work.start is not None and isinstance(source, connectors.SqlConnector):
        _find_moved(work, work.start, source, shape, read, clock=clock)
    return furthest.value


def _stage_shaped(work: Work, shaped: shaping.Shaped) -> None:
    merging.stage(work.dataset, work.columns, shaped.rows, is_text=shaped.is_text)
    merging.stage_keys(work.dataset, work.columns, shaped.keys)
    keep_aside(work.load, shaped.rejected)


def _find_moved(
    work: Work,
    start: connectors.Cursor,
    source: connectors.SqlConnector,
    shape: shaping.Shape,
    read: int,
    *,
    clock: Callable[[], datetime],
) -> None:
    """A row whose cursor was set back stands before all that was read. It looks like one that is gone, so what did not
    come again is looked for by its key; only what is not found then is gone."""
    keys = [column.source_name for column in work.columns if column.is_key]
    with closing(source.read_keys(work.source, work.source_names, keys, _keys_gone(work, start))) as found:
        for batch in found:
            shaped = shape.of(connectors.Batch(batch.rows, read + 1))
            read += len(batch)
            with tenancy.acting_for(tenancy.current_organisation_id()):
                claiming.beat(
                    work.load,
                    at=clock(),
                    rows_read=F("rows_read") + len(batch),
                    rows_rejected=F("rows_rejected") + len(shaped.rejected),
                )
                _stage_shaped(work, shaped)


def _keys_gone(work: Work, start: connectors.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    after: Sequence[Any] = ()
    while True:
        with tenancy.acting_for(tenancy.current_organisation_id()):
            gone = merging.keys_gone(work.dataset, work.columns, start, after=after, limit=SOUGHT_AT_ONCE)
        if not gone:
            return
        yield gone
        after = gone[-1]


def keep_aside(load: Load, rejected: Sequence[shaping.Rejection]) -> None:
    """Keeps rejected rows with their values, as far as there is room for them in this load."""
    room = shaping.MAX_KEPT - RejectedRow.objects.filter(load=load).count() if rejected else 0
    RejectedRow.objects.bulk_create(
        RejectedRow(
            load=load,
            number=rejection.number,
            reason=rejection.reason,
            column_key=rejection.column_key,
            value=rejection.value,
            row=rejection.row,
        )
        for rejection in rejected[: max(room, 0)]
    )


def take_over(
    load: Load,
    dataset: Dataset,
    columns: Sequence[DatasetColumn],
    start: connectors.Cursor | None,
    reached: dict[str, str],
    *,
    keeps_absent: bool,
    at: datetime,
) -> None:
    """The moment of truth, in one transaction of the caller: from the old rows to those that are staged."""
    # Takes the lock on the load first: a stop or a take-over from here on waits, or has won already.
    claiming.beat(load, at=at)
    doubled, merged = merging.Aside(), None
    if not merging.adopt(dataset):
        doubled = merging.set_doubles_aside(dataset, columns)
        keep_aside(load, doubled.kept)
        if not merging.adopt(dataset):
            merged = merging.merge(dataset, columns, start, keeps_absent=keeps_absent)
    _settled(load, dataset, columns, merged, doubled, reached, at=at)


def _confirmed(work: Work, *, at: datetime) -> None:
    """A live dataset was found as promised: what had been copied before goes, and metrics ask anew. In a transaction of
    the caller."""
    claiming.beat(work.load, at=at)
    merging.forget_rows(work.dataset)
    Dataset.objects.filter(pk=work.dataset.pk).update(row_count=0, loaded_at=at, cursor={})
    _note_connected(work.dataset)
    claiming.finish(work.load, JobState.DONE, at=at)
    stale.mark("metric_values", [work.dataset.pk], at=at)


def _note_connected(dataset: Dataset) -> None:
    Connection.objects.filter(pk=dataset.connection_id).exclude(state=ConnectionState.CONNECTED).update(
        state=ConnectionState.CONNECTED, problem_code="", problem_params={}
    )


def _settled(
    load: Load,
    dataset: Dataset,
    columns: Sequence[DatasetColumn],
    merged: merging.Merged | None,
    doubled: merging.Aside,
    reached: dict[str, str],
    *,
    at: datetime,
) -> None:
    """Counts, the cursor for next time, and the word to metrics that their values are out of date. `merged`: None where
    all rows are new."""
    counted = merging.counted(dataset, columns)
    merged = merged or merging.Merged(inserted=counted.rows, updated=0, deleted=0, unchanged=0)
    Dataset.objects.filter(pk=dataset.pk).update(
        row_count=counted.rows, loaded_at=at, cursor=reached or dataset.cursor
    )
    _note_connected(dataset)
    rejected = Load.objects.values_list("rows_rejected", flat=True).get(pk=load.pk)
    claiming.finish(
        load,
        JobState.DONE,
        at=at,
        rows_rejected=rejected + doubled.count,
        rows_inserted=merged.inserted,
        rows_updated=merged.updated,
        rows_deleted=merged.deleted,
        rows_unchanged=merged.unchanged,
        undated=counted.undated,
        cursor_to=reached,
    )
    merging.clear_stage(dataset)
    stale.mark("metric_values", [dataset.pk], at=at)


def _failed(load: Load, refused: connectors.ConnectorRefused, *, at: datetime) -> None:
    try:
        over = claiming.fail(load, refused, at=at)
    except claiming.ClaimLost:
        return
    if over:
        with tenancy.acting_for(tenancy.current_organisation_id()):
            # Metrics over it say that they could not ask.
            stale.mark("metric_values", _live_ones(load), at=at)
    if over and refused.code in ("unreachable", "access_refused", "address_refused", "host_unknown"):
        with tenancy.acting_for(tenancy.current_organisation_id()):
            Connection.objects.filter(datasets=load.dataset_id).update(
                state=ConnectionState.FAILING,
                checked_at=at,
                problem_code=refused.code,
                problem_params=refused.params,
            )


def _live_ones(load: Load) -> list[uuid.UUID]:
    return list(Dataset.objects.filter(pk=load.dataset_id, mode=Mode.LIVE).values_list("pk", flat=True))
