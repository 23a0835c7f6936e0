"""Choosing how a period counts progress."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from okr.models import OkrPolicy
from okr.models.policies import LARGEST_CAP, SMALLEST_CAP, Over

CAP_WORDS = _("A cap is a whole number from 100 to 1,000: below 100 it would cut off what counts.")

#: The number of the version that a look was compared with.
VERSION = forms.IntegerField(min_value=0, max_value=32_767)


class PolicyForm(forms.ModelForm):
    """How the period counts progress. The cap is read only where over-achievement shows up to one; else the cap that
    stood before stays. `needs_reason` where the period runs already."""

    cap_percent = forms.IntegerField(
        label=_("Cap in percent"),
        required=False,
        min_value=SMALLEST_CAP,
        max_value=LARGEST_CAP,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), CAP_WORDS),
    )

    class Meta:
        model = OkrPolicy
        fields = [
            "over",
            "cap_percent",
            "missing",
            "start_equals_target",
            "roll_up",
            "method",
            "status_rule",
            "carry_over",
            "reason",
        ]
        # Each choice is a sentence: a closed select would cut it off.
        widgets = dict.fromkeys(
            ("over", "missing", "start_equals_target", "roll_up", "method", "status_rule", "carry_over"),
            forms.RadioSelect,
        ) | {"reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = needs_reason
        self.fields["reason"].error_messages["required"] = _(
            "The period runs already: say why it is counted differently."
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("over") != Over.CAP:
            self.errors.pop("cap_percent", None)
            given["cap_percent"] = self.initial["cap_percent"]
        elif given.get("cap_percent") is None and "cap_percent" not in self.errors:
            self.add_error("cap_percent", CAP_WORDS)
        return given
