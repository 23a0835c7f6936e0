"""Exports: asked for, carried out by a worker, stopped, fetched, cleared away. Each step leaves an audit row."""

import datetime
import uuid
import zoneinfo
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from performance.appraisals import queries, rules
from performance.appraisals.actions import files
from performance.appraisals.models import CodePage, Cycle, CycleEntry, Export, ExportFormat, ExportState
from performance.foundation import access, audit, refusals, tenancy

CHUNK = 500
# A worker that has not reported within this time counts as dead and another one begins again.
HELD_FOR = datetime.timedelta(minutes=2)
KEPT_FOR = datetime.timedelta(days=14)
OPEN_AT_ONCE = 3


class ExportRefused(refusals.Refused):
    """An export cannot be asked for, stopped or fetched."""


@transaction.atomic
def request_export(
    *,
    cycle: Cycle,
    format: str,
    by: access.Actor,
    at: datetime.datetime,
    columns: Sequence[str] = queries.DEFAULT_COLUMNS,
    filters: queries.Filters | None = None,
    with_bom: bool = False,
    code_page: str = CodePage.UTF_8,
    layout: queries.Chosen | None = None,
) -> Export:
    """Asks for a file of the cycle's entries as they are now. A task writes it. A layout brings its own columns."""
    columns = layout.columns if layout else columns
    access.require(rules.can_export(by))
    if format not in ExportFormat.values:
        raise ExportRefused(_("Choose XLSX or CSV."), field="format")
    if code_page not in CodePage.values:
        raise ExportRefused(_("Choose a code page."), field="code_page")
    unknown = [key for key in columns if key not in queries.COLUMNS]
    if unknown or not columns or len(set(columns)) != len(columns):
        raise ExportRefused(_("Choose at least one column, each of them once."), field="columns")
    mine = Export.objects.filter(requested_by=by.person, state__in=[ExportState.WAITING, ExportState.RUNNING])
    if mine.count() >= OPEN_AT_ONCE:
        raise ExportRefused(
            _("Three of your exports are under way. Wait for one or stop it."), code="too_many"
        )
    export = Export(
        cycle=cycle,
        format=format,
        columns=list(columns),
        headings=dict(layout.headings) if layout else {},
        layout=layout.name if layout else "",
        filters=(filters or queries.Filters()).kept,
        with_bom=format == ExportFormat.CSV and _has_mark(code_page, with_bom),
        code_page=code_page if format == ExportFormat.CSV else CodePage.UTF_8,
        language=translation.get_language() or "en",
        requested_by=by.person,
        requested_at=at,
    )
    export.total = queries.entries_to_export(export).count()
    export.save()
    _record("appraisals.request_export", export, by=by, at=at)
    return export


def _has_mark(code_page: str, asked: bool) -> bool:
    """Whether a text table begins with a byte order mark: always where bytes have an order, never where there is none."""
    return code_page == CodePage.UTF_16 or (asked and code_page == CodePage.UTF_8)


@transaction.atomic
def stop_export(*, export: Export, by: access.Actor, at: datetime.datetime) -> None:
    """Stops a waiting or running export; the worker notices after its chunk and throws its draft away."""
    access.require(rules.can_export(by))
    stopped = Export.objects.filter(pk=export.pk, state__in=[ExportState.WAITING, ExportState.RUNNING])
    if not stopped.update(state=ExportState.STOPPED, claim=None, held_until=None, finished_at=at):
        raise ExportRefused(_("This export has ended already."), code="conflict")
    export.refresh_from_db()
    _record("appraisals.stop_export", export, by=by, at=at)


@transaction.atomic
def download_export(
    *, export: Export, by: access.Actor, at: datetime.datetime, part: tuple[int, int] | None = None
) -> Path:
    """The finished file, with an audit row of who took it, and which part: first byte and number of bytes."""
    access.require(rules.can_export(by))
    is_over = export.expires_at is not None and export.expires_at <= at
    if is_over or not export.is_downloadable or not files.path_of(export).is_file():
        raise ExportRefused(_("This file is not there (any more). Export again."), code="no_file")
    taken = {"from_byte": part[0], "bytes_taken": part[1]} if part else {}
    _record("appraisals.download_export", export, by=by, at=at, **taken)
    return files.path_of(export)


def run_export(*, export_id: uuid.UUID, now: Callable[[], datetime.datetime] = timezone.now) -> bool:
    """Writes the file in chunks, each in a transaction of its own. False when there was nothing to do.

    A second delivery finds the export taken and leaves. A worker that was stopped, or was slow enough for another
    one to take over, notices at its next chunk and leaves without a trace. A second attempt begins at the first
    row: the lines are those of the moment of the request, so it writes the same file.
    """
    claim = uuid7()
    with _here():
        export = _take(export_id, claim, at=now())
    if export is None:
        return False
    files.remove_attempts(export)
    try:
        with files.Attempt(export, claim) as attempt, translation.override(export.language):
            written = _write(export, attempt, claim, now)
            if written is None:
                return False
            size, digest = attempt.measure()
            with _here():
                return _finish(export, attempt, claim, written, size, digest, at=now())
    except Exception as error:
        with _here():
            _fail(export, claim, error, at=now())
        raise


def _write(
    export: Export, attempt: files.Attempt, claim: uuid.UUID, now: Callable[[], datetime.datetime]
) -> int | None:
    """Returns the rows written, or None when the claim was lost on the way."""
    columns = queries.columns_of(export)
    zone = zoneinfo.ZoneInfo(export.organisation.time_zone)
    writer = files.writer_for(export, attempt, columns, zone)
    try:
        return _write_rows(export, writer, columns, claim, now)
    finally:
        writer.abandon()


def _write_rows(
    export: Export,
    writer: files.Writer,
    columns: Sequence[queries.Column],
    claim: uuid.UUID,
    now: Callable[[], datetime.datetime],
) -> int | None:
    with _here():
        bands = queries.bands_of(export.cycle)
    last: CycleEntry | None = None
    done = rows = 0
    versions: set[uuid.UUID] = set()
    while True:
        with _here():
            chunk, lines = queries.lines_after(export, bands, last, CHUNK)
            for line in lines:
                writer.write_row([column.value(line) for column in columns])
                versions.update(line.version_ids)
            done, rows = done + len(chunk), rows + len(lines)
            if not _report(export, claim, done, rows, at=now()):
                return None
        if len(chunk) < CHUNK:
            break
        last = chunk[-1]
    with _here():
        definitions = queries.definitions(versions, export.cycle.period.ends_on)
        writer.finish(definitions, queries.about(export, bands, columns, rows))
    return rows


def _take(export_id: uuid.UUID, claim: uuid.UUID, *, at: datetime.datetime) -> Export | None:
    """The export, if it waits or whoever held it is gone. Compare and set."""
    free = Q(state=ExportState.WAITING) | Q(state=ExportState.RUNNING, held_until__lt=at)
    taken = Export.objects.filter(free, pk=export_id).update(
        state=ExportState.RUNNING, claim=claim, held_until=at + HELD_FOR, done=0, rows=0, error=""
    )
    if not taken:
        return None
    return Export.objects.select_related(
        "organisation", "cycle__period", "cycle__signed_off_by", "requested_by"
    ).get(pk=export_id)


def _mine(export: Export, claim: uuid.UUID) -> tenancy.TenantQuerySet:
    return Export.objects.filter(pk=export.pk, claim=claim, state=ExportState.RUNNING)


def _report(export: Export, claim: uuid.UUID, done: int, rows: int, *, at: datetime.datetime) -> bool:
    """Notes how far it came; False when somebody stopped it or another worker has taken over."""
    return bool(_mine(export, claim).update(done=done, rows=rows, held_until=at + HELD_FOR))


def _finish(
    export: Export,
    attempt: files.Attempt,
    claim: uuid.UUID,
    rows: int,
    size: int,
    digest: str,
    *,
    at: datetime.datetime,
) -> bool:
    """Ends the export and gives the file its name while the row is held: exactly one attempt does."""
    finished = _mine(export, claim).update(
        state=ExportState.DONE,
        claim=None,
        held_until=None,
        file=attempt.name,
        bytes=size,
        sha256=digest,
        rows=rows,
        finished_at=at,
        expires_at=at + KEPT_FOR,
    )
    if not finished:
        return False
    attempt.keep()
    export.refresh_from_db()
    _record("appraisals.finish_export", export, by=export.requested_by, at=at)
    return True


def _fail(export: Export, claim: uuid.UUID, error: Exception, *, at: datetime.datetime) -> None:
    failed = _mine(export, claim).update(
        state=ExportState.FAILED,
        claim=None,
        held_until=None,
        finished_at=at,
        error=f"{type(error).__name__}: {error}"[:300],
    )
    if failed:
        export.refresh_from_db()
        _record("appraisals.fail_export", export, by=None, at=at)


@transaction.atomic
def clear_expired_exports(*, at: datetime.datetime) -> int:
    """Removes files past their time; the rows and the audit stay. Returns how many."""
    expired = list(Export.objects.filter(expires_at__lte=at).exclude(file="")[:CHUNK])
    for export in expired:
        files.remove(export)
        export.file = ""
        export.save(update_fields=["file"])
    return len(expired)


def _here() -> AbstractContextManager[None]:
    return tenancy.acting_for(tenancy.current_organisation_id())


def _record(action: str, export: Export, *, by: object, at: datetime.datetime, **further: Any) -> None:
    """Who, what and which filter; once there is a file, also its size and digest."""
    changes = {
        "cycle": export.cycle,
        "format": export.format,
        "with_bom": export.with_bom,
        "layout": export.layout,
        "columns": export.columns,
        "headings": export.headings,
        "code_page": export.code_page,
        "filters": export.filters,
        "language": export.language,
        "state": export.state,
    }
    if export.sha256:
        changes |= {"rows": export.rows, "bytes": export.bytes, "sha256": export.sha256}
    if export.error:
        changes["error"] = export.error
    audit.record(by=by, action=action, subject=export, at=at, changes=changes | further)
