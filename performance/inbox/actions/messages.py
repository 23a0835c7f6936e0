"""E-mail on its way: about one item each, or letters that tell of many things at once.

Both are claimed by compare-and-set, rest after a failure, and wait for the end of their reader's quiet hours.
"""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Model, QuerySet

from performance.inbox import rules
from performance.inbox.models import Delivery, Letter, MailPace, MailRule
from performance.inbox.rules import ATTEMPTS, SENDING_LASTS
from performance.people import models as people
from performance.people import queries as people_queries

# How long a failed message rests before it is tried again: one, two, four … minutes.
REST = datetime.timedelta(minutes=1)


def waiting_deliveries(*, at: datetime.datetime, limit: int) -> list[uuid.UUID]:
    """Messages about items to be sent now, oldest first: unsent, not in anybody's hands, rested after a failure."""
    return _waiting(Delivery.objects.filter(endpoint=None), at, limit)


def waiting_letters(*, at: datetime.datetime, limit: int) -> list[uuid.UUID]:
    """Letters to be sent now, likewise."""
    return _waiting(Letter.objects.all(), at, limit)


def claim_delivery(*, delivery_id: uuid.UUID, at: datetime.datetime) -> Delivery | None:
    """Compare-and-set: whoever gets the row back sends its message, and nobody else.

    A message is dropped when its work is done by now, or when its reader is told once a day or never; in quiet hours
    it is put off to their end.
    """
    if not claimed(Delivery, delivery_id, at):
        return None
    delivery = Delivery.objects.select_related("item__person__user", "item__organisation").get(pk=delivery_id)
    item = delivery.item
    assert item is not None  # noqa: S101 - the database says so: `delivered_about`
    person, organisation = item.person, item.organisation
    rule = mail_rule_of(person)
    if item.done_at is not None or not _is_reachable(person, organisation, at):
        note_sent(message=delivery, at=at, error="dropped: nothing waits any more")
        return None
    if rule.pace != MailPace.AT_ONCE:
        note_sent(message=delivery, at=at, error=f"dropped: told {rule.pace}")
        return None
    return None if _waits_for_morning(delivery, rule, organisation, at) else delivery


def claim_letter(*, letter_id: uuid.UUID, at: datetime.datetime) -> Letter | None:
    """The same for a letter, which is written only to those who want it."""
    if not claimed(Letter, letter_id, at):
        return None
    letter = Letter.objects.select_related("person__user", "person__organisation").get(pk=letter_id)
    organisation = letter.person.organisation
    if not _is_reachable(letter.person, organisation, at):
        note_sent(message=letter, at=at, error="dropped: nobody to write to")
        return None
    rule = mail_rule_of(letter.person)
    return None if _waits_for_morning(letter, rule, organisation, at) else letter


def note_sent(*, message: Delivery | Letter, at: datetime.datetime, error: str = "") -> None:
    """Compare-and-set: only the claim that sent it may close it."""
    held(message).update(sent_at=at, sending_at=None, error=error)


def note_failed(*, message: Delivery | Letter, at: datetime.datetime, error: str) -> None:
    """Rests the message, longer after each failure; after the last one it stays unsent with its reason."""
    rest = REST * 2 ** max(message.attempts - 1, 0)
    held(message).update(sending_at=None, queued_at=at + rest, error=error[:300])


@dataclass(frozen=True)
class Written:
    """A letter to be, in its reader's language."""

    person_id: uuid.UUID
    subject: str
    text: str
    html: str


def queue_letters(*, kind: str, key: str, letters: Collection[Written], at: datetime.datetime) -> None:
    """Queues what each person is written once for this kind and key; a second time changes nothing."""
    Letter.objects.bulk_create(
        [
            Letter(
                person_id=each.person_id,
                kind=kind,
                key=key,
                subject=" ".join(each.subject.split())[:200],
                text=each.text,
                html=each.html,
                queued_at=at,
            )
            for each in letters
        ],
        ignore_conflicts=True,
    )


def end_of_quiet(
    person: people.Person, organisation: people.Organisation, at: datetime.datetime
) -> datetime.datetime | None:
    """When the quiet hours that hold this moment end for somebody; None outside them."""
    return rules.end_of_quiet(mail_rule_of(person), organisation, at)


def mail_rule_of(person: people.Person) -> MailRule:
    """How somebody wants to be written to; the defaults (not stored) where they never said."""
    return MailRule.objects.filter(person=person).first() or MailRule(person=person)


def _waiting(messages: QuerySet[Any], at: datetime.datetime, limit: int) -> list[uuid.UUID]:
    return list(due(messages, at).order_by("queued_at").values_list("pk", flat=True)[:limit])


def due(messages: QuerySet[Any], at: datetime.datetime) -> QuerySet[Any]:
    """Of these, what is to be sent now: unsent, not in anybody's hands, rested, not given up."""
    waiting = messages.filter(sent_at=None, attempts__lt=ATTEMPTS, queued_at__lte=at)
    return waiting.exclude(sending_at__gt=at - SENDING_LASTS)


def claimed(kind: Any, key: uuid.UUID, at: datetime.datetime) -> bool:
    """Compare-and-set: whether this message is ours now."""
    free = kind.objects.filter(pk=key, sent_at=None, attempts__lt=ATTEMPTS)
    free = free.exclude(sending_at__gt=at - SENDING_LASTS)
    return bool(free.update(sending_at=at, attempts=F("attempts") + 1))


def _waits_for_morning(
    message: Delivery | Letter, rule: MailRule, organisation: people.Organisation, at: datetime.datetime
) -> bool:
    """Puts a message off to the end of its reader's quiet hours."""
    morning = rules.end_of_quiet(rule, organisation, at)
    if morning is None:
        return False
    put_off(message, morning)
    return True


def put_off(message: Delivery | Letter, until: datetime.datetime) -> None:
    """Waiting is no attempt."""
    held(message).update(sending_at=None, queued_at=until, attempts=F("attempts") - 1)


def _is_reachable(person: people.Person, organisation: people.Organisation, at: datetime.datetime) -> bool:
    return bool(person.email) and works_here(person, organisation, at)


def works_here(person: people.Person, organisation: people.Organisation, at: datetime.datetime) -> bool:
    """Nobody is written to after their last day."""
    left_on = person.left_on
    return left_on is None or left_on >= people_queries.day_at(organisation, at)


def held(message: Model) -> Any:
    """The message while this claim still holds it: one that was given up for lost belongs to the next."""
    kind: Any = type(message)
    return kind.objects.filter(pk=message.pk, sent_at=None, sending_at=message.sending_at)  # type: ignore[attr-defined]
