"""Messages to endpoints on their way: claimed by compare-and-set like e-mail, spaced, and settled by what was answered.

What fails rests longer after each try, and its endpoint rests with it, so that whoever does not answer costs one wait at
a time. An endpoint where nobody is any more is switched off, and whoever set it up is told.
"""

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from performance.foundation import audit, sealing, tenancy
from performance.inbox import channels, rules
from performance.inbox.actions import endpoints, messages, work
from performance.inbox.channels import Delivered, Gone, Later, Outcome, Refused, reasons
from performance.inbox.models import Delivery, Endpoint, Occasion
from performance.people import models as people
from performance.people import queries as people_queries

#: One, five, twenty-five minutes, two and ten hours: a system may be away for a night.
REST = datetime.timedelta(minutes=1)
LONGER = 5
#: How long an endpoint rests after a failure, however long the message does: what comes next finds out that it is back.
BREAK = datetime.timedelta(minutes=5)
#: As long as the longest spacing, and a little.
NEAR = datetime.timedelta(seconds=4)
#: An endpoint that took nothing for so long is switched off.
FAILS_AT_MOST = datetime.timedelta(days=5)


@dataclass(frozen=True)
class Claim:
    """A message that is ours to send, with all that is needed to do it outside a transaction."""

    delivery: Delivery
    endpoint: Endpoint
    organisation: people.Organisation
    opened: dict[str, Any] = field(repr=False)

    @property
    def is_test(self) -> bool:
        return self.delivery.occasion == Occasion.TEST


def waiting_calls(*, at: datetime.datetime, limit: int) -> list[uuid.UUID]:
    """The oldest message of each endpoint that is to be sent now: nobody's many messages keep others waiting."""
    due = messages.due(Delivery.objects.exclude(endpoint=None), at)
    free = Q(endpoint__rests_until=None) | Q(endpoint__rests_until__lte=at)
    # Somebody waits for a test: it comes first, and does not wait for an endpoint that rests after a failure.
    order = ("endpoint_id", F("item_id").asc(nulls_first=True), "queued_at", "pk")
    firsts = due.filter(free | Q(item=None)).order_by(*order).distinct("endpoint_id")
    return list(
        Delivery.objects.filter(pk__in=firsts.values("pk"))
        .order_by("queued_at", "pk")
        .values_list("pk", flat=True)[:limit]
    )


def is_turn_near(*, endpoint_ids: Collection[uuid.UUID], at: datetime.datetime) -> bool:
    """Whether one of these, which take messages apart from each other, is about to take its next."""
    if not endpoint_ids:
        return False
    soon = at + NEAR
    due = messages.due(Delivery.objects.filter(endpoint__in=endpoint_ids), soon)
    return due.filter(Q(endpoint__rests_until=None) | Q(endpoint__rests_until__lte=soon)).exists()


def claim_call(*, delivery_id: uuid.UUID, at: datetime.datetime) -> Claim | None:
    """Compare-and-set: whoever gets it back sends it, and nobody else.

    It is dropped when its chat's work is done by now or its endpoint no longer listens, and put off in quiet hours and
    while its endpoint rests. Systems are told what happened, even when it is done by now.
    """
    if not messages.claimed(Delivery, delivery_id, at):
        return None
    delivery = Delivery.objects.select_related("item__person", "endpoint__person__user").get(pk=delivery_id)
    endpoint = delivery.endpoint
    assert endpoint is not None  # noqa: S101 - the database says so: `delivered_where`
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    dropped = _why_dropped(delivery, endpoint, organisation, at)
    if dropped:
        messages.note_sent(message=delivery, at=at, error=dropped)
        return None
    free_at = None
    if delivery.item is not None:
        free_at = _morning(endpoint, organisation, at) or _taken_until(endpoint, at)
    if free_at is not None:
        messages.put_off(delivery, free_at)
        return None
    try:
        opened = endpoints.opened(endpoint)
    except sealing.Unreadable as lost:
        settle_call(
            claim=Claim(delivery, endpoint, organisation, {}), outcome=Gone(lost.code), status=None, at=at
        )
        return None
    return Claim(delivery, endpoint, organisation, opened)


def settle_call(*, claim: Claim, outcome: Outcome, status: int | None, at: datetime.datetime) -> None:
    """Notes what became of a message, and what it says about its endpoint. A claim that was given up for lost, because
    it took too long, settles nothing."""
    with transaction.atomic():
        match outcome:
            case Delivered():
                _settled(claim, sent_at=at, error="", answered=status)
                Endpoint.objects.filter(pk=claim.endpoint.pk).exclude(failing_since=None).update(
                    failing_since=None
                )
            case Refused(code, detail) | Gone(code, detail):
                given_up = {"attempts": rules.ATTEMPTS, "error": reasons.kept(code, detail)}
                if _settled(claim, **given_up, answered=status) and not claim.is_test:
                    _note_failing(claim.endpoint, outcome, at)
            case Later(code, detail, seconds):
                asked = datetime.timedelta(seconds=seconds or 0)
                rest = max(_rest(claim.delivery.attempts), asked)
                changes: dict[str, Any] = {"queued_at": at + rest, "error": reasons.kept(code, detail)}
                if claim.is_test:
                    # Somebody waits for the answer of a test: it is tried once.
                    changes = {"attempts": rules.ATTEMPTS, "error": reasons.kept(code, detail)}
                if _settled(claim, **changes, answered=status) and not claim.is_test:
                    Endpoint.objects.filter(pk=claim.endpoint.pk).update(
                        rests_until=at + max(min(rest, BREAK), asked)
                    )
                    _note_failing(claim.endpoint, outcome, at)


def _settled(claim: Claim, **changes: Any) -> bool:
    return bool(messages.held(claim.delivery).update(sending_at=None, **changes))


def _rest(attempts: int) -> datetime.timedelta:
    return REST * LONGER ** max(attempts - 1, 0)


def _why_dropped(
    delivery: Delivery, endpoint: Endpoint, organisation: people.Organisation, at: datetime.datetime
) -> str:
    if endpoint.closed_at is not None or (delivery.item is not None and not endpoint.is_open):
        return "dropped_off"
    if endpoint.person is None:
        return ""
    if not messages.works_here(endpoint.person, organisation, at):
        return "dropped_left"
    return "dropped_done" if delivery.item is not None and delivery.item.done_at is not None else ""


def _morning(
    endpoint: Endpoint, organisation: people.Organisation, at: datetime.datetime
) -> datetime.datetime | None:
    """The end of its person's quiet hours; systems have none."""
    if endpoint.person is None:
        return None
    return messages.end_of_quiet(endpoint.person, organisation, at)


def _taken_until(endpoint: Endpoint, at: datetime.datetime) -> datetime.datetime | None:
    """Takes the endpoint's next turn, by compare-and-set; else when that comes."""
    room = channels.CHATS.get(endpoint.channel)
    spacing = datetime.timedelta(seconds=room.spacing if room else 0)
    free = Q(rests_until=None) | Q(rests_until__lte=at)
    turn = Endpoint.objects.filter(free, pk=endpoint.pk)
    if turn.update(rests_until=at + spacing) if spacing else turn.exists():
        return None
    endpoint.refresh_from_db(fields=["rests_until"])
    return endpoint.rests_until or at


def _note_failing(endpoint: Endpoint, outcome: Outcome, at: datetime.datetime) -> None:
    Endpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=at)
    match outcome:
        case Gone(code, detail):
            _switch_off(endpoint, reasons.kept(code, detail), at)
        case _:
            has_failed_long = Endpoint.objects.filter(
                pk=endpoint.pk, failing_since__lte=at - FAILS_AT_MOST
            ).exists()
            if has_failed_long:
                _switch_off(endpoint, "days_failing", at)


def _switch_off(endpoint: Endpoint, reason: str, at: datetime.datetime) -> None:
    """Once: the endpoint is told nothing more, and its owner is told why."""
    living = Endpoint.objects.filter(pk=endpoint.pk, off_at=None, closed_at=None)
    if not living.update(off_at=at, off_reason=reason):
        return
    audit.record(
        by=None, action="inbox.switch_off_endpoint", subject=endpoint, at=at, changes={"off_reason": reason}
    )
    for owner in _owners(endpoint, at):
        work.assign_work(
            to=owner,
            kind=endpoints.OFF_KIND,
            subject_id=endpoint.pk,
            title_en=f"“{endpoint.name}” is told nothing any more",
            title_zh=f"“{endpoint.name}”已停止接收通知",
            detail_en="It was switched off: nobody is there, or nothing was taken for days",
            detail_zh="已停用：地址不存在，或连续多日无法送达",
            url=_page_of(endpoint),
            by=None,
            at=at,
        )


def _page_of(endpoint: Endpoint) -> str:
    if endpoint.person_id is not None:
        return reverse("inbox:mail") + "#card-chats"
    return reverse("inbox:webhook", args=[endpoint.pk])


def _owners(endpoint: Endpoint, at: datetime.datetime) -> list[people.Person]:
    """Its person; of a webhook all who can mend it now."""
    if endpoint.person is not None:
        return [endpoint.person]
    organisation = people.Organisation.objects.get(pk=tenancy.current_organisation_id())
    day = people_queries.day_at(organisation, at)
    return list(people_queries.active_people(day).filter(grants__role=people.Role.ADMINISTRATOR).distinct())
