"""Forms of the directory, a person, a team."""

import datetime
import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.people import queries
from performance.people.forms.fields import DayField, EmailField
from performance.people.models import BusinessUnit, Person, Team


class DirectoryFilters(forms.Form):
    """The filters in the address. Nonsense counts as not set."""

    q = forms.CharField(required=False, max_length=80)
    team = forms.UUIDField(required=False)
    city = forms.CharField(required=False, max_length=60)
    state = forms.ChoiceField(required=False, choices=[(state, state) for state in queries.STATES])

    def filters(self) -> queries.Filters:
        self.full_clean()
        found = self.cleaned_data
        team: uuid.UUID | None = found.get("team")
        return queries.Filters(
            words=found.get("q", "").strip(),
            team_id=team,
            city=found.get("city", ""),
            state=found.get("state") or "active",
        )


class PersonForm(forms.Form):
    """What stands in the directory about somebody."""

    number = forms.CharField(label=_("Employee number"), max_length=40)
    name_en = forms.CharField(label=_("Name"), max_length=120, required=False)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=60, required=False)
    email = EmailField(required=False)
    title_en = forms.CharField(label=_("Title"), max_length=120, required=False)
    title_zh = forms.CharField(label=_("Chinese title"), max_length=60, required=False)
    level = forms.CharField(label=_("Level"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=60, required=False)
    unit: "forms.ModelChoiceField[BusinessUnit]" = forms.ModelChoiceField(
        label=_("Business unit"), queryset=None, required=False
    )
    hired_on = DayField(label=_("Joined on"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = queries.units()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("name_en") and not cleaned.get("name_zh"):
            self.add_error("name_en", _("A person needs a name."))
        return cleaned


class EditPersonForm(PersonForm):
    unit_since = DayField(
        label=_("In this unit since"),
        required=False,
        help_text=_("Of another unit the first day there. Empty: the unit was noted wrongly."),
    )


class NewPersonForm(PersonForm):
    manager: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(
        label=_("Manager"), queryset=None, required=False
    )
    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(
        label=_("Team"), queryset=None, required=False
    )

    def __init__(self, *args: Any, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = queries.active_people(on)  # type: ignore[attr-defined]
        self.fields["team"].queryset = queries.teams(on)  # type: ignore[attr-defined]


class ChangeManagerForm(forms.Form):
    """From a day on, somebody reports to somebody else; or, where that is ticked, to nobody."""

    manager: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(
        label=_("New manager"), queryset=None, required=False
    )
    to_nobody = forms.BooleanField(label=_("Reports to nobody from then on"), required=False)
    starts_on = DayField(label=_("From"))
    why = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, person: Person, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = queries.possible_managers(person, on)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        to_nobody = cleaned.pop("to_nobody", False)
        if to_nobody:
            cleaned["manager"] = None
        elif cleaned.get("manager") is None and "manager" not in self.errors:
            self.add_error("manager", _("Choose a person."))
        return cleaned


class DeactivateForm(forms.Form):
    left_on = DayField(label=_("Last day"))
    reports_to: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(
        label=_("Who takes over their reports"), queryset=None, required=False
    )
    why = forms.CharField(label=_("Reason, for the record"), max_length=300, required=False)

    def __init__(self, *args: Any, person: Person, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reports_to"].queryset = queries.active_people(on).exclude(pk=person.pk)  # type: ignore[attr-defined]


class EraseForm(forms.Form):
    why = forms.CharField(
        label=_("Who asked for it, and when"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class TeamForm(forms.Form):
    code = forms.CharField(label=_("Code"), max_length=60, required=False)
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    parent: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(
        label=_("Part of"), queryset=None, required=False
    )
    lead: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(
        label=_("Lead"), queryset=None, required=False
    )

    def __init__(self, *args: Any, on: datetime.date, team: Team | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = queries.teams(on)
        self.fields["parent"].queryset = teams.exclude(pk=team.pk) if team else teams  # type: ignore[attr-defined]
        self.fields["lead"].queryset = queries.active_people(on)  # type: ignore[attr-defined]
        if team is not None:
            del self.fields["code"]
