"""Audit rows: every change of consequence says who, when, why and what changed."""

import datetime
import decimal
import functools
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from performance.engine import fixed
from performance.foundation import access, deeds, logs, refusals
from performance.foundation.models import AuditRow

NOTHING = Q(pk__in=[])
#: Characters of a reason: what is written here stays for good, so no form that forgets its own bound fills the log.
LONGEST_WHY = 4000


@functools.cache
def private() -> Mapping[str, frozenset[str]]:
    """Actions whose reason is private → those of their changes that are. HR and auditors read them, other readers of
    the log read that it happened, to whom and by whom. Each app declares its own (`log_private` of its AppConfig).
    Where the reason is open (`with_open_reasons`) these changes alone are private."""
    declared: dict[str, frozenset[str]] = {}
    for config in apps.get_app_configs():
        declared |= getattr(config, "log_private", {})
    return declared


@functools.cache
def with_open_reasons() -> frozenset[str]:
    """Actions whose reason every reader of the log may read (`log_open`). That of one which no app declares stays with
    HR and auditors."""
    declared: set[str] = set()
    for config in apps.get_app_configs():
        declared |= getattr(config, "log_open", frozenset())
    return frozenset(declared)


@functools.cache
def _quoting() -> tuple[
    Callable[[access.Actor, Sequence[AuditRow]], Mapping[uuid.UUID, frozenset[str]]], ...
]:
    names = [getattr(config, "log_closed", "") for config in apps.get_app_configs()]
    return tuple(import_string(name) for name in names if name)


def closed_changes(actor: access.Actor, rows: Sequence[AuditRow]) -> dict[uuid.UUID, frozenset[str]]:
    """Row → those of its changes that quote what is closed to this reader, though not to every reader of the log. Each
    app answers for its own (`log_closed` of its AppConfig: the dotted name of a query)."""
    found: dict[uuid.UUID, frozenset[str]] = {}
    for closed in _quoting():
        found |= closed(actor, rows)
    return found


def record(
    *,
    by: Any,
    action: str,
    subject: Any,
    at: datetime.datetime,
    why: str = "",
    changes: Mapping[str, Any] | None = None,
) -> AuditRow:
    """Writes one row, in the transaction of the change it tells of.

    `by` is an Actor, a Person, or None for the system. `changes` maps a field to [before, after] or to a value.
    Refuses (too_long) a reason of more than 4,000 characters.
    """
    row = _row(by=by, action=action, subject=subject, at=at, why=why, changes=changes)
    row.save(force_insert=True)
    return row


def record_many(
    *,
    by: Any,
    action: str,
    changed: Iterable[tuple[Any, Mapping[str, Any]]],
    at: datetime.datetime,
    why: str = "",
) -> None:
    """The same for many subjects at once: pairs of a subject and its changes, in a few statements."""
    rows = [
        _row(by=by, action=action, subject=subject, at=at, why=why, changes=changes)
        for subject, changes in changed
    ]
    AuditRow.objects.bulk_create(rows, batch_size=1000)


def _row(
    *,
    by: Any,
    action: str,
    subject: Any,
    at: datetime.datetime,
    why: str,
    changes: Mapping[str, Any] | None,
) -> AuditRow:
    if len(why) > LONGEST_WHY:
        raise refusals.Refused(
            _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_WHY},
            code="too_long",
            field="reason",
        )
    person = by.person if isinstance(by, access.Actor) else by
    return AuditRow(
        at=at,
        person_id=getattr(person, "pk", None),
        person_name=str(person or "")[:200],
        action=action,
        subject_type=subject._meta.label_lower
        if isinstance(subject, models.Model)
        else type(subject).__name__,
        subject_id=_uuid_of(subject),
        subject_label=_label(subject)[:300],
        why=why,
        changes={key: plain(value) for key, value in (changes or {}).items()},
        request_id=logs.request_id(),
        named=sorted(_named(changes or {})),
    )


def plain(value: Any) -> Any:
    """A value as JSON can keep it: decimals and dates as text, rows as their label."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value.normalize(fixed.EXACT), "f")
    return _label(value)


def _named(value: Any) -> set[uuid.UUID]:
    """Keys of the rows among the changes, wherever they stand."""
    if isinstance(value, Mapping):
        return _named(list(value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return set().union(*map(_named, value))
    key = _uuid_of(value) if isinstance(value, models.Model) else None
    return {key} if key else set()


def _label(subject: Any) -> str:
    """A row may be less open than the log: then it says itself how the log calls it."""
    return str(getattr(subject, "audit_label", subject))


def rows(
    *,
    subject_id: uuid.UUID | None = None,
    search: str = "",
    nameless: Q | None = None,
    by_nobody: Q | None = None,
) -> "QuerySet[AuditRow]":
    """Audit rows of the organisation, newest first.

    The words find nothing by the subject's label of rows that are `nameless`, nor by who did what stands `by_nobody`.
    """
    found = AuditRow.objects.order_by("-at", "-id")
    if subject_id is not None:
        found = found.filter(subject_id=subject_id)
    if search:
        found = found.filter(
            Q(action__icontains=search)
            | Q(action__in=deeds.actions_called(search))
            | Q(subject_label__icontains=search) & ~(nameless or NOTHING)
            | Q(person_name__icontains=search) & ~(by_nobody or NOTHING)
        )
    return found


def _uuid_of(subject: Any) -> uuid.UUID | None:
    key = getattr(subject, "pk", None)
    return key if isinstance(key, uuid.UUID) else None
