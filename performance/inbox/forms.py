"""What the pages of the inbox take."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.inbox.models import MailRule


def _hours(first: Any) -> list[tuple[Any, Any]]:
    return [("", first), *((hour, f"{hour:02}:00") for hour in range(24))]


class MailRuleForm(forms.ModelForm):
    """Hours are full ones; empty quiet hours are none."""

    daily_hour = forms.TypedChoiceField(
        label=_("hour of the daily e-mail"), coerce=int, choices=_hours("")[1:]
    )
    quiet_from = forms.TypedChoiceField(
        label=_("quiet from"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=_hours(_("no quiet hours")),
    )
    quiet_until = forms.TypedChoiceField(
        label=_("quiet until"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=_hours(_("no quiet hours")),
    )

    class Meta:
        model = MailRule
        fields = ("pace", "daily_hour", "quiet_from", "quiet_until", "wants_week")
        widgets = {"pace": forms.RadioSelect}
