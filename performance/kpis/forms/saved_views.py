"""Forms of saved views and of having them mailed."""

import datetime
from typing import Any

from django import forms
from django.utils import dates
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.kpis.models import MOST_DAYS, Rhythm

ALWAYS_LATEST, THIS_MONTH = "latest", "fixed"
WEEKDAYS = [(number + 1, name) for number, name in dates.WEEKDAYS.items()]


class ViewForm(forms.Form):
    """`which_month`: the latest one whenever it is opened, or the one that is shown now."""

    name = forms.CharField(
        label=pgettext_lazy("view", "Name"),
        max_length=80,
        error_messages={"required": _("Give the view a name.")},
    )
    which_month = forms.ChoiceField(
        label=_("Month"),
        choices=[(ALWAYS_LATEST, _("always the latest")), (THIS_MONTH, _("the month shown now"))],
        initial=ALWAYS_LATEST,
    )
    is_shared = forms.BooleanField(label=_("Share with the organisation"), required=False)

    def month(self, shown: datetime.date | None) -> datetime.date | None:
        return shown if self.cleaned_data["which_month"] == THIS_MONTH else None


class RenameForm(forms.Form):
    name = forms.CharField(
        label=pgettext_lazy("view", "Name"),
        max_length=80,
        error_messages={"required": _("Give the view a name.")},
    )
    is_shared = forms.BooleanField(label=_("Share with the organisation"), required=False)


class SubscribeForm(forms.Form):
    """One of the two days counts, by how often it is."""

    rhythm = forms.ChoiceField(label=_("How often"), choices=Rhythm.choices, initial=Rhythm.WEEKLY)
    weekday = forms.TypedChoiceField(label=_("Every week on"), choices=WEEKDAYS, coerce=int, initial=1)
    workday = forms.IntegerField(
        label=pgettext_lazy("monthly letter", "Workday after the month’s end"),
        min_value=1,
        max_value=MOST_DAYS[Rhythm.MONTHLY],
        initial=3,
        help_text=_("For every month: 1 is the first workday of the next month."),
    )

    def day(self) -> int:
        given: dict[str, Any] = self.cleaned_data
        return int(given["weekday"] if given["rhythm"] == Rhythm.WEEKLY else given["workday"])
