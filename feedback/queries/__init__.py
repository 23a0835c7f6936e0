"""Reads: notes, the weekly pulse, 1:1s, each as their reader may see them."""

from feedback.queries.notes import (
    colleagues_near,
    notes_given,
    notes_on_objective,
    notes_received,
    notes_visible_to,
    objective_titles,
    recognition,
    titled,
    writers_on_objectives,
)
from feedback.queries.pulses import QUESTIONS, PulsePair, PulseRow, pulse_pairs

__all__ = [
    "QUESTIONS",
    "PulsePair",
    "PulseRow",
    "colleagues_near",
    "notes_given",
    "notes_on_objective",
    "notes_received",
    "notes_visible_to",
    "objective_titles",
    "pulse_pairs",
    "recognition",
    "titled",
    "writers_on_objectives",
]
