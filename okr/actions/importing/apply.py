"""Writes: an import of goals is applied whole or not at all, and only once."""

import datetime
import uuid
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from okr.actions import proposals, proposing
from okr.actions.importing import plan, shapes, steps
from okr.actions.refusals import ObjectiveRefused
from okr.models import Content, GoalImport, Objective
from okr.models.objectives import State
from performance.foundation import access, audit
from performance.people import queries as people

#: What an import keeps of a goal that it wrote.
Kept = dict[str, Any]


def apply_goal_import(
    *,
    upload: GoalImport,
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
    as_drafts: bool = False,
) -> GoalImport:
    """Does what the dry run showed: new objectives, and drafts that an import taken back has left, are proposed (or saved
    as drafts), those not agreed yet get the new text, and those in force a proposed change with the reason. Declines
    while a cell is wrong, and when goals changed since they were shown."""
    with transaction.atomic():
        people.hold_period(upload.period_id)
        held = steps.hold_waiting(upload)
        proposals.require_open_goals(held.period)
        _wait_for_other_imports(held.period_id)
        made = plan.make(steps.prepared(held, by=by, at=at))
        if _hold(made):
            # Somebody may have been at work on one until now.
            made = plan.make(steps.prepared(held, by=by, at=at))
        _refuse_unready(held, made, reason)
        changed = _change(made, reason, as_drafts=as_drafts, by=by, at=at)
        new = _propose(made, held.period, as_drafts=as_drafts, by=by, at=at)
        held.reason, held.applied_at = reason.strip(), at
        held.before = {"new": new, "changed": changed}
        # The report says what was done; the file has served.
        held.content, held.mended = b"", {}
        held.save(update_fields=["reason", "applied_at", "before", "content", "mended"])
        audit.record(
            by=by,
            action="okr.apply_import",
            subject=held,
            changes={"new": len(made.new), "changed": len(made.changed), "same": len(made.same)},
            why=reason,
            at=at,
        )
    return held


def _refuse_unready(held: GoalImport, made: shapes.Plan, reason: str) -> None:
    if made.problems:
        shown = held.report.get("counts", {}).get("errors")
        text = _("Some cells are still wrong. Nothing was saved.") if shown else made.problems[0].text
        raise ObjectiveRefused(text, code="errors" if shown else "conflict")
    if made.digest != held.report.get("digest"):
        raise ObjectiveRefused(
            _("Goals have changed since this file was checked. Look at the new result."), code="conflict"
        )
    if not made.new and not made.changed:
        raise ObjectiveRefused(_("The file changes nothing."), code="no_change")
    if made.needs_reason and not reason.strip():
        raise ObjectiveRefused(
            _("Say why: a change after agreement needs a reason."), code="reason", field="reason"
        )


def _wait_for_other_imports(period_id: uuid.UUID) -> None:
    """Files of one period are applied one after the other: what is new in both is new once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"goal import {period_id}"])


def _hold(made: shapes.Plan) -> int:
    """Keeps what is to be changed as it is until the end of the transaction; in one order, so that nobody waits for
    ever. Returns how many."""
    ids = [goal.match.objective.pk for goal in made.changed if goal.match is not None]
    wanted = Objective.objects.filter(pk__in=ids).order_by("pk")
    return len(wanted.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _change(
    made: shapes.Plan, reason: str, *, as_drafts: bool, by: access.Actor, at: datetime.datetime
) -> list[Kept]:
    """Returns what taking it back needs: the text of each, and what stood or was proposed before it."""
    kept = []
    for goal in made.changed:
        if goal.match is None:
            continue
        one, former = goal.match.objective, _proposed(goal.match)
        version = None
        if one.state == State.DRAFT and (as_drafts or not goal.is_anew):
            proposals.save_draft(objective=one, content=goal.content, by=by, at=at)
            former = goal.match.content
        else:
            why = reason if one.version_number is not None else ""
            version = proposals.propose_change(
                objective=one, content=goal.content, reason=why, by=by, at=at
            ).number
        kept.append(
            _kept(one.pk, goal.content)
            | {"version": version, "former": former.to_json() if former is not None else None}
        )
    return kept


def _proposed(match: shapes.Standing) -> Content | None:
    """What waited for agreement before the file; what is not in force yet stands as it is proposed."""
    if match.proposal is None and match.objective.state in (State.PROPOSED, State.DISCUSSED):
        return match.content
    return match.proposal


def _propose(
    made: shapes.Plan, period: Any, *, as_drafts: bool, by: access.Actor, at: datetime.datetime
) -> list[Kept]:
    written = proposing.propose_objectives(
        period=period,
        new=[
            proposing.NewObjective(
                content=goal.content,
                owner_id=goal.owner_id,
                owner_kind=goal.owner_kind,
                team_id=goal.team_id,
                sponsor_id=goal.sponsor_id,
            )
            for goal in made.new
        ],
        is_draft=as_drafts,
        by=by,
        at=at,
    )
    version = None if as_drafts else 1
    return [
        _kept(one.pk, goal.content) | {"version": version, "former": None}
        for one, goal in zip(written, made.new, strict=True)
    ]


def _kept(key: uuid.UUID, content: Content) -> Kept:
    return {"id": str(key), "content": content.to_json()}
