"""Forms of appeals."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.appraisals import queries
from performance.appraisals.models import Band


class AppealForm(forms.Form):
    """Why somebody appeals, and what that rests on."""

    reason = forms.CharField(
        label=_("What is wrong, and what should it be?"), max_length=4000, widget=forms.Textarea
    )
    grounds = forms.MultipleChoiceField(
        label=_("What it rests on"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, grounds: list[queries.Ground], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.key, f"{each.title} ({each.said})" if each.said else each.title) for each in grounds]
        self.fields["grounds"].choices = choices  # type: ignore[attr-defined]


class DecisionForm(forms.Form):
    """What HR decides on an appeal."""

    UPHELD, REJECTED = "upheld", "rejected"

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[(UPHELD, _("Uphold, with another result")), (REJECTED, _("Reject"))],
        widget=forms.RadioSelect,
    )
    rating = forms.TypedChoiceField(label=_("Corrected result"), coerce=int, empty_value=None, required=False)
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The person reads it."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    choice_help = {
        UPHELD: _("Score and ratings stay as they were; the corrected result lies over them."),
        REJECTED: _("The result stays."),
    }

    def __init__(self, *args: Any, bands: list[Band], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rated = [(str(band.rating), f"{band.rating} {band}") for band in bands]
        self.fields["rating"].choices = [("", _("Choose one")), *rated]  # type: ignore[attr-defined]
        self.fields["decision"].choice_help = self.choice_help  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (
            given.get("decision") == self.UPHELD
            and given.get("rating") is None
            and "rating" not in self.errors
        ):
            self.add_error("rating", _("Choose one."))
        return given

    def rating_decided(self) -> int | None:
        upheld = self.cleaned_data["decision"] == self.UPHELD
        return int(self.cleaned_data["rating"]) if upheld else None
