"""What the map and the comparison of periods are asked for."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.people import models as people


class PeriodField(forms.TypedChoiceField):
    """One of these periods; empty for the page's own choice."""

    def offer(self, periods: Iterable[people.Period], first: Any) -> None:
        known = {str(period.pk): period for period in periods}
        self.coerce = known.get
        self.empty_value = None
        self.choices = [("", first), *((key, str(period)) for key, period in known.items())]


class MapForm(forms.Form):
    q = forms.CharField(
        label=_("Words"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"})
    )
    period = PeriodField(label=_("Period"), required=False)

    def __init__(self, *args: Any, periods: Iterable[people.Period], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["period"].offer(periods, _("Current period"))  # type: ignore[attr-defined]


class CompareForm(forms.Form):
    before = PeriodField(label=_("Compare"), required=False)
    now = PeriodField(label=_("with"), required=False)

    def __init__(self, *args: Any, periods: Iterable[people.Period], **options: Any) -> None:
        super().__init__(*args, **options)
        offered = list(periods)
        self.fields["before"].offer(offered, _("the period before"))  # type: ignore[attr-defined]
        self.fields["now"].offer(offered, _("Current period"))  # type: ignore[attr-defined]
