"""Reads: policies and whom they govern, scores and who may see them."""

from performance.scoring.queries.changes import Change, Moved, change_since
from performance.scoring.queries.checks import differences_of, waits_to_be_looked_into
from performance.scoring.queries.governing import (
    Group,
    approvers_of,
    fixed_versions,
    groups,
    is_in_scope,
    is_scored_by,
    open_periods,
    people_in_scope,
    people_using_metrics,
    scored_people,
)
from performance.scoring.queries.kinds import work_kinds
from performance.scoring.queries.lines import Line
from performance.scoring.queries.policies import (
    approvals_of,
    day_of,
    drafts_of,
    first_day_for,
    latest_versions,
    must_read,
    plan_of,
    policy_at_work,
    previous_weights,
    uncertified_components,
    versions_visible_to,
)
from performance.scoring.queries.readiness import metrics_on_their_way
from performance.scoring.queries.replays import Replay, replay_score
from performance.scoring.queries.scorecards import Point, Scorecard, history, scorecard, weight_steps
from performance.scoring.queries.scores import (
    TeamRow,
    current_score,
    current_scores,
    freeze_has_begun,
    last_closed_values,
    people_with_visible_scores,
    periods_begun,
    periods_of,
    runs,
    scores_visible_to,
    team_rows,
)
from performance.scoring.queries.supposing import Supposed, supposed_score
from performance.scoring.queries.uses import metric_uses

__all__ = [
    "Change",
    "Group",
    "Line",
    "Moved",
    "Point",
    "Replay",
    "Scorecard",
    "Supposed",
    "TeamRow",
    "approvals_of",
    "approvers_of",
    "change_since",
    "current_score",
    "current_scores",
    "day_of",
    "differences_of",
    "drafts_of",
    "first_day_for",
    "fixed_versions",
    "freeze_has_begun",
    "groups",
    "history",
    "is_in_scope",
    "is_scored_by",
    "last_closed_values",
    "latest_versions",
    "metric_uses",
    "metrics_on_their_way",
    "must_read",
    "open_periods",
    "people_in_scope",
    "people_using_metrics",
    "people_with_visible_scores",
    "periods_begun",
    "periods_of",
    "plan_of",
    "policy_at_work",
    "previous_weights",
    "replay_score",
    "runs",
    "scorecard",
    "scored_people",
    "scores_visible_to",
    "supposed_score",
    "team_rows",
    "uncertified_components",
    "versions_visible_to",
    "waits_to_be_looked_into",
    "weight_steps",
    "work_kinds",
]
