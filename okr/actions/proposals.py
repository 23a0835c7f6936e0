"""Proposing a text, changing one, withdrawing what was proposed, agreeing to it."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from okr import rules
from okr.actions import (
    following,
    in_force,
    lapsing,
    locking,
    narrowing,
    progress,
    soundness,
    telling,
    texts,
    work,
)
from okr.actions.refusals import LONGEST_REASON, ObjectiveRefused, require_length
from okr.models import Agreement, Content, Objective, ObjectiveVersion
from okr.models.agreements import Side, VersionState
from okr.models.objectives import OwnerKind, State
from okr.queries import contents
from performance.foundation import access, audit, once, stale
from performance.people import queries as people


@once.kept_once(Objective, by="proposed_by")
def propose_objective(
    *,
    period: Any,
    content: Content,
    by: access.Actor,
    at: datetime.datetime,
    owner: Any = None,
    team: Any = None,
    owner_kind: str = OwnerKind.PERSON,
    sponsor: Any = None,
    is_draft: bool = False,
    key: uuid.UUID | None = None,
) -> Objective:
    """Puts a new objective before the other side. Who proposes has thereby agreed for their own side.

    `owner` defaults to whoever leads the team (of a team's objective) or to `by`. The manager's side is the
    owner's manager that day; an owner without a manager needs a `sponsor`. A draft is seen by its author and
    owner alone and waits for nobody.
    """
    owner = owner or (team.lead if team is not None and owner_kind == OwnerKind.TEAM else by.person)
    if owner is None:
        raise ObjectiveRefused(_("This team has nobody who leads it yet."), code="no_lead", field="team")
    with transaction.atomic():
        period = people.hold_period(period.pk)
        require_open_goals(period)
        soundness.require_sound(content, period=period, by=by)
        on = people.day_at(by.organisation, at)
        objective = Objective.objects.create(
            period=period,
            owner_kind=owner_kind,
            owner=owner,
            team=team or people.team_of(owner.pk, on),
            agreer=other_side(owner, people.manager_of(owner.pk, on) or sponsor),
            title=content.title,
            state=State.DRAFT,
            proposed_by=by.person,
            once_key=key,
            created_at=at,
        )
        texts.apply_content(objective, content, at=at)
        if is_draft:
            audit.record(by=by, action="okr.save_draft", subject=objective, at=at)
        else:
            _open_version(objective, content, reason="", by=by, at=at)
    return objective


def save_draft(
    *,
    objective: Objective,
    content: Content,
    by: access.Actor,
    at: datetime.datetime,
    made_from: str | None = None,
) -> None:
    """Rewrites a draft, which needs no agreement, but is as sound as the one first saved.

    `made_from` is the mark of the draft from which the text was made (`queries.draft_mark`). Refuses (conflict) when
    the draft says something else by now.
    """
    with transaction.atomic():
        locked = lock_objective(objective)
        require_open_goals(locked.period)
        standing = contents.standing_content(locked)
        soundness.require_sound(content, period=locked.period, by=by, standing=standing)
        if locked.state != State.DRAFT:
            raise ObjectiveRefused(_("This objective is no longer a draft."), code="conflict")
        _require_same_draft(locked, made_from)
        texts.apply_content(locked, content, at=at)
        audit.record(by=by, action="okr.save_draft", subject=locked, at=at)


@once.kept_once(ObjectiveVersion)
def propose_change(
    *,
    objective: Objective,
    content: Content,
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
    based_on: int | None = None,
    made_from: str | None = None,
    key: uuid.UUID | None = None,
) -> ObjectiveVersion:
    """Proposes another text. After an agreement it needs a reason, and the version in force stays in force
    until both sides agree. A proposal that was open is superseded, with the signatures under it.

    `based_on` is the number of the version from which the text was made (`queries.standing_number`, 0 for a draft
    never proposed), and `made_from` the mark of a draft's text (`queries.draft_mark`). Refuses (conflict) when another
    one stands by now: its changes would be undone unseen.
    """
    require_length(reason, LONGEST_REASON, "reason")
    with transaction.atomic():
        locked = lock_objective(objective)
        require_open_goals(locked.period)
        if locked.state == State.CLOSED:
            raise ObjectiveRefused(_("This objective is closed."), code="closed")
        if based_on is not None and based_on != contents.standing_number(locked):
            raise ObjectiveRefused(
                _("Somebody has proposed another text meanwhile. Compare it with yours."), code="conflict"
            )
        _require_same_draft(locked, made_from)
        if locked.is_in_force and not reason.strip():
            raise ObjectiveRefused(
                _("Say why: a change after agreement needs a reason."), code="reason", field="reason"
            )
        standing = contents.standing_content(locked)
        soundness.require_sound(content, period=locked.period, by=by, standing=standing)
        if locked.state != State.DRAFT and content == standing:
            raise ObjectiveRefused(_("Nothing is different yet."), code="unchanged", field="title")
        return _open_version(locked, content, reason=reason, by=by, at=at, key=key)


def withdraw_proposal(
    *, objective: Objective, by: access.Actor, at: datetime.datetime, reason: str = ""
) -> ObjectiveVersion:
    """Takes back what is proposed. The version in force stays; without one the objective is a draft again."""
    require_length(reason, LONGEST_REASON, "reason")
    with transaction.atomic():
        locked = lock_objective(objective)
        require_open_goals(locked.period)
        version = contents.open_proposal(locked)
        if version is None:
            raise ObjectiveRefused(_("Nothing is proposed any more."), code="conflict")
        in_force.settle(version, VersionState.WITHDRAWN, at)
        if not locked.is_in_force:
            # A draft is read by its author and owner alone: nobody else can do anything about it.
            _move(locked, State.DRAFT)
            lapsing.let_lapse([locked.pk], at)
            narrowing.note_fewer_readers(locked, by=by, at=at)
        work.agreement_given(locked, by=by, at=at, everybody=True)
        audit.record(
            by=by,
            action="okr.withdraw_proposal",
            subject=locked,
            at=at,
            **telling.told(
                reason,
                {"version": version.number},
                openly=telling.is_for_everybody(locked, version.as_content.visibility),
            ),
        )
    return version


def agree_objective(
    *, objective: Objective, version_number: int, by: access.Actor, at: datetime.datetime
) -> Objective:
    """Signs the proposed version for one's own side; with both signatures it is in force.

    Signing twice changes nothing. Refuses (conflict) when another version has been proposed meanwhile, and the last
    signature while the progress of the period is locked, because a new text is counted anew.
    """
    with transaction.atomic():
        locked = lock_objective(objective, and_above=True)
        version = ObjectiveVersion.objects.filter(objective=locked, number=version_number).first()
        if version is not None and version.agreements.filter(person=by.person).exists():
            return locked
        if version is None or version.state != VersionState.PROPOSED:
            raise ObjectiveRefused(
                _("Another version has been proposed meanwhile. Look at it before you agree."),
                code="conflict",
            )
        require_open_goals(locked.period)
        _sign(locked, version, by=by, at=at)
        work.agreement_given(locked, by=by, at=at, everybody=False)
        audit.record(
            by=by,
            action="okr.agree_objective",
            subject=locked,
            changes={"version": version.number, "side": rules.side_of(by, locked)},
            at=at,
        )
        signed: Iterable[str] = version.agreements.values_list("side", flat=True)
        if set(signed) == set(Side.values):
            require_open_progress(locked.period)
            in_force.put_in_force(locked, version, by=by, at=at)
    return locked


def activate_agreed_objectives(*, at: datetime.datetime) -> int:
    """Agreed objectives of periods that have become active are active."""
    with transaction.atomic():
        waiting = Objective.objects.filter(state=State.AGREED, period__state__in=("active", "closing"))
        moved = list(waiting.select_for_update(of=("self",), no_key=True).order_by("pk"))
        Objective.objects.filter(pk__in=[each.pk for each in moved]).update(state=State.ACTIVE)
        audit.record_many(
            by=None,
            action="okr.activate_objective",
            changed=[(each, {"state": [State.AGREED, State.ACTIVE]}) for each in moved],
            at=at,
        )
        stale.mark("score", {each.owner_id for each in moved}, at=at)
    return len(moved)


# --- Parts -----------------------------------------------------------------------------------------------


def lock_objective(objective: Objective, *, and_above: bool = False) -> Objective:
    """The objective as it is now, locked; its period before it. `and_above`: for what will move its progress, also
    what it contributes to, now and in the order in which everybody locks, rather than later."""
    people.hold_period(objective.period_id)
    if and_above:
        progress.lock([objective.pk])
    return (
        Objective.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period", "owner", "agreer")
        .get(pk=objective.pk)
    )


def other_side(owner: Any, other: Any) -> Any:
    """Who agrees for the manager's side: the manager, or for who has none a named sponsor."""
    if other is None:
        raise ObjectiveRefused(
            _("Nobody manages the owner. Name a sponsor who agrees for the other side."),
            code="no_agreer",
            field="sponsor",
        )
    if other.pk == owner.pk:
        raise ObjectiveRefused(
            _("Owner and sponsor are two different people."), code="one_person", field="sponsor"
        )
    return other


def require_other_side(objective: Objective) -> None:
    """Nothing is put before a side that nobody stands on: whoever agreed has left, and the owner has no manager."""
    if objective.agreer is None:
        message = _(
            "Nobody agrees for the other side: the owner has no manager any more. Ask HR to name one."
        )
        raise ObjectiveRefused(message, code="no_agreer")


def require_open_goals(period: Any) -> None:
    if not rules.are_goals_open(period):
        raise ObjectiveRefused(_("The goals of this period are locked."), code="goals_locked", field="period")


def _require_same_draft(locked: Objective, made_from: str | None) -> None:
    """A draft has no versions: its text says whether it is still the one that was read."""
    if locked.state == State.DRAFT and made_from and made_from != contents.draft_mark(locked):
        raise ObjectiveRefused(
            _("Somebody has saved another text meanwhile. Compare it with yours."), code="conflict"
        )


def require_unclosed(period: Any) -> None:
    """Words and votes outlast the lock on goals, but not the period."""
    if period.state == "closed":
        raise ObjectiveRefused(_("This period is closed."), code="closed")


def require_open_progress(period: Any) -> None:
    """Goals and progress lock apart: goals may be talked over while figures are locked, but what would move the
    figures waits."""
    if period.progress_locked_at is not None:
        raise ObjectiveRefused(
            _("The progress of this period is locked."), code="progress_locked", field="period"
        )


def _open_version(
    objective: Objective,
    content: Content,
    *,
    reason: str,
    by: access.Actor,
    at: datetime.datetime,
    key: uuid.UUID | None = None,
) -> ObjectiveVersion:
    former = contents.open_proposal(objective)
    if former is not None:
        in_force.settle(former, VersionState.SUPERSEDED, at)
    manager = following.manager_who_agrees(objective.owner_id, people.day_at(by.organisation, at))
    if manager is not None and manager.pk != objective.agreer_id:
        following.pass_side_on(objective, manager, at=at)
    require_other_side(objective)
    if manager is None:
        following.require_sponsors_here({objective.agreer_id}, people.day_at(by.organisation, at))
    last = ObjectiveVersion.objects.filter(objective=objective).aggregate(last=Max("number"))["last"] or 0
    version = ObjectiveVersion.objects.create(
        objective=objective,
        number=last + 1,
        content=content.to_json(),
        reason=reason,
        by=by.person,
        at=at,
        once_key=key,
    )
    if not objective.is_in_force:
        texts.apply_content(objective, content, at=at)
        if objective.state == State.DRAFT:
            _move(objective, State.PROPOSED)
            locking.ask_for_offers(objective, on=people.day_at(by.organisation, at), at=at)
        narrowing.note_fewer_readers(objective, by=by, at=at)
    if rules.side_of(by, objective) is not None:
        _sign(objective, version, by=by, at=at)
    waiting = [person for person in (objective.owner, objective.agreer) if person != by.person]
    work.ask_to_agree(objective, version, waiting=waiting, by=by, at=at)
    audit.record(
        by=by,
        action="okr.propose_change" if last else "okr.propose_objective",
        subject=objective,
        at=at,
        **telling.told(
            reason,
            {"version": [last or None, version.number]},
            openly=telling.is_for_everybody(
                objective, content.visibility, *([former.as_content.visibility] if former else [])
            ),
        ),
    )
    return version


def _sign(
    objective: Objective, version: ObjectiveVersion, *, by: access.Actor, at: datetime.datetime
) -> None:
    side = rules.side_of(by, objective)
    if side is None:
        raise ObjectiveRefused(
            _("Only the owner and the manager's side sign this objective."), code="no_side"
        )
    following.refuse_former_manager(objective, by=by, at=at)
    if version.agreements.filter(side=side).exists():
        raise ObjectiveRefused(_("This side has been signed already."), code="conflict")
    Agreement.objects.create(version=version, side=side, person=by.person, at=at)


def _move(objective: Objective, state: str) -> None:
    objective.state = state
    objective.save(update_fields=["state"])
