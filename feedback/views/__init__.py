"""Pages and cards of feedback."""

from feedback.views.notes import given, home, note, objective_notes, received, recognition, retract, write
from feedback.views.pulses import pulse

__all__ = ["given", "home", "note", "objective_notes", "pulse", "received", "recognition", "retract", "write"]
