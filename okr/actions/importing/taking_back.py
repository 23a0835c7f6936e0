"""Writes: an import of goals is taken back, as far as its goals stand as it left them."""

import datetime
import uuid
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from okr import rules
from okr.actions import lapsing, narrowing, proposals, telling
from okr.actions.importing import steps
from okr.actions.refusals import LONGEST_REASON, ObjectiveRefused, require_length
from okr.models import GoalImport, KeyResult, Milestone, Objective, ObjectiveVersion
from okr.models.agreements import VersionState
from okr.models.objectives import State
from okr.queries import import_remains
from okr.queries.import_remains import Remnant
from performance.foundation import access, audit
from performance.inbox import actions as inbox
from performance.inbox import queries as waiting
from performance.people import queries as people


def take_back_goal_import(
    *, upload: GoalImport, reason: str, by: access.Actor, at: datetime.datetime, seen: str | None = None
) -> GoalImport:
    """What the file brought is removed (or, where the importer signed it for their own side or has written of it, a draft
    again), changed drafts and proposals get their former text back, proposed changes of what is in force are withdrawn.
    What others have signed, changed or worked with since stays, and so does what the importer may not change any more
    or whose former text cannot be proposed. All of it or nothing.

    `seen` is the digest of what was looked at. Refuses (conflict) where something else would be done by now, once it is
    taken back, and while the period's goals are locked.
    """
    require_length(reason, LONGEST_REASON, "reason")
    if not reason.strip():
        raise ObjectiveRefused(_("Say why, in a sentence."), code="reason", field="reason")
    try:
        with transaction.atomic():
            people.hold_period(upload.period_id)
            held = steps.hold(upload)
            remains = _agreed_remains(held, seen, by=by, at=at)
            taken = [each for each in remains if each.is_taken_back]
            _take_back_new(taken, reason.strip(), by=by, at=at)
            for each in taken:
                _take_back_changed(each, reason, by=by, at=at)
            held.taken_back_at, held.taken_back_reason, held.before = at, reason.strip(), {}
            held.taken_back = [
                [each.title, each.deed, each.why, str(each.id), each.version] for each in remains
            ]
            held.save(update_fields=["taken_back_at", "taken_back_reason", "taken_back", "before"])
            audit.record(
                by=by,
                action="okr.take_import_back",
                subject=held,
                changes=_counts(remains),
                why=reason,
                at=at,
            )
    except (ProtectedError, IntegrityError) as error:
        raise ObjectiveRefused(
            _("Somebody is at work on these goals. Look at what would be taken back now."), code="conflict"
        ) from error
    return held


def _counts(remains: Sequence[Remnant]) -> dict[str, int]:
    counted = {deed: sum(each.deed == deed for each in remains) for deed in import_remains.DEEDS}
    return {deed: count for deed, count in counted.items() if count}


def _agreed_remains(
    held: GoalImport, seen: str | None, *, by: access.Actor, at: datetime.datetime
) -> list[Remnant]:
    """What is to be done, with its goals held as they are; as whoever confirmed it saw it."""
    if not rules.can_take_import_back(by, held):
        raise ObjectiveRefused(_("There is nothing to take back."), code="conflict")
    proposals.require_open_goals(held.period)
    ids = [uuid.UUID(each["id"]) for name in ("new", "changed") for each in held.before.get(name, [])]
    rows = Objective.objects.filter(pk__in=ids).order_by("pk")
    list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    remains = import_remains.remains_of(held, by, people.day_at(by.organisation, at))
    if seen is not None and seen != import_remains.digest_of(remains):
        raise ObjectiveRefused(
            _("Goals have changed since you looked. Look at what would be taken back now."), code="conflict"
        )
    if not any(each.is_taken_back for each in remains):
        raise ObjectiveRefused(_("Nothing stands as the file left it any more."), code="no_change")
    return remains


def _take_back_new(taken: Sequence[Remnant], reason: str, *, by: access.Actor, at: datetime.datetime) -> None:
    """Removed, or drafts again: in a number of statements that does not grow with how many the file brought."""
    new = [each for each in taken if each.deed in ("remove", "unpropose")]
    ids = [each.id for each in new]
    proposed = ObjectiveVersion.objects.filter(objective__in=ids, state=VersionState.PROPOSED)
    proposed.update(state=VersionState.WITHDRAWN, settled_at=at)
    Objective.objects.filter(pk__in=ids).update(state=State.DRAFT)
    lapsing.let_lapse(ids, at)
    _remove([each for each in new if each.deed == "remove"], reason, by=by, at=at)
    _leave_as_drafts([each for each in new if each.deed == "unpropose"], reason, by=by, at=at)


def _remove(removed: Sequence[Remnant], reason: str, *, by: access.Actor, at: datetime.datetime) -> None:
    """Nobody has had anything to do with these; what others were told of them says no word more. The log keeps that
    they were here."""
    ids = [each.id for each in removed]
    audit.record_many(
        by=by,
        action="okr.remove_objective",
        changed=[
            (each.objective, {"title": each.title, "owner": each.objective.owner})
            for each in removed
            if each.objective is not None
        ],
        why=reason,
        at=at,
    )
    inbox.end_work_of(subject_ids=ids, person_ids=waiting.told_about(ids), by=by, at=at)
    Milestone.objects.filter(key_result__objective__in=ids).delete()
    KeyResult.objects.filter(objective__in=ids).delete()
    ObjectiveVersion.objects.filter(objective__in=ids).delete()
    Objective.objects.filter(pk__in=ids).delete()


def _leave_as_drafts(
    left: Sequence[Remnant], reason: str, *, by: access.Actor, at: datetime.datetime
) -> None:
    """As after any withdrawal. Their author and owner alone see them from now on, so the log says why to few."""
    version = {each.id: each.version for each in left}
    drafts = Objective.objects.filter(pk__in=version).select_related("organisation").order_by("pk")
    narrowing.note_fewer_readers(*drafts, by=by, at=at)
    audit.record_many(
        by=by,
        action="okr.withdraw_proposal",
        changed=[
            (one, telling.told(reason, {"version": version[one.pk]}, openly=False)["changes"])
            for one in drafts
        ],
        at=at,
    )


def _take_back_changed(each: Remnant, reason: str, *, by: access.Actor, at: datetime.datetime) -> None:
    """By the rules for a single one; a file changes few enough (MOST_CHANGES)."""
    if each.objective is None or each.deed not in ("restore", "withdraw"):
        return
    if each.deed == "withdraw":
        proposals.withdraw_proposal(objective=each.objective, by=by, at=at, reason=reason)
    elif each.former is not None and each.objective.state == State.DRAFT:
        proposals.save_draft(objective=each.objective, content=each.former, by=by, at=at)
    elif each.former is not None:
        proposals.propose_change(objective=each.objective, content=each.former, by=by, at=at, reason=reason)
