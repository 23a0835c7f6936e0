"""Addresses of the pages."""

from django.urls import path, re_path

from okr import views

app_name = "okr"

WEEK = r"(?P<week>\d{4}-W\d{2})"

urlpatterns = [
    path("", views.home, name="home"),
    re_path(rf"^weeks/{WEEK}/$", views.week, name="week"),
    path("my-team/", views.my_team, name="my_team"),
    path("my-team/read/", views.mark_read, name="mark_read"),
    re_path(rf"^check-ins/{WEEK}/$", views.check_in, name="check_in"),
    re_path(rf"^check-ins/{WEEK}/draft/$", views.check_in_draft, name="check_in_draft"),
    path("check-ins/", views.check_ins, name="check_ins"),
    path("check-ins/of/<uuid:person_id>/", views.person_check_ins, name="person_check_ins"),
    path("check-ins/<uuid:check_in_id>/", views.conversation, name="conversation"),
    path("check-ins/<uuid:check_in_id>/reply/", views.reply, name="reply"),
    path("check-ins/<uuid:check_in_id>/hand-on/", views.hand_on, name="hand_on"),
    path("goals/", views.objectives, name="objectives"),
    re_path(r"^goals/export\.(?P<form>csv|xlsx)$", views.export, name="export"),
    path("goals/import/", views.import_goals, name="import_goals"),
    path("goals/import/template.csv", views.import_template, name="import_template"),
    path("goals/import/<uuid:import_id>/", views.import_check, name="import_check"),
    path("goals/import/<uuid:import_id>/apply/", views.import_apply, name="import_apply"),
    path("goals/confidence/", views.confidence, name="confidence"),
    path("goals/map/", views.strategy, name="strategy"),
    path("goals/timeline/", views.timeline, name="timeline"),
    path("goals/compare/", views.compare, name="compare"),
    path("goals/propose/", views.propose, name="propose"),
    path("goals/teams/<uuid:team_id>/", views.team, name="team"),
    path("goals/teams/<uuid:team_id>/retrospective/", views.retrospective, name="retrospective"),
    re_path(
        r"^goals/teams/(?P<team_id>[0-9a-f-]{36})/retrospective/(?P<period_id>[0-9a-f-]{36})/"
        r"(?P<column>went_well|learned|change)/$",
        views.add_note,
        name="add_note",
    ),
    path(
        "goals/teams/<uuid:team_id>/retrospective/<uuid:period_id>/close/",
        views.close_retrospective,
        name="close_retrospective",
    ),
    path("goals/retrospective-notes/<uuid:note_id>/", views.edit_note, name="edit_note"),
    path("goals/retrospective-notes/<uuid:note_id>/remove/", views.remove_note, name="remove_note"),
    path("goals/agreed-actions/<uuid:action_id>/done/", views.finish_action, name="finish_action"),
    path("goals/carry/<uuid:period_id>/", views.carry, name="carry"),
    path("goals/duplicate/<uuid:period_id>/", views.duplicate, name="duplicate"),
    path("goals/rhythm/", views.rhythm, name="rhythm"),
    path("goals/rhythm/<uuid:team_id>/drop/", views.drop_rhythm, name="drop_rhythm"),
    path("check-ins/owed/<uuid:duty_id>/excuse/", views.excuse, name="excuse"),
    path("goals/policies/<uuid:period_id>/", views.policy, name="policy"),
    re_path(
        r"^goals/suggestions/(?P<edit_id>[0-9a-f-]{36})/(?P<decision>accept|reject)/$",
        views.decide,
        name="decide",
    ),
    path("goals/alignments/<uuid:link_id>/take/", views.take, name="take"),
    path("goals/alignments/<uuid:link_id>/remove/", views.part, name="part"),
    path("goals/dependencies/<uuid:dependency_id>/accept/", views.accept, name="accept_dependency"),
    path("goals/dependencies/<uuid:dependency_id>/decline/", views.decline, name="decline_dependency"),
    path("goals/dependencies/<uuid:dependency_id>/withdraw/", views.withdraw_ask, name="withdraw_dependency"),
    path("goals/dependencies/<uuid:dependency_id>/met/", views.meet, name="meet_dependency"),
    path("goals/<uuid:objective_id>/", views.objective, name="objective"),
    path("goals/<uuid:objective_id>/branch/", views.branch, name="branch"),
    path("goals/<uuid:objective_id>/change/", views.change, name="change"),
    path("goals/<uuid:objective_id>/agree/", views.agree, name="agree"),
    path("goals/<uuid:objective_id>/grade/", views.grade, name="grade"),
    path("goals/<uuid:objective_id>/withdraw/", views.withdraw, name="withdraw"),
    path("goals/<uuid:objective_id>/comment/", views.comment, name="comment"),
    path("goals/<uuid:objective_id>/heard/", views.heard, name="heard"),
    path("goals/<uuid:objective_id>/vote/", views.open_vote, name="open_vote"),
    path("goals/votes/<uuid:vote_id>/", views.cast_ballot, name="cast_ballot"),
    path("goals/votes/<uuid:vote_id>/close/", views.close_vote, name="close_vote"),
    path("goals/names/", views.names, name="names"),
    path("goals/<uuid:objective_id>/suggest/", views.suggest, name="suggest"),
    path("goals/<uuid:objective_id>/needs/", views.ask, name="ask"),
    path("goals/<uuid:objective_id>/needs/askable/", views.askable, name="askable"),
    path("goals/<uuid:objective_id>/align/", views.align, name="align"),
]
