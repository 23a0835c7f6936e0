"""Reads: the log as its reader may see it.

Rows cannot be changed. What is shown of them can: private reasons go to HR and auditors, figures of parts that are closed
to a reader to those who see them, and what names somebody whose personal data was erased goes to nobody.
"""

import copy
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from performance.foundation import access, audit
from performance.foundation.models import AuditRow
from performance.people import rules
from performance.people.models import ErasedMention, Person


def log(*, subject_id: uuid.UUID | None = None, search: str = "") -> QuerySet[AuditRow]:
    """Rows of the log, newest first. The words find nothing by what is not shown."""
    erased = Person.objects.exclude(erased_at=None).values("pk")
    mentions = ErasedMention.objects.filter(in_label=True).values("row_id")
    return audit.rows(
        subject_id=subject_id,
        search=search,
        nameless=Q(subject_id__in=erased) | Q(pk__in=mentions),
        by_nobody=Q(person_id__in=erased),
    )


def log_shown(actor: access.Actor, rows: Iterable[AuditRow]) -> list[AuditRow]:
    """The rows without what this reader may not read. Copies: what is kept stays as it is. Two queries, and those of
    `audit.closed_changes`."""
    page = list(rows)
    keys = {key for row in page for key in (row.subject_id, row.person_id) if key}
    erased = Person.objects.filter(pk__in=keys).exclude(erased_at=None)
    mentions = ErasedMention.objects.filter(row_id__in=[row.pk for row in page])
    hidden = _Hidden(
        people=frozenset(erased.values_list("pk", flat=True)),
        # A row may name several people; that its label names one of them is what counts, and so comes last.
        rows=dict(mentions.order_by("in_label").values_list("row_id", "in_label")),
    )
    closed = audit.closed_changes(actor, page)
    return [_shown(actor, row, hidden, closed.get(row.pk, frozenset())) for row in page]


@dataclass(frozen=True)
class _Hidden:
    """Whose personal data was erased; row of the log that names one of them → whether its label does."""

    people: frozenset[uuid.UUID]
    rows: dict[uuid.UUID, bool]


def _shown(actor: access.Actor, kept: AuditRow, hidden: _Hidden, closed: frozenset[str]) -> AuditRow:
    row = copy.copy(kept)
    if closed:
        # A reason speaks of what it gives a reason for.
        row.why = ""
        row.changes = {key: value for key, value in row.changes.items() if key not in closed}
    if not rules.can_read_private_reasons(actor):
        private = audit.private().get(row.action, frozenset())
        if row.action not in audit.with_open_reasons():
            row.why = ""
        row.changes = {key: value for key, value in row.changes.items() if key not in private}
    if row.subject_id in hidden.people or row.pk in hidden.rows:
        row.why, row.changes = "", {}
    if row.subject_id in hidden.people or hidden.rows.get(row.pk):
        row.subject_label = _("erased person")
    if row.person_id in hidden.people:
        row.person_name = _("erased person")
    return row
