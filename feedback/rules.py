"""Predicates: who may write, read and take back."""

import datetime
import uuid

from feedback.models import FeedbackRequest, Meeting, Note, OneOnOne
from performance.foundation import access
from performance.people.models import Person

RETRACTION_WINDOW = datetime.timedelta(minutes=10)


def can_write_about(actor: access.Actor, person: Person, on: datetime.date) -> bool:
    """To a colleague who is still here that day; never to oneself."""
    is_here = person.left_on is None or person.left_on >= on
    return actor.person_id != person.pk and is_here and not actor.only_reads


def can_retract(actor: access.Actor, note: Note, at: datetime.datetime) -> bool:
    """The author, for ten minutes."""
    return (
        note.author_id == actor.person_id
        and note.retracted_at is None
        and at <= note.written_at + RETRACTION_WINDOW
    )


def can_begin_one_on_one(
    actor: access.Actor, employee: Person, manager: Person, manager_today: uuid.UUID | None
) -> bool:
    """Either side of a reporting line of today."""
    return (
        not actor.only_reads
        and manager.pk == manager_today
        and actor.person_id in (employee.pk, manager.pk)
        and employee.pk != manager.pk
    )


def is_one_of_the_two(actor: access.Actor, one: OneOnOne) -> bool:
    return actor.person_id in (one.employee_id, one.manager_id)


def can_work_on(actor: access.Actor, meeting: Meeting) -> bool:
    """Both of them, on the agenda of the meeting that is ahead."""
    one = meeting.one_on_one
    return (
        is_one_of_the_two(actor, one)
        and not actor.only_reads
        and meeting.held_at is None
        and one.ended_at is None
    )


def is_told_by(actor: access.Actor, note: Note) -> bool:
    """For whom a note was written: whoever asked, and whom it is about where they may read it."""
    asked = note.request is not None and note.request.by_id == actor.person_id
    return asked or note.about_id == actor.person_id


def can_answer(actor: access.Actor, request: FeedbackRequest) -> bool:
    return request.to_id == actor.person_id and not actor.only_reads


def can_edit_values(actor: access.Actor) -> bool:
    return actor.has_role("hr") and not actor.only_reads
