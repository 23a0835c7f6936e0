"""Endpoints under /api/v1/."""

from django.urls import URLPattern, path, re_path

from okr.api import (
    check_ins,
    closing,
    dependencies,
    imports,
    links,
    objectives,
    policies,
    retrospectives,
    rhythm,
    teams,
    votes,
)

urls: list[URLPattern] = [
    path("goals/objectives/", objectives.Objectives.as_view(), name="api_objectives"),
    path("goals/objectives/<uuid:objective_id>/", objectives.OneObjective.as_view(), name="api_objective"),
    path(
        "goals/objectives/<uuid:objective_id>/change/",
        objectives.Change.as_view(),
        name="api_change_objective",
    ),
    path(
        "goals/objectives/<uuid:objective_id>/agree/", objectives.Agree.as_view(), name="api_agree_objective"
    ),
    path(
        "goals/objectives/<uuid:objective_id>/withdraw/",
        objectives.Withdraw.as_view(),
        name="api_withdraw_proposal",
    ),
    path(
        "goals/objectives/<uuid:objective_id>/comments/",
        objectives.Comments.as_view(),
        name="api_comment_on_objective",
    ),
    path(
        "goals/objectives/<uuid:objective_id>/suggestions/",
        objectives.Suggestions.as_view(),
        name="api_suggest_edit",
    ),
    path("goals/objectives/<uuid:objective_id>/grades/", closing.Grades.as_view(), name="api_grades"),
    re_path(r"^goals/export\.(?P<form>csv|xlsx)$", closing.ExportView.as_view(), name="api_export_goals"),
    path("goals/imports/", imports.GoalImports.as_view(), name="api_goal_imports"),
    path("goals/imports/<uuid:import_id>/", imports.OneGoalImport.as_view(), name="api_goal_import"),
    path("goals/imports/<uuid:import_id>/check/", imports.CheckGoals.as_view(), name="api_check_goal_import"),
    path("goals/imports/<uuid:import_id>/apply/", imports.ApplyGoals.as_view(), name="api_apply_goal_import"),
    path("goals/periods/<uuid:period_id>/carry-over/", closing.Carry.as_view(), name="api_carry_over"),
    path("goals/periods/<uuid:period_id>/duplicate/", closing.Duplicate.as_view(), name="api_duplicate"),
    path(
        "goals/objectives/<uuid:objective_id>/served-by/",
        objectives.ServedBy.as_view(),
        name="api_served_by",
    ),
    path("goals/objectives/<uuid:objective_id>/heard/", votes.Heard.as_view(), name="api_heard"),
    path("goals/objectives/<uuid:objective_id>/vote/", votes.Vote.as_view(), name="api_vote"),
    path("goals/votes/<uuid:vote_id>/", votes.BallotView.as_view(), name="api_ballot"),
    path("goals/votes/<uuid:vote_id>/close/", votes.CloseVote.as_view(), name="api_close_vote"),
    path("goals/suggestions/<uuid:edit_id>/accept/", objectives.AcceptEdit.as_view(), name="api_accept_edit"),
    path("goals/suggestions/<uuid:edit_id>/reject/", objectives.RejectEdit.as_view(), name="api_reject_edit"),
    path("goals/objectives/<uuid:objective_id>/links/", links.Links.as_view(), name="api_objective_links"),
    path("goals/links/<uuid:link_id>/take/", links.TakeLink.as_view(), name="api_take_contribution"),
    path("goals/links/<uuid:link_id>/", links.OneLink.as_view(), name="api_objective_link"),
    path(
        "goals/objectives/<uuid:objective_id>/dependencies/",
        dependencies.Dependencies.as_view(),
        name="api_dependencies",
    ),
    path(
        "goals/teams/<uuid:team_id>/dependencies/",
        dependencies.TeamDependencies.as_view(),
        name="api_team_dependencies",
    ),
    path(
        "goals/dependencies/<uuid:dependency_id>/accept/",
        dependencies.AcceptDependency.as_view(),
        name="api_accept_dependency",
    ),
    path(
        "goals/dependencies/<uuid:dependency_id>/decline/",
        dependencies.DeclineDependency.as_view(),
        name="api_decline_dependency",
    ),
    path(
        "goals/dependencies/<uuid:dependency_id>/withdraw/",
        dependencies.WithdrawDependency.as_view(),
        name="api_withdraw_dependency",
    ),
    path(
        "goals/dependencies/<uuid:dependency_id>/met/",
        dependencies.MeetDependency.as_view(),
        name="api_meet_dependency",
    ),
    path("goals/teams/<uuid:team_id>/check-ins/", teams.TeamCheckIns.as_view(), name="api_team_check_ins"),
    path("goals/teams/<uuid:team_id>/history/", teams.TeamHistory.as_view(), name="api_team_history"),
    path(
        "goals/teams/<uuid:team_id>/retrospectives/",
        teams.TeamRetrospectives.as_view(),
        name="api_team_retrospectives",
    ),
    path(
        "goals/teams/<uuid:team_id>/retrospectives/<uuid:period_id>/",
        retrospectives.TeamRetrospective.as_view(),
        name="api_retrospective",
    ),
    path(
        "goals/teams/<uuid:team_id>/retrospectives/<uuid:period_id>/notes/",
        retrospectives.RetrospectiveNotes.as_view(),
        name="api_retrospective_notes",
    ),
    path(
        "goals/teams/<uuid:team_id>/retrospectives/<uuid:period_id>/close/",
        retrospectives.CloseRetrospective.as_view(),
        name="api_close_retrospective",
    ),
    path(
        "goals/retrospective-notes/<uuid:note_id>/",
        retrospectives.OneRetrospectiveNote.as_view(),
        name="api_retrospective_note",
    ),
    path(
        "goals/agreed-actions/<uuid:action_id>/done/",
        retrospectives.FinishAgreedAction.as_view(),
        name="api_finish_agreed_action",
    ),
    path("goals/policies/<uuid:period_id>/", policies.Policy.as_view(), name="api_okr_policy"),
    path("goals/rhythm/", rhythm.CadenceView.as_view(), name="api_rhythm"),
    path("goals/rhythm/<uuid:team_id>/", rhythm.TeamCadence.as_view(), name="api_team_rhythm"),
    path("goals/check-ins/owed/", rhythm.Duties.as_view(), name="api_check_in_duties"),
    path("goals/check-ins/owed/<uuid:duty_id>/excuse/", rhythm.ExcuseWeek.as_view(), name="api_excuse_week"),
    path("goals/check-ins/", check_ins.CheckIns.as_view(), name="api_check_ins"),
    path("goals/check-ins/draft/", check_ins.Draft.as_view(), name="api_check_in_draft"),
    path("goals/check-ins/acknowledge/", check_ins.Acknowledge.as_view(), name="api_acknowledge_check_ins"),
    path("goals/check-ins/<uuid:check_in_id>/", check_ins.OneCheckIn.as_view(), name="api_check_in"),
    path("goals/check-ins/<uuid:check_in_id>/hand-on/", check_ins.HandOn.as_view(), name="api_hand_on"),
    path("goals/check-ins/<uuid:check_in_id>/reply/", check_ins.Replies.as_view(), name="api_reply"),
]
