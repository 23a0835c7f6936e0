"""Writes: asking for feedback, answering, declining with a word, taking a request back."""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from feedback import queries, rules
from feedback.actions.refusal import require_length, require_words
from feedback.models import FeedbackRequest, Note, NoteKind, NoteVisibility
from performance.foundation import access, audit, refusals
from performance.inbox import actions as inbox
from performance.people import queries as people
from performance.people.models import Person

MOST_ASKED = 10
LONGEST = Note._meta.get_field("text").max_length or 0
ANSWERED_FOR = (NoteVisibility.ASKER, NoteVisibility.RECIPIENT, NoteVisibility.MANAGER)
AHEAD = datetime.timedelta(days=366)


class RequestRefused(refusals.Refused):
    """A request cannot be made, answered or ended so."""


def ask_for_feedback(
    *,
    by: access.Actor,
    at: datetime.datetime,
    to: Collection[Person],
    about: Person,
    question: str,
    objective_id: uuid.UUID | None = None,
    key_result_id: uuid.UUID | None = None,
    due_on: datetime.date | None = None,
    key: uuid.UUID | None = None,
) -> list[FeedbackRequest]:
    """Asks up to ten colleagues at once, each by a request of their own: none of them sees who else is asked. Called
    again with the same `key`, it gives back the requests of the first call."""
    on = people.day_at(by.organisation, at)
    said = require_words(question, 500, "question", RequestRefused)
    asked = list({person.pk: person for person in to}.values())
    if not 1 <= len(asked) <= MOST_ASKED:
        raise RequestRefused(_("Ask one to ten people."), field="to")
    if not queries.askable_about(by, on).filter(pk=about.pk).exists() or by.only_reads:
        raise RequestRefused(_("You ask about yourself, or about somebody whom you lead."), field="about")
    writers = people.people_who_write(on).filter(pk__in=[person.pk for person in asked]).count()
    if writers != len(asked) or any(person.pk in (by.person_id, about.pk) for person in asked):
        raise RequestRefused(
            _("Choose colleagues who work here, other than yourself and the person it is about."), field="to"
        )
    if due_on is not None and not on <= due_on <= on + AHEAD:
        raise RequestRefused(_("Choose a day within a year, from today on."), field="due_on")
    require_goal(by, objective_id, key_result_id, RequestRefused)
    keys = {person.pk: uuid.uuid5(key, str(person.pk)) for person in asked} if key else {}
    with transaction.atomic():
        if keys:
            # One asking of a person at a time, so that the second of two sees what the first has made.
            Person.objects.select_for_update(no_key=True).get(pk=by.person_id)
            standing = queries.requests_by(by).filter(once_key__in=keys.values())
            if standing:
                return list(standing)
        rows = FeedbackRequest.objects.bulk_create(
            [
                FeedbackRequest(
                    by=by.person,
                    to=person,
                    about=about,
                    question=said,
                    objective_id=objective_id,
                    key_result_id=key_result_id,
                    due_on=due_on,
                    asked_at=at,
                    once_key=keys.get(person.pk),
                )
                for person in asked
            ]
        )
        inbox.assign_many(kind="feedback.request", works=[_work(row) for row in rows], at=at)
        audit.record_many(
            by=by,
            action="feedback.ask_for_feedback",
            changed=[(about, {"asked": row.to, "request": str(row.pk)}) for row in rows],
            at=at,
        )
    return rows


def answer_request(
    *, request: FeedbackRequest, text: str, visibility: str, by: access.Actor, at: datetime.datetime
) -> Note:
    """An answer is a note: of whoever was asked, to whoever asked, and to the person it is about where its author says
    so."""
    if not text.strip():
        raise RequestRefused(_("Write a sentence or two."), field="text")
    require_length(text.strip(), LONGEST, "text", RequestRefused)
    if visibility not in ANSWERED_FOR:
        raise RequestRefused(_("Choose who can read it."), field="visibility")
    with transaction.atomic():
        request = _open(request)
        if not rules.can_answer(by, request):
            raise RequestRefused(_("Whoever is asked answers."))
        on = people.day_at(by.organisation, at)
        note = Note.objects.create(
            author=by.person,
            about=request.about,
            manager=people.manager_of(request.about_id, on),
            kind=NoteKind.ANSWER,
            # To somebody who asked about themselves, "whoever asked" and "the recipient" are one.
            visibility=NoteVisibility.RECIPIENT
            if request.by_id == request.about_id and visibility == NoteVisibility.ASKER
            else visibility,
            text=text.strip(),
            request=request,
            objective_id=request.objective_id,
            key_result_id=request.key_result_id,
            written_at=at,
        )
        request.answered_at = at
        request.save(update_fields=["answered_at"])
        inbox.resolve_work(kind="feedback.request", subject_id=request.pk, by=by, at=at)
        readers = {request.by_id: request.by}
        if note.visibility != NoteVisibility.ASKER:
            readers[request.about_id] = request.about
        for reader in readers.values():
            inbox.assign_work(
                to=reader,
                kind="feedback.note",
                subject_id=note.pk,
                title_en=f"{by.person.name_en} answered a request for feedback",
                title_zh=f"{by.person.name_zh or by.person.name_en}回复了反馈请求",
                url=reverse("feedback:note", args=[note.pk]),
                by=by,
                at=at,
            )
        _record("feedback.answer_request", request, by, at, visibility=note.visibility)
    return note


def decline_request(
    *, request: FeedbackRequest, word: str, by: access.Actor, at: datetime.datetime
) -> FeedbackRequest:
    """Not now, with a word why; whoever asked is told."""
    said = require_words(word, 300, "word", RequestRefused)
    with transaction.atomic():
        request = _open(request)
        if not rules.can_answer(by, request):
            raise RequestRefused(_("Whoever is asked answers."))
        request.declined_at, request.word = at, said
        request.save(update_fields=["declined_at", "word"])
        inbox.resolve_work(kind="feedback.request", subject_id=request.pk, by=by, at=at)
        inbox.assign_work(
            to=request.by,
            kind="feedback.declined",
            subject_id=request.pk,
            title_en=f"{by.person.name_en} declined a request for feedback",
            title_zh=f"{by.person.name_zh or by.person.name_en}婉拒了反馈请求",
            detail_en=said,
            detail_zh=said,
            url=reverse("feedback:request", args=[request.pk]),
            by=by,
            at=at,
        )
        _record("feedback.decline_request", request, by, at)
    return request


def withdraw_request(*, request: FeedbackRequest, by: access.Actor, at: datetime.datetime) -> FeedbackRequest:
    """Whoever asked needs no answer any more."""
    with transaction.atomic():
        request = _open(request)
        if request.by_id != by.person_id or by.only_reads:
            raise RequestRefused(_("Whoever asked takes a request back."))
        request.withdrawn_at = at
        request.save(update_fields=["withdrawn_at"])
        inbox.resolve_work(kind="feedback.request", subject_id=request.pk, by=by, at=at)
        _record("feedback.withdraw_request", request, by, at)
    return request


def reopen_request(*, request: FeedbackRequest, by: access.Actor, at: datetime.datetime) -> None:
    """Its answer was taken back: it waits again. Part of taking a note back."""
    request.answered_at = None
    request.save(update_fields=["answered_at"])
    inbox.assign_many(kind="feedback.request", works=[_work(request)], at=at)


def let_requests_go(*, person: Person, to: Person | None, at: datetime.datetime) -> None:
    """What somebody asked, or was asked, ends with their last day."""
    waiting = FeedbackRequest.objects.filter(
        Q(by=person) | Q(to=person) | Q(about=person), answered_at=None, declined_at=None, withdrawn_at=None
    )
    keys = list(waiting.values_list("pk", flat=True))
    FeedbackRequest.objects.filter(pk__in=keys).update(withdrawn_at=at)
    inbox.resolve_many(kind="feedback.request", subject_ids=keys, by=None, at=at)


def require_goal(
    by: access.Actor,
    objective_id: uuid.UUID | None,
    key_result_id: uuid.UUID | None,
    kind: type[refusals.Refused],
) -> None:
    """What feedback is tied to, its author may see."""
    if objective_id is not None and not queries.objective_titles(by, [objective_id]):
        raise kind(_("This objective does not exist, or you may not see it."), field="objective_id")
    if key_result_id is not None and (
        objective_id is None or key_result_id not in queries.key_result_titles(by, [objective_id])
    ):
        raise kind(_("Choose a key result of this objective."), field="key_result_id")


def _work(row: FeedbackRequest) -> inbox.Work:
    asker = row.by
    return inbox.Work(
        person_id=row.to_id,
        subject_id=row.pk,
        title_en=f"{asker.name_en} asks you for feedback",
        title_zh=f"{asker.name_zh or asker.name_en}请你给反馈",
        detail_en=row.question,
        detail_zh=row.question,
        url=reverse("feedback:request", args=[row.pk]),
        due_on=row.due_on,
    )


def _open(request: FeedbackRequest) -> FeedbackRequest:
    found = (
        FeedbackRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("by", "to", "about")
        .get(pk=request.pk)
    )
    if not found.is_open:
        raise RequestRefused(_("This request is over."), code="conflict")
    return found


def _record(
    action: str, request: FeedbackRequest, by: access.Actor, at: datetime.datetime, **changes: Any
) -> None:
    told = {"request": str(request.pk), **changes}
    audit.record(by=by, action=action, subject=request.about, at=at, changes=told)
