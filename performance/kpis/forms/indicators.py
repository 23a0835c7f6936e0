"""The filter of the list of all indicators; what the board itself was asked for goes along unseen."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.kpis import rules
from performance.kpis.queries import indicators


class IndicatorsForm(forms.Form):
    """`board`: the board's own parameters. Dimensions may be called "status" or "owner", so these are
    `is` and `whose` here."""

    q = forms.CharField(
        label=_("Words"), required=False, max_length=80, widget=forms.TextInput(attrs={"type": "search"})
    )
    whose = forms.ChoiceField(label=_("Owner"), required=False)

    def __init__(self, *, listing: indicators.Listing, board: Mapping[str, str]) -> None:
        shown = {"q": listing.words, "is": listing.status, "whose": str(listing.owner or "")}
        super().__init__(auto_id="list_%s", initial={**board, **shown})
        people = [(str(person.pk), str(person)) for person in listing.owners]
        self.fields["whose"].choices = [("", _("Anybody")), *people]  # type: ignore[attr-defined]
        self.fields["is"] = forms.ChoiceField(
            label=_("Status"),
            required=False,
            choices=[
                ("", _("Any status")),
                *listing.statuses.items(),
                (rules.UNKNOWN, _("not compared")),
            ],
        )
        for name in board:
            self.fields[name] = forms.CharField(required=False, widget=forms.HiddenInput)
