"""Forms of plans: a target spread over months, or shared out over parts."""

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.kpis.forms.targets import MonthField
from performance.kpis.models import CascadeWay, SpreadWay, TargetKind
from performance.kpis.queries import months, planning

SPANS = [
    (12, _("a year")),
    (6, _("half a year")),
    (3, _("a quarter")),
    (1, _("a month")),
]
#: Thirteen periods cannot be halved, and one quarter has four of them.
SPANS_OF_PERIODS = [(13, _("a year")), (3, _("three periods")), (1, _("a period"))]


def percent_from(text: str) -> Decimal:
    """A percentage as people write it. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,6}([.][0-9]{1,8})?", text):
        raise ValueError(text)
    return Decimal(text)


class _PlanForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=TargetKind.choices)
    slice = forms.ChoiceField(label=_("For"), required=False)
    first = MonthField(label=_("First month"))
    span = forms.ChoiceField(
        label=_("For how long"),
    )

    def __init__(self, *args: Any, by_key: Mapping[str, tuple[dict[str, str], str]], **kwargs: Any) -> None:
        """`by_key`: slice as text → (slice, what people call it), the whole first."""
        super().__init__(*args, **kwargs)
        self.by_key = by_key
        spans = SPANS if months.calendar().per_year == SPANS[0][0] else SPANS_OF_PERIODS
        self.fields["span"].choices = [(str(number), label) for number, label in spans]  # type: ignore[attr-defined]
        self.fields["slice"].choices = [(key, label) for key, (_slice, label) in by_key.items()]  # type: ignore[attr-defined]

    def _place(self) -> dict[str, Any]:
        given = self.cleaned_data
        slice_, _label = self.by_key.get(given["slice"], ({}, ""))
        return {"kind": given["kind"], "slice": slice_, "first": given["first"], "months": int(given["span"])}


class SpreadForm(_PlanForm):
    """A target of many months, spread over them."""

    total = forms.DecimalField(
        label=_("Target of all months"), max_digits=28, decimal_places=planning.TYPED_PLACES
    )
    way = forms.ChoiceField(label=_("How"))
    percents = forms.CharField(
        label=_("Own percentages"),
        required=False,
        max_length=400,
        help_text=_("One for each month with spaces between them; together 100."),
    )
    field_order = ("kind", "slice", "first", "span", "total", "way", "percents")

    def __init__(self, *args: Any, ways: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["way"].choices = [(way, SpreadWay(way).label) for way in ways]  # type: ignore[attr-defined]
        if SpreadWay.OWN not in ways:
            del self.fields["percents"]
            self.fields["total"].label = _("Target of each month, or of the last")

    def clean_percents(self) -> tuple[Decimal, ...]:
        try:
            return tuple(
                percent_from(text)
                for text in re.split(r"[\s,，;；%]+", self.cleaned_data["percents"])
                if text
            )
        except ValueError as error:
            raise forms.ValidationError(_("Write numbers with spaces between them.")) from error

    def asked(self) -> planning.SpreadAsked:
        given = self.cleaned_data
        return planning.SpreadAsked(
            **self._place(), total=given["total"], way=given["way"], percents=given.get("percents", ())
        )


class CascadeForm(_PlanForm):
    """The targets of a whole, shared out over its parts."""

    cut = forms.ChoiceField(label=_("Over the parts by"))
    way = forms.ChoiceField(label=_("How"), choices=CascadeWay.choices)
    field_order = ("kind", "slice", "first", "span", "cut", "way")

    def __init__(self, *args: Any, cuts: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cut"].choices = list(cuts.items())  # type: ignore[attr-defined]

    def asked(self) -> planning.CascadeAsked:
        given = self.cleaned_data
        return planning.CascadeAsked(**self._place(), cut=given["cut"], way=given["way"])


def first_offered(today: datetime.date) -> datetime.date:
    """The year that is planned: this one, from its second half on the next. Of weeks it is the fiscal one."""
    here = months.calendar()
    _year, number = here.place(today)
    begins = here.before(today, number - 1)
    return here.before(begins, -here.per_year) if number > here.per_year // 2 else begins


def a_year() -> str:
    """As the field of the span has it."""
    return str(months.calendar().per_year)
