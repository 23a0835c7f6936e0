"""Reads: notes as their reader may see them, and the pulse of a pair."""

import datetime
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from feedback.models import Note, Pulse
from performance.foundation import access
from performance.people import queries as people
from performance.people import rules as people_rules
from performance.people.models import Person

QUESTIONS = ("manageable", "helped", "clear")
WEEKS_SHOWN = 6


def notes_visible_to(actor: access.Actor) -> QuerySet[Note]:
    """The author's and the recipient's own notes, public praise, and what was shared with a manager.

    Neither HR nor the auditor reads a private note; an auditor sees that it was written in the audit rows.
    """
    mine = Q(author=actor.person_id) | Q(about=actor.person_id)
    shared = Q(visibility="manager", manager=actor.person_id)
    return (
        Note.objects.filter(mine | shared | Q(visibility="public"), retracted_at=None)
        .select_related("author", "about", "manager")
        .order_by("-written_at", "-id")
    )


def notes_received(actor: access.Actor) -> QuerySet[Note]:
    return notes_visible_to(actor).filter(about=actor.person_id)


def notes_given(actor: access.Actor) -> QuerySet[Note]:
    return notes_visible_to(actor).filter(author=actor.person_id)


def notes_on_objective(actor: access.Actor, objective_id: uuid.UUID) -> QuerySet[Note]:
    return notes_visible_to(actor).filter(objective_id=objective_id)


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
    actor: access.Actor, on: datetime.date, *, also: uuid.UUID | None = None
) -> QuerySet[Person]:
    """Whom one is likely to write to: manager, reports and team. `also` adds somebody found in the directory."""
    near = Q(pk__in=people.reports_of(actor.person_id, on).values("pk"))
    manager = people.manager_of(actor.person_id, on)
    if manager:
        near |= Q(pk=manager.pk)
    team = people.team_of(actor.person_id, on)
    if team:
        near |= Q(pk__in=people.members_of(team.pk, on).values("pk"))
    if also:
        near |= Q(pk=also)
    return people.active_people(on).filter(near).exclude(pk=actor.person_id).order_by("name_sort", "number")


@dataclass(frozen=True)
class PulseRow:
    """One question of a week both have answered: mine, theirs, and my own last weeks."""

    question: str
    mine: int
    theirs: int
    history: list[int]


@dataclass(frozen=True)
class PulsePair:
    """The pulse of two people as one of them may see it. `rows` is empty until both have sent a week."""

    employee: Person
    manager: Person
    other: Person
    week_start: datetime.date
    mine_sent: bool
    theirs_sent: bool
    shown_week: datetime.date | None
    rows: list[PulseRow]

    @property
    def i_am_manager(self) -> bool:
        return self.other.pk == self.employee.pk


def pulse_pairs(actor: access.Actor, on: datetime.date) -> list[PulsePair]:
    """The pair with my manager, then one with each direct report. Three queries, whatever the team's size."""
    manager = people.manager_of(actor.person_id, on)
    pairs = [(actor.person, manager)] if manager else []
    pairs += [(report, actor.person) for report in people.reports_of(actor.person_id, on)]
    week = people_rules.monday_of(on)
    since = week - datetime.timedelta(weeks=WEEKS_SHOWN)
    mine = Q(employee=actor.person_id) | Q(manager=actor.person_id)
    sent: dict[tuple[uuid.UUID, uuid.UUID], list[Pulse]] = {}
    for pulse in Pulse.objects.filter(mine, week_start__gte=since).order_by("week_start"):
        sent.setdefault((pulse.employee_id, pulse.manager_id), []).append(pulse)
    return [
        _pair(actor, employee, manager, week, sent.get((employee.pk, manager.pk), []))
        for employee, manager in pairs
    ]


def _pair(
    actor: access.Actor, employee: Person, manager: Person, week: datetime.date, sent: list[Pulse]
) -> PulsePair:
    mine = {pulse.week_start: pulse for pulse in sent if pulse.author_id == actor.person_id}
    theirs = {pulse.week_start: pulse for pulse in sent if pulse.author_id != actor.person_id}
    both = sorted(mine.keys() & theirs.keys())
    shown = both[-1] if both else None
    rows = (
        [
            PulseRow(
                question=question,
                mine=getattr(mine[shown], question),
                theirs=getattr(theirs[shown], question),
                history=[getattr(mine[each], question) for each in sorted(mine)],
            )
            for question in QUESTIONS
        ]
        if shown
        else []
    )
    return PulsePair(
        employee=employee,
        manager=manager,
        other=employee if actor.person_id == manager.pk else manager,
        week_start=week,
        mine_sent=week in mine,
        theirs_sent=week in theirs,
        shown_week=shown,
        rows=rows,
    )


def objective_titles(actor: access.Actor, objective_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What the objectives are called that this person may see; any other is left out. Feedback does not know goals:
    the setting OBJECTIVE_TITLES names who does."""
    found: dict[uuid.UUID, str] = import_string(settings.OBJECTIVE_TITLES)(actor, objective_ids)
    return found


def titled(actor: access.Actor, notes: Iterable[Note]) -> list[Note]:
    """Notes with the titles of their objectives, where this reader may see those: a note is often read by more people
    than the goal it speaks of. One query where any hangs on an objective."""
    shown = list(notes)
    ids = {note.objective_id for note in shown if note.objective_id}
    titles = objective_titles(actor, ids) if ids else {}
    for note in shown:
        note.objective_title = titles.get(note.objective_id, "") if note.objective_id else ""
    return shown
