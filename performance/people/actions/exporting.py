"""Writes: the directory leaves as a file, on the record."""

import csv
import datetime
import io
import tempfile
from typing import IO, Any

from django.db.models import QuerySet

from performance.foundation import access, audit, cells
from performance.people import queries
from performance.people.models import Person

BOM = "\ufeff"
# Beyond it a file lies on disk rather than in memory.
IN_MEMORY = 4 * 1024**2


def export_people(
    *,
    people: QuerySet[Person],
    on: datetime.date,
    filters: dict[str, Any],
    by: access.Actor,
    at: datetime.datetime,
) -> IO[bytes]:
    """A CSV that spreadsheets open with its characters intact, ready to be read from its beginning. `people` are those
    that `by` may see; managers and teams are those of the day. One query, however many people there are."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    text.write(BOM)
    table = csv.writer(text)
    table.writerow(queries.EXPORTED)
    count = 0
    for row in queries.exported_rows(people, on):
        table.writerow([cells.neutral(str(value)) if value is not None else "" for value in row])
        count += 1
    text.detach()
    audit.record(
        by=by,
        action="people.export_people",
        subject=by.organisation,
        at=at,
        changes={"rows": count, "filters": filters},
    )
    file.seek(0)
    return file
