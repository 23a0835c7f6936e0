"""Forms of the feedback pages."""

from feedback.forms.meetings import ActionItemForm, BeginForm, MoveForm, RhythmForm, TopicForm
from feedback.forms.notes import AnswerForm, DeclineForm, NoteForm, PointsForm, RequestForm, ValueForm
from feedback.forms.pulses import PulseForm

__all__ = [
    "ActionItemForm",
    "AnswerForm",
    "BeginForm",
    "DeclineForm",
    "MoveForm",
    "NoteForm",
    "PointsForm",
    "PulseForm",
    "RequestForm",
    "RhythmForm",
    "TopicForm",
    "ValueForm",
]
