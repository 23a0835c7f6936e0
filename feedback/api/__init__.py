"""Endpoints under /api/v1/."""

from django.urls import path

from feedback.api.meetings import (
    ActionItems,
    HoldMeeting,
    Meetings,
    OneActionItem,
    OneMeeting,
    OneOnOnes,
    OneTopic,
    OwnNote,
    SharedNotes,
    SingleOneOnOne,
    Topics,
)
from feedback.api.notes import Notes, OneNote
from feedback.api.pulses import Pulses
from feedback.api.recognition import OneValue, Points, Recognition, Totals, Values
from feedback.api.requests import AnswerRequest, DeclineRequest, FeedbackRequests, OneRequest

urls = [
    path("notes/", Notes.as_view(), name="api_notes"),
    path("notes/<uuid:note_id>/", OneNote.as_view(), name="api_note"),
    path("pulses/", Pulses.as_view(), name="api_pulses"),
    path("recognition/", Recognition.as_view(), name="api_recognition"),
    path("recognition/totals/", Totals.as_view(), name="api_recognition_totals"),
    path("recognition/points/", Points.as_view(), name="api_recognition_points"),
    path("recognition/values/", Values.as_view(), name="api_values"),
    path("recognition/values/<uuid:value_id>/", OneValue.as_view(), name="api_value"),
    path("feedback-requests/", FeedbackRequests.as_view(), name="api_requests"),
    path("feedback-requests/<uuid:request_id>/", OneRequest.as_view(), name="api_request"),
    path("feedback-requests/<uuid:request_id>/answer/", AnswerRequest.as_view(), name="api_answer"),
    path("feedback-requests/<uuid:request_id>/decline/", DeclineRequest.as_view(), name="api_decline"),
    path("one-on-ones/", OneOnOnes.as_view(), name="api_one_on_ones"),
    path("one-on-ones/<uuid:one_id>/", SingleOneOnOne.as_view(), name="api_one_on_one"),
    path("one-on-ones/<uuid:one_id>/meetings/", Meetings.as_view(), name="api_meetings"),
    path("meetings/<uuid:meeting_id>/", OneMeeting.as_view(), name="api_meeting"),
    path("meetings/<uuid:meeting_id>/hold/", HoldMeeting.as_view(), name="api_hold_meeting"),
    path("meetings/<uuid:meeting_id>/topics/", Topics.as_view(), name="api_topics"),
    path("meetings/<uuid:meeting_id>/actions/", ActionItems.as_view(), name="api_action_items"),
    path("meetings/<uuid:meeting_id>/notes/", SharedNotes.as_view(), name="api_meeting_notes"),
    path("meetings/<uuid:meeting_id>/private-note/", OwnNote.as_view(), name="api_private_note"),
    path("meeting-topics/<uuid:topic_id>/", OneTopic.as_view(), name="api_topic"),
    path("action-items/<uuid:item_id>/", OneActionItem.as_view(), name="api_action_item"),
]
