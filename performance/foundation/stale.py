"""The queue of what is out of date: rows written with the change, claimed in bounded batches, settled with the
result. A killed worker or a lost message loses nothing, because the row stays until the result is committed.

    claim = stale.claim("score", limit=200, at=now)          # its own short transaction
    with tenancy.acting_for(organisation_id):
        ...compute and write...
        stale.settle(claim)                                   # same transaction as the result
"""

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from performance.foundation import tenancy
from performance.foundation.models import StaleRow

CLAIM_LASTS = datetime.timedelta(minutes=10)


@dataclass(frozen=True)
class Claim:
    """What one worker has taken. Empty when there was nothing to do."""

    id: uuid.UUID
    kind: str
    marks: dict[uuid.UUID, int]

    @property
    def subject_ids(self) -> list[uuid.UUID]:
        return list(self.marks)

    def __bool__(self) -> bool:
        return bool(self.marks)


def mark(kind: str, subject_ids: Iterable[uuid.UUID], *, at: datetime.datetime | None = None) -> None:
    """Says that these must be computed again; to be called in the transaction of the change itself."""
    subjects = sorted(set(subject_ids))
    if not subjects:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO foundation_stalerow (id, organisation_id, kind, subject_id, mark, marked_at)"
            " SELECT accord_uuid7(), %s, %s, subject, 1, %s FROM unnest(%s::uuid[]) AS subject"
            " ON CONFLICT (organisation_id, kind, subject_id)"
            " DO UPDATE SET mark = foundation_stalerow.mark + 1",
            [tenancy.current_organisation_id(), kind, at or timezone.now(), subjects],
        )


def claim(kind: str, *, limit: int, at: datetime.datetime | None = None) -> Claim:
    """Takes up to `limit` subjects that nobody works on. A claim older than ten minutes counts as abandoned."""
    now = at or timezone.now()
    claim_id = uuid7()
    with tenancy.acting_for(tenancy.current_organisation_id()), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE foundation_stalerow SET claim = %s, claimed_at = %s WHERE id IN ("
            " SELECT id FROM foundation_stalerow WHERE organisation_id = %s AND kind = %s"
            " AND (claimed_at IS NULL OR claimed_at < %s)"
            " ORDER BY marked_at LIMIT %s FOR UPDATE SKIP LOCKED)"
            " RETURNING subject_id, mark",
            [claim_id, now, tenancy.current_organisation_id(), kind, now - CLAIM_LASTS, limit],
        )
        return Claim(claim_id, kind, dict(cursor.fetchall()))


def settle(claimed: Claim) -> None:
    """Removes what was computed. What was marked again meanwhile stays, free for the next claim."""
    if not claimed:
        return
    settle_some(claimed, claimed.marks)
    release(claimed)


def settle_some(claimed: Claim, marks_seen: Mapping[uuid.UUID, int]) -> None:
    """Removes some of what was claimed; the rest stays claimed."""
    subjects, marks = zip(*marks_seen.items(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM foundation_stalerow USING unnest(%s::uuid[], %s::int[]) AS seen(subject_id, mark)"
            " WHERE foundation_stalerow.claim = %s AND foundation_stalerow.subject_id = seen.subject_id"
            " AND foundation_stalerow.mark = seen.mark",
            [list(subjects), list(marks), claimed.id],
        )


def is_held(claimed: Claim) -> bool:
    """Whether the claim is still ours and stays so until the transaction ends: not when it was taken for abandoned."""
    return StaleRow.objects.select_for_update().filter(claim=claimed.id).first() is not None


def release(claimed: Claim) -> None:
    """Gives back what is left of a claim, for somebody else to take."""
    StaleRow.objects.filter(claim=claimed.id).update(claim=None, claimed_at=None)


def waiting(kind: str) -> int:
    """How many subjects of this kind are out of date."""
    return StaleRow.objects.filter(kind=kind).count()
