"""Saying what an objective needs from another one, and answering it. No figure ever moves by it."""

import datetime
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from okr.actions import work
from okr.actions.refusals import ObjectiveRefused
from okr.models import Dependency, Objective
from okr.models.dependencies import UNSETTLED, DependencyState
from okr.models.objectives import State
from performance.foundation import access, audit
from performance.people import queries as people

LONGEST = Dependency._meta.get_field("what").max_length or 0
LONGEST_REASON = Dependency._meta.get_field("reason").max_length or 0


def ask_of_objective(
    *,
    objective: Objective,
    on: Objective,
    what: str,
    by: access.Actor,
    at: datetime.datetime,
    due_on: datetime.date | None = None,
) -> Dependency:
    """`objective` needs this from `on`: an ask until the side of `on` answers. Whoever owns `on` and asks accepts
    by asking."""
    text = " ".join(what.split())
    with transaction.atomic():
        period = _require_open(objective.period_id)
        if objective.pk == on.pk or objective.period_id != on.period_id:
            raise ObjectiveRefused(
                _("Choose another objective of the same period."), code="other_period", field="on"
            )
        # The row of what needs is the lock on what is asked for it.
        ends = {
            each.pk: each
            for each in Objective.objects.filter(pk__in=[objective.pk, on.pk])
            .select_related("owner")
            .order_by("pk")
            .select_for_update(of=("self",), no_key=True)
        }
        objective, on = ends[objective.pk], ends[on.pk]
        if any(each.state in (State.DRAFT, State.CLOSED) for each in (objective, on)):
            raise ObjectiveRefused(
                _("A draft or a closed objective needs nothing, and nothing is needed from it."),
                code="not_standing",
                field="on",
            )
        if (objective.owner_id, objective.team_id) == (on.owner_id, on.team_id):
            raise ObjectiveRefused(
                _("Both objectives have the same owner: there is nobody to ask."),
                code="same_owner",
                field="on",
            )
        if not text:
            raise ObjectiveRefused(_("Say in one sentence what is needed."), code="what", field="what")
        if len(text) > LONGEST:
            raise ObjectiveRefused(
                _("This is too long: %(most)s characters are the most.") % {"most": LONGEST},
                code="what",
                field="what",
            )
        today = people.day_at(by.organisation, at)
        if due_on is not None and not today <= due_on <= period.ends_on:
            raise ObjectiveRefused(
                _("Choose a day from today on that lies within the period."), code="due_on", field="due_on"
            )
        if Dependency.objects.filter(objective=objective, on=on, what=text, state__in=UNSETTLED).exists():
            raise ObjectiveRefused(_("This has been asked already."), code="conflict", field="what")
        is_own = on.owner_id == by.person_id
        answered = {"answered_by": by.person, "answered_at": at} if is_own else {}
        one = Dependency.objects.create(
            objective=objective,
            on=on,
            what=text,
            due_on=due_on,
            state=DependencyState.ACCEPTED if is_own else DependencyState.OPEN,
            by=by.person,
            at=at,
            **answered,
        )
        declined = Dependency.objects.filter(objective=objective, on=on, state=DependencyState.DECLINED)
        work.heard_of_declining(list(declined.values_list("pk", flat=True)), by=by, at=at)
        if not is_own:
            work.ask_for_dependency(one, on, by=by, at=at)
        audit.record(
            by=by,
            action="okr.ask_of_objective",
            subject=objective,
            changes={"needs": on, "due_on": due_on},
            at=at,
        )
    return one


def accept_dependency(*, dependency: Dependency, by: access.Actor, at: datetime.datetime) -> Dependency:
    """The side of what is needed takes the ask on."""
    with transaction.atomic():
        one = _open_ask(dependency)
        one.state, one.answered_by, one.answered_at = DependencyState.ACCEPTED, by.person, at
        one.save(update_fields=["state", "answered_by", "answered_at"])
        work.dependency_settled(one, by=by, at=at)
        _record("okr.accept_dependency", one, by, at)
    return one


def decline_dependency(
    *, dependency: Dependency, reason: str, by: access.Actor, at: datetime.datetime
) -> Dependency:
    """The side of what is needed does not take it on, and says why; whoever asked hears of it."""
    text = " ".join(reason.split())
    with transaction.atomic():
        one = _open_ask(dependency)
        if not text:
            raise ObjectiveRefused(_("Say why, in a sentence."), code="reason", field="reason")
        if len(text) > LONGEST_REASON:
            raise ObjectiveRefused(
                _("This is too long: %(most)s characters are the most.") % {"most": LONGEST_REASON},
                code="reason",
                field="reason",
            )
        one.state, one.answered_by, one.answered_at = DependencyState.DECLINED, by.person, at
        one.reason = text
        one.save(update_fields=["state", "answered_by", "answered_at", "reason"])
        work.dependency_settled(one, by=by, at=at)
        work.tell_of_declining(one, by=by, at=at)
        _record("okr.decline_dependency", one, by, at, why=text)
    return one


def withdraw_dependency(
    *, dependency: Dependency, by: access.Actor, at: datetime.datetime, seen: str = ""
) -> Dependency:
    """The asking side needs it no more, or puts aside what was declined. `seen`: the state on the screen, where that
    is older than `dependency`; what was answered meanwhile is not withdrawn."""
    with transaction.atomic():
        one = _held(dependency)
        if one.state != (seen or dependency.state):
            raise ObjectiveRefused(
                _("This has been answered meanwhile. Read the answer first."), code="conflict"
            )
        if one.state not in (*UNSETTLED, DependencyState.DECLINED):
            raise ObjectiveRefused(_("This is settled already."), code="conflict")
        _end(one, DependencyState.WITHDRAWN, by, at)
        _record("okr.withdraw_dependency", one, by, at)
    return one


def meet_dependency(*, dependency: Dependency, by: access.Actor, at: datetime.datetime) -> Dependency:
    """What was needed, and accepted, is there."""
    with transaction.atomic():
        one = _held(dependency)
        if one.state != DependencyState.ACCEPTED:
            raise ObjectiveRefused(
                _("Only what was accepted, and still stands, can be met."), code="conflict"
            )
        _end(one, DependencyState.MET, by, at)
        _record("okr.meet_dependency", one, by, at)
    return one


def let_dependencies_lapse(objective_ids: set[uuid.UUID], at: datetime.datetime) -> list[uuid.UUID]:
    """Asks that nobody answers any more, around objectives that are sealed or, taken back, a draft again. Returns those,
    and the declined ones, whose work is over; part of sealing a period and of withdrawing a proposal."""
    around = Dependency.objects.filter(Q(objective__in=objective_ids) | Q(on__in=objective_ids))
    waiting = around.filter(state__in=(DependencyState.OPEN, DependencyState.DECLINED))
    found = list(waiting.values_list("pk", flat=True))
    Dependency.objects.filter(pk__in=found, state=DependencyState.OPEN).update(
        state=DependencyState.LAPSED, ended_at=at
    )
    return found


def _end(one: Dependency, state: str, by: access.Actor, at: datetime.datetime) -> None:
    one.state, one.ended_by, one.ended_at = state, by.person, at
    one.save(update_fields=["state", "ended_by", "ended_at"])
    work.dependency_settled(one, by=by, at=at)
    work.heard_of_declining([one.pk], by=by, at=at)


def _open_ask(dependency: Dependency) -> Dependency:
    one = _held(dependency)
    if one.state != DependencyState.OPEN:
        raise ObjectiveRefused(_("This has been answered or withdrawn already."), code="conflict")
    return one


def _held(dependency: Dependency) -> Dependency:
    """The row as it is now, kept until the transaction ends: whoever comes second reads what the first one did."""
    _require_open(dependency.objective.period_id)
    rows = Dependency.objects.select_related("objective__owner", "on__owner", "by")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=dependency.pk)


def _require_open(period_id: uuid.UUID) -> Any:
    """Dependencies move no figure, so that they go on while goals are locked; they rest once all is closed."""
    period = people.hold_period(period_id)
    if period.state == "closed":
        raise ObjectiveRefused(_("This period is closed."), code="closed")
    return period


def _record(action: str, one: Dependency, by: access.Actor, at: datetime.datetime, why: str = "") -> None:
    audit.record(by=by, action=action, subject=one.objective, changes={"needs": one.on}, at=at, why=why)
