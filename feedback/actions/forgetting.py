"""What is forgotten with somebody whose personal data is erased: what was said between them and others."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from feedback.models import ActionItem, FeedbackRequest, Meeting, Note, OneOnOne, PrivateNote, Topic
from performance.foundation import tenancy
from performance.inbox import actions as inbox


def forget_person(gone: Any) -> None:
    """Their 1:1s go, with the private notes of both, and so does what colleagues wrote to them. What they wrote to
    others stays with its reader, under the name of a former colleague. Takes a `Forgotten`."""
    theirs = OneOnOne.objects.filter(Q(employee=gone.person_id) | Q(manager=gone.person_id))
    meetings = Meeting.objects.filter(one_on_one__in=theirs.values("pk"))
    for pair in theirs.values_list("employee_id", "manager_id"):
        for person_id in pair:
            with tenancy.speaking_as(person_id):
                PrivateNote.objects.filter(meeting__in=meetings.values("pk")).delete()
    items = ActionItem.objects.filter(one_on_one__in=theirs.values("pk"))
    told = [*items.values_list("pk", flat=True), *theirs.values_list("pk", flat=True)]
    kinds = ("feedback.action", "feedback.one_on_one")
    for kind in kinds:
        inbox.resolve_many(kind=kind, subject_ids=told, by=None, at=timezone.now())
    items.delete()
    Topic.objects.filter(meeting__in=meetings.values("pk")).delete()
    meetings.delete()
    theirs.delete()
    Note.objects.filter(about=gone.person_id).delete()
    asked = FeedbackRequest.objects.filter(Q(about=gone.person_id) | Q(to=gone.person_id, answered_at=None))
    asked = asked.exclude(pk__in=Note.objects.exclude(request=None).values("request_id"))
    keys = list(asked.values_list("pk", flat=True))
    for kind in ("feedback.request", "feedback.declined"):
        inbox.resolve_many(kind=kind, subject_ids=keys, by=None, at=timezone.now())
    FeedbackRequest.objects.filter(pk__in=keys).delete()
