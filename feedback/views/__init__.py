"""Pages and cards of feedback."""

from feedback.views.meeting_card import (
    add_action_item,
    add_topic,
    mark_action_item,
    mark_topic,
    private_note,
    remove_topic,
    shared_notes,
    take_point,
)
from feedback.views.meetings import (
    begin_one_on_one,
    change_one_on_one,
    end_one_on_one,
    history,
    hold_meeting,
    meeting,
    one_on_one,
    one_on_ones,
)
from feedback.views.notes import given, home, note, objective_notes, received, recognition, retract, write
from feedback.views.pulses import pulse
from feedback.views.requests import ask, decline, feedback_request, feedback_requests, withdraw
from feedback.views.values import change_value, company_values, feed, retire_value, set_points

__all__ = [
    "add_action_item",
    "add_topic",
    "ask",
    "begin_one_on_one",
    "change_one_on_one",
    "change_value",
    "company_values",
    "decline",
    "end_one_on_one",
    "feed",
    "feedback_request",
    "feedback_requests",
    "given",
    "history",
    "hold_meeting",
    "home",
    "mark_action_item",
    "mark_topic",
    "meeting",
    "note",
    "objective_notes",
    "one_on_one",
    "one_on_ones",
    "private_note",
    "pulse",
    "received",
    "recognition",
    "remove_topic",
    "retire_value",
    "retract",
    "set_points",
    "shared_notes",
    "take_point",
    "withdraw",
    "write",
]
