"""Writes: a note, and taking it back."""

import datetime
import uuid

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from feedback import queries, rules
from feedback.actions import requests
from feedback.models import MOST_POINTS, CompanyValue, Note, NoteKind, NoteVisibility
from performance.foundation import access, audit, once, refusals
from performance.inbox import actions as inbox
from performance.people import queries as people
from performance.people.models import Person


class NoteRefused(refusals.Refused):
    """A note cannot be written or taken back."""


@once.kept_once(Note, by="author")
def write_note(
    *,
    by: access.Actor,
    at: datetime.datetime,
    about: Person,
    kind: str,
    text: str,
    visibility: str,
    objective_id: uuid.UUID | None = None,
    key_result_id: uuid.UUID | None = None,
    value: CompanyValue | None = None,
    points: int = 0,
    key: uuid.UUID | None = None,
) -> Note:
    """Tells a colleague something, and lets them (and whoever else may read it) know."""
    on = people.day_at(by.organisation, at)
    if not rules.can_write_about(by, about, on):
        raise NoteRefused(_("Choose a colleague who works here, other than yourself."), field="about")
    if visibility == NoteVisibility.PUBLIC and kind != NoteKind.PRAISE:
        raise NoteRefused(_("Only praise can be read by everybody."), field="visibility")
    if not text.strip():
        raise NoteRefused(_("Write a sentence or two."), field="text")
    if kind == NoteKind.ANSWER or visibility == NoteVisibility.ASKER:
        raise NoteRefused(_("An answer is given to a request."), field="kind")
    if value is not None and (kind != NoteKind.PRAISE or value.retired_at is not None):
        raise NoteRefused(_("Praise is given for one of the values."), field="value")
    if points and visibility != NoteVisibility.PUBLIC:
        raise NoteRefused(_("Points come with praise that everybody can read."), field="points")
    if not 0 <= points <= MOST_POINTS:
        raise NoteRefused(_("Give up to 10 points at once."), field="points")
    requests.require_goal(by, objective_id, key_result_id, NoteRefused)
    with transaction.atomic():
        if points:
            _require_left(points, by, at)
        note = Note.objects.create(
            author=by.person,
            about=about,
            manager=people.manager_of(about.pk, on),
            kind=kind,
            visibility=visibility,
            text=text.strip(),
            objective_id=objective_id,
            key_result_id=key_result_id,
            value=value,
            points=points,
            written_at=at,
            once_key=key,
        )
        inbox.assign_work(
            to=about,
            kind="feedback.note",
            subject_id=note.pk,
            title_en=f"{by.person.name_en} left you feedback",
            title_zh=f"{by.person.name_zh or by.person.name_en}给你写了反馈",
            url=reverse("feedback:note", args=[note.pk]),
            by=by,
            at=at,
        )
        # The text stays out of the audit: who wrote to whom is a fact, what they wrote is private.
        audit.record(
            by=by,
            action="feedback.write_note",
            subject=about,
            at=at,
            changes={"note": note.pk, "kind": kind, "visibility": visibility}
            | ({"points": points} if points else {}),
        )
    return note


def read_note(*, note: Note, by: access.Actor, at: datetime.datetime) -> None:
    """The recipient has seen it."""
    if rules.is_told_by(by, note) and not by.only_reads:
        inbox.resolve_work(kind="feedback.note", subject_id=note.pk, to=by.person, by=by, at=at)


def retract_note(*, note: Note, by: access.Actor, at: datetime.datetime) -> Note:
    """Takes a note back within ten minutes. The row stays, unread by anybody."""
    with transaction.atomic():
        note = (
            Note.objects.select_for_update(of=("self",))
            .select_related("about", "request__by")
            .get(pk=note.pk)
        )
        if not rules.can_retract(by, note, at):
            raise NoteRefused(_("A note can be taken back by its author for ten minutes."), code="too_late")
        note.retracted_at = at
        note.save(update_fields=["retracted_at"])
        inbox.resolve_work(kind="feedback.note", subject_id=note.pk, by=by, at=at)
        if note.request is not None:
            requests.reopen_request(request=note.request, by=by, at=at)
        audit.record(
            by=by, action="feedback.retract_note", subject=note.about, at=at, changes={"note": note.pk}
        )
    return note


def _require_left(points: int, by: access.Actor, at: datetime.datetime) -> None:
    """One note of an author at a time, so that two at one moment do not give the same points."""
    Person.objects.select_for_update(no_key=True).get(pk=by.person_id)
    left = queries.points_left(by.person_id, at)
    if points > left:
        raise NoteRefused(
            _("You have %(left)s points left this month.") % {"left": left}, code="too_many", field="points"
        )
