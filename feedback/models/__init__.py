"""What people tell each other: notes, the weekly pulse, 1:1s."""

from feedback.models.notes import Note, NoteKind, NoteVisibility
from feedback.models.pulses import Pulse

__all__ = ["Note", "NoteKind", "NoteVisibility", "Pulse"]
