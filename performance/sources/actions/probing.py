"""Short questions to a source. A page writes the question down; a worker asks; the page reads the answer.

Answers (JSON): check → the CheckResult; discover → {"tables": [...]}; describe → {"columns": [...], "rows": [...]}
with a proposal for each column's key, type and role.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from performance.foundation import audit, tenancy
from performance.sources import connectors
from performance.sources.actions import claiming, narrowing, reaching
from performance.sources.connectors import columns, proposing
from performance.sources.models import Connection, ConnectionState, JobState, Probe, ProbeKind
from performance.sources.models.jobs import OPEN

SAMPLE_ROWS = 200
SHOWN_ROWS = 20
SHOWN_LETTERS = 80
LIMITS = connectors.Limits(
    statement_seconds=45, read_seconds=45, max_rows=100_000, max_bytes=64 * 1024**2, max_pages=20
)


def ask_source(
    *, connection: Connection, kind: str, question: Mapping[str, Any] | None = None, by: Any, at: datetime
) -> Probe:
    """Writes the question down. The same question that is still open is not asked twice.

    Raises SourceRefused("narrowed") for a look by whoever sees only some rows of the source: how full a column of a query
    is, or of which type, tells of rows as well as their cells do.
    """
    if kind == ProbeKind.DESCRIBE:
        narrowing.refuse_narrowed(by, connection)
    if connection.is_push:
        raise connectors.ConnectorRefused("push_only")
    question = dict(question or {})
    if "query" in question:
        if not connection.is_database:
            raise connectors.ConnectorRefused("no_query")
        question["query"] = connectors.reading_statement(question["query"], dialect=connection.kind)
    waiting = Probe.objects.filter(
        connection=connection, kind=kind, question=question, state__in=OPEN
    ).first()
    if waiting is not None:
        return waiting
    probe = Probe.objects.create(
        connection=connection,
        kind=kind,
        question=question,
        asked_by=getattr(by, "person", by),
        asked_at=at,
        due_at=at,
    )
    if kind == ProbeKind.DESCRIBE:
        # Looking at rows of a source is worth a line in the audit; a connection test is not.
        audit.record(
            by=by, action="sources.look_at_table", subject=connection, changes={"question": question}, at=at
        )
    return probe


def run_probe(*, probe_id: uuid.UUID, clock: Callable[[], datetime]) -> None:
    """Asks the source, in a worker. Network outside transactions; safe to be delivered twice."""
    probe = claiming.take(Probe, probe_id, at=clock())
    if probe is None:
        return
    try:
        if probe.attempt > claiming.MAX_ATTEMPTS:
            raise connectors.ConnectorRefused("gave_up", attempts=claiming.MAX_ATTEMPTS)
        answer = _asked(probe)
    except connectors.ConnectorRefused as refused:
        _note_problem(probe, refused, at=clock())
        return
    try:
        with tenancy.acting_for(tenancy.current_organisation_id()):
            claiming.finish(probe, JobState.DONE, answer=answer, at=clock())
            if probe.kind == ProbeKind.CHECK:
                _note_check(probe, answer, at=clock())
    except claiming.ClaimLost:
        return


def clear_answers(*, at: datetime) -> int:
    """Answers hold rows of the source; they are not kept longer than somebody needs to model a dataset."""
    old = at - timedelta(hours=Probe.KEEP_HOURS)
    return Probe.objects.filter(asked_at__lt=old).exclude(state__in=OPEN).exclude(answer={}).update(answer={})


def _asked(probe: Probe) -> dict[str, Any]:
    with tenancy.acting_for(tenancy.current_organisation_id()):
        connection = Connection.objects.get(pk=probe.connection_id)
        address = reaching.address_of(connection)
    with claiming.heartbeat(probe), reaching.reached(address, limits=LIMITS) as source:
        if probe.kind == ProbeKind.CHECK:
            return dataclasses.asdict(source.check())
        if probe.kind == ProbeKind.DISCOVER:
            return {"tables": [_table(table) for table in source.discover()]}
        return _description(source, source_of(probe.question))


def source_of(question: Mapping[str, Any]) -> connectors.Source:
    if "query" in question:
        return connectors.Query(str(question["query"]))
    return connectors.Table(str(question.get("schema", "")), str(question["table"]))


def _table(table: connectors.TableInfo) -> dict[str, Any]:
    return {
        "schema": table.schema,
        "name": table.name,
        "rows": table.rows,
        "columns": len(table.columns),
        "key": list(table.primary_key),
    }


def _description(source: connectors.Connector, wanted: connectors.Source) -> dict[str, Any]:
    infos = source.describe(wanted)
    rows: list[connectors.Row] = []
    with closing(source.read(wanted, [info.name for info in infos], batch_size=SAMPLE_ROWS)) as batches:
        for batch in batches:
            rows = batch.rows
            break
    proposals = proposing.proposed_columns(infos, rows, has_types=source.has_types)
    return {
        "columns": [dataclasses.asdict(proposal) for proposal in proposals],
        "rows": shown_rows(rows),
    }


def shown_rows(rows: Sequence[connectors.Row]) -> list[list[str | None]]:
    """The first rows as they stand in an answer."""
    return [[columns.shown(value, SHOWN_LETTERS) for value in row] for row in rows[:SHOWN_ROWS]]


def _note_check(probe: Probe, answer: Mapping[str, Any], *, at: datetime) -> None:
    Connection.objects.filter(pk=probe.connection_id).update(
        state=ConnectionState.CONNECTED,
        checked_at=at,
        server=str(answer["server"])[:80],
        answer_ms=answer["milliseconds"],
        is_encrypted=answer["encrypted"],
        can_write=answer["can_write"],
        problem_code="",
        problem_params={},
    )


def _note_problem(probe: Probe, refused: connectors.ConnectorRefused, *, at: datetime) -> None:
    """Somebody is watching: a question is not repeated by itself, it is answered with what went wrong."""
    try:
        with tenancy.acting_for(tenancy.current_organisation_id()):
            claiming.finish(
                probe, JobState.FAILED, problem_code=refused.code, problem_params=refused.params, at=at
            )
            if probe.kind == ProbeKind.CHECK:
                Connection.objects.filter(pk=probe.connection_id).update(
                    state=ConnectionState.FAILING,
                    checked_at=at,
                    problem_code=refused.code,
                    problem_params=refused.params,
                )
    except claiming.ClaimLost:
        return
