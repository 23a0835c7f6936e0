"""The end of a period: both sides grade, then what stands is sealed."""

import datetime
import uuid

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from okr import queries, rules
from okr.actions import following, lapsing, rhythm, work
from okr.actions.refusals import ObjectiveRefused
from okr.models import ConfidenceVote, Grade, Objective, ObjectiveVersion, SuggestedEdit
from okr.models.agreements import EditState, Side, VersionState
from okr.models.objectives import RUNNING_STATES, State
from performance.foundation import access, audit
from performance.inbox import queries as inbox
from performance.people import queries as people

#: What is neither a draft nor closed yet.
STANDING_STATES = (State.PROPOSED, State.DISCUSSED, *RUNNING_STATES)


def ask_for_grades(*, at: datetime.datetime) -> int:
    """Asks the owners of what runs in a closing period for their grade, once each. Returns how many it asked."""
    asked = inbox.items_of_kind(work.SELF_GRADE).filter(subject_id=OuterRef("pk"))
    given = Grade.objects.filter(objective=OuterRef("pk"))
    with transaction.atomic():
        waiting = Objective.objects.filter(state__in=RUNNING_STATES, period__state="closing")
        waiting = waiting.exclude(Exists(asked)).exclude(Exists(given))
        found = list(waiting.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True))
        work.ask_for_own_grades(found, at=at)
    return len(found)


def grade_objective(
    *,
    objective: Objective,
    percent: int,
    by: access.Actor,
    at: datetime.datetime,
    reason: str = "",
    went_well: str = "",
    learned: str = "",
    change: str = "",
) -> Grade:
    """Grades for one's own side: the owner first, then the manager's side, who sees the owner's grade.

    A grade other than the one that progress suggests needs a reason. The same again changes nothing; another one
    is a correction, which the owner may make until the manager's side has graded.
    """
    with transaction.atomic():
        people.hold_period(objective.period_id)
        locked = (
            Objective.objects.select_for_update(of=("self",), no_key=True)
            .select_related("period", "owner", "agreer")
            .get(pk=objective.pk)
        )
        side = rules.side_of(by, locked)
        if side is None or not rules.is_graded_now(locked):
            raise ObjectiveRefused(_("Grades are given while the period is closing."), code="not_closing")
        following.refuse_former_manager(locked, by=by, at=at)
        standing = queries.grades_of(locked)
        if side == Side.MANAGER and Side.OWNER not in standing:
            raise ObjectiveRefused(_("The owner grades first."), code="owner_first")
        if side == Side.OWNER and Side.MANAGER in standing:
            raise ObjectiveRefused(_("The manager’s side has graded already."), code="conflict")
        policy = queries.policy_of(locked.period)
        most = rules.highest_grade(policy)
        if not 0 <= percent <= most:
            raise ObjectiveRefused(
                _("A grade lies between 0%% and %(most)s%%.") % {"most": most}, code="grade", field="percent"
            )
        suggested = rules.suggested_grade(locked, policy)
        if suggested is not None and percent != suggested and not reason.strip():
            raise ObjectiveRefused(
                _("Say why your grade differs from the computed progress."), code="reason", field="reason"
            )
        said = {
            "percent": percent,
            "suggested": suggested,
            "reason": reason.strip(),
            "went_well": went_well.strip(),
            "learned": learned.strip(),
            "change": change.strip(),
        }
        former = standing.get(side)
        if former is not None and all(getattr(former, name) == value for name, value in said.items()):
            return former
        grade = Grade.objects.create(objective=locked, side=side, by=by.person, at=at, **said)
        if side == Side.OWNER:
            work.graded(locked, kind=work.SELF_GRADE, by=by, at=at)
            if locked.agreer is not None:
                work.ask_for_managers_grade(locked, to=locked.agreer, by=by, at=at)
        else:
            work.graded(locked, kind=work.MANAGER_GRADE, by=by, at=at)
        audit.record(
            by=by,
            action="okr.grade_objective",
            subject=locked,
            changes={"side": side},
            at=at,
        )
    return grade


def seal_closed_periods(*, at: datetime.datetime) -> int:
    """What ran in a closed period is closed: its progress is final. What was never agreed is a draft again, whatever
    was open lapses, and nobody is asked for any of it. Returns how many objectives it closed."""
    with transaction.atomic():
        standing = Objective.objects.filter(period__state="closed", state__in=STANDING_STATES)
        moved = list(standing.order_by("pk").select_for_update(of=("self",), no_key=True))
        sealed = [each for each in moved if each.state in RUNNING_STATES]
        unagreed = [each for each in moved if each.state not in RUNNING_STATES]
        Objective.objects.filter(pk__in=[each.pk for each in sealed]).update(state=State.CLOSED)
        Objective.objects.filter(pk__in=[each.pk for each in unagreed]).update(state=State.DRAFT)
        _let_lapse({each.pk for each in moved}, at)
        rhythm.end_duties(at=at)
        for action, changed, state in (
            ("okr.close_objective", sealed, State.CLOSED),
            ("okr.lapse_objective", unagreed, State.DRAFT),
        ):
            changes = [(each, {"state": [each.state, state]}) for each in changed]
            for each in changed:
                each.state = state
            audit.record_many(by=None, action=action, changed=changes, at=at)
    return len(sealed)


def _let_lapse(objective_ids: set[uuid.UUID], at: datetime.datetime) -> None:
    """Proposals, votes, suggestions, offers and asks of closed periods."""
    closed = {"objective__period__state": "closed"}
    open_rows = (
        ObjectiveVersion.objects.filter(**closed, state=VersionState.PROPOSED),
        ConfidenceVote.objects.filter(**closed, closed_at=None),
        SuggestedEdit.objects.filter(**closed, state=EditState.OPEN),
    )
    ids = objective_ids.union(*(rows.values_list("objective_id", flat=True) for rows in open_rows))
    ObjectiveVersion.objects.filter(objective_id__in=ids, state=VersionState.PROPOSED).update(
        state=VersionState.WITHDRAWN, settled_at=at
    )
    lapsing.let_lapse(ids, at)
