"""Give somebody work, and note that it is done."""

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Left
from django.utils.translation import gettext as _

from performance.foundation import refusals
from performance.inbox.actions import endpoints, telling
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from performance.people import queries as people_queries

# What is asked of somebody because of whom they lead; it falls to whoever leads them next.
FOLLOWS_THE_LINE = (
    "goals.agreement",
    "goals.suggestion",
    "goals.reply",
    "goals.missed",
    "goals.manager_grade",
    "goals.dependency",
)
TOLD = ("kind", "subject_id", "title_en", "title_zh", "detail_en", "detail_zh", "url", "due_on")
SNOOZED_AT_MOST = datetime.timedelta(days=366)
MANY = 1000


class InboxRefused(refusals.Refused):
    """An action on work items declines."""


def assign_work(
    *,
    to: Any,
    kind: str,
    subject_id: uuid.UUID,
    title_en: str,
    title_zh: str,
    url: str,
    by: Any,
    at: datetime.datetime,
    due_on: datetime.date | None = None,
    detail_en: str = "",
    detail_zh: str = "",
) -> WorkItem:
    """Puts an item before a person and queues what tells of it. Asking again while it is open only refreshes it."""
    told = {
        "title_en": title_en[:200],
        "title_zh": title_zh[:200],
        "detail_en": detail_en[:200],
        "detail_zh": detail_zh[:200],
        "url": url,
        "due_on": due_on,
    }
    with transaction.atomic():
        item, is_new = WorkItem.objects.update_or_create(
            person=to,
            kind=kind,
            subject_id=subject_id,
            done_at=None,
            defaults=told,
            create_defaults={**told, "assigned_by": _person(by), "assigned_at": at},
        )
        if is_new:
            telling.queue_given(items=[item], emailed={item.person_id} if to.email else set(), at=at)
    return item


@dataclass(frozen=True)
class Work:
    """One item to be: whose, about what, in both languages."""

    person_id: uuid.UUID
    subject_id: uuid.UUID
    title_en: str
    title_zh: str
    url: str
    due_on: datetime.date | None = None
    detail_en: str = ""
    detail_zh: str = ""


def assign_many(*, kind: str, works: Sequence[Work], at: datetime.datetime) -> int:
    """Many items of one kind at once, each with what tells of it; what is open already stays. Returns how many are new.

    A few statements a thousand items. Whoever calls sees to it that nobody else assigns the same at this moment.
    """
    keys = {(work.person_id, work.subject_id): work for work in works}
    subjects = {work.subject_id for work in works}
    standing = WorkItem.objects.filter(kind=kind, subject_id__in=subjects, done_at=None)
    for key in standing.values_list("person_id", "subject_id"):
        keys.pop(key, None)
    with transaction.atomic():
        items = WorkItem.objects.bulk_create(
            [
                WorkItem(
                    person_id=work.person_id,
                    kind=kind,
                    subject_id=work.subject_id,
                    title_en=work.title_en[:200],
                    title_zh=work.title_zh[:200],
                    detail_en=work.detail_en[:200],
                    detail_zh=work.detail_zh[:200],
                    url=work.url,
                    due_on=work.due_on,
                    assigned_at=at,
                )
                for work in keys.values()
            ],
            batch_size=MANY,
        )
        reachable = set(
            people.Person.objects.filter(pk__in={item.person_id for item in items})
            .exclude(email="")
            .values_list("pk", flat=True)
        )
        telling.queue_given(items=items, emailed=reachable, at=at)
    return len(items)


def resolve_work(*, kind: str, subject_id: uuid.UUID, by: Any, at: datetime.datetime, to: Any = None) -> int:
    """Closes the items that this action has done: one person's, or everybody's. Returns how many."""
    items = WorkItem.objects.filter(kind=kind, subject_id=subject_id, done_at=None)
    if to is not None:
        items = items.filter(person=to)
    return _close(items, by=by, at=at)


def resolve_many(*, kind: str, subject_ids: Collection[uuid.UUID], by: Any, at: datetime.datetime) -> int:
    """Closes everybody's items of a kind about any of these subjects."""
    items = WorkItem.objects.filter(kind=kind, subject_id__in=subject_ids, done_at=None)
    return _close(items, by=by, at=at)


def _close(items: QuerySet[WorkItem], *, by: Any, at: datetime.datetime) -> int:
    """Notes that these are done, and tells the systems that want to know: two statements where none does."""
    listening = telling.webhooks()
    if not listening:
        return items.update(done_at=at, done_by=_person(by))
    with transaction.atomic():
        # Locked, so that what is told is what this closes.
        closed = list(items.select_for_update(no_key=True).only("pk", "organisation_id", "kind"))
        WorkItem.objects.filter(pk__in=[item.pk for item in closed]).update(done_at=at, done_by=_person(by))
        telling.queue_done(items=closed, webhooks=listening, at=at)
    return len(closed)


def pass_work_on(*, person: people.Person, to: people.Person | None, at: datetime.datetime) -> None:
    """Of somebody who has left, what falls to whoever leads goes to `to` with a message; everything else is closed."""
    waiting = WorkItem.objects.filter(person=person, done_at=None)
    if to is not None:
        theirs = list(waiting.filter(kind__in=FOLLOWS_THE_LINE).exclude(assigned_by=to))
        for item in theirs:
            assign_work(
                to=to,
                **{key: getattr(item, key) for key in TOLD},
                by=item.assigned_by,
                at=at,
            )
    _close(waiting, by=None, at=at)
    endpoints.forget_chats(person=person, at=at)


def forget_person(gone: people_actions.Forgotten) -> None:
    """What named somebody whose personal data is erased says “Former colleague” instead. One statement.

    Only items that were theirs, came from them or are about them; what nobody assigned, while nobody else here has
    the same name.
    """
    around = Q(person=gone.person_id) | Q(assigned_by=gone.person_id) | Q(subject_id=gone.person_id)
    if not gone.has_namesake:
        around |= Q(assigned_by=None)
    called = {"en": gone.name_en, "zh": gone.name_zh}
    texts = {f"{part}_{language}": called[language] for part in ("title", "detail") for language in called}
    naming = Q()
    for field in texts:
        naming |= Q(**{f"{field}__iregex": gone.pattern})
    WorkItem.objects.filter(around, naming).update(
        **{field: Left(_Replaced(F(field), gone.pattern, name), 200) for field, name in texts.items()}
    )


class _Replaced(Func):
    """regexp_replace, every occurrence, any case."""

    function = "regexp_replace"
    template = "%(function)s(%(expressions)s, 'gi')"
    output_field = TextField()

    def __init__(self, text: Any, pattern: str, by: str) -> None:
        super().__init__(text, Value(pattern), Value(by))


def snooze_work(*, item: WorkItem, until: datetime.date, by: Any, at: datetime.datetime) -> None:
    """Takes an item off the list until a day. It still counts as waiting."""
    if item.done_at is not None:
        raise InboxRefused(_("This is done already."), code="conflict")
    today = people_queries.day_at(item.organisation, at)
    if not today < until <= today + SNOOZED_AT_MOST:
        raise InboxRefused(_("Choose a day within a year, from tomorrow on."), field="until")
    item.snoozed_until = until
    item.save(update_fields=["snoozed_until"])


def wake_work(*, item: WorkItem, by: Any, at: datetime.datetime) -> None:
    """Puts a snoozed item back on the list."""
    if item.done_at is not None:
        raise InboxRefused(_("This is done already."), code="conflict")
    item.snoozed_until = None
    item.save(update_fields=["snoozed_until"])


def _person(by: Any) -> Any:
    return getattr(by, "person", by)
