"""Forms of a weight policy as a whole and of its steps: percent and points on the page, whole ppm and micro inside."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from performance.foundation.components import formats
from performance.people import models as people
from performance.scoring import evidence
from performance.scoring.forms.components import PERCENT
from performance.scoring.models import MOST_NOTICE, WHOLE, Missing, PolicyVersion, Stage


class PolicyForm(forms.Form):
    """What holds for the policy as a whole."""

    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=120)
    name_zh = forms.CharField(label=gettext_lazy("Name in Chinese"), max_length=120, required=False)
    unit = forms.ModelChoiceField(
        label=gettext_lazy("For the people of"),
        queryset=people.BusinessUnit.objects.none(),
        required=False,
        empty_label=gettext_lazy("The whole organisation"),
        help_text=gettext_lazy("Units below follow it unless they have a policy of their own."),
    )
    period = forms.ModelChoiceField(label=gettext_lazy("Period"), queryset=people.Period.objects.none())
    starts_on = forms.DateField(
        label=gettext_lazy("Takes over on"),
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
        help_text=gettext_lazy(
            "Empty: the first day of the period. Until that day the version before governs, and each counts by its days."
        ),
    )
    stage = forms.ChoiceField(
        label=gettext_lazy("Business stage"), choices=Stage.choices, initial=Stage.MATURE
    )
    missing = forms.ChoiceField(
        label=gettext_lazy("A component without data"), choices=Missing.choices, initial=Missing.LEAVE_OUT
    )
    step_cap = forms.DecimalField(
        label=gettext_lazy("A weight moves per period at most"),
        min_value=0,
        max_value=100,
        decimal_places=4,
        required=False,
        initial=Decimal(5),
        help_text=gettext_lazy("In percentage points. Empty: no cap."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why the weights change"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text=gettext_lazy("Shown to everybody they apply to."),
    )

    def __init__(self, *args: Any, version: PolicyVersion | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in range(evidence.MOST_BANDS):
            self.fields |= _band_fields(place)
        self.fields["period"].queryset = people.Period.objects.exclude(state="closed").order_by("-starts_on")  # type: ignore[attr-defined]
        if version is None:
            self.fields["unit"].queryset = people.BusinessUnit.objects.order_by("code")  # type: ignore[attr-defined]
        else:
            for name in ("name_en", "name_zh", "unit"):
                del self.fields[name]

    @property
    def band_rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each band, lowest first: names and lower bound."""
        return [
            (self[f"band_{place}_name_en"], self[f"band_{place}_name_zh"], self[f"band_{place}_from"])
            for place in range(evidence.MOST_BANDS)
        ]

    @property
    def bands(self) -> tuple[evidence.Band, ...]:
        """The bands that are filled in. To be called on a valid form."""
        return tuple(band for _place, band in self._given_bands())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        given = self._given_bands()
        for trouble in evidence.band_troubles([band for _place, band in given]):
            place = given[int(trouble.key or 0)][0]
            self.add_error(f"band_{place}_{trouble.field}", trouble.message)
        return cleaned

    def _given_bands(self) -> list[tuple[int, evidence.Band]]:
        found = []
        for place in range(evidence.MOST_BANDS):
            name_en, name_zh, bound = (
                self.cleaned_data.get(f"band_{place}_{name}") for name in ("name_en", "name_zh", "from")
            )
            if name_en or name_zh or bound is not None:
                micro = None if bound is None else int(bound * WHOLE)
                found.append((place, evidence.Band(name_en or "", name_zh or "", micro)))
        return found

    @property
    def step_cap_ppm(self) -> int | None:
        cap = self.cleaned_data.get("step_cap")
        return None if cap is None else int(cap * PERCENT)


def _band_fields(place: int) -> dict[str, forms.Field]:
    """One band. A row that is left empty is none."""
    longest = evidence.LONGEST_NAME
    return {
        f"band_{place}_name_en": forms.CharField(
            label=gettext_lazy("Name in English"), max_length=longest, required=False
        ),
        f"band_{place}_name_zh": forms.CharField(
            label=gettext_lazy("Name in Chinese"), max_length=longest, required=False
        ),
        f"band_{place}_from": forms.DecimalField(
            label=gettext_lazy("From score"), max_digits=8, decimal_places=2, required=False
        ),
    }


def initial_bands(kept: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rows of bands show, lowest first."""
    shown: dict[str, Any] = {}
    for place, band in enumerate(evidence.bands_from(kept)):
        bound = band.from_micro
        shown |= {
            f"band_{place}_name_en": band.name_en,
            f"band_{place}_name_zh": band.name_zh,
            f"band_{place}_from": None if bound is None else formats.trimmed(Decimal(bound) / WHOLE),
        }
    return shown


class NoticeForm(forms.Form):
    """How long before new weights take hold people hear of them."""

    days = forms.IntegerField(
        label=gettext_lazy("Days of notice"),
        min_value=0,
        max_value=MOST_NOTICE,
        help_text=gettext_lazy("Counted from the day on which both sides have approved."),
    )


class ProposeForm(forms.Form):
    """The reason that goes with a proposal."""

    reason = forms.CharField(
        label=gettext_lazy("Why the weights change"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )


class LockForm(forms.Form):
    """From which day the weights apply; only asked once the period has begun."""

    effective_on = forms.DateField(
        label=gettext_lazy("In force from"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
