"""Predicates: who may write, read and take back."""

import datetime

from feedback.models import Note
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
