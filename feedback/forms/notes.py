"""The form of a note."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from feedback.models import NoteKind, NoteVisibility
from performance.people.models import Person


class NoteForm(forms.Form):
    """To whom, what, and who can read it."""

    about = forms.ModelChoiceField(
        label=_("To"), queryset=Person.objects.none(), empty_label=_("Choose a person")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=NoteKind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("What did they do, and what did it change?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    visibility = forms.ChoiceField(
        label=_("Who can read it"), choices=NoteVisibility.choices, widget=forms.RadioSelect
    )
    objective_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    choice_help = {
        NoteVisibility.RECIPIENT: _("Nobody else, HR neither. Never part of a review."),
        NoteVisibility.MANAGER: _("With your name. The manager may quote it in a review."),
        NoteVisibility.PUBLIC: _("Appears on Home under Recognition."),
    }

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].queryset = colleagues  # type: ignore[attr-defined]
        self.fields["visibility"].choice_help = self.choice_help  # type: ignore[attr-defined]
