"""Forms of the import of goals."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from okr.actions.importing import steps
from performance.foundation import sheets


class GoalFileForm(forms.Form):
    """The file, and the period that it is read into."""

    period = forms.ChoiceField(label=_("Period"))
    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx,.xlsm,.xls,.ods"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )

    def __init__(self, *args: Any, periods: Iterable[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["period"].choices = [(str(each.pk), str(each)) for each in periods]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > steps.MAX_BYTES:
            raise forms.ValidationError(sheets.too_many_bytes(steps.MAX_BYTES))
        return file


class ApplyGoalsForm(forms.Form):
    reason = forms.CharField(
        label=_("Why these changes"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands beside each change of what is agreed already."),
    )
    as_drafts = forms.BooleanField(
        label=_("Save new objectives as drafts"),
        required=False,
        help_text=_("Only you and their owners see them, and nobody is asked to agree yet."),
    )


class TakeBackForm(forms.Form):
    """`seen` names what was shown: nothing else is done."""

    reason = forms.CharField(
        label=_("Why it is taken back"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why, in a sentence.")},
        help_text=_("Stands in the log, and beside what is withdrawn."),
    )
    seen = forms.CharField(widget=forms.HiddenInput)
