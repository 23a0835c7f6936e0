"""Endpoints under /api/v1/: scores, weight policies and runs, through the rules and actions of the pages."""

from django.urls import path

from performance.scoring.api import groupcards, notice, policies, questions, runs, scores, simulations

urls = [
    path("scores/", scores.Scores.as_view()),
    path("scores/<uuid:score_id>/", scores.OneScore.as_view()),
    path("scores/<uuid:score_id>/file/", scores.ScorecardFile.as_view()),
    path("scores/<uuid:score_id>/replay/", scores.ReplayScore.as_view()),
    path("scores/<uuid:score_id>/supposed/", scores.SupposeScore.as_view()),
    path("scores/<uuid:score_id>/evidence/<slug:key>/", scores.ScoreEvidence.as_view()),
    path("scores/<uuid:score_id>/questions/", questions.QuestionsOfScore.as_view()),
    path("scorecards/team/<uuid:person_id>/", groupcards.GroupCard.as_view()),
    path("scorecards/team/<uuid:person_id>/file/", groupcards.GroupCardFile.as_view()),
    path("scorecards/units/<uuid:unit_id>/", groupcards.GroupCard.as_view()),
    path("scorecards/units/<uuid:unit_id>/file/", groupcards.GroupCardFile.as_view()),
    path("scorecards/organisation/", groupcards.GroupCard.as_view()),
    path("scorecards/organisation/file/", groupcards.GroupCardFile.as_view()),
    path("score-questions/", questions.Questions.as_view()),
    path("score-questions/<uuid:question_id>/", questions.OneQuestion.as_view()),
    path("score-questions/<uuid:question_id>/posts/", questions.QuestionPosts.as_view()),
    path("score-questions/<uuid:question_id>/close/", questions.CloseQuestion.as_view()),
    path("weight-policies/", policies.Policies.as_view()),
    path("weight-policies/<uuid:version_id>/", policies.OnePolicy.as_view()),
    path("weight-policies/<uuid:version_id>/next/", policies.NextVersion.as_view()),
    path("weight-notice/", notice.WeightNotice.as_view()),
    path("weight-policies/<uuid:version_id>/mine/", notice.MyDifference.as_view()),
    path("weight-policies/<uuid:version_id>/accept-stage/", policies.AcceptStage.as_view()),
    path("weight-policies/<uuid:version_id>/read/", policies.ReadPolicy.as_view()),
    path("weight-policies/<uuid:version_id>/simulations/", simulations.Simulations.as_view()),
    path(
        "weight-policies/<uuid:version_id>/simulations/<uuid:simulation_id>/",
        simulations.OneSimulation.as_view(),
    ),
    path(
        "weight-policies/<uuid:version_id>/simulations/<uuid:simulation_id>/file/",
        simulations.SimulationFile.as_view(),
    ),
    path("weight-policies/<uuid:version_id>/propose/", policies.ProposePolicy.as_view()),
    path("weight-policies/<uuid:version_id>/approve/", policies.ApprovePolicy.as_view()),
    path("weight-policies/<uuid:version_id>/return/", policies.ReturnPolicy.as_view()),
    path("weight-policies/<uuid:version_id>/lock/", policies.LockPolicy.as_view()),
    path("score-runs/", runs.Runs.as_view()),
    path("score-runs/<uuid:run_id>/", runs.OneRun.as_view()),
    path("score-runs/<uuid:run_id>/stop/", runs.StopRun.as_view()),
    path("score-runs/<uuid:run_id>/resume/", runs.ResumeRun.as_view()),
    path("score-runs/<uuid:run_id>/differences/", runs.Differences.as_view()),
    path("score-runs/<uuid:run_id>/looked-into/", runs.CloseCheck.as_view()),
]
