"""Reads: changes of reporting lines by date, behind us and planned; how far ahead somebody sees."""

import datetime
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from performance.foundation import access
from performance.people import rules
from performance.people.models import Person, ReportingLine
from performance.people.queries.accounts import today
from performance.people.queries.lines import below


@dataclass(frozen=True)
class Change:
    """From a day on, somebody reports to somebody else."""

    line: ReportingLine
    before: Person | None
    is_planned: bool


def reporting_lines() -> QuerySet[ReportingLine]:
    """Every line, with whom it ties."""
    return ReportingLine.objects.select_related("person__organisation", "manager")


def day_known(actor: access.Actor, day: datetime.date) -> datetime.date:
    """The day that the reader is shown instead: no later than today, unless they see plans."""
    return day if rules.can_see_plans(actor) else min(day, today(actor.organisation))


def known(actor: access.Actor) -> Q:
    """Lines or memberships whose beginning the reader may know: what has begun, the first ones of whoever joins
    later, and of what is planned their own and that of everybody below them today."""
    if rules.can_see_plans(actor):
        return Q()
    on = today(actor.organisation)
    begun = Q(starts_on__lte=on) | Q(starts_on__lte=F("person__hired_on"))
    return begun | Q(person=actor.person_id) | Q(person__in=below(actor.person_id, on))


def line_changes(actor: access.Actor, person: Person | None = None) -> QuerySet[ReportingLine]:
    """Lines that began, and the plans the reader may know, newest first; of one person: their own and those of
    their reports.

    The line somebody had from their first day on is no change, unless it is the person's own.
    """
    previous = ReportingLine.objects.filter(person=OuterRef("person"), ends_on=OuterRef("starts_on"))
    lines = (
        ReportingLine.objects.filter(known(actor))
        .select_related("person", "manager")
        .annotate(before_id=Subquery(previous.values("manager_id")[:1]))
    )
    if person is not None:
        lines = lines.filter(Q(person=person) | Q(manager=person, before_id__isnull=False))
    else:
        lines = lines.filter(Q(before_id__isnull=False) | ~Q(person__hired_on=F("starts_on")))
    return lines.order_by("-starts_on", "person__name_sort")


def changes(lines: list[ReportingLine], on: datetime.date) -> list[Change]:
    """The page's lines with whom they replaced. One query for all of them."""
    replaced = Person.objects.in_bulk([line.before_id for line in lines if line.before_id])  # type: ignore[attr-defined]
    return [
        Change(line, replaced.get(line.before_id), line.starts_on > on)  # type: ignore[attr-defined]
        for line in lines
    ]


def planned_count(actor: access.Actor, on: datetime.date) -> int:
    """How many of the plans the reader may know come into force after a day."""
    return ReportingLine.objects.filter(known(actor), starts_on__gt=on).count()


def next_planned_day(actor: access.Actor, on: datetime.date) -> datetime.date | None:
    """The first day after this one on which a planned change comes into force, for whoever may look at that day."""
    if not rules.can_see_plans(actor):
        return None
    line = ReportingLine.objects.filter(starts_on__gt=on).order_by("starts_on").only("starts_on").first()
    return line.starts_on if line else None
