"""Forms of scenarios: which drivers are moved and by how much; what a scenario is called; until when it is to hold."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.kpis.forms.targets import MonthField
from performance.kpis.queries import trees, whatif

WAYS = [
    (whatif.PERCENT, pgettext_lazy("move", "by per cent")),
    (whatif.AMOUNT, pgettext_lazy("move", "by an amount")),
    (whatif.VALUE, pgettext_lazy("move", "to a value")),
]
LEAST_PERCENT, MOST_PERCENT = Decimal(-100), Decimal(1000)
#: How far the slider beside a number goes, in per cent.
SLIDER = 50


class WhatIfForm(forms.Form):
    """A way and a number for each line of the tree below the result; empty numbers move nothing."""

    volume = forms.ChoiceField(label=_("What grows with volume"), required=False)

    def __init__(self, *args: Any, told: whatif.WhatIf, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(told.tree) if trees.is_leaf(told.result.version) else list(told.tree)[1:]
        choices = [
            ("", _("nothing: each number moves by itself")),
            *((one.key, one.name) for one in told.volumes),
        ]
        self.fields["volume"].choices = choices  # type: ignore[attr-defined]
        for line in self.lines:
            key = line.metric.key
            self.fields[f"way_{key}"] = forms.ChoiceField(
                label=_("How it is moved"), choices=WAYS, required=False, initial=whatif.PERCENT
            )
            self.fields[f"move_{key}"] = forms.DecimalField(
                label=line.metric.name, required=False, max_digits=28, decimal_places=8
            )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        for line in self.lines:
            number = given.get(f"move_{line.metric.key}")
            is_percent = (given.get(f"way_{line.metric.key}") or whatif.PERCENT) == whatif.PERCENT
            if number is not None and is_percent and not LEAST_PERCENT <= number <= MOST_PERCENT:
                self.add_error(f"move_{line.metric.key}", _("Between −100 and 1000 per cent."))
        return given

    @property
    def rows(self) -> Iterator[tuple[whatif.Line, BoundField, BoundField]]:
        for line in self.lines:
            yield line, self[f"way_{line.metric.key}"], self[f"move_{line.metric.key}"]

    def moves(self) -> whatif.Moves:
        given = self.cleaned_data
        moved = {
            line.metric.key: (
                given.get(f"way_{line.metric.key}") or whatif.PERCENT,
                given[f"move_{line.metric.key}"],
            )
            for line in self.lines
            if given.get(f"move_{line.metric.key}") is not None
        }
        return whatif.Moves(moved, given.get("volume", ""))


class ScenarioForm(forms.Form):
    """What a scenario is called and why it is told."""

    name = forms.CharField(label=pgettext_lazy("scenario", "Name"), max_length=120)
    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say what the scenario assumes and why.")},
    )


class ProposeForm(forms.Form):
    target_from = MonthField(
        label=_("First month of the targets"),
        error_messages={"required": _("Choose the month from which the targets hold.")},
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say why.")},
    )


def moves_as_fields(moves: Sequence[tuple[str, str, str]], volume: str) -> dict[str, str]:
    """(metric key, way, number) of each move as the fields of a WhatIfForm: also the parameters of its address."""
    given = {"volume": volume} if volume else {}
    for key, way, number in moves:
        given |= {f"way_{key}": way, f"move_{key}": number}
    return given
