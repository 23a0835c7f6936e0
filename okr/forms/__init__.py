from okr.forms.check_in_conflicts import Difference, differing
from okr.forms.check_ins import CheckInForm, HandOnForm, ReplyForm, draft_fields, initial_of, is_cut
from okr.forms.closing import CarryForm, DuplicateForm, GradeForm
from okr.forms.dependencies import DeclineForm, NeedForm
from okr.forms.fields import AmountField
from okr.forms.importing import ApplyGoalsForm, GoalFileForm, TakeBackForm
from okr.forms.maps import CompareForm, MapForm
from okr.forms.objectives import (
    AlignForm,
    FilterForm,
    KeyResultForm,
    ObjectiveForm,
    SuggestForm,
    rows_from,
    rows_of,
    standing_of,
)
from okr.forms.policies import VERSION, PolicyForm
from okr.forms.reshaping import place_named, reshaped, weight_typed, with_even_weights
from okr.forms.retrospectives import AgreedForm, NoteForm
from okr.forms.rhythm import CadenceForm, ExcuseForm

__all__ = [
    "VERSION",
    "AgreedForm",
    "AlignForm",
    "AmountField",
    "ApplyGoalsForm",
    "CadenceForm",
    "CarryForm",
    "CheckInForm",
    "CompareForm",
    "DeclineForm",
    "Difference",
    "DuplicateForm",
    "ExcuseForm",
    "FilterForm",
    "GoalFileForm",
    "GradeForm",
    "HandOnForm",
    "KeyResultForm",
    "MapForm",
    "NeedForm",
    "NoteForm",
    "ObjectiveForm",
    "PolicyForm",
    "ReplyForm",
    "SuggestForm",
    "TakeBackForm",
    "differing",
    "draft_fields",
    "initial_of",
    "is_cut",
    "place_named",
    "reshaped",
    "rows_from",
    "rows_of",
    "standing_of",
    "weight_typed",
    "with_even_weights",
]
