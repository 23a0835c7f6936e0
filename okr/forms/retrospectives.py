"""A note of a retrospective, and what is agreed at its end."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from okr.models import AgreedAction, RetrospectiveNote
from okr.models.retrospectives import Column
from performance.foundation.components import formats


class NoteForm(forms.Form):
    """A note of one column, by whose heading people know the field."""

    text = forms.CharField(
        max_length=RetrospectiveNote._meta.get_field("text").max_length,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the note first.")},
    )

    def __init__(self, *args: Any, column: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["text"].label = Column(column).label


class AgreedForm(forms.Form):
    """One agreed action; left empty it is none."""

    what = forms.CharField(
        label=_("Action"),
        required=False,
        max_length=AgreedAction._meta.get_field("what").max_length,
        error_messages={"required": _("Say what is to be done.")},
    )
    owner = forms.ChoiceField(
        label=pgettext_lazy("agreed action", "Who"),
        required=False,
        error_messages={
            "required": _("Choose a member of the team."),
            "invalid_choice": _("Choose a member of the team."),
        },
    )
    due_on = forms.DateField(
        label=pgettext_lazy("agreed action", "Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day.")},
    )

    def __init__(self, *args: Any, members: Iterable[Any], place: int, **options: Any) -> None:
        options |= {"prefix": f"agreed-{place}"}
        super().__init__(*args, **options)
        self.fields["owner"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose a member")),
            *((str(each.pk), formats.person_name(each)) for each in members),
        ]

    def clean(self) -> dict[str, Any]:
        """Whoever begins a line fills it."""
        given = self.cleaned_data
        for name in self.fields if self.has_changed() else ():
            if not given.get(name) and name not in self.errors:
                self.add_error(name, self.fields[name].error_messages["required"])
        return given
