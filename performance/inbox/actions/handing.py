"""Putting work into somebody else's hands, and taking it back. Nobody is shown more by it: only whoever may do it
already can be asked."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from performance.foundation import access, audit
from performance.inbox import kinds, queries
from performance.inbox.actions.work import TOLD, InboxRefused, assign_work, close_items, close_told
from performance.inbox.models import WorkItem
from performance.people import queries as people


def hand_work(*, item: WorkItem, to: Any, by: access.Actor, at: datetime.datetime) -> WorkItem:
    """It waits for `to` from now on, who is told; whoever handed it over sees it among what they gave away. Done by
    either of them, it is done for both. Returns the item of `to`."""
    today = people.day_at(by.organisation, at)
    with transaction.atomic():
        held = _held(item)
        if held.handed_to_id is not None:
            raise InboxRefused(_("Somebody else has this in hand already."), code="conflict")
        kind = kinds.kind_of(held.kind)
        if kind is None or kind.stand_ins is None or held.handed_by_id is not None:
            raise InboxRefused(_("This waits for you alone."), code="alone")
        if not queries.stand_ins(held, today).filter(pk=to.pk).exists():
            raise InboxRefused(_("Choose somebody who may do this in your place."), code="to", field="to")
        theirs = assign_work(
            to=to,
            **{name: getattr(held, name) for name in TOLD}
            | ({"url": kind.address(held.subject_id)} if kind.address else {}),
            by=held.assigned_by,
            at=at,
        )
        theirs.handed_by = by.person
        theirs.save(update_fields=["handed_by"])
        # Up the line it is told of whoever has it in hand.
        held.handed_to, held.escalate_on, held.escalations = to, None, 0
        held.escalated_on = held.escalated_to = held.snoozed_until = None
        held.save(
            update_fields=[
                *("handed_to", "escalate_on", "escalations", "escalated_on", "escalated_to"),
                "snoozed_until",
            ]
        )
        close_told(about=WorkItem.objects.filter(pk=held.pk), by=by, at=at)
        audit.record(by=by, action="inbox.hand_work", subject=to, changes={"kind": held.kind}, at=at)
    return theirs


def take_work_back(*, item: WorkItem, by: access.Actor, at: datetime.datetime) -> WorkItem:
    """Whoever handed it over takes it back, or whoever has it in hand gives it back. `item` is either's. Returns the
    one that waits again."""
    with transaction.atomic():
        named = WorkItem.objects.filter(kind=item.kind, subject_id=item.subject_id, done_at=None)
        first = item.handed_by_id or item.person_id
        held = named.filter(person_id=first).exclude(handed_to=None).select_for_update(of=("self",)).first()
        if held is None or not _is_in_hands_of(by, item, held):
            raise InboxRefused(_("Nobody else has this in hand any more."), code="conflict")
        theirs = named.filter(person_id=held.handed_to_id, handed_by_id=first)
        keys = list(theirs.values_list("pk", flat=True))
        close_items(keys=keys, by=by, at=at)
        close_told(about=keys, by=by, at=at)
        to, held.handed_to = held.handed_to, None
        held.save(update_fields=["handed_to"])
        audit.record(
            by=by,
            action="inbox.take_work_back",
            subject=to if by.person_id == first else held.person,
            changes={"kind": held.kind},
            at=at,
        )
    return held


def _is_in_hands_of(by: access.Actor, item: WorkItem, held: WorkItem) -> bool:
    """Whether this very item still waits for them, or for whom they handed it to. Whoever had it in hand before keeps
    a done item of the same work, which is somebody else's by now."""
    is_open = WorkItem.objects.filter(pk=item.pk, done_at=None).exists()
    return is_open and by.person_id in (held.person_id, held.handed_to_id)


def _held(item: WorkItem) -> WorkItem:
    held = WorkItem.objects.select_for_update(of=("self",)).select_related("assigned_by").get(pk=item.pk)
    if held.done_at is not None:
        raise InboxRefused(_("This is done already."), code="conflict")
    return held
