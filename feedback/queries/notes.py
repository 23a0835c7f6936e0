"""Reads: notes as their reader may see them."""

import datetime
import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from feedback.models import Note
from performance.foundation import access
from performance.foundation.citing import Citable
from performance.foundation.components import formats
from performance.people import queries as people
from performance.people.models import Person

CITABLE_AT_MOST = 60


def notes_visible_to(actor: access.Actor) -> QuerySet[Note]:
    """The author's and the recipient's own notes, public praise, what was shared with a manager, and answers for
    whoever asked.

    Neither HR nor the auditor reads a private note; an auditor sees that it was written in the audit rows.
    """
    mine = Q(author=actor.person_id) | Q(about=actor.person_id) & ~Q(visibility="asker")
    mine |= Q(request__by=actor.person_id)
    shared = Q(visibility="manager", manager=actor.person_id)
    return (
        Note.objects.filter(mine | shared | Q(visibility="public"), retracted_at=None)
        .select_related("author", "about", "manager", "request__by", "value")
        .order_by("-written_at", "-id")
    )


def notes_received(actor: access.Actor) -> QuerySet[Note]:
    return notes_visible_to(actor).filter(about=actor.person_id)


def notes_given(actor: access.Actor) -> QuerySet[Note]:
    return notes_visible_to(actor).filter(author=actor.person_id)


def notes_on_objective(actor: access.Actor, objective_id: uuid.UUID) -> QuerySet[Note]:
    return notes_visible_to(actor).filter(objective_id=objective_id)


def citable(
    actor: access.Actor, person_id: uuid.UUID, first: datetime.date, last: datetime.date
) -> list[Citable]:
    """Notes about somebody within these days that the reader may see. What was written for one pair of eyes alone stays
    out: a citation is read by others."""
    notes = notes_visible_to(actor).filter(
        about=person_id,
        visibility__in=["manager", "public"],
        written_at__date__gte=first,
        written_at__date__lte=last,
    )
    return [
        Citable(
            kind="feedback",
            subject=str(note.pk),
            title=_("%(kind)s by %(author)s") % {"kind": note.get_kind_display(), "author": note.author},
            note=formats.day(note.written_at, "short"),
            said=note.text,
            url=reverse("feedback:note", args=[note.pk]),
        )
        for note in notes[:CITABLE_AT_MOST]
    ]


def writers_on_objectives(objective_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """By objective, whose notes are tied to it. It tells that there are some, to nobody what they say."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    notes = Note.objects.filter(objective_id__in=objective_ids, retracted_at=None)
    for key, author_id in notes.values_list("objective_id", "author_id").order_by().distinct():
        if key is not None:
            found.setdefault(key, set()).add(author_id)
    return found


def recognition(actor: access.Actor, *, limit: int = 5) -> list[Note]:
    """Public praise, newest first."""
    return titled(actor, notes_visible_to(actor).filter(visibility="public")[:limit])


def colleagues_near(
    actor: access.Actor, on: datetime.date, *, also: Collection[uuid.UUID] = ()
) -> QuerySet[Person]:
    """Whom one is likely to write to: manager, reports and team. `also` adds whom they found in the directory."""
    near = Q(pk__in=people.reports_of(actor.person_id, on).values("pk"))
    manager = people.manager_of(actor.person_id, on)
    if manager:
        near |= Q(pk=manager.pk)
    team = people.team_of(actor.person_id, on)
    if team:
        near |= Q(pk__in=people.members_of(team.pk, on).values("pk"))
    if also:
        near |= Q(pk__in=also)
    return people.active_people(on).filter(near).exclude(pk=actor.person_id).order_by("name_sort", "number")


def objective_titles(actor: access.Actor, objective_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What the objectives are called that this person may see; any other is left out. Feedback does not know goals:
    the setting OBJECTIVE_TITLES names who does."""
    found: dict[uuid.UUID, str] = import_string(settings.OBJECTIVE_TITLES)(actor, objective_ids)
    return found


def key_result_titles(
    actor: access.Actor, objective_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, tuple[uuid.UUID, str]]:
    """The key results of these objectives, where this person may see them: {id: (objective, title)}; the setting
    KEY_RESULT_TITLES names who knows."""
    found: dict[uuid.UUID, tuple[uuid.UUID, str]] = import_string(settings.KEY_RESULT_TITLES)(
        actor, objective_ids
    )
    return found


def titled(actor: access.Actor, rows: Iterable[Any]) -> list[Any]:
    """Notes or requests with the titles of their objectives and key results, where this reader may see those: a note is
    often read by more people than the goal it speaks of. One query where any hangs on an objective, one more where any
    hangs on a key result."""
    shown = list(rows)
    ids = {row.objective_id for row in shown if row.objective_id}
    titles = objective_titles(actor, ids) if ids else {}
    on_parts = {row.objective_id for row in shown if row.key_result_id}
    parts = key_result_titles(actor, on_parts) if on_parts else {}
    for row in shown:
        row.objective_title = titles.get(row.objective_id, "") if row.objective_id else ""
        row.key_result_title = parts[row.key_result_id][1] if row.key_result_id in parts else ""
    return shown
