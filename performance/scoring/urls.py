"""Addresses of the pages."""

from django.urls import path

from performance.scoring import views

app_name = "scoring"

urlpatterns = [
    path("", views.my_scorecard, name="my_scorecard"),
    path("glance/", views.glance, name="glance"),
    path("supposed/", views.supposed, name="supposed"),
    path("team/", views.team, name="team"),
    path("people/<uuid:person_id>/", views.scorecard, name="scorecard"),
    path("files/scores/<uuid:score_id>/", views.scorecard_file, name="scorecard_file"),
    path("scores/<uuid:score_id>/replay/", views.replay, name="replay"),
    path("scores/<uuid:score_id>/<slug:key>/", views.evidence, name="evidence"),
    path("scores/<uuid:score_id>/<slug:key>/panel/", views.evidence_panel, name="evidence_panel"),
    path("questions/of/<uuid:score_id>/", views.ask, name="ask"),
    path("questions/of/<uuid:score_id>/panel/", views.ask_panel, name="ask_panel"),
    path("questions/<uuid:question_id>/", views.question, name="question"),
    path("questions/<uuid:question_id>/post/", views.post, name="question_post"),
    path("questions/<uuid:question_id>/close/", views.close, name="question_close"),
    path("policies/", views.policy_list, name="policies"),
    path("policies/new/", views.new, name="policy_new"),
    path("policies/notice/", views.set_notice, name="policy_notice"),
    path("policies/preview/", views.preview, name="policy_preview_new"),
    path("policies/of/<uuid:policy_id>/next/", views.next_version, name="policy_next"),
    path("policies/<uuid:version_id>/", views.policy, name="policy"),
    path("policies/<uuid:version_id>/edit/", views.edit, name="policy_edit"),
    path("policies/<uuid:version_id>/preview/", views.preview, name="policy_preview"),
    path("policies/<uuid:version_id>/stage/", views.accept_stage, name="policy_stage"),
    path("policies/<uuid:version_id>/effect/", views.effect, name="policy_effect"),
    path("policies/<uuid:version_id>/simulate/", views.simulate, name="policy_simulate"),
    path("policies/<uuid:version_id>/moved/", views.moved, name="policy_moved"),
    path("policies/<uuid:version_id>/moved/file/", views.moved_file, name="policy_moved_file"),
    path("policies/<uuid:version_id>/propose/", views.propose, name="policy_propose"),
    path("policies/<uuid:version_id>/approve/", views.approve, name="policy_approve"),
    path("policies/<uuid:version_id>/return/", views.send_back, name="policy_return"),
    path("policies/<uuid:version_id>/lock/", views.lock, name="policy_lock"),
    path("policies/<uuid:version_id>/discard/", views.discard, name="policy_discard"),
    path("policies/<uuid:version_id>/read/", views.read, name="policy_read"),
    path("runs/", views.runs, name="runs"),
    path("runs/start/", views.start, name="run_start"),
    path("runs/freeze/", views.freeze, name="run_freeze"),
    path("runs/<uuid:run_id>/", views.run, name="run"),
    path("runs/<uuid:run_id>/progress/", views.run_progress, name="run_progress"),
    path("runs/<uuid:run_id>/stop/", views.stop, name="run_stop"),
    path("runs/<uuid:run_id>/resume/", views.resume, name="run_resume"),
    path("runs/<uuid:run_id>/looked-into/", views.close_check, name="run_close_check"),
]
