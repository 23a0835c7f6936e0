"""Rates of exchange as people have them: a file, a dataset, or lines that they type."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, sheets
from performance.foundation.components import formats
from performance.kpis import actions
from performance.kpis.models import RateKind
from performance.sources import queries as sources
from performance.sources.models import Dataset

WORTH, BUYS = "worth", "buys"
MEANS = {
    RateKind.AVERAGE: _("One rate a month, for what comes in over it."),
    RateKind.DAILY: _("One rate a day, for each sale or invoice on its own day."),
    RateKind.CLOSING: _("The rate at the end of a month, for balances. The last one in the month counts."),
}


class RatesForm(forms.Form):
    """Exactly one of `file`, `dataset` and `text`."""

    kind = forms.ChoiceField(label=_("Which rates"), choices=RateKind.choices, widget=forms.RadioSelect)
    direction = forms.ChoiceField(label=_("What the numbers say"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("CSV or XLSX with a day, a currency and a rate in each row."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.xlsx,.xls,.ods"}),
    )
    dataset = forms.ModelChoiceField(
        label=_("Dataset"), queryset=Dataset.objects.none(), required=False, empty_label=_("Choose")
    )
    text = forms.CharField(
        label=_("Or type them"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(
            attrs={"rows": 4, "class": "mono", "spellcheck": "false", "autocomplete": "off"}
        ),
        help_text=_("A line each: 2026-01-31 EUR 7.8125"),
    )
    day_column = forms.CharField(label=_("Column of the day or month"), max_length=128, required=False)
    currency_column = forms.CharField(label=_("Column of the currency"), max_length=128, required=False)
    other_column = forms.CharField(
        label=_("Column of the second currency"),
        max_length=128,
        required=False,
        help_text=_("In tables of pairs. Rows of other pairs are left out."),
    )
    rate_column = forms.CharField(label=_("Column of the rate"), max_length=128, required=False)
    carried_days = forms.IntegerField(
        label=_("Days without a market"),
        min_value=0,
        max_value=actions.MOST_CARRIED,
        required=False,
        initial=0,
        help_text=_(
            "For rates of days: on how many days in a row the last one before them counts. 0: none is carried over, and "
            "amounts of such days are not counted."
        ),
    )
    note = forms.CharField(label=_("What changes and why"), max_length=500, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """`currency`: the organisation's own."""
        super().__init__(*args, **kwargs)
        self.fields["dataset"].queryset = sources.copied_datasets()  # type: ignore[attr-defined]
        words = {"own": formats.currency_name(currency)}
        self.fields["direction"].choices = [  # type: ignore[attr-defined]
            (WORTH, _("How many %(own)s one unit of the other currency is worth") % words),
            (BUYS, _("How much of the other currency 1 %(own)s buys") % words),
        ]
        self.fields["kind"].choice_help = MEANS  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = [name for name in ("file", "dataset", "text") if cleaned.get(name)]
        if len(given) != 1 and not {"file", "dataset", "text"} & set(self.errors):
            self.add_error(
                given[-1] if given else "file", _("Give the rates in one way: a file, a dataset, or typed.")
            )
        return cleaned

    @property
    def is_inverse(self) -> bool:
        return bool(self.cleaned_data["direction"] == BUYS)

    @property
    def columns(self) -> actions.RateColumns:
        given = {name: self.cleaned_data[f"{name}_column"] for name in ("day", "currency", "other", "rate")}
        return actions.RateColumns(**given)

    def given(self, by: access.Actor) -> Any:
        """The rows, however they were given. Raises Refused."""
        chosen = self.cleaned_data
        if chosen["file"]:
            content = chosen["file"].read(sheets.MAX_BYTES + 1)
            return actions.given_in_file(
                content, chosen["file"].name, self.columns, is_inverse=self.is_inverse
            )
        if chosen["dataset"]:
            return actions.given_in_dataset(
                chosen["dataset"], self.columns, is_inverse=self.is_inverse, by=by
            )
        return actions.given_in_text(chosen["text"])
