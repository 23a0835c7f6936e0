"""Who writes of somebody as a colleague: nominated by the person or their manager, agreed to by the manager."""

import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.models import Cycle, CycleEntry, Review, ReviewKind, ReviewState
from performance.foundation import access, audit, refusals
from performance.inbox import actions as inbox
from performance.people import models as people
from performance.people import queries as people_queries

PEERS = "performance.peers"
PEERS_AT_MOST = 8


class PeerRefused(refusals.Refused):
    """Somebody cannot be nominated or agreed to as a peer."""


@transaction.atomic
def nominate_peer(
    *, entry: CycleEntry, peer: people.Person, by: access.Actor, at: datetime.datetime
) -> Review:
    """Proposes a colleague. What the person's manager or HR proposes is agreed to at once."""
    held = Cycle.objects.select_for_update(of=("self",)).get(pk=entry.cycle_id)
    entry.cycle = held
    on = people_queries.day_at(by.organisation, at)
    manager = people_queries.manager_of(entry.person_id, on)
    access.require(rules.can_nominate(by, entry, manager.pk if manager else None))
    if ReviewKind.PEER not in queries.kinds_asked(held):
        raise PeerRefused(_("The template of this cycle asks no peers."), code="no_peers")
    if peer.pk == entry.person_id or (manager and peer.pk == manager.pk):
        raise PeerRefused(_("A peer is neither the person nor their manager."), field="peer")
    if not people_queries.people_who_write(on).filter(pk=peer.pk).exists():
        raise PeerRefused(_("%(person)s cannot write reviews.") % {"person": peer}, field="peer")
    standing = Review.objects.filter(entry=entry, kind=ReviewKind.PEER).exclude(state=ReviewState.DECLINED)
    if standing.count() >= PEERS_AT_MOST:
        raise PeerRefused(_("%(most)s peers are the most.") % {"most": PEERS_AT_MOST}, field="peer")
    agreed = by.person_id != entry.person_id
    try:
        with transaction.atomic():
            review = Review.objects.create(
                entry=entry,
                kind=ReviewKind.PEER,
                reviewer=peer,
                state=ReviewState.OPEN if agreed else ReviewState.NOMINATED,
                nominated_by=by.person,
                approved_by=by.person if agreed else None,
            )
    except IntegrityError as error:
        raise PeerRefused(_("%(person)s is named already.") % {"person": peer}, field="peer") from error
    audit.record(
        by=by,
        action="appraisals.nominate_peer",
        subject=review,
        at=at,
        changes={"peer": peer, "agreed": agreed},
    )
    if not agreed and manager is not None:
        name_zh = entry.person.name_zh or entry.person.name_en
        inbox.assign_work(
            to=manager,
            kind=PEERS,
            subject_id=entry.pk,
            title_en=f"Agree to the peers of {entry.person.name_en}",
            title_zh=f"确认{name_zh}的同事评价人选",
            url=reverse("appraisals:peers", args=[entry.pk]),
            by=by,
            at=at,
        )
    return review


@transaction.atomic
def approve_peer(*, review: Review, by: access.Actor, at: datetime.datetime) -> Review:
    """The manager agrees: the peer is asked once the stage has begun."""
    held = _held(review, by, at)
    held.state, held.approved_by = ReviewState.OPEN, by.person
    held.save(update_fields=["state", "approved_by"])
    audit.record(by=by, action="appraisals.approve_peer", subject=held, at=at)
    _settle(held.entry, by=by, at=at)
    return held


@transaction.atomic
def turn_peer_down(*, review: Review, reason: str, by: access.Actor, at: datetime.datetime) -> Review:
    """The manager does not agree, and says why."""
    held = _held(review, by, at)
    if not reason.strip():
        raise PeerRefused(_("Say why, in a few words."), field="reason")
    held.state, held.reason = ReviewState.EXCUSED, reason.strip()
    held.save(update_fields=["state", "reason"])
    audit.record(by=by, action="appraisals.turn_peer_down", subject=held, at=at, why=held.reason)
    _settle(held.entry, by=by, at=at)
    return held


def _held(review: Review, by: access.Actor, at: datetime.datetime) -> Review:
    held = (
        Review.objects.select_related("entry__cycle", "entry__person", "reviewer")
        .select_for_update(of=("self",))
        .get(pk=review.pk)
    )
    if held.state != ReviewState.NOMINATED:
        raise PeerRefused(_("Somebody else has changed this review meanwhile."), code="conflict")
    manager = people_queries.manager_of(held.entry.person_id, people_queries.day_at(by.organisation, at))
    access.require(rules.can_approve_peer(by, held, manager.pk if manager else None))
    return held


def _settle(entry: CycleEntry, *, by: access.Actor, at: datetime.datetime) -> None:
    """The manager's item goes when nobody waits for an answer."""
    if not entry.reviews.filter(kind=ReviewKind.PEER, state=ReviewState.NOMINATED).exists():
        inbox.resolve_work(kind=PEERS, subject_id=entry.pk, by=by, at=at)
