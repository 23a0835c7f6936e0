"""Reads: the log as its reader may see it."""

import copy
import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from performance.foundation import access, audit
from performance.foundation.models import AuditRow
from performance.people import rules


def log(*, subject_id: uuid.UUID | None = None, search: str = "") -> QuerySet[AuditRow]:
    """Rows of the log, newest first. The words find nothing by what is not shown."""
    return audit.rows(subject_id=subject_id, search=search)


def log_shown(actor: access.Actor, rows: Iterable[AuditRow]) -> list[AuditRow]:
    """The rows without what this reader may not read. Copies: what is kept stays as it is."""
    return [_shown(actor, row) for row in rows]


def _shown(actor: access.Actor, kept: AuditRow) -> AuditRow:
    row = copy.copy(kept)
    private = audit.PRIVATE.get(row.action)
    if private is not None and not rules.can_read_private_reasons(actor):
        row.why = ""
        row.changes = {key: value for key, value in row.changes.items() if key not in private}
    return row
