"""Reads: policies and whom they govern, scores and who may see them."""

from performance.scoring.queries.governing import (
    Group,
    approvers_of,
    groups,
    is_scored_by,
    open_periods,
    people_in_scope,
    people_using_metrics,
    scored_people,
)
from performance.scoring.queries.policies import (
    day_of,
    drafts_of,
    first_day_for,
    latest_versions,
    plan_of,
    policy_at_work,
    previous_weights,
    versions_visible_to,
)
from performance.scoring.queries.readiness import metrics_on_their_way
from performance.scoring.queries.replays import Replay, replay_score
from performance.scoring.queries.scorecards import Line, Point, Scorecard, history, scorecard, weight_steps
from performance.scoring.queries.scores import (
    TeamRow,
    current_score,
    current_scores,
    last_closed_values,
    people_with_visible_scores,
    runs,
    scores_visible_to,
    team_rows,
)

__all__ = [
    "Group",
    "Line",
    "Point",
    "Replay",
    "Scorecard",
    "TeamRow",
    "approvers_of",
    "current_score",
    "current_scores",
    "day_of",
    "drafts_of",
    "first_day_for",
    "groups",
    "history",
    "is_scored_by",
    "last_closed_values",
    "latest_versions",
    "metrics_on_their_way",
    "open_periods",
    "people_in_scope",
    "people_using_metrics",
    "people_with_visible_scores",
    "plan_of",
    "policy_at_work",
    "previous_weights",
    "replay_score",
    "runs",
    "scorecard",
    "scored_people",
    "scores_visible_to",
    "team_rows",
    "versions_visible_to",
    "weight_steps",
]
