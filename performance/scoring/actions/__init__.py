"""Writes: policies through their life, and scores."""

from performance.scoring.actions.announcing import (
    ANNOUNCED_AT_ONCE,
    acknowledge_policy,
    announce_policy,
    set_notice,
)
from performance.scoring.actions.asking import APPROVAL, LOCKING
from performance.scoring.actions.checking import CheckRefused, ask_for_checks, close_check
from performance.scoring.actions.computing import (
    Written,
    compute_scores,
    rescore_people,
    rescore_users_of_metrics,
)
from performance.scoring.actions.deciding import (
    RestatementRefused,
    agreed_restatements,
    carry_out_restatement,
    decide_restatement,
)
from performance.scoring.actions.drafts import (
    PolicyRefused,
    discard_draft,
    draft_next_version,
    draft_policy,
    revise_draft,
)
from performance.scoring.actions.forgetting import forget_person
from performance.scoring.actions.group_files import export_group_card, group_file_name
from performance.scoring.actions.locking import lock_at_first_day, lock_policy
from performance.scoring.actions.own_what_ifs import (
    WhatIfRefused,
    forget_own_what_if,
    keep_own_what_if,
    suppose_score,
)
from performance.scoring.actions.policies import approve_policy, propose_policy, return_policy
from performance.scoring.actions.questions import (
    QuestionRefused,
    ask_about_score,
    close_question,
    let_questions_go,
    post_in_question,
)
from performance.scoring.actions.restating import ask_for_comparisons
from performance.scoring.actions.runs import (
    RunRefused,
    advance_run,
    compare_scores,
    fail_run,
    freeze_scores,
    resume_run,
    start_run,
    stop_run,
    take_run,
)
from performance.scoring.actions.scorecard_files import export_scorecard, scorecard_file_name
from performance.scoring.actions.simulation_files import export_simulation
from performance.scoring.actions.simulations import (
    BIN_EDGE,
    BIN_WIDTH,
    LIMIT,
    advance_simulation,
    clear_forgotten,
    fail_simulation,
    simulate_policy,
    take_simulation,
)
from performance.scoring.actions.stages import accept_stage
from performance.scoring.actions.what_ifs import (
    AT_ONCE,
    carry_out_at_once,
    clear_old_what_ifs,
    draft_from_what_if,
    forget_what_if,
    keep_what_if,
    try_what_if,
)
from performance.scoring.models import ANNOUNCEMENT

__all__ = [
    "ANNOUNCED_AT_ONCE",
    "ANNOUNCEMENT",
    "APPROVAL",
    "AT_ONCE",
    "BIN_EDGE",
    "BIN_WIDTH",
    "LIMIT",
    "LOCKING",
    "CheckRefused",
    "PolicyRefused",
    "QuestionRefused",
    "RestatementRefused",
    "RunRefused",
    "WhatIfRefused",
    "Written",
    "accept_stage",
    "acknowledge_policy",
    "advance_run",
    "advance_simulation",
    "agreed_restatements",
    "announce_policy",
    "approve_policy",
    "ask_about_score",
    "ask_for_checks",
    "ask_for_comparisons",
    "carry_out_at_once",
    "carry_out_restatement",
    "clear_forgotten",
    "clear_old_what_ifs",
    "close_check",
    "close_question",
    "compare_scores",
    "compute_scores",
    "decide_restatement",
    "discard_draft",
    "draft_from_what_if",
    "draft_next_version",
    "draft_policy",
    "export_group_card",
    "export_scorecard",
    "export_simulation",
    "fail_run",
    "fail_simulation",
    "forget_own_what_if",
    "forget_person",
    "forget_what_if",
    "freeze_scores",
    "group_file_name",
    "keep_own_what_if",
    "keep_what_if",
    "let_questions_go",
    "lock_at_first_day",
    "lock_policy",
    "post_in_question",
    "propose_policy",
    "rescore_people",
    "rescore_users_of_metrics",
    "resume_run",
    "return_policy",
    "revise_draft",
    "scorecard_file_name",
    "set_notice",
    "simulate_policy",
    "start_run",
    "stop_run",
    "suppose_score",
    "take_run",
    "take_simulation",
    "try_what_if",
]
