"""What people type about datasets: which table, what its columns are."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.people.forms.settings import CURRENCIES
from performance.sources import actions
from performance.sources.forms.sources import NamesForm
from performance.sources.models import ColumnRole, ColumnType, DateOrder, Mode
from performance.sources.models.datasets import KEY

REFRESH = (
    (0, _("Only by hand")),
    (1, _("Every hour")),
    (6, _("Every 6 hours")),
    (12, _("Every 12 hours")),
    (24, _("Every day")),
    (168, _("Every week")),
)


class LookForm(forms.Form):
    """Which table, or which query of one's own."""

    schema = forms.CharField(max_length=128, required=False)
    table = forms.CharField(max_length=128, required=False)
    query = forms.CharField(
        label=_("Query"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
        help_text=_("One SELECT. It is checked, and runs in a session that can only read."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("table") and not cleaned.get("query"):
            self.add_error("query", _("Write a query first."))
        return cleaned

    def question(self) -> dict[str, str]:
        if self.cleaned_data["table"]:
            return {"schema": self.cleaned_data["schema"], "table": self.cleaned_data["table"]}
        return {"query": self.cleaned_data["query"]}


MODE_MEANS = {
    Mode.IMPORTED: _(
        "The rows are copied, typed and kept here. Values lead down to single rows, and odd values are set aside with "
        "their reason."
    ),
    Mode.LIVE: _(
        "The database adds up its rows itself, and only the sums come here. Nothing is set aside: a value that does not "
        "fit counts as missing. Single rows are seen at the source alone."
    ),
}


class DatasetForm(NamesForm):
    key = forms.CharField(
        label=_("Key"),
        max_length=50,
        validators=[KEY],
        help_text=_("How formulas and the API call it: small Latin letters, digits and underscores."),
        widget=forms.TextInput(attrs={"class": "mono"}),
    )
    mode = forms.ChoiceField(
        label=_("Where the rows are kept"),
        choices=Mode.choices,
        initial=Mode.IMPORTED,
        widget=forms.RadioSelect,
    )
    is_mode_confirmed = forms.BooleanField(
        label=_("The rows are to be kept in another place from now on"),
        required=False,
        help_text=_(
            "Asked only when you change it. Rows that were copied go, once the source has answered; metrics keep the "
            "values that they had until then."
        ),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Where a time without a zone belongs; it decides the day.")
    )
    cursor_column = forms.ChoiceField(
        label=_("New since"),
        required=False,
        help_text=_("Only rows at or after the last one are read. Without it everything is read each time."),
    )
    overlap_days = forms.IntegerField(
        label=_("Days read again"),
        min_value=0,
        max_value=90,
        initial=3,
        help_text=_("For rows that arrive late."),
    )
    settling_days = forms.IntegerField(
        label=_("Provisional for"),
        min_value=0,
        max_value=30,
        initial=3,
        help_text=_("Days until a day is settled."),
    )
    refresh_hours = forms.TypedChoiceField(label=_("Load"), choices=REFRESH, coerce=int, initial=24)

    def __init__(
        self,
        *args: Any,
        cursors: Sequence[tuple[str, str]],
        is_asked: bool,
        can_be_live: bool,
        is_new: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"].choice_help = MODE_MEANS  # type: ignore[attr-defined]
        if not can_be_live:
            del self.fields["mode"]
        if is_new or not can_be_live:
            del self.fields["is_mode_confirmed"]
        zones = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
        self.fields["time_zone"].choices = [(name, name) for name in zones]  # type: ignore[attr-defined]
        self.fields["cursor_column"].choices = [  # type: ignore[attr-defined]
            ("", _("Read everything each time")),
            *cursors,
        ]
        if not is_asked:
            for name in ("cursor_column", "overlap_days", "refresh_hours"):
                del self.fields[name]


class ColumnForm(forms.Form):
    """One column of the source: what it is called, what it is, what it is for."""

    source_name = forms.CharField(max_length=128, strip=False, widget=forms.HiddenInput)
    source_type = forms.ChoiceField(
        choices=[("", ""), *ColumnType.choices], required=False, widget=forms.HiddenInput
    )
    key = forms.CharField(max_length=50, validators=[KEY], widget=forms.HiddenInput)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)
    type = forms.ChoiceField(label=_("Type"), choices=ColumnType.choices)
    date_order = forms.ChoiceField(label=_("Order of dates"), choices=DateOrder.choices, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=ColumnRole.choices)
    is_key = forms.BooleanField(label=_("Identifies the row"), required=False)
    currency = forms.ChoiceField(label=_("Currency"), required=False)

    def __init__(self, *args: Any, texts: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        """`texts`: key and name of each column that may hold a currency."""
        super().__init__(*args, **kwargs)
        codes = [*CURRENCIES]
        current = str(self.initial.get("currency") or "")
        if current.isupper() and current not in codes:
            codes.append(current)
        self.fields["currency"].choices = [  # type: ignore[attr-defined]
            ("", "–"),
            (_("All in one"), [(code, code) for code in codes]),
            (_("As this column says"), list(texts)),
        ]

    def plan(self) -> actions.ColumnPlan:
        return actions.ColumnPlan(**self.cleaned_data)


ColumnFormSet = forms.formset_factory(ColumnForm, extra=0, max_num=500, absolute_max=500)


def dataset_plan(
    form: forms.Form, columns: Iterable[Any], question: Mapping[str, Any]
) -> actions.DatasetPlan:
    """Both forms, cleaned, as what the action takes."""
    given = form.cleaned_data
    return actions.DatasetPlan(
        key=given["key"],
        name_en=given["name_en"],
        name_zh=given["name_zh"],
        columns=[column.plan() for column in columns],
        schema_name=question.get("schema", ""),
        table_name=question.get("table", ""),
        query=question.get("query", ""),
        mode=given.get("mode", Mode.IMPORTED),
        time_zone=given["time_zone"],
        cursor_column=given.get("cursor_column", ""),
        overlap_days=given.get("overlap_days", 0),
        settling_days=given["settling_days"],
        refresh_hours=given.get("refresh_hours", 0),
    )
