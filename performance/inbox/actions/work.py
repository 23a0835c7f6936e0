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
from performance.foundation.components import formats
from performance.inbox import kinds, rules
from performance.inbox.actions import endpoints, telling
from performance.inbox.models import WorkItem
from performance.people import actions as people_actions
from performance.people import models as people
from performance.people import queries as people_queries

TOLD = ("kind", "subject_id", "title_en", "title_zh", "detail_en", "detail_zh", "url", "due_on")
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
    about: WorkItem | None = None,
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
    # A due day that it has been given meanwhile stays where the asking names none.
    again = {name: value for name, value in told.items() if name != "due_on" or value is not None}
    with transaction.atomic():
        item, is_new = WorkItem.objects.update_or_create(
            person=to,
            kind=kind,
            subject_id=subject_id,
            done_at=None,
            # Asked for in their own name: what was handed to them as well stays when it is taken back.
            defaults=again | {"handed_by": None},
            create_defaults={**told, "about": about, "assigned_by": _person(by), "assigned_at": at},
        )
        if item.handed_to_id is not None:
            _tell_stand_in(item, again, by=by, at=at)
        if is_new:
            telling.queue_given(items=[item], emailed={item.person_id} if to.email else set(), at=at)
    return item


def _tell_stand_in(item: WorkItem, again: dict[str, Any], *, by: Any, at: datetime.datetime) -> None:
    """Whoever has it in hand is told the same, while they may do it; else it goes back, and they read no more of it."""
    kind = kinds.kind_of(item.kind)
    today = people_queries.day_at(item.organisation, at)
    theirs = WorkItem.objects.filter(
        kind=item.kind, subject_id=item.subject_id, handed_by=item.person_id, done_at=None
    )
    if kind and kind.stand_ins and item.handed_to_id in kind.stand_ins(item.subject_id, today):
        theirs.update(**{name: value for name, value in again.items() if name != "url"})
        return
    item.handed_to = None
    item.save(update_fields=["handed_to"])
    close_told(about=_done(Q(pk__in=theirs.values("pk")), by=by, at=at), by=by, at=at)


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
    #: Told up the line: the item that is overdue.
    about_id: uuid.UUID | None = None


def assign_many(*, kind: str, works: Sequence[Work], at: datetime.datetime) -> int:
    """Many items of one kind at once, each with what tells of it; what is open already stays. Returns how many are new.

    A few statements a thousand items. Who assigns the same at this moment is waited for: what they have made is open
    already.
    """
    keys = {(work.person_id, work.subject_id): work for work in works}
    subjects = {work.subject_id for work in works}
    standing = WorkItem.objects.filter(kind=kind, subject_id__in=subjects, done_at=None)
    asked = [
        item
        for item in standing.only("person_id", "subject_id", "handed_by_id")
        if keys.pop((item.person_id, item.subject_id), None)
    ]
    in_hand = [item.pk for item in asked if item.handed_by_id is not None]
    with transaction.atomic():
        if in_hand:
            # Asked for in their own name now: it stays with them when it is taken back.
            WorkItem.objects.filter(pk__in=in_hand).update(handed_by=None)
        wanted = WorkItem.objects.bulk_create(
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
                    about_id=work.about_id,
                    assigned_at=at,
                )
                # In one order for everybody, so that two never wait for each other.
                for _key, work in sorted(keys.items())
            ],
            batch_size=MANY,
            ignore_conflicts=True,
        )
        made = WorkItem.objects.filter(pk__in=[item.pk for item in wanted]).values_list("pk", flat=True)
        is_new = set(made) if wanted else set()
        items = [item for item in wanted if item.pk in is_new]
        reachable = set(
            people.Person.objects.filter(pk__in={item.person_id for item in items})
            .exclude(email="")
            .values_list("pk", flat=True)
        )
        telling.queue_given(items=items, emailed=reachable, at=at)
    return len(items)


def resolve_work(*, kind: str, subject_id: uuid.UUID, by: Any, at: datetime.datetime, to: Any = None) -> int:
    """Closes the items that this action has done: one person's, or everybody's. Returns how many. What one person has
    handed over, or was handed, is done for both."""
    named = Q(kind=kind, subject_id=subject_id)
    if to is not None:
        named &= Q(person=to) | Q(handed_to=to) | Q(handed_by=to)
    return _close(named, by=by, at=at, kind=kind)


def resolve_many(*, kind: str, subject_ids: Collection[uuid.UUID], by: Any, at: datetime.datetime) -> int:
    """Closes everybody's items of a kind about any of these subjects."""
    return _close(Q(kind=kind, subject_id__in=subject_ids), by=by, at=at, kind=kind)


def resolve_for(*, kind: str, subject_id: uuid.UUID, persons: Any, by: Any, at: datetime.datetime) -> int:
    """Closes the items of these people, named by a queryset."""
    return _close(Q(kind=kind, subject_id=subject_id, person__in=persons), by=by, at=at, kind=kind)


def resolve_items(named: Q, *, by: Any, at: datetime.datetime) -> None:
    """Closes whatever is open of what a condition names, of any kind, with what was told up the line about it."""
    with transaction.atomic():
        close_told(about=_done(named, by=by, at=at), by=by, at=at)


def close_items(*, keys: Collection[uuid.UUID], by: Any, at: datetime.datetime) -> int:
    """Closes these items, of kinds that are not told up the line."""
    return len(_done(Q(pk__in=keys), by=by, at=at))


def close_told(*, about: Collection[uuid.UUID] | QuerySet[WorkItem], by: Any, at: datetime.datetime) -> int:
    """Closes what was told up the line about these items."""
    return len(_done(Q(about__isnull=False, about__in=about), by=by, at=at))


def _close(named: Q, *, by: Any, at: datetime.datetime, kind: str) -> int:
    """The items first: whoever is telling the next level of one holds it, and what they tell is then closed as well."""
    with transaction.atomic():
        closed = _done(named, by=by, at=at)
        if kind in kinds.going_up():
            close_told(about=closed, by=by, at=at)
    return len(closed)


def _done(named: Q, *, by: Any, at: datetime.datetime) -> list[uuid.UUID]:
    """Notes that these are done, and tells the systems that want to know: two statements, one more for what is in
    other hands, and three more where some do. Locked, so that what is told is what this closes."""
    with transaction.atomic():
        closed = _held(named)
        if any(item.handed_to_id is not None for item in closed):
            # It may have changed hands while this waited for it; what it came to was not there yet to be seen.
            closed = _held(named)
        keys = [item.pk for item in closed]
        if keys:
            WorkItem.objects.filter(pk__in=keys).update(done_at=at, done_by=_person(by))
            telling.queue_done(items=closed, webhooks=telling.webhooks(), at=at)
    return keys


def _held(named: Q) -> list[WorkItem]:
    undone = WorkItem.objects.filter(named, done_at=None).select_for_update(no_key=True)
    return list(undone.only("pk", "organisation_id", "kind", "handed_to_id").order_by("pk"))


def pass_work_on(*, person: people.Person, to: people.Person | None, at: datetime.datetime) -> None:
    """Of somebody who has left, what falls to whoever leads goes to `to` with a message; everything else is closed.
    What they had in hand for somebody else goes back; what others have in hand for them stays there."""
    WorkItem.objects.filter(handed_to=person, done_at=None).update(handed_to=None)
    WorkItem.objects.filter(handed_by=person, done_at=None).update(handed_by=None)
    waiting = WorkItem.objects.filter(person=person, done_at=None)
    if to is not None:
        falls = Q(kind__in=kinds.following_the_line(), handed_by=None) | Q(about__isnull=False)
        for item in waiting.filter(falls, handed_to=None).exclude(assigned_by=to).exclude(about__person=to):
            assign_work(
                to=to,
                **{key: getattr(item, key) for key in TOLD},
                about=item.about,
                by=item.assigned_by,
                at=at,
            )
            WorkItem.objects.filter(escalated_to=person, pk=item.about_id).update(escalated_to=to)
    closed = _done(Q(person=person), by=None, at=at)
    close_told(about=closed, by=None, at=at)
    endpoints.forget_chats(person=person, at=at)


def forget_person(gone: people_actions.Forgotten) -> None:
    """What named somebody whose personal data is erased says “Former colleague” instead. One statement.

    Only items that were theirs, came from them or are about them; what nobody assigned, while nobody else here has
    the same name.
    """
    around = Q(person=gone.person_id) | Q(assigned_by=gone.person_id) | Q(subject_id=gone.person_id)
    around |= Q(about__person=gone.person_id)
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
    """Takes an item off the list until a day of the organisation's calendar, from tomorrow to 90 days ahead. It still
    counts as waiting."""
    if item.done_at is not None:
        raise InboxRefused(_("This is done already."), code="conflict")
    first, last = rules.days_to_snooze(people_queries.day_at(item.organisation, at))
    if not first <= until <= last:
        told = {"first": formats.day(first), "last": formats.day(last)}
        raise InboxRefused(_("Choose a day from %(first)s to %(last)s.") % told, field="until")
    item.snoozed_until = until
    item.save(update_fields=["snoozed_until"])


def read_note(*, item: WorkItem, by: Any, at: datetime.datetime) -> None:
    """What only tells something is done by reading it. Twice is once."""
    if not kinds.is_note(item.kind):
        raise InboxRefused(_("This is done where it stands, not here."), code="no_note")
    _done(Q(pk=item.pk), by=by, at=at)


def wake_work(*, item: WorkItem, by: Any, at: datetime.datetime) -> None:
    """Puts a snoozed item back on the list."""
    if item.done_at is not None:
        raise InboxRefused(_("This is done already."), code="conflict")
    item.snoozed_until = None
    item.save(update_fields=["snoozed_until"])


def _person(by: Any) -> Any:
    return getattr(by, "person", by)
