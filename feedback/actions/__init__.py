"""Writes: notes, the weekly pulse, 1:1s."""

from feedback.actions.agenda import (
    add_action_item,
    add_topic,
    mark_action_item,
    mark_topic,
    remove_topic,
    take_point,
)
from feedback.actions.forgetting import forget_person
from feedback.actions.meetings import (
    RHYTHMS,
    NotesConflict,
    begin_one_on_one,
    change_one_on_one,
    end_one_on_one,
    hold_meeting,
    let_meetings_go,
    move_meeting,
    save_private_note,
    save_shared_notes,
)
from feedback.actions.notes import NoteRefused, read_note, retract_note, write_note
from feedback.actions.pulses import PulseRefused, send_pulse
from feedback.actions.recognition import RecognitionRefused, retire_value, save_value, set_points_a_month
from feedback.actions.refusal import MeetingRefused
from feedback.actions.requests import (
    RequestRefused,
    answer_request,
    ask_for_feedback,
    decline_request,
    let_requests_go,
    withdraw_request,
)

__all__ = [
    "RHYTHMS",
    "MeetingRefused",
    "NoteRefused",
    "NotesConflict",
    "PulseRefused",
    "RecognitionRefused",
    "RequestRefused",
    "add_action_item",
    "add_topic",
    "answer_request",
    "ask_for_feedback",
    "begin_one_on_one",
    "change_one_on_one",
    "decline_request",
    "end_one_on_one",
    "forget_person",
    "hold_meeting",
    "let_meetings_go",
    "let_requests_go",
    "mark_action_item",
    "mark_topic",
    "move_meeting",
    "read_note",
    "remove_topic",
    "retire_value",
    "retract_note",
    "save_private_note",
    "save_shared_notes",
    "save_value",
    "send_pulse",
    "set_points_a_month",
    "take_point",
    "withdraw_request",
    "write_note",
]
