"""What is forgotten with somebody whose personal data is erased: what was said between them and others."""

import uuid
from typing import Any

from django.db.models import Q
from django.utils import timezone

from feedback.models import ActionItem, FeedbackRequest, Meeting, Note, OneOnOne, PrivateNote, Topic
from performance.foundation import tenancy
from performance.inbox import actions as inbox


def forget_person(gone: Any) -> None:
    """Their 1:1s go, with the private notes of both, and so does what colleagues wrote to them. What they wrote to
    others stays with its reader, under the name of a former colleague. Takes a `Forgotten`."""
    _forget_one_on_ones(gone.person_id)
    _forget_notes(gone.person_id)


def _forget_one_on_ones(person_id: uuid.UUID) -> None:
    theirs = OneOnOne.objects.filter(Q(employee=person_id) | Q(manager=person_id))
    meetings = Meeting.objects.filter(one_on_one__in=theirs.values("pk"))
    for writer_id in {each for pair in theirs.values_list("employee_id", "manager_id") for each in pair}:
        with tenancy.speaking_as(writer_id):
            PrivateNote.objects.filter(meeting__in=meetings.values("pk")).delete()
    items = ActionItem.objects.filter(one_on_one__in=theirs.values("pk"))
    _forget_work("feedback.one_on_one", theirs)
    _forget_work("feedback.action", items)
    items.delete()
    Topic.objects.filter(meeting__in=meetings.values("pk")).delete()
    meetings.delete()
    theirs.delete()


def _forget_notes(person_id: uuid.UUID) -> None:
    """Whoever asked for a note has its item closed as well: it would lead nowhere."""
    notes = Note.objects.filter(about=person_id)
    keys = list(notes.values_list("pk", flat=True))
    inbox.resolve_many(kind="feedback.note", subject_ids=keys, by=None, at=timezone.now())
    notes.delete()
    asked = FeedbackRequest.objects.filter(Q(about=person_id) | Q(to=person_id, answered_at=None))
    asked = asked.exclude(pk__in=Note.objects.exclude(request=None).values("request_id"))
    for kind in ("feedback.request", "feedback.declined"):
        _forget_work(kind, asked)
    asked.delete()


def _forget_work(kind: str, rows: Any) -> None:
    keys = list(rows.values_list("pk", flat=True))
    inbox.forget_work(kind=kind, subject_ids=keys, at=timezone.now())
