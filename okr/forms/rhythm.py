"""What people type about the rhythm of check-ins."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from okr.models.rhythm import Weekday


def _every() -> list[tuple[int, Any]]:
    return [
        (1, _("Every week")),
        (2, _("Every two weeks")),
        (3, _("Every three weeks")),
        (4, _("Every four weeks")),
    ]


def _hours() -> list[tuple[int, str]]:
    return [(hour, f"{hour}:00") for hour in range(7, 24)]


def _days(first: int, last: int) -> Any:
    return lambda: [
        (number, ngettext("%(count)s workday", "%(count)s workdays", number) % {"count": number})
        for number in range(first, last + 1)
    ]


def _levels() -> list[tuple[int, Any]]:
    return [
        (0, _("Nobody")),
        (1, _("The manager")),
        (2, _("The manager, then theirs")),
        (3, _("Three levels up the line")),
    ]


class CadenceForm(forms.Form):
    every_weeks = forms.TypedChoiceField(label=_("Check-ins are asked for"), choices=_every, coerce=int)
    due_weekday = forms.TypedChoiceField(label=_("Due on"), choices=Weekday.choices, coerce=int)
    due_hour = forms.TypedChoiceField(label=_("Due at"), choices=_hours, coerce=int)
    grace_days = forms.TypedChoiceField(label=_("Grace"), choices=_days(0, 5), coerce=int)
    levels = forms.TypedChoiceField(
        label=_("Who hears of it when it stays away"), choices=_levels, coerce=int
    )
    escalate_days = forms.TypedChoiceField(
        label=_("Until the next level hears of it"), choices=_days(1, 10), coerce=int
    )


class ExcuseForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"), max_length=300, error_messages={"required": _("Say why, in a sentence.")}
    )
