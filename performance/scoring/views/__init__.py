"""Pages of scorecards, questions about scores, weight policies and runs."""

from performance.scoring.views.notice import set_notice
from performance.scoring.views.policies import (
    accept_stage,
    approve,
    discard,
    effect,
    lock,
    policy,
    policy_list,
    propose,
    read,
    send_back,
)
from performance.scoring.views.policy_editor import edit, new, next_version, preview
from performance.scoring.views.questions import ask, ask_panel, close, post, question
from performance.scoring.views.runs import close_check, freeze, resume, run, run_progress, runs, start, stop
from performance.scoring.views.scorecards import (
    evidence,
    evidence_panel,
    glance,
    my_scorecard,
    replay,
    scorecard,
    scorecard_file,
    supposed,
    team,
)
from performance.scoring.views.simulations import moved, moved_file, simulate

__all__ = [
    "accept_stage",
    "approve",
    "ask",
    "ask_panel",
    "close",
    "close_check",
    "discard",
    "edit",
    "effect",
    "evidence",
    "evidence_panel",
    "freeze",
    "glance",
    "lock",
    "moved",
    "moved_file",
    "my_scorecard",
    "new",
    "next_version",
    "policy",
    "policy_list",
    "post",
    "preview",
    "propose",
    "question",
    "read",
    "replay",
    "resume",
    "run",
    "run_progress",
    "runs",
    "scorecard",
    "scorecard_file",
    "send_back",
    "set_notice",
    "simulate",
    "start",
    "stop",
    "supposed",
    "team",
]
