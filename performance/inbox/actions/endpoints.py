"""Webhooks of the organisation and people's own chats: added, tried, paused, removed. Addresses and secrets go in and
never come out; only a secret that we made ourselves is handed over, once."""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from performance.foundation import access, audit, egress, once, outgoing, refusals, sealing
from performance.inbox import channels, rules
from performance.inbox.channels import standard_webhooks
from performance.inbox.models import AREAS_OF_WEBHOOKS, Channel, Delivery, Endpoint, Occasion, WorkItem
from performance.people import models as people

MOST_WEBHOOKS = 20
MOST_CHATS = 5
#: How long what we send is signed with the former secret too.
GRACE = datetime.timedelta(hours=24)
OFF_KIND = "home.endpoint_off"


class EndpointRefused(refusals.Refused):
    """A change to a webhook or a chat that cannot be made."""


def add_webhook(
    *,
    name: str,
    address: str,
    areas: Collection[str],
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> tuple[Endpoint, str]:
    """A webhook of the organisation, and its secret, which is shown now and never again: only to the same call made
    again, whose first answer was lost."""
    endpoint = _added_webhook(name=name, address=address, areas=areas, by=by, at=at, key=key)
    if endpoint.closed_at is not None:
        raise EndpointRefused(_("This was added, and removed since."), code="conflict")
    return endpoint, opened(endpoint)["secret"]


@once.kept_once(Endpoint, by="created_by")
def _added_webhook(
    *,
    name: str,
    address: str,
    areas: Collection[str],
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None,
) -> Endpoint:
    if not areas or not set(areas) <= set(AREAS_OF_WEBHOOKS):
        raise EndpointRefused(_("Choose what it is told of."), field="areas")
    secret = standard_webhooks.new_secret()
    endpoint = Endpoint(
        channel=Channel.WEBHOOK,
        name=_named(name),
        host=_judged(address).host,
        areas=sorted(set(areas)),
        created_by=by.person,
        created_at=at,
        once_key=key,
    )
    with transaction.atomic():
        # One at a time for the organisation, so that two together are no more than one after the other.
        people.Organisation.objects.select_for_update(no_key=True).get(pk=by.organisation.pk)
        if Endpoint.objects.filter(person=None, closed_at=None).count() >= MOST_WEBHOOKS:
            raise EndpointRefused(_("These are as many as there can be. Remove one first."), code="too_many")
        _seal(endpoint, {"address": address, "secret": secret})
        endpoint.save(force_insert=True)
        audit.record(
            by=by,
            action="inbox.add_webhook",
            subject=endpoint,
            at=at,
            changes={"host": endpoint.host, "areas": endpoint.areas},
        )
    return endpoint


@once.kept_once(Endpoint, by="created_by")
def add_chat(
    *,
    channel: str,
    name: str,
    address: str,
    secret: str,
    tells_title: bool,
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> Endpoint:
    """A chat of one's own. Its address leads to the chat's own host, or to one that the installation allows: nobody sends
    us anywhere else."""
    room = channels.CHATS.get(channel)
    if room is None:
        raise EndpointRefused(_("Choose one of the chats."), field="channel")
    place = _judged(address)
    if not room.is_home(place.host) and not egress.is_listed(
        place.host, place.port, allow=settings.ACCORD_EGRESS_ALLOW
    ):
        other = channels.chat_at(place.host)
        raise EndpointRefused(
            _("This is an address of %(chat)s. Choose that chat instead.") % {"chat": Channel(other).label}
            if other
            else _("This is no address of a bot of %(chat)s.") % {"chat": Channel(channel).label},
            field="address",
        )
    if secret and not room.has_secret:
        raise EndpointRefused(_("Bots of this chat have no secret. Leave it empty."), field="secret")
    endpoint = Endpoint(
        person=by.person,
        channel=channel,
        name=_named(name),
        host=place.host,
        tells_title=tells_title,
        created_by=by.person,
        created_at=at,
        once_key=key,
    )
    with transaction.atomic():
        people.Person.objects.select_for_update(no_key=True).get(pk=by.person_id)
        if Endpoint.objects.filter(person=by.person, closed_at=None).count() >= MOST_CHATS:
            raise EndpointRefused(_("These are as many as there can be. Remove one first."), code="too_many")
        _seal(endpoint, {"address": address, "secret": secret.strip()})
        endpoint.save(force_insert=True)
        audit.record(
            by=by,
            action="inbox.add_chat",
            subject=endpoint,
            at=at,
            changes={"host": endpoint.host, "tells_title": tells_title},
        )
    return endpoint


def set_tells_title(
    *, endpoint: Endpoint, tells_title: bool, by: access.Actor, at: datetime.datetime
) -> None:
    """Whether a chat is told what waits, or only that something does."""
    with transaction.atomic():
        changed = _living(endpoint).exclude(tells_title=tells_title).update(tells_title=tells_title)
        if changed:
            audit.record(
                by=by,
                action="inbox.change_chat",
                subject=endpoint,
                at=at,
                changes={"tells_title": [not tells_title, tells_title]},
            )


def rotate_secret(*, endpoint: Endpoint, by: access.Actor, at: datetime.datetime) -> str:
    """A new secret, shown now and never again. For a day what we send carries both signatures."""
    secret = standard_webhooks.new_secret()
    with transaction.atomic():
        endpoint = _living(endpoint).select_for_update().get()
        former = opened(endpoint)
        _seal(endpoint, {"address": former["address"], "secret": secret, "old_secret": former["secret"]})
        endpoint.old_secret_until = at + GRACE
        endpoint.save(update_fields=["sealed", "old_secret_until"])
        audit.record(by=by, action="inbox.rotate_secret", subject=endpoint, at=at)
    return secret


def pause_endpoint(*, endpoint: Endpoint, by: access.Actor, at: datetime.datetime) -> None:
    """Nothing is told there, and nothing is kept for it, until it is resumed."""
    with transaction.atomic():
        if _living(endpoint).filter(is_paused=False).update(is_paused=True):
            audit.record(by=by, action="inbox.pause_endpoint", subject=endpoint, at=at)


def resume_endpoint(*, endpoint: Endpoint, by: access.Actor, at: datetime.datetime) -> None:
    """Told again of what comes from now on; also after it was switched off."""
    with transaction.atomic():
        standing = _living(endpoint).exclude(is_paused=False, off_at=None)
        changed = standing.update(
            is_paused=False, off_at=None, off_reason="", failing_since=None, rests_until=None
        )
        if changed:
            _settle_off_item(endpoint, by, at)
            audit.record(by=by, action="inbox.resume_endpoint", subject=endpoint, at=at)


def close_endpoint(*, endpoint: Endpoint, by: Any, at: datetime.datetime) -> None:
    """Forgets address and secrets, of a chat also what its person calls it. What was sent there stays on record."""
    name = "" if endpoint.person_id else endpoint.name
    with transaction.atomic():
        if _living(endpoint).update(closed_at=at, sealed="", old_secret_until=None, name=name):
            _settle_off_item(endpoint, by, at)
            audit.record(by=by, action="inbox.close_endpoint", subject=endpoint, at=at)


def forget_chats(*, person: people.Person, at: datetime.datetime) -> None:
    """Whoever has left is told nothing more, and their addresses are forgotten."""
    for endpoint in Endpoint.objects.filter(person=person, closed_at=None):
        close_endpoint(endpoint=endpoint, by=None, at=at)


def ask_test(*, endpoint: Endpoint, by: access.Actor, at: datetime.datetime) -> Delivery:
    """A message that says it is a test, tried once. One that waits already is not asked for twice."""
    with transaction.atomic():
        _living(endpoint).select_for_update(no_key=True).get()
        waiting = Delivery.objects.filter(
            endpoint=endpoint, occasion=Occasion.TEST, sent_at=None, attempts=0
        ).first()
        return waiting or Delivery.objects.create(
            channel=endpoint.channel, endpoint=endpoint, occasion=Occasion.TEST, queued_at=at
        )


def send_again(*, delivery: Delivery, by: access.Actor, at: datetime.datetime) -> None:
    """The same message once more, with the same id, whatever became of it. Not while it is being sent."""
    with transaction.atomic():
        idle = Q(sending_at=None) | Q(sending_at__lte=at - rules.SENDING_LASTS)
        free = Delivery.objects.filter(idle, pk=delivery.pk, endpoint__closed_at=None)
        if not free.update(sent_at=None, sending_at=None, attempts=0, queued_at=at, error="", answered=None):
            raise EndpointRefused(_("This is being sent right now."), code="conflict")
        audit.record(
            by=by,
            action="inbox.send_again",
            subject=delivery.endpoint,
            at=at,
            changes={"message": str(delivery.pk)},
        )


def opened(endpoint: Endpoint) -> dict[str, Any]:
    """Address and secrets. Raises sealing.Unreadable."""
    return sealing.unseal(endpoint.sealed, owner=str(endpoint.pk), keys=settings.FIELD_ENCRYPTION_KEYS)


def reseal_endpoints(*, by: Any, at: datetime.datetime) -> int:
    """Brings everything sealed here under the newest key of the installation. Returns how many."""
    count = 0
    with transaction.atomic():
        for endpoint in Endpoint.objects.select_for_update().exclude(sealed=""):
            endpoint.sealed = sealing.rotate(endpoint.sealed, keys=settings.FIELD_ENCRYPTION_KEYS)
            endpoint.save(update_fields=["sealed"])
            audit.record(by=by, action="inbox.reseal_endpoints", subject=endpoint, at=at)
            count += 1
    return count


def _living(endpoint: Endpoint) -> Any:
    return Endpoint.objects.filter(pk=endpoint.pk, closed_at=None)


def _settle_off_item(endpoint: Endpoint, by: Any, at: datetime.datetime) -> None:
    WorkItem.objects.filter(kind=OFF_KIND, subject_id=endpoint.pk, done_at=None).update(
        done_at=at, done_by=getattr(by, "person", by)
    )


def _seal(endpoint: Endpoint, values: dict[str, str]) -> None:
    endpoint.sealed = sealing.seal(values, owner=str(endpoint.pk), keys=settings.FIELD_ENCRYPTION_KEYS)


def _named(name: str) -> str:
    words = " ".join(name.split())[:80]
    if not words:
        raise EndpointRefused(_("Give it a name."), field="name")
    return words


def _judged(address: str) -> outgoing.Place:
    """What can be said of an address without asking the network; the rest is judged at each call."""
    allow = settings.ACCORD_EGRESS_ALLOW
    try:
        place = outgoing.place_of(address)
        if place.scheme == "http" and not egress.is_listed(place.host, place.port, allow=allow):
            raise outgoing.Unanswered("not_encrypted")
        egress.pin(place.host, place.port, allow=allow, resolver=_answers_nothing)
    except egress.EgressRefused as refused:
        if refused.code == "host_unknown":
            return place
        raise EndpointRefused(str(refused), field="address") from refused
    except outgoing.Unanswered as refused:
        raise EndpointRefused(str(refused), field="address") from refused
    return place


def _answers_nothing(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
    """Names are looked up when they are called, outside transactions."""
    return []


def key_of(delivery: Delivery) -> str:
    """What a message is called outside, the same at each try."""
    return f"msg_{uuid.UUID(str(delivery.pk)).hex}"
