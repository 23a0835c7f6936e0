"""Writes: 1:1s. What is said in them stays out of the log: that two people met is a fact, what they said is theirs."""

import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from feedback import queries, rules
from feedback.actions.refusal import MeetingRefused, require_length
from feedback.models import ActionItem, Meeting, OneOnOne, PrivateNote, Topic
from feedback.models.meetings import LONGEST_NOTES
from performance.foundation import access, audit, i18n, refusals, tenancy
from performance.foundation.components import formats
from performance.inbox import actions as inbox
from performance.people import queries as people
from performance.people.models import Person

RHYTHMS = (1, 2, 3, 4)
AHEAD = datetime.timedelta(days=366)


class NotesConflict(refusals.Refused):
    """The other one has written meanwhile. `meeting` holds what stands."""

    def __init__(self, meeting: Meeting) -> None:
        super().__init__(
            _("The other one has changed the shared notes meanwhile. Look at theirs, then save again."),
            code="conflict",
            field="notes",
        )
        self.meeting = meeting


def begin_one_on_one(
    *,
    by: access.Actor,
    at: datetime.datetime,
    employee: Person,
    manager: Person,
    starts_at: datetime.datetime,
    every_weeks: int,
    minutes: int,
) -> OneOnOne:
    """Two people of a reporting line meet from now on in a rhythm; the other one is told."""
    line = people.manager_of(employee.pk, people.day_at(by.organisation, at))
    if not rules.can_begin_one_on_one(by, employee, manager, line.pk if line else None):
        raise MeetingRefused(_("A 1:1 is between a person and their manager of today."), field="other")
    _require_rhythm(every_weeks, minutes)
    _require_ahead(starts_at, at)
    try:
        with transaction.atomic():
            one = OneOnOne.objects.create(
                employee=employee,
                manager=manager,
                every_weeks=every_weeks,
                minutes=minutes,
                begun_by=by.person,
                begun_at=at,
            )
            meeting = Meeting.objects.create(one_on_one=one, starts_at=starts_at)
            _tell_other(one, meeting, by=by, at=at)
            changes = {"every_weeks": every_weeks, "starts_at": starts_at, "manager": manager}
            audit.record(by=by, action="feedback.begin_one_on_one", subject=employee, at=at, changes=changes)
    except IntegrityError as error:
        raise MeetingRefused(_("The two of you have a 1:1 already."), code="conflict") from error
    return one


def change_one_on_one(
    *, one: OneOnOne, by: access.Actor, at: datetime.datetime, every_weeks: int, minutes: int
) -> OneOnOne:
    """Another rhythm, from the next planning on."""
    _require_rhythm(every_weeks, minutes)
    with transaction.atomic():
        one = _held(one, by)
        before = [one.every_weeks, one.minutes]
        one.every_weeks, one.minutes = every_weeks, minutes
        one.save(update_fields=["every_weeks", "minutes"])
        changes = {"every_weeks": [before[0], every_weeks], "minutes": [before[1], minutes]}
        audit.record(by=by, action="feedback.change_one_on_one", subject=one.employee, at=at, changes=changes)
    return one


def end_one_on_one(*, one: OneOnOne, by: access.Actor, at: datetime.datetime) -> OneOnOne:
    """No further meeting. What was held stays readable for both, and open action items stay with their owners."""
    with transaction.atomic():
        one = _held(one, by)
        one.ended_at = at
        one.save(update_fields=["ended_at"])
        inbox.resolve_work(kind="feedback.one_on_one", subject_id=one.pk, by=by, at=at)
        audit.record(by=by, action="feedback.end_one_on_one", subject=one.employee, at=at)
    return one


def move_meeting(
    *, meeting: Meeting, by: access.Actor, at: datetime.datetime, starts_at: datetime.datetime
) -> Meeting:
    """Another day or hour for the meeting ahead; the other one is told."""
    _require_ahead(starts_at, at)
    with transaction.atomic():
        meeting = meeting_ahead(meeting, by)
        before, meeting.starts_at = meeting.starts_at, starts_at
        meeting.save(update_fields=["starts_at"])
        _tell_other(meeting.one_on_one, meeting, by=by, at=at)
        audit.record(
            by=by,
            action="feedback.move_meeting",
            subject=meeting.one_on_one.employee,
            at=at,
            changes={"starts_at": [before, starts_at]},
        )
    return meeting


def hold_meeting(*, meeting: Meeting, by: access.Actor, at: datetime.datetime) -> Meeting | None:
    """The meeting was held: it stays as it is, and the next one takes over what is open. None where there is no next
    one, because the two are no longer of one reporting line."""
    with transaction.atomic():
        meeting = meeting_ahead(meeting, by)
        one = meeting.one_on_one
        page = queries.meeting_page(by, meeting)
        meeting.held_at = at
        meeting.save(update_fields=["held_at"])
        inbox.resolve_work(kind="feedback.one_on_one", subject_id=one.pk, by=by, at=at)
        line = people.manager_of(one.employee_id, people.day_at(by.organisation, at))
        following = None
        if line is not None and line.pk == one.manager_id:
            following = Meeting.objects.create(
                one_on_one=one, starts_at=_next_start(one, meeting.starts_at, at)
            )
            _carry(page, following, by=by, at=at)
        else:
            one.ended_at = at
            one.save(update_fields=["ended_at"])
        audit.record(
            by=by,
            action="feedback.hold_meeting",
            subject=one.employee,
            at=at,
            changes={"manager": one.manager, "next": following.starts_at if following else None},
        )
    return following


def save_shared_notes(
    *, meeting: Meeting, text: str, revision: int, by: access.Actor, at: datetime.datetime
) -> Meeting:
    """Both write; whoever has not seen the other's last words is shown them first."""
    require_length(text, LONGEST_NOTES, "notes")
    with transaction.atomic():
        meeting = meeting_ahead(meeting, by)
        if meeting.notes_revision != revision and meeting.notes != text:
            raise NotesConflict(meeting)
        if meeting.notes != text:
            meeting.notes, meeting.notes_at = text, at
            meeting.notes_revision += 1
            meeting.save(update_fields=["notes", "notes_at", "notes_revision"])
    return meeting


def save_private_note(*, meeting: Meeting, text: str, by: access.Actor, at: datetime.datetime) -> PrivateNote:
    """For oneself alone, also after the meeting. No row of the log tells of it."""
    require_length(text, LONGEST_NOTES, "private")
    if by.only_reads or not rules.is_one_of_the_two(by, meeting.one_on_one):
        raise MeetingRefused(_("A 1:1 belongs to the two who hold it."))
    with transaction.atomic(), tenancy.speaking_as(by.person_id):
        note, _is_new = PrivateNote.objects.update_or_create(
            meeting=meeting, author=by.person, defaults={"text": text, "saved_at": at}
        )
    return note


def let_meetings_go(*, person: Person, to: Person | None, at: datetime.datetime) -> None:
    """The 1:1s of somebody whose last day is over end; the other one keeps what was held."""
    theirs = OneOnOne.objects.filter(Q(employee=person) | Q(manager=person), ended_at=None)
    keys = list(theirs.values_list("pk", flat=True))
    OneOnOne.objects.filter(pk__in=keys).update(ended_at=at)
    inbox.resolve_many(kind="feedback.one_on_one", subject_ids=keys, by=None, at=at)


def _require_rhythm(every_weeks: int, minutes: int) -> None:
    if every_weeks not in RHYTHMS:
        raise MeetingRefused(_("Choose one of the rhythms."), field="every_weeks")
    if not 10 <= minutes <= 240:
        raise MeetingRefused(_("From 10 to 240 minutes."), field="minutes")


def _require_ahead(starts_at: datetime.datetime, at: datetime.datetime) -> None:
    if not at - datetime.timedelta(hours=1) <= starts_at <= at + AHEAD:
        raise MeetingRefused(_("Choose a time from now on, within a year."), field="starts_at")


def _held(one: OneOnOne, by: access.Actor) -> OneOnOne:
    """The 1:1, kept until the transaction ends, so that one of the two comes after the other."""
    found = (
        OneOnOne.objects.select_for_update(of=("self",), no_key=True)
        .select_related("employee", "manager")
        .get(pk=one.pk)
    )
    if by.only_reads or not rules.is_one_of_the_two(by, found):
        raise MeetingRefused(_("A 1:1 belongs to the two who hold it."))
    if found.ended_at is not None:
        raise MeetingRefused(_("This 1:1 has ended."), code="conflict")
    return found


def meeting_ahead(meeting: Meeting, by: access.Actor) -> Meeting:
    """The meeting that is ahead, kept until the transaction ends."""
    one = _held(meeting.one_on_one, by)
    found = Meeting.objects.get(pk=meeting.pk)
    found.one_on_one = one
    if found.held_at is not None:
        raise MeetingRefused(_("This meeting is over; what was said stays as it is."), code="conflict")
    return found


def _next_start(one: OneOnOne, starts_at: datetime.datetime, at: datetime.datetime) -> datetime.datetime:
    """The same hour on the organisation's clocks, in the rhythm, after now."""
    local = people.local_time(one.organisation, starts_at)
    step = datetime.timedelta(weeks=one.every_weeks)
    following = local + step
    while following <= at:
        following += step
    return following


def _carry(page: Any, following: Meeting, *, by: access.Actor, at: datetime.datetime) -> None:
    """What was not discussed, blockers that nobody got to, and the action items that are open."""
    left = [topic for topic in page.topics if topic.discussed_at is None]
    carried = [
        Topic(
            meeting=following,
            text=topic.text,
            minutes=topic.minutes,
            by=topic.by,
            kind=topic.kind,
            source=topic.source,
            address=topic.address,
            carried=topic.carried + 1,
            added_at=topic.added_at,
        )
        for topic in left
    ]
    carried += [
        Topic(
            meeting=following,
            text=point.text,
            by_id=point.person_id,
            kind=point.kind,
            source=point.key,
            address=point.address,
            carried=1,
            added_at=point.at,
        )
        for point in page.blockers
    ]
    Topic.objects.bulk_create(carried)
    ActionItem.objects.filter(one_on_one=following.one_on_one_id, done_at=None).update(
        carried=F("carried") + 1
    )


def _tell_other(one: OneOnOne, meeting: Meeting, *, by: access.Actor, at: datetime.datetime) -> None:
    other = queries.other_of(one, by.person_id)
    starts = people.local_time(one.organisation, meeting.starts_at)
    detail_en, detail_zh = i18n.in_both(lambda: str(formats.daytime(starts)))
    inbox.resolve_work(kind="feedback.one_on_one", subject_id=one.pk, to=by.person, by=by, at=at)
    inbox.assign_work(
        to=other,
        kind="feedback.one_on_one",
        subject_id=one.pk,
        title_en=f"1:1 with {by.person.name_en}",
        title_zh=f"与{by.person.name_zh or by.person.name_en}的一对一",
        detail_en=detail_en,
        detail_zh=detail_zh,
        url=reverse("feedback:one_on_one", args=[one.pk]),
        by=by,
        at=at,
    )
