"""Who sees which rows of a dataset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.people.models import Person, Role
from performance.sources.queries import RowRights


class NarrowForm(forms.Form):
    """One field for each dimension of the business units: the column that says it, or none. A rule is made where one
    is named."""

    roles = forms.MultipleChoiceField(
        label=_("Roles that see all rows"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    people = forms.CharField(
        label=_("People who see all rows"),
        required=False,
        max_length=2000,
        help_text=_("Employee numbers, with commas between them."),
        widget=forms.TextInput(attrs={"class": "mono"}),
    )

    def __init__(
        self,
        *args: Any,
        dimensions: Sequence[tuple[str, str]],
        columns: Sequence[str],
        rights: RowRights,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._dimensions = [key for key, _name in dimensions]
        choices = [("", _("no column: not told apart by it")), *((key, key) for key in columns)]
        for key, name in dimensions:
            self.fields[f"column_{key}"] = forms.ChoiceField(
                label=_("Column of %(dimension)s") % {"dimension": name},
                choices=choices,
                required=False,
                initial=rights.columns.get(key, ""),
            )
        self.fields["roles"].initial = list(rights.roles) if rights.columns else self._usual()
        self.fields["people"].initial = ", ".join(person.number for person in rights.people)

    @staticmethod
    def _usual() -> list[str]:
        """Those who would otherwise lose what they work with; whoever makes the rule unticks them."""
        return [Role.BUSINESS_OWNER, Role.FINANCE_OWNER, Role.AUDITOR, Role.ADMINISTRATOR]

    @property
    def column_fields(self) -> list[Any]:
        return [self[f"column_{key}"] for key in self._dimensions]

    def clean_people(self) -> list[Person]:
        numbers = [part for part in re.split(r"[\s,，、;；]+", self.cleaned_data["people"]) if part]
        found = {person.number: person for person in Person.objects.filter(number__in=numbers)}
        missing = [number for number in numbers if number not in found]
        if missing:
            raise forms.ValidationError(
                _("Nobody has the employee number %(number)s.") % {"number": missing[0]}
            )
        return list(found.values())

    def columns(self) -> dict[str, str]:
        """dimension → column."""
        named = {key: self.cleaned_data[f"column_{key}"] for key in self._dimensions}
        return {key: column for key, column in named.items() if column}
