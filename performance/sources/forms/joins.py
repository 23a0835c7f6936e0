"""Which columns a dataset takes from another one, and by what their rows are matched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.sources.models import DatasetColumn
from performance.sources.models.datasets import KEY


class DatasetField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        """Two datasets may have one name; their keys differ."""
        return f"{obj} ({obj.key})"


class OtherForm(forms.Form):
    """From which dataset."""

    other: DatasetField = DatasetField(
        label=_("Dataset"),
        queryset=None,
        empty_label=_("Choose a dataset"),
        widget=forms.Select(attrs={"data-autosubmit": ""}),
    )

    def __init__(self, *args: Any, joinable: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].queryset = joinable  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    """One field for each key column of the other dataset: which own column holds its value."""

    key = forms.CharField(
        label=_("Key"),
        max_length=20,
        validators=[KEY],
        help_text=_("The columns are called by it: with the key shop, city becomes shop_city."),
        widget=forms.TextInput(attrs={"class": "mono"}),
    )
    taken = forms.MultipleChoiceField(label=_("Columns taken"), widget=forms.CheckboxSelectMultiple)

    def __init__(
        self,
        *args: Any,
        own: Sequence[DatasetColumn],
        theirs: Sequence[DatasetColumn],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._keys = [column for column in theirs if column.is_key]
        for column in self._keys:
            same = [(each.key, each.key) for each in own if each.type == column.type]
            self.fields[f"pair_{column.key}"] = forms.ChoiceField(
                label=_("%(column)s is our column") % {"column": column},
                choices=[("", _("Choose a column")), *same],
                initial=next((key for key, _name in same if key == column.key), ""),
            )
        self.fields["taken"].choices = [  # type: ignore[attr-defined]
            (column.key, str(column)) for column in theirs if not column.is_key
        ]

    @property
    def pair_fields(self) -> list[Any]:
        return [self[f"pair_{column.key}"] for column in self._keys]

    def pairs(self) -> list[tuple[str, str]]:
        """(own column, key column of the other)."""
        return [(self.cleaned_data[f"pair_{column.key}"], column.key) for column in self._keys]
