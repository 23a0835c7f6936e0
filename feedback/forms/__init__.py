"""Forms of the feedback pages."""

from feedback.forms.meetings import ActionItemForm, BeginForm, MoveForm, RhythmForm, TopicForm
from feedback.forms.notes import NoteForm
from feedback.forms.pulses import PulseForm

__all__ = ["ActionItemForm", "BeginForm", "MoveForm", "NoteForm", "PulseForm", "RhythmForm", "TopicForm"]
