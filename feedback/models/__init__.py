"""What people tell each other: notes, the weekly pulse, 1:1s."""

from feedback.models.meetings import ActionItem, Meeting, OneOnOne, PointKind, PrivateNote, Topic
from feedback.models.notes import Note, NoteKind, NoteVisibility
from feedback.models.pulses import Pulse
from feedback.models.recognition import MOST_POINTS, CompanyValue, RecognitionRule
from feedback.models.requests import FeedbackRequest

__all__ = [
    "MOST_POINTS",
    "ActionItem",
    "CompanyValue",
    "FeedbackRequest",
    "Meeting",
    "Note",
    "NoteKind",
    "NoteVisibility",
    "OneOnOne",
    "PointKind",
    "PrivateNote",
    "Pulse",
    "RecognitionRule",
    "Topic",
]
