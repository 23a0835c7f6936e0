"""Forms of the organisation's settings."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from performance.people import queries
from performance.people.forms.fields import DayField
from performance.people.models import AbsenceKind, FiscalPattern, PeriodKind, Person, Role, Visibility

CURRENCIES = ("CNY", "USD", "EUR", "GBP", "HKD", "JPY", "SGD", "TWD", "KRW", "AUD", "CAD", "CHF", "INR")


def time_zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones()) if "/" in name]


def months() -> list[tuple[int, Any]]:
    names = (
        _("January"),
        _("February"),
        _("March"),
        _("April"),
        _("May"),
        _("June"),
        _("July"),
        _("August"),
        _("September"),
        _("October"),
        _("November"),
        _("December"),
    )
    return list(enumerate(names, start=1))


class OrganisationForm(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    language = forms.ChoiceField(
        label=_("Language of e-mails"),
        choices=settings.LANGUAGES,
        help_text=_("For people who have not chosen one."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    country = forms.ChoiceField(label=_("Holidays of"), required=False)
    fiscal_start_month = forms.TypedChoiceField(
        label=_("First month of the fiscal year"), choices=months, coerce=int
    )
    fiscal_pattern = forms.ChoiceField(
        label=_("Fiscal calendar"),
        choices=FiscalPattern.choices,
        help_text=_(
            "Other months give other values: after saving, all metrics are computed again, and targets and average rates of "
            "months have to be given again. Once finance has closed a month, its calendar stays."
        ),
    )
    goal_visibility = forms.ChoiceField(
        label=_("New goals are visible to"), choices=Visibility.choices, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        countries = [("", _("No country: Monday to Friday")), *queries.countries()]
        self.fields["country"].choices = countries  # type: ignore[attr-defined]


class AbsenceForm(forms.Form):
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))
    kind = forms.ChoiceField(label=_("Kind"), choices=AbsenceKind.choices)


class CalendarDayForm(forms.Form):
    on = DayField(label=_("Day"))
    is_worked = forms.TypedChoiceField(
        label=_("This day is"),
        choices=[("", _("Off")), ("1", _("Worked"))],
        coerce=bool,
        required=False,
    )
    note_en = forms.CharField(label=_("Note"), max_length=80, required=False)

    def clean_is_worked(self) -> bool:
        return bool(self.cleaned_data["is_worked"])


class GrantForm(forms.Form):
    person: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(
        label=_("Person"), queryset=None, error_messages={"required": _("Choose a person.")}
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    why = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, on: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = queries.active_people(on)  # type: ignore[attr-defined]


class AuditFilters(forms.Form):
    """The filters of the log in the address. Nonsense counts as not set."""

    q = forms.CharField(required=False, max_length=80)
    subject = forms.UUIDField(required=False)

    def filters(self) -> dict[str, Any]:
        self.full_clean()
        return {
            "search": self.cleaned_data.get("q", ""),
            "subject_id": self.cleaned_data.get("subject"),
        }


class PeriodForm(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=80)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=80, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=PeriodKind.choices)
    starts_on = DayField(label=_("First day"))
    ends_on = DayField(label=_("Last day"))
