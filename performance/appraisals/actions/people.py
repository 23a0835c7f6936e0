"""Who is in a cycle: its population, and exceptions to it with their reason."""

import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from performance.appraisals import queries, rules
from performance.appraisals.actions import made
from performance.appraisals.models import Cycle, CycleEntry, EntryState, Review
from performance.foundation import access, audit, refusals
from performance.inbox import actions as inbox
from performance.people import models as people
from performance.people import queries as people_queries

BATCH = 1000


class ExceptionRefused(refusals.Refused):
    """Somebody cannot be added or left out."""


def take_in(cycle: Cycle) -> int:
    """Makes an entry for everybody of the population who has none, with the reviews that they need. One read, one
    insert a thousand people."""
    fresh: list[CycleEntry] = []
    taken_in = 0
    missing = queries.newcomers(cycle).values_list("pk", "number", "unit_on", "manager_on", "team_on")
    for person_id, number, unit_id, manager_id, team_id in missing.iterator(chunk_size=BATCH):
        fresh.append(
            CycleEntry(
                cycle=cycle,
                person_id=person_id,
                number=number,
                unit_id=unit_id,
                manager_id=manager_id,
                team_id=team_id,
            )
        )
        if len(fresh) == BATCH:
            taken_in += len(CycleEntry.objects.bulk_create(fresh, ignore_conflicts=True))
            fresh = []
    taken_in += len(CycleEntry.objects.bulk_create(fresh, ignore_conflicts=True))
    made.make_reviews(cycle)
    return taken_in


@transaction.atomic
def add_newcomers(*, cycle: Cycle, by: access.Actor, at: datetime.datetime) -> int:
    """Takes in people who joined the population after the cycle was opened. Returns how many."""
    access.require(rules.can_change_cycle(by, _held(cycle)))
    taken_in = take_in(cycle)
    if taken_in:
        audit.record(
            by=by, action="appraisals.add_newcomers", subject=cycle, at=at, changes={"people": taken_in}
        )
    return taken_in


@transaction.atomic
def add_exception(
    *, cycle: Cycle, person: people.Person, reason: str, by: access.Actor, at: datetime.datetime
) -> CycleEntry:
    """Takes in somebody whom the population leaves out."""
    _may_except(cycle, person, reason, by)
    manager = people_queries.manager_of(person.pk, cycle.people_on)
    team = people_queries.team_of(person.pk, cycle.people_on)
    try:
        with transaction.atomic():
            entry = CycleEntry.objects.create(
                cycle=cycle,
                person=person,
                number=person.number,
                unit_id=people_queries.unit_of(person, cycle.people_on),
                manager=manager,
                team=team,
                is_exception=True,
                reason=reason.strip(),
            )
    except IntegrityError as error:
        raise ExceptionRefused(
            _("%(person)s is in this cycle already.") % {"person": person}, field="person"
        ) from error
    made.make_reviews(cycle)
    _record("appraisals.add_exception", entry, by=by, at=at)
    return entry


@transaction.atomic
def leave_out(*, entry: CycleEntry, reason: str, by: access.Actor, at: datetime.datetime) -> None:
    """Leaves one person out of the cycle. The entry stays, with the reason; nobody is asked to review them."""
    _may_except(entry.cycle, entry.person, reason, by)
    _switch(entry, EntryState.OPEN, EntryState.LEFT_OUT, reason)
    keys = list(Review.objects.filter(entry=entry).values_list("pk", flat=True))
    Review.objects.filter(pk__in=keys).update(asked_at=None)
    for kind in ("performance.review", "performance.reminder"):
        inbox.resolve_many(kind=kind, subject_ids=keys, by=by, at=at)
    _record("appraisals.leave_out", entry, by=by, at=at)


@transaction.atomic
def take_back_in(*, entry: CycleEntry, reason: str, by: access.Actor, at: datetime.datetime) -> None:
    """Takes somebody in again who was left out."""
    _may_except(entry.cycle, entry.person, reason, by)
    _switch(entry, EntryState.LEFT_OUT, EntryState.OPEN, reason)
    made.make_reviews(entry.cycle)
    _record("appraisals.take_back_in", entry, by=by, at=at)


def _switch(entry: CycleEntry, before: str, after: str, reason: str) -> None:
    """Compare and set."""
    moved = CycleEntry.objects.filter(pk=entry.pk, state=before).update(
        state=after, is_exception=True, reason=reason.strip()
    )
    if not moved:
        raise ExceptionRefused(_("Somebody else has changed this entry meanwhile."), code="conflict")
    entry.state, entry.is_exception, entry.reason = after, True, reason.strip()


def _may_except(cycle: Cycle, person: people.Person, reason: str, by: access.Actor) -> None:
    held = _held(cycle)
    if not held.is_open:
        raise ExceptionRefused(_("This cycle has been signed off already."), code="conflict")
    access.require(rules.can_except(by, held, person))
    if not reason.strip():
        raise ExceptionRefused(_("Say why, in a few words."), field="reason")


def _held(cycle: Cycle) -> Cycle:
    return Cycle.objects.select_for_update(of=("self",)).get(pk=cycle.pk)


def _record(action: str, entry: CycleEntry, *, by: access.Actor, at: datetime.datetime) -> None:
    audit.record(by=by, action=action, subject=entry, at=at, why=entry.reason)
