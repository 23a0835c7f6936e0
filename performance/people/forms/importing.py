"""Forms of the import of people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.foundation import sheets
from performance.people.actions.importing import columns
from performance.people.forms.fields import DayField


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx,.xlsm,.xls,.ods"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > sheets.MAX_BYTES:
            raise forms.ValidationError(sheets.too_many_bytes(sheets.MAX_BYTES))
        return file


class ColumnsForm(forms.Form):
    """One select for each field of a person: which column of the file means it."""

    def __init__(self, *args: Any, headers: list[str], mapping: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Not in the file"))] + [
            (str(index), f"{sheets.letter(index)} {header}") for index, header in enumerate(headers)
        ]
        for field in columns.FIELDS:
            self.fields[field.key] = forms.ChoiceField(
                label=field.label, choices=choices, required=False, initial=str(mapping.get(field.key, ""))
            )

    def mapping(self) -> dict[str, int]:
        return {key: int(index) for key, index in self.cleaned_data.items() if index != ""}


class ApplyForm(forms.Form):
    starts_on = DayField(label=_("Changes without a date start on"))
