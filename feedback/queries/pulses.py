"""Reads: the pulse of a pair, as one of the two may see it."""

import datetime
import uuid
from dataclasses import dataclass

from django.db.models import Q

from feedback.models import Pulse
from performance.foundation import access
from performance.people import queries as people
from performance.people import rules as people_rules
from performance.people.models import Person

QUESTIONS = ("manageable", "helped", "clear")
WEEKS_SHOWN = 6


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
