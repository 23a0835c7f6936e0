"""Writes: each is one transaction with its audit row."""

from okr.actions.alignment import accept_contribution, align_objectives, part_objectives
from okr.actions.carrying import carry_over, duplicate_objectives
from okr.actions.check_ins import (
    Reading,
    acknowledge_check_ins,
    reply_to_check_in,
    save_check_in_draft,
    submit_check_in,
)
from okr.actions.closing import ask_for_grades, grade_objective, seal_closed_periods
from okr.actions.dependencies import (
    accept_dependency,
    ask_of_objective,
    decline_dependency,
    meet_dependency,
    withdraw_dependency,
)
from okr.actions.discussion import accept_edit, comment_on_objective, note_heard, reject_edit, suggest_edit
from okr.actions.exporting import export_objectives
from okr.actions.following import follow_line, follow_lines
from okr.actions.forgetting import forget_person
from okr.actions.handing import hand_on
from okr.actions.importing.apply import apply_goal_import
from okr.actions.importing.steps import check_goal_import, mend_goal_cells, upload_goals
from okr.actions.importing.taking_back import take_back_goal_import
from okr.actions.leaving import pass_goals_on
from okr.actions.locking import follow_locks
from okr.actions.policies import proposed_policy, set_policy
from okr.actions.progress import count_again, refresh_bound_key_results
from okr.actions.proposals import (
    activate_agreed_objectives,
    agree_objective,
    propose_change,
    propose_objective,
    save_draft,
    withdraw_proposal,
)
from okr.actions.refusals import CheckInRefused, ObjectiveRefused
from okr.actions.retrospectives import (
    Agreed,
    add_retrospective_note,
    close_retrospective,
    edit_retrospective_note,
    finish_agreed_action,
    invite_to_retrospectives,
    remove_retrospective_note,
)
from okr.actions.rhythm import (
    ask_for_check_ins,
    drop_cadence,
    escalate_missed,
    excuse_week,
    open_duties,
    restore_cadence,
    set_cadence,
    take_excuse_back,
)
from okr.actions.voting import cast_ballot, close_vote, open_vote

__all__ = [
    "Agreed",
    "CheckInRefused",
    "ObjectiveRefused",
    "Reading",
    "accept_contribution",
    "accept_dependency",
    "accept_edit",
    "acknowledge_check_ins",
    "activate_agreed_objectives",
    "add_retrospective_note",
    "agree_objective",
    "align_objectives",
    "apply_goal_import",
    "ask_for_check_ins",
    "ask_for_grades",
    "ask_of_objective",
    "carry_over",
    "cast_ballot",
    "check_goal_import",
    "close_retrospective",
    "close_vote",
    "comment_on_objective",
    "count_again",
    "decline_dependency",
    "drop_cadence",
    "duplicate_objectives",
    "edit_retrospective_note",
    "escalate_missed",
    "excuse_week",
    "export_objectives",
    "finish_agreed_action",
    "follow_line",
    "follow_lines",
    "follow_locks",
    "forget_person",
    "grade_objective",
    "hand_on",
    "invite_to_retrospectives",
    "meet_dependency",
    "mend_goal_cells",
    "note_heard",
    "open_duties",
    "open_vote",
    "part_objectives",
    "pass_goals_on",
    "propose_change",
    "propose_objective",
    "proposed_policy",
    "refresh_bound_key_results",
    "reject_edit",
    "remove_retrospective_note",
    "reply_to_check_in",
    "restore_cadence",
    "save_check_in_draft",
    "save_draft",
    "seal_closed_periods",
    "set_cadence",
    "set_policy",
    "submit_check_in",
    "suggest_edit",
    "take_back_goal_import",
    "take_excuse_back",
    "upload_goals",
    "withdraw_dependency",
    "withdraw_proposal",
]
