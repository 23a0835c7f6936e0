"""How the inputs of a formula are shared out: places of the form of a definition."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.kpis import semantics
from performance.kpis.forms import lists
from performance.kpis.formulas.parsing import MAX_NODES

#: Places that a form offers; a definition that has more shows them all: no formula has more inputs than nodes.
ROWS, MOST_ROWS = 2, MAX_NODES
WAYS = [
    (semantics.SHARE, _("by the share of another metric")),
    (semantics.EVEN, _("evenly among the parts")),
    (semantics.FIXED, _("by fixed shares")),
]


def place_count(given: Iterable[str], name: str, part: str, least: int, most: int) -> int:
    """As many places as are filled in, at least so many."""
    numbers = [
        int(each.split("_")[1]) for each in given if re.fullmatch(rf"{name}_[0-9]{{1,3}}_{part}", each)
    ]
    return min(max([least, *(number + 1 for number in numbers)]), most)


class AllocationFields(forms.Form):
    """`add_places` is called once the form knows its data."""

    #: Carries nothing; what is refused of how inputs are shared out stands beside it.
    allocations = forms.CharField(required=False, widget=forms.HiddenInput)

    def add_places(self) -> None:
        given = self.data if self.is_bound else self.initial
        self.allocation_count = place_count(given, "allocation", "input", ROWS, MOST_ROWS)
        for number in range(self.allocation_count):
            self.fields |= self._fields(number)

    @staticmethod
    def _fields(number: int) -> dict[str, forms.Field]:
        def typed(label: Any, most: int) -> forms.CharField:
            widget = forms.TextInput(attrs={"class": "mono", "autocomplete": "off"})
            return forms.CharField(label=label, required=False, max_length=most, widget=widget)

        return {
            f"allocation_{number}_input": typed(_("Input, by key"), 60),
            f"allocation_{number}_way": forms.ChoiceField(
                label=_("Shared out"), required=False, choices=WAYS
            ),
            f"allocation_{number}_by": typed(_("Metric by key, or parts with their percent"), 8000),
        }

    @property
    def allocation_rows(self) -> list[list[Any]]:
        return [
            [self[f"allocation_{number}_{part}"] for part in ("input", "way", "by")]
            for number in range(self.allocation_count)
        ]

    @property
    def allocation_errors(self) -> Any:
        return self.errors.get("allocations", ())

    def typed_allocations(self) -> dict[str, dict[str, Any]]:
        """What was typed, to be judged with the definition."""
        found: dict[str, dict[str, Any]] = {}
        for number in range(self.allocation_count):
            used, way, by = (
                self.cleaned_data.get(f"allocation_{number}_{part}", "").strip()
                for part in ("input", "way", "by")
            )
            if used:
                shares = lists.split_shares(by) if way == semantics.FIXED else {}
                found[used] = {"way": way, "metric": by, "shares": shares}
        return found


def allocations_initial(kept: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """A version's rules as the form's first values."""
    initial: dict[str, str] = {}
    for number, (used, rule) in enumerate(sorted(kept.items())):
        initial[f"allocation_{number}_input"] = used
        initial[f"allocation_{number}_way"] = rule["way"]
        initial[f"allocation_{number}_by"] = rule.get("metric", "") or lists.joined_shares(
            rule.get("shares", {})
        )
    return initial
