"""Own checkpoints of an expected pace: a row of day and value each, within the form of a key result."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from okr.forms.fields import AmountField
from okr.models import CheckpointContent

NAME = "point"
#: More than a text may have, so that whoever has too many is told so rather than loses some.
MOST_POINTS = 40


class CheckpointForm(forms.Form):
    """One own point of the expected pace. Left empty it is none."""

    on = forms.DateField(
        label=pgettext_lazy("checkpoint", "By"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    value = AmountField(label=pgettext_lazy("checkpoint", "Expected"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and (cleaned["on"] is None) != (cleaned["value"] is None):
            if cleaned["on"] is None:
                self.add_error("on", _("Say by which day."))
            else:
                self.add_error("value", _("Say which value is expected by then."))
        return cleaned

    def content(self) -> CheckpointContent | None:
        """The checkpoint of a valid form."""
        on = self.cleaned_data["on"]
        return None if on is None else CheckpointContent(on, self.cleaned_data["value"])


def forms_of(row: forms.Form) -> list[CheckpointForm]:
    """Those of a key result's form: as typed, or as its initial values have them."""
    prefix = f"{row.prefix}-{NAME}"
    if row.is_bound:
        count = len(rows_from(row.data, str(row.prefix)))
        return [CheckpointForm(row.data, prefix=f"{prefix}-{place}") for place in range(count)]
    return [
        CheckpointForm(initial=point, prefix=f"{prefix}-{place}")
        for place, point in enumerate(row.initial.get("checkpoints", ()))
    ]


def content_of(points: Iterable[CheckpointForm]) -> tuple[CheckpointContent, ...]:
    """The checkpoints of valid forms in the order of their days."""
    told = (each.content() for each in points)
    return tuple(sorted((each for each in told if each is not None), key=lambda point: point.on))


def rows_from(posted: Mapping[str, str], row: str) -> list[dict[str, str]]:
    """The checkpoints of one key result's form as typed; `row` is its prefix."""
    found: list[dict[str, str]] = []
    while len(found) < MOST_POINTS and f"{row}-{NAME}-{len(found)}-on" in posted:
        place = f"{row}-{NAME}-{len(found)}"
        found.append({name: posted.get(f"{place}-{name}", "") for name in CheckpointForm.base_fields})
    return found
