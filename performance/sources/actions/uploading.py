"""Files that people upload: kept in parts behind the walls, read by whichever worker comes."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import audit, duties
from performance.sources import connectors
from performance.sources.actions import narrowing, reaching, scheduling
from performance.sources.actions.refusing import SourceRefused
from performance.sources.connectors import files, reasons
from performance.sources.models import Connection, Dataset, SourceFile, SourceFilePart

MEGABYTE = 1024**2
PART_BYTES = MEGABYTE
#: Older files of a connection are let go, beyond this many or where they would hold more than the largest one may;
#: loads keep their counts and rejected rows.
KEPT_FILES = 12


def upload_file(
    *, connection: Connection, name: str, chunks: Iterable[bytes], by: Any, at: datetime
) -> SourceFile:
    """Keeps the file, and asks for a load of every dataset that reads from this connection.

    Raises SourceRefused: file_kind, file_too_large, file_empty, narrowed, and what the connector says of a file that it
    cannot open.
    """
    name = PurePath(name.replace("\\", "/")).name[:200]
    if not name.lower().endswith(files.SUFFIXES):
        raise SourceRefused(
            reasons.text("file_kind", {}),
            code="file_kind",
            field="file",
        )
    most = settings.ACCORD_UPLOAD_MB * MEGABYTE
    read = Dataset.objects.filter(connection=connection, closed_at=None)
    duties.refuse_scored_over(by, read.values_list("pk", flat=True))
    # A file is read as the whole: rows that it does not bring go.
    narrowing.refuse_writing(by, read.values_list("pk", flat=True), field="file")
    with transaction.atomic():
        file = SourceFile.objects.create(
            connection=connection,
            name=name,
            size=0,
            digest="",
            uploaded_by=getattr(by, "person", by),
            uploaded_at=at,
        )
        digest = hashlib.sha256()
        for number, part in enumerate(_parts(chunks)):
            digest.update(part)
            file.size += len(part)
            if file.size > most:
                message = _(
                    "The file is larger than %(limit)s MB. Cut it into parts, or connect the database that it comes from."
                )
                words = {"limit": settings.ACCORD_UPLOAD_MB}
                raise SourceRefused(message % words, code="file_too_large", field="file")
            SourceFilePart.objects.create(file=file, number=number, data=part)
        if not file.size:
            raise SourceRefused(_("The file holds no rows."), code="file_empty", field="file")
        file.digest = digest.hexdigest()
        file.save(update_fields=["size", "digest"])
        _refuse_unreadable(connection, file)
        _let_old_files_go(connection)
        for dataset in read.all():
            scheduling.stop_open_load(dataset=dataset, by=by, at=at)
            scheduling.start_load(dataset=dataset, by=by, at=at)
        audit.record(
            by=by,
            action="sources.upload_file",
            subject=connection,
            changes={"file": name, "bytes": file.size, "sha256": file.digest},
            at=at,
        )
    return file


def _refuse_unreadable(connection: Connection, file: SourceFile) -> None:
    """A file that cannot be opened at all does not take the place of the one in use."""
    try:
        with reaching.reached(reaching.address_of(connection, file)) as source:
            source.check()
    except connectors.ConnectorRefused as refused:
        said = reasons.text(refused.code, refused.params)
        raise SourceRefused(said, code=refused.code, field="file") from refused


def _parts(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The same bytes in pieces of one megabyte."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)


def _let_old_files_go(connection: Connection) -> None:
    files = SourceFile.objects.filter(connection=connection).order_by("-uploaded_at", "-id")
    kept: list[uuid.UUID] = []
    held = 0
    for key, size in files.values_list("pk", "size")[:KEPT_FILES]:
        held += size
        if kept and held > settings.ACCORD_UPLOAD_MB * MEGABYTE:
            break
        kept.append(key)
    SourceFilePart.objects.filter(file__connection=connection).exclude(file__in=kept).delete()
