"""Addresses of the pages."""

from django.urls import path

from feedback import views

app_name = "feedback"

urlpatterns = [
    path("", views.home, name="home"),
    path("received/", views.received, name="received"),
    path("given/", views.given, name="given"),
    path("write/", views.write, name="write"),
    path("notes/<uuid:note_id>/", views.note, name="note"),
    path("notes/<uuid:note_id>/retract/", views.retract, name="retract"),
    path("objectives/<uuid:objective_id>/", views.objective_notes, name="objective_notes"),
    path("recognition/", views.recognition, name="recognition"),
    path("pulse/", views.pulse, name="pulse"),
    path("recognition/all/", views.feed, name="feed"),
    path("recognition/values/", views.company_values, name="values"),
    path("recognition/values/<uuid:value_id>/", views.change_value, name="change_value"),
    path("recognition/values/<uuid:value_id>/retire/", views.retire_value, name="retire_value"),
    path("recognition/points/", views.set_points, name="set_points"),
    path("requests/", views.feedback_requests, name="requests"),
    path("requests/new/", views.ask, name="ask"),
    path("requests/<uuid:request_id>/", views.feedback_request, name="request"),
    path("requests/<uuid:request_id>/decline/", views.decline, name="decline"),
    path("requests/<uuid:request_id>/withdraw/", views.withdraw, name="withdraw"),
    path("one-on-ones/", views.one_on_ones, name="one_on_ones"),
    path("one-on-ones/new/", views.begin_one_on_one, name="begin_one_on_one"),
    path("one-on-ones/<uuid:one_id>/", views.one_on_one, name="one_on_one"),
    path("one-on-ones/<uuid:one_id>/history/", views.history, name="one_on_one_history"),
    path("one-on-ones/<uuid:one_id>/change/", views.change_one_on_one, name="change_one_on_one"),
    path("one-on-ones/<uuid:one_id>/end/", views.end_one_on_one, name="end_one_on_one"),
    path("meetings/<uuid:meeting_id>/", views.meeting, name="meeting"),
    path("meetings/<uuid:meeting_id>/hold/", views.hold_meeting, name="hold_meeting"),
    path("meetings/<uuid:meeting_id>/topics/", views.add_topic, name="add_topic"),
    path("meetings/<uuid:meeting_id>/points/", views.take_point, name="take_point"),
    path("meetings/<uuid:meeting_id>/actions/", views.add_action_item, name="add_action_item"),
    path("meetings/<uuid:meeting_id>/notes/", views.shared_notes, name="shared_notes"),
    path("meetings/<uuid:meeting_id>/private-note/", views.private_note, name="private_note"),
    path("topics/<uuid:topic_id>/", views.mark_topic, name="mark_topic"),
    path("topics/<uuid:topic_id>/remove/", views.remove_topic, name="remove_topic"),
    path("action-items/<uuid:item_id>/", views.mark_action_item, name="mark_action_item"),
]
