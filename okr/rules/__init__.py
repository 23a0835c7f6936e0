"""Who may do what with a goal. Predicates over what is already loaded; what makes its text sound stands beside."""

import datetime
import uuid
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from okr.models import (
    AgreedAction,
    Cadence,
    CheckIn,
    CheckInDuty,
    Dependency,
    GoalImport,
    Objective,
    ObjectiveVersion,
    OkrPolicy,
    SuggestedEdit,
)
from okr.models.agreements import EditState, Side, VersionState
from okr.models.objectives import OwnerKind, State
from okr.rules.texts import LARGEST_AMOUNT as LARGEST_AMOUNT
from okr.rules.texts import LONGEST_VALUE as LONGEST_VALUE
from okr.rules.texts import MOST_CHECKPOINTS as MOST_CHECKPOINTS
from okr.rules.texts import MOST_KEY_RESULTS as MOST_KEY_RESULTS
from okr.rules.texts import MOST_MILESTONES as MOST_MILESTONES
from okr.rules.texts import Problem as Problem
from okr.rules.texts import leads_the_wrong_way as leads_the_wrong_way
from okr.rules.texts import problems_of as problems_of
from performance.foundation import access
from performance.people import rules as people_rules

#: The kind of work that a call for help is.
BLOCKER = "goals.blocker"
#: A check-in that is blocked or off track, for the manager.
REPLY = "goals.reply"
#: And a call into a thread.
MENTION = "goals.mention"

Line = Collection[uuid.UUID]


# --- Time ------------------------------------------------------------------------------------------------


def are_goals_open(period: Any) -> bool:
    """Goals may be proposed, changed and agreed."""
    return period.state != "closed" and period.goals_locked_at is None


def is_progress_open(period: Any) -> bool:
    """Check-ins may be submitted."""
    return period.state in ("active", "closing") and period.progress_locked_at is None


def is_policy_open(period: Any) -> bool:
    """How progress is counted may still change."""
    return period.state != "closed" and period.progress_locked_at is None


def is_policy_previewed(period: Any) -> bool:
    """Another policy moves figures that people see already: what it moves is shown before it counts."""
    return period.state != "planning"


#: Weeks of check-ins are everybody's weeks.
monday_of = people_rules.monday_of


def is_reportable_week(week_starts_on: datetime.date, today: datetime.date, period: Any) -> bool:
    """A week that has begun and that touches the period."""
    return (
        week_starts_on.weekday() == 0
        and week_starts_on <= today
        and week_starts_on <= period.ends_on
        and week_starts_on + datetime.timedelta(days=6) >= period.starts_on
    )


def likely_slip(value: Decimal, before: Decimal | None) -> Decimal | None:
    """What was probably meant by a number some ten times, or a tenth of, the one before it; None where it is
    plausible. A shifted point moves it by a power of ten to within a half of the former value."""
    if not value or not before or (value > 0) != (before > 0):
        return None
    for power in (1, 2, 3, -1, -2, -3):
        meant = value.scaleb(-power)
        if (abs(value) >= 8 * abs(before) or 8 * abs(value) <= abs(before)) and 2 * abs(
            meant - before
        ) <= abs(before):
            return meant
    return None


# --- Who may -----------------------------------------------------------------------------------------------


def can_propose_for(actor: access.Actor, owner_id: uuid.UUID, line_above: Line) -> bool:
    """For oneself, or for anybody below in the reporting line."""
    return not actor.only_reads and (actor.person_id == owner_id or actor.person_id in line_above)


def can_propose_for_team(
    actor: access.Actor, lead_id: uuid.UUID | None, members: Line, line_above: Line
) -> bool:
    """Members bring in goals of their team; its lead and those above as well."""
    return not actor.only_reads and (
        actor.person_id == lead_id or actor.person_id in members or actor.person_id in line_above
    )


def can_import_for_all(actor: access.Actor) -> bool:
    """HR brings in goals of anybody; everybody else those that they may propose."""
    return not actor.only_reads and actor.has_role("hr")


def can_change_by_import(actor: access.Actor, objective: Objective, line_above: Line) -> bool:
    """Like any change; HR also for objectives that both sides are at work on. Both sides still have to agree."""
    stands = objective.state not in (State.DRAFT, State.CLOSED)
    return can_change(actor, objective, line_above) or (stands and can_import_for_all(actor))


def can_take_import_back(actor: access.Actor, upload: GoalImport) -> bool:
    """Whoever brought it in, once: a file shows what its owner may see. Not before it is known what it did."""
    return (
        not actor.only_reads
        and upload.uploaded_by_id == actor.person_id
        and upload.applied_at is not None
        and upload.taken_back_at is None
        and bool(upload.before)
    )


def side_of(actor: access.Actor, objective: Objective) -> str | None:
    """The side that this person signs for. Never both: owner and agreer are two people."""
    if actor.person_id == objective.owner_id:
        return Side.OWNER.value
    if actor.person_id == objective.agreer_id:
        return Side.MANAGER.value
    return None


def can_discuss(actor: access.Actor, objective: Objective) -> bool:
    """Whoever may see it may speak about it, until it is closed."""
    return not actor.only_reads and objective.state not in (State.DRAFT, State.CLOSED)


def can_open_vote(actor: access.Actor, objective: Objective) -> bool:
    """Either side, of an objective that is proposed or runs."""
    stands = objective.state not in (State.DRAFT, State.CLOSED)
    return not actor.only_reads and stands and side_of(actor, objective) is not None


def can_change(actor: access.Actor, objective: Objective, line_above: Line) -> bool:
    """Both sides, and those above the owner, propose a new text; it then waits for agreement."""
    if actor.only_reads or objective.state == State.CLOSED:
        return False
    if objective.state == State.DRAFT:
        return actor.person_id in (objective.owner_id, objective.proposed_by_id)
    return side_of(actor, objective) is not None or actor.person_id in line_above


def can_suggest(actor: access.Actor, objective: Objective, line_above: Line) -> bool:
    """Like a change, but for a text that stands: proposed or in force."""
    return objective.state != State.DRAFT and can_change(actor, objective, line_above)


def can_agree(actor: access.Actor, objective: Objective, version: ObjectiveVersion | None) -> bool:
    """One of the two sides, on what is proposed."""
    return (
        not actor.only_reads
        and version is not None
        and version.state == VersionState.PROPOSED
        and side_of(actor, objective) is not None
    )


def can_withdraw(actor: access.Actor, objective: Objective, version: ObjectiveVersion | None) -> bool:
    """Who proposed it, or its owner."""
    return (
        not actor.only_reads
        and version is not None
        and version.state == VersionState.PROPOSED
        and actor.person_id in (version.by_id, objective.owner_id)
    )


def has_lapsed(version: ObjectiveVersion, period: Any) -> bool:
    """Whether a proposal ended with its period: nobody withdraws one from then on."""
    return (
        version.state == VersionState.WITHDRAWN
        and period.closed_at is not None
        and version.settled_at is not None
        and version.settled_at >= period.closed_at
    )


def decider_of(edit: SuggestedEdit, objective: Objective) -> uuid.UUID | None:
    """The other side: on the owner's suggestion the manager's side, on anybody else's the owner."""
    return objective.agreer_id if edit.by_id == objective.owner_id else objective.owner_id


def can_decide(actor: access.Actor, edit: SuggestedEdit, objective: Objective) -> bool:
    """The other side decides."""
    decider = decider_of(edit, objective)
    return not actor.only_reads and edit.state == EditState.OPEN and actor.person_id == decider


def can_align(actor: access.Actor, child: Objective, line_above: Line) -> bool:
    """Whoever may change a goal says which other goal it serves."""
    return can_change(actor, child, line_above)


def can_take_contributions(actor: access.Actor, parent: Objective, line_above: Line) -> bool:
    """Both sides of what is served, and the line above its owner, say what counts towards it."""
    return not actor.only_reads and (side_of(actor, parent) is not None or actor.person_id in line_above)


def speaks_for(actor: access.Actor, objective: Objective, line_above: Line) -> bool:
    """Both sides of an objective, the line above its owner, and whoever leads the team that it belongs to."""
    team = objective.team if objective.owner_kind == OwnerKind.TEAM else None
    return (
        side_of(actor, objective) is not None
        or actor.person_id in line_above
        or (team is not None and team.lead_id == actor.person_id)
    )


def can_ask_of(actor: access.Actor, objective: Objective, line_above: Line) -> bool:
    """Whoever may change a standing goal says what it needs from others, until the period is closed."""
    stands = objective.state not in (State.DRAFT, State.CLOSED) and objective.period.state != "closed"
    return stands and can_change(actor, objective, line_above)


def can_answer(actor: access.Actor, dependency: Dependency, asked_line: Line) -> bool:
    """Whoever speaks for what is needed accepts or declines, but not what they ask for themselves. `asked_line` is the
    one above its owner."""
    speaks = speaks_for(actor, dependency.on, asked_line)
    return not actor.only_reads and speaks and actor.person_id != dependency.by_id


def can_take_off(actor: access.Actor, dependency: Dependency, asking_line: Line) -> bool:
    """The asking side withdraws. `asking_line` is the one above the owner of what needs it."""
    return not actor.only_reads and speaks_for(actor, dependency.objective, asking_line)


def can_meet(actor: access.Actor, dependency: Dependency, asking_line: Line, asked_line: Line) -> bool:
    """Either side notes that what was accepted is there."""
    speaks = speaks_for(actor, dependency.on, asked_line)
    return can_take_off(actor, dependency, asking_line) or (speaks and not actor.only_reads)


def can_check_in_for(actor: access.Actor, person_id: uuid.UUID) -> bool:
    """Everybody reports for themselves."""
    return not actor.only_reads and actor.person_id == person_id


def can_read_check_ins_of(actor: access.Actor, person_id: uuid.UUID, line_above: Line) -> bool:
    return actor.person_id == person_id or actor.person_id in line_above or actor.has_role("auditor")


def can_reply(
    actor: access.Actor, check_in: CheckIn, line_above: Line, helpers: Collection[uuid.UUID]
) -> bool:
    """The line above, whoever is or was asked for help, and the person in the same conversation."""
    return not actor.only_reads and actor.person_id in {check_in.person_id, *helpers, *line_above}


def is_graded_now(objective: Objective) -> bool:
    """The two sides grade what was in force, while the period is closing."""
    return objective.period.state == "closing" and objective.is_in_force and objective.state != State.CLOSED


def can_grade(actor: access.Actor, objective: Objective, graded: Collection[str]) -> bool:
    """The owner first, until the manager's side has graded; then the manager's side. `graded` are the sides
    that have."""
    side = side_of(actor, objective)
    if actor.only_reads or side is None or not is_graded_now(objective):
        return False
    return Side.MANAGER not in graded if side == Side.OWNER else Side.OWNER in graded


def can_read_grades(actor: access.Actor, objective: Objective, line_above: Line) -> bool:
    """Grades and reflections are between the two sides and the line above; auditors and HR read them."""
    return (
        side_of(actor, objective) is not None
        or actor.person_id in line_above
        or actor.has_role("hr", "auditor")
    )


def is_later(period: Any, than: Any) -> bool:
    return period.starts_on > than.starts_on


def highest_grade(policy: OkrPolicy) -> int:
    """In percent: the cap where the period shows over-achievement."""
    return policy.most_percent


def suggested_grade(objective: Objective, policy: OkrPolicy) -> int | None:
    """The computed progress in whole percent, within the scale; none without a figure."""
    if objective.progress_micro is None:
        return None
    return min(max((objective.progress_micro + 500_000) // 1_000_000, 0), highest_grade(policy))


def can_set_policy(actor: access.Actor) -> bool:
    return not actor.only_reads and actor.has_role("hr", "administrator")


def can_set_cadence(actor: access.Actor, team: Any) -> bool:
    """HR for everybody and for each team; whoever leads a team for that team."""
    leads = team is not None and team.lead_id == actor.person_id
    return not actor.only_reads and (actor.has_role("hr") or leads)


#: A team looks back once its period is closing, and for as long as it likes afterwards.
ENDED = ("closing", "closed")


def is_retrospective_time(period: Any) -> bool:
    return period.state in ENDED


def can_read_retrospective(actor: access.Actor, team: Any, members: Line, line_above: Line) -> bool:
    """Members, the lead, the line above the lead, and HR: nobody else."""
    me = actor.person_id
    return me == team.lead_id or me in members or me in line_above or actor.has_role("hr")


def can_note(actor: access.Actor, team: Any, members: Line) -> bool:
    """The lead and the members; whoever else reads along writes nothing."""
    return not actor.only_reads and (actor.person_id == team.lead_id or actor.person_id in members)


def can_close_retrospective(actor: access.Actor, team: Any) -> bool:
    return not actor.only_reads and (actor.person_id == team.lead_id or actor.has_role("hr"))


def can_finish(actor: access.Actor, action: AgreedAction, team: Any) -> bool:
    """Whoever does it, or the lead."""
    return not actor.only_reads and actor.person_id in (action.owner_id, team.lead_id)


#: What one chooses of a rhythm.
CADENCE_CHOICES = ("every_weeks", "due_weekday", "due_hour", "grace_days", "escalate_days", "levels")


def cadence_choices(cadence: Cadence | None) -> dict[str, int] | None:
    """What somebody chose for a rhythm; None where there is none."""
    return None if cadence is None else {name: getattr(cadence, name) for name in CADENCE_CHOICES}


def can_excuse(actor: access.Actor, duty: CheckInDuty, line_above: Line) -> bool:
    """The line above and HR, never for oneself."""
    may = actor.person_id in line_above or actor.has_role("hr")
    return may and not actor.only_reads and actor.person_id != duty.person_id
