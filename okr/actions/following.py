"""What belongs to the manager goes with the reporting line: the other side of an objective, and what waits about weeks."""

import datetime
import uuid
from collections.abc import Collection
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from okr.actions import work
from okr.actions.refusals import ObjectiveRefused
from okr.models import CheckIn, CheckInDuty, Objective, SuggestedEdit
from okr.models.agreements import EditState
from okr.models.objectives import State
from okr.queries import check_ins, contents
from performance.foundation import access, audit
from performance.inbox import queries as inbox
from performance.people import queries as people
from performance.people.models import Person, ReportingLine


def follow_line(
    *, person: Any, before: Any, manager: Any, starts_on: datetime.date, by: Any, at: datetime.datetime
) -> None:
    """A line was changed by hand: where it holds by today, the new manager agrees from now on. A plan is followed on its
    day (follow_lines)."""
    if starts_on <= people.day_at(person.organisation, at):
        follow_lines(at=at, organisation=person.organisation, owner_ids=[person.pk])


def follow_lines(
    *, at: datetime.datetime, organisation: Any, owner_ids: Collection[Any] | None = None
) -> list[Objective]:
    """Open objectives whose owner has another manager by now than the one who agrees: the manager agrees from now on,
    and what waits for the former one waits for them, answers to check-ins too. What was signed stays signed. Answers
    the objectives."""
    today = people.day_at(organisation, at)
    _pass_weeks_on(today, owner_ids, at)
    line = ReportingLine.objects.filter(people.holds_on(today), person=OuterRef("owner"))
    others = (
        Objective.objects.exclude(state=State.CLOSED)
        .annotate(manager=Subquery(line.values("manager")[:1]))
        .filter(manager__in=people.active_people(today).values("pk"))
        .exclude(agreer=F("manager"))
        .exclude(owner=F("manager"))
    )
    if owner_ids is not None:
        others = others.filter(owner__in=owner_ids)
    managers = dict(others.values_list("pk", "manager"))
    known = Person.objects.in_bulk(set(managers.values()))
    rows = Objective.objects.filter(pk__in=managers).select_related("owner", "agreer").order_by("pk")
    moved = list(rows.select_for_update(of=("self",), no_key=True))
    for objective in moved:
        pass_side_on(objective, known[managers[objective.pk]], at=at)
    return moved


def manager_who_agrees(owner_id: uuid.UUID, today: datetime.date) -> Person | None:
    """The owner's manager that day, whose side it is; None where there is none, or none who is here, or the line leads
    back to the owner."""
    manager = people.manager_of(owner_id, today)
    if manager is None or manager.pk == owner_id:
        return None
    return manager if people.active_people(today).filter(pk=manager.pk).exists() else None


def refuse_former_manager(
    objective: Objective, *, by: access.Actor, at: datetime.datetime, line: Collection[uuid.UUID] = ()
) -> None:
    """A line that changes is followed at once, a plan within the day: until then it holds here. A sponsor, and whoever
    stands in for a manager who left, is nobody's former manager; whoever is in `line` may do it anyway."""
    if by.person_id != objective.agreer_id or by.person_id in line:
        return
    manager = manager_who_agrees(objective.owner_id, people.day_at(by.organisation, at))
    if manager is not None and manager.pk != by.person_id:
        raise ObjectiveRefused(
            _("The owner has another manager by now, who does this in your place."), code="no_side"
        )


def require_sponsors_here(sponsor_ids: set[Any], on: datetime.date) -> None:
    """Who is named to agree can do so: an auditor reads, and signs nothing."""
    if people.people_who_write(on).filter(pk__in=sponsor_ids).count() < len(sponsor_ids):
        raise ObjectiveRefused(
            _("Name a sponsor who is here and does not only read."), code="no_agreer", field="sponsor"
        )


def pass_side_on(objective: Objective, manager: Person, *, at: datetime.datetime) -> None:
    """The manager agrees from now on, and what waits for the former one waits for them. The objective is locked."""
    former, objective.agreer = objective.agreer, manager
    objective.save(update_fields=["agreer"])
    if former is not None:
        _pass_on_what_waits(objective, former, manager, at)
    audit.record(
        by=None,
        action="okr.pass_agreement_on",
        subject=objective,
        changes={"agreer": [former, manager]},
        at=at,
    )


def _pass_on_what_waits(objective: Objective, former: Any, manager: Any, at: datetime.datetime) -> None:
    proposal = contents.open_proposal(objective)
    if proposal is not None:
        work.agreement_passed_on(objective, proposal, former=former, to=manager, at=at)
    for edit in SuggestedEdit.objects.filter(objective=objective, state=EditState.OPEN).select_related("by"):
        work.decision_passed_on(edit, objective, former=former, to=manager, at=at)
    work.managers_grade_passed_on(objective, former=former, to=manager, at=at)


def _pass_weeks_on(today: datetime.date, person_ids: Collection[Any] | None, at: datetime.datetime) -> None:
    """Replies to check-ins are waited for from whoever manages the person now, and of a missing one nobody hears who
    has no part in the line any more."""
    waiting = inbox.items_of_kind(work.REPLY).filter(done_at=None, handed_by=None)
    firsts = _of_these(CheckIn.objects.filter(pk__in=waiting.values("subject_id")), person_ids)
    managers = people.managers_of([each.person_id for each in firsts.values()], today)
    here = people.active_people(today).in_bulk(set(managers.values()))
    for item in waiting.filter(subject_id__in=firsts).select_related("person").order_by("pk"):
        first = firsts[item.subject_id]
        manager_id = managers.get(first.person_id)
        if manager_id == item.person_id or (manager_id is not None and manager_id not in here):
            continue
        newest = check_ins.newest_entry(first)
        to = here[manager_id] if manager_id is not None else None
        work.reply_passed_on(first, newest, former=item.person, to=to, at=at)
    _pass_missed_on(today, person_ids, at)


def _pass_missed_on(today: datetime.date, person_ids: Collection[Any] | None, at: datetime.datetime) -> None:
    waiting = inbox.items_of_kind(work.MISSED).filter(done_at=None, handed_by=None)
    duties = _of_these(CheckInDuty.objects.filter(pk__in=waiting.values("subject_id")), person_ids)
    lines = people.lines_above([each.person_id for each in duties.values()], today)
    passed = []
    for item in waiting.filter(subject_id__in=duties).order_by("pk"):
        duty = duties[item.subject_id]
        line = lines[duty.person_id]
        if item.person_id not in line:
            passed.append((duty, item.person_id, line[0] if line else None))
    work.missed_passed_on(passed, at=at)


def _of_these(rows: QuerySet[Any], person_ids: Collection[Any] | None) -> dict[uuid.UUID, Any]:
    found = rows.select_related("person__organisation")
    if person_ids is not None:
        found = found.filter(person__in=person_ids)
    return {each.pk: each for each in found}
