"""Rows that a system sends: each batch is a load, taken over at once or not at all.

Everything happens in one transaction under the lock of the dataset, so a sender that hears nothing sends the same batch
again: either it came in, and is answered as before, or nothing of it did.
"""

from __future__ import annotations

import dataclasses
import hashlib
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from performance.foundation import audit, duties
from performance.sources import connectors, queries
from performance.sources.actions import claiming, loading, merging, narrowing, probing, shaping
from performance.sources.actions.refusing import SourceRefused
from performance.sources.connectors import documents, proposing, reasons
from performance.sources.models import (
    ColumnRole,
    Connection,
    Dataset,
    DatasetColumn,
    JobState,
    Load,
    Probe,
    ProbeKind,
)

MAX_ROWS = 20_000
MAX_BYTES = 5 * 1024**2
SAMPLE_ROWS = 2000


@dataclass(frozen=True)
class Pushed:
    """`is_new`: False for a batch that had come before; nothing changed, and `load` is the one of then."""

    load: Load
    is_new: bool


def look_at_sample(*, connection: Connection, name: str, content: bytes, by: Any, at: datetime) -> Probe:
    """The columns that a few rows have, as a look that is answered already. Nothing of them is kept but the answer,
    and that for a day.

    Raises SourceRefused: no_push, and what documents.records_of says.
    """
    if not connection.is_push:
        raise SourceRefused(_("No rows are sent to this source."), code="no_push")
    try:
        records = _records(content)[:SAMPLE_ROWS]
        infos = documents.column_infos(records)
    except connectors.ConnectorRefused as refused:
        raise _refusal(refused, field="sample") from refused
    rows = [tuple(record.get(info.name) for info in infos) for record in records]
    proposals = proposing.proposed_columns(infos, rows, has_types=False)
    with transaction.atomic():
        probe = Probe.objects.create(
            connection=connection,
            kind=ProbeKind.DESCRIBE,
            question={"schema": "", "table": name.strip()},
            answer={
                "columns": [dataclasses.asdict(proposal) for proposal in proposals],
                "rows": probing.shown_rows(rows),
            },
            state=JobState.DONE,
            asked_by=getattr(by, "person", by),
            asked_at=at,
            due_at=at,
            started_at=at,
            finished_at=at,
        )
        audit.record(
            by=by,
            action="sources.look_at_table",
            subject=connection,
            changes={"question": probe.question},
            at=at,
        )
    return probe


def push_rows(*, dataset: Dataset, content: bytes, batch_key: str, by: Any, at: datetime) -> Pushed:
    """Adds and changes rows by their key. `content`: JSON or NDJSON, see documents.records_of; `batch_key`: what the
    sender calls this batch.

    Where the dataset is narrowed, rows that are not open to `by` are rejected: those that say so themselves, and those
    that would take the place of such a one. A batch whose columns are not those of the dataset changes nothing: its load
    has failed and says why. Raises SourceRefused: no_push, closed, paused, batch_key, batch_key_reused, narrowed, and for
    what is no list of records.
    """
    if not dataset.connection.is_push:
        raise SourceRefused(_("No rows are sent to this dataset."), code="no_push")
    if not 1 <= len(batch_key) <= 200 or not batch_key.isprintable():
        raise SourceRefused(
            _("Name the batch in the header Idempotency-Key: 1 to 200 plain letters."), code="batch_key"
        )
    duties.refuse_scored_over(by, [dataset.pk])
    sight = narrowing.sight_of(by)
    if queries.decides_for(sight, [dataset.pk]):
        narrowing.refuse_writing(by, [dataset.pk])
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        dataset = (
            Dataset.objects.select_for_update(of=("self",)).select_related("connection").get(pk=dataset.pk)
        )
        earlier = Load.objects.filter(dataset=dataset, batch_key=batch_key, state=JobState.DONE).first()
        if earlier is not None:
            if earlier.batch_digest != digest:
                raise SourceRefused(
                    _("Another batch was sent under this name before."), code="batch_key_reused"
                )
            return Pushed(earlier, is_new=False)
        if dataset.closed_at is not None or dataset.connection.closed_at is not None:
            raise SourceRefused(_("This dataset is closed."), code="closed")
        if dataset.connection.is_paused:
            raise SourceRefused(_("This source is paused. Send the batch again later."), code="paused")
        try:
            records = _records(content)
        except connectors.ConnectorRefused as refused:
            raise _refusal(refused) from refused
        load = _begun(dataset, batch_key, digest, by=by, at=at)
        _take(load, dataset, records, sight, at=at)
        load.refresh_from_db()
        audit.record(
            by=by,
            action="sources.push_rows",
            subject=dataset,
            changes={"batch": batch_key, "rows": load.rows_read, "state": load.state},
            at=at,
        )
    return Pushed(load, is_new=True)


def _records(content: bytes) -> list[dict[str, Any]]:
    if len(content) > MAX_BYTES:
        raise connectors.ConnectorRefused("too_many_bytes")
    records = documents.records_of(content)
    if not records:
        raise connectors.ConnectorRefused("batch_empty")
    if len(records) > MAX_ROWS:
        raise connectors.ConnectorRefused("too_many_rows_sent", rows=MAX_ROWS)
    return records


def _refusal(refused: connectors.ConnectorRefused, field: str = "") -> SourceRefused:
    return SourceRefused(reasons.text(refused.code, refused.params), code=refused.code, field=field)


def _begun(dataset: Dataset, batch_key: str, digest: str, *, by: Any, at: datetime) -> Load:
    """A load that is under way from its first moment: nobody else sees it before it has ended."""
    return Load.objects.create(
        dataset=dataset,
        is_full=False,
        state=JobState.RUNNING,
        claim=uuid7(),
        attempt=1,
        asked_by=getattr(by, "person", by),
        asked_at=at,
        due_at=at,
        started_at=at,
        heartbeat_at=at,
        batch_key=batch_key,
        batch_digest=digest,
    )


def _take(
    load: Load,
    dataset: Dataset,
    records: Sequence[Mapping[str, Any]],
    sight: queries.RowSight,
    *,
    at: datetime,
) -> None:
    promised = list(dataset.columns.order_by("number"))
    drift = _drift(records, promised)
    if drift:
        first = min(drift, key=lambda change: change["change"] != "new")
        code = "column_unknown" if first["change"] == "new" else "column_not_sent"
        refused = connectors.ConnectorRefused(code, column=first["column"])
        load.drift = drift
        load.save(update_fields=["drift"])
        claiming.finish(
            load,
            JobState.FAILED,
            at=at,
            rows_read=len(records),
            problem_code=refused.code,
            problem_params=refused.params,
        )
        return
    columns = [column for column in promised if column.role != ColumnRole.IGNORED]
    rows = [tuple(record.get(column.source_name) for column in columns) for record in records]
    shape = shaping.Shape(columns, zone=zoneinfo.ZoneInfo(dataset.time_zone))
    shaped = shape.of(connectors.Batch(rows=rows, first_row=1))
    claiming.beat(load, at=at, rows_read=len(rows), rows_rejected=len(shaped.rejected))
    merging.open_stage(dataset, load)
    merging.stage(dataset, columns, shaped.rows, is_text=shaped.is_text)
    loading.keep_aside(load, shaped.rejected)
    narrowed = sight.of(dataset)
    if narrowed is not None:
        closed = merging.set_closed_aside(dataset, columns, narrowed)
        loading.keep_aside(load, closed.kept)
        claiming.beat(load, at=at, rows_rejected=len(shaped.rejected) + closed.count)
    loading.take_over(load, dataset, columns, None, {}, keeps_absent=True, at=at)


def _drift(records: Sequence[Mapping[str, Any]], promised: Sequence[DatasetColumn]) -> list[dict[str, str]]:
    """Columns that no row names, and columns that nobody knows."""
    names = dict.fromkeys(name for record in records for name in record)
    sent = [connectors.ColumnInfo(name=name, type="text") for name in names]
    return [change for change in shaping.drift(sent, promised) if change["change"] != "type"]
