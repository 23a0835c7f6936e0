"""Writes: notes, the weekly pulse, 1:1s."""

from feedback.actions.notes import NoteRefused, read_note, retract_note, write_note
from feedback.actions.pulses import PulseRefused, send_pulse

__all__ = ["NoteRefused", "PulseRefused", "read_note", "retract_note", "send_pulse", "write_note"]
