"""Forms of notes and of requests for them."""

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from feedback.models import MOST_POINTS, CompanyValue, FeedbackRequest, NoteKind, NoteVisibility
from performance.people.models import Person

KINDS = [(kind.value, kind.label) for kind in (NoteKind.PRAISE, NoteKind.SUGGESTION)]
READERS = [
    (each.value, each.label)
    for each in (NoteVisibility.RECIPIENT, NoteVisibility.MANAGER, NoteVisibility.PUBLIC)
]


class OnAGoal(forms.Form):
    """What it is tied to: an objective, and where it has some one of its key results."""

    objective_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    key_result_id = forms.TypedChoiceField(
        label=_("On which key result"), required=False, coerce=uuid.UUID, empty_value=None
    )

    def tie(self, parts: Iterable[tuple[Any, str]]) -> None:
        """The key results of the objective; without any the field is not there."""
        choices = [(str(key), title) for key, title in parts]
        self.fields["key_result_id"].choices = [("", _("The whole objective")), *choices]  # type: ignore[attr-defined]
        if not choices:
            self.fields["key_result_id"].widget = forms.HiddenInput()


class NoteForm(OnAGoal):
    """To whom, what, and who can read it."""

    about = forms.ModelChoiceField(
        label=_("To"), queryset=Person.objects.none(), empty_label=_("Choose a person")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("What did they do, and what did it change?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    visibility = forms.ChoiceField(label=_("Who can read it"), choices=READERS, widget=forms.RadioSelect)
    value = forms.ModelChoiceField(
        label=_("Shows which value"),
        queryset=CompanyValue.objects.none(),
        required=False,
        empty_label=_("None in particular"),
    )
    points = forms.IntegerField(
        label=pgettext_lazy("recognition", "Points"), min_value=0, max_value=MOST_POINTS, required=False
    )

    choice_help = {
        NoteVisibility.RECIPIENT: _("Nobody else, HR neither. Never part of a review."),
        NoteVisibility.MANAGER: _("With your name. The manager may quote it in a review."),
        NoteVisibility.PUBLIC: _("Appears on Home under Recognition."),
    }

    def __init__(
        self,
        *args: Any,
        colleagues: Any,
        values: Any,
        left: int = 0,
        parts: Iterable[tuple[Any, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].queryset = values  # type: ignore[attr-defined]
        self.fields["points"].help_text = _(
            "With praise for everybody to read. You have %(left)s left this month."
        ) % {"left": left}
        self.fields["about"].queryset = colleagues  # type: ignore[attr-defined]
        self.fields["visibility"].choice_help = self.choice_help  # type: ignore[attr-defined]
        self.tie(parts)

    def clean_points(self) -> int:
        return self.cleaned_data["points"] or 0


class RequestForm(OnAGoal):
    """Whom one asks, about whom, and what."""

    about = forms.ModelChoiceField(
        label=pgettext_lazy("feedback request", "About"), queryset=Person.objects.none(), empty_label=None
    )
    to = forms.ModelMultipleChoiceField(
        label=_("Whom you ask"),
        queryset=Person.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Ask one to ten people.")},
    )
    question = forms.CharField(
        label=_("Your question"),
        max_length=FeedbackRequest._meta.get_field("question").max_length,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    due_on = forms.DateField(
        label=pgettext_lazy("agreed action", "Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Choose a day.")},
    )

    def __init__(
        self,
        *args: Any,
        colleagues: Any,
        askable: Any,
        parts: Iterable[tuple[Any, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = colleagues  # type: ignore[attr-defined]
        self.fields["about"].queryset = askable  # type: ignore[attr-defined]
        self.tie(parts)


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=pgettext_lazy("feedback request", "Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    visibility = forms.ChoiceField(label=_("Who can read it"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, request: FeedbackRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        about_asker = request.by_id == request.about_id
        if about_asker:
            choices = [
                (NoteVisibility.RECIPIENT, _("Only %(person)s") % {"person": request.by}),
                (
                    NoteVisibility.MANAGER,
                    _("%(person)s and their manager") % {"person": request.by},
                ),
            ]
        else:
            told = {"asker": request.by, "person": request.about}
            choices = [
                (NoteVisibility.ASKER, _("Only %(asker)s") % told),
                (NoteVisibility.RECIPIENT, _("%(asker)s and %(person)s") % told),
            ]
        self.fields["visibility"].choices = choices  # type: ignore[attr-defined]
        self.fields["visibility"].initial = choices[0][0]


class DeclineForm(forms.Form):
    word = forms.CharField(
        label=_("A word why"),
        max_length=FeedbackRequest._meta.get_field("word").max_length,
        error_messages={"required": _("Write a few words.")},
    )


class ValueForm(forms.ModelForm):
    class Meta:
        model = CompanyValue
        fields = ["name_en", "name_zh", "text_en", "text_zh", "ordinal"]


class PointsForm(forms.Form):
    points = forms.IntegerField(label=_("Points a month for everybody to give"), min_value=0, max_value=1000)
