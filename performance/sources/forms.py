"""What people type about sources. Rules and refusals are elsewhere."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from performance.sources import actions, connectors
from performance.sources.connectors import files, rest
from performance.sources.models import Auth, ColumnRole, ColumnType, DateOrder, Mode, Paging, SinceFormat, Tls
from performance.sources.models.datasets import KEY

REFRESH = (
    (0, _("Only by hand")),
    (1, _("Every hour")),
    (6, _("Every 6 hours")),
    (12, _("Every 12 hours")),
    (24, _("Every day")),
    (168, _("Every week")),
)


class NamesForm(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False)


class DatabaseForm(NamesForm):
    """Address and account of a database. The password field is always empty: what is saved is never shown."""

    host = forms.CharField(
        label=_("Host"), max_length=255, help_text=_("A name or an address, without a port.")
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, required=False)
    database = forms.CharField(label=_("Database"), max_length=128)
    user_name = forms.CharField(
        label=_("User"),
        max_length=128,
        help_text=_("Best an account that can only read."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    tls = forms.ChoiceField(label=_("Encryption"), choices=Tls.choices, initial=Tls.PREFER)

    def __init__(self, *args: Any, kind: str, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields["port"].widget.attrs["placeholder"] = str(connectors.DEFAULT_PORTS[kind])
        if not is_new:
            self.fields["password"].help_text = _("Leave empty to keep the saved one.")

    def clean_port(self) -> int:
        return self.cleaned_data["port"] or connectors.DEFAULT_PORTS[self.kind]


class RestForm(NamesForm):
    """Base address of a REST source and who we say that we are. The secret is always empty, as a password is."""

    base_address = forms.CharField(
        label=_("Base address"),
        max_length=500,
        help_text=_("What all endpoints begin with, for example https://api.example.com/v1"),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    auth = forms.ChoiceField(label=_("Signing in"), choices=Auth.choices, initial=Auth.BEARER)
    user_name = forms.CharField(
        label=_("User or client"),
        max_length=128,
        required=False,
        help_text=_("The user, or the client id of OAuth."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Secret"),
        max_length=4000,
        required=False,
        strip=False,
        help_text=_("The token, the password, the key, or the client secret."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    header_name = forms.CharField(
        label=_("Header of the key"), max_length=80, required=False, help_text=_("For example X-API-Key.")
    )
    token_address = forms.CharField(
        label=_("Address of tokens"),
        max_length=500,
        required=False,
        help_text=_("Where OAuth gives out tokens."),
    )
    scope = forms.CharField(
        label=_("Scope"), max_length=300, required=False, help_text=_("OAuth, where the source wants one.")
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            self.fields["password"].help_text = _("Leave empty to keep the saved one.")


class EndpointForm(forms.Form):
    """One table of a REST source."""

    name = forms.CharField(label=_("Table"), max_length=128, help_text=_("What the table is called here."))
    path = forms.CharField(
        label=_("Path"),
        max_length=500,
        required=False,
        help_text=_("Below the base address, for example orders."),
    )
    parameters = forms.CharField(
        label=_("Parameters"),
        max_length=2000,
        required=False,
        help_text=_("One a line, name=value. No secrets: they belong to the connection."),
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )
    rows_path = forms.CharField(
        label=_("Where the rows are"),
        max_length=300,
        required=False,
        help_text=_(
            "JMESPath to the list of records, for example data.items. Empty: the answer is the list."
        ),
    )
    paging = forms.ChoiceField(label=_("Paging"), choices=Paging.choices, initial=Paging.NONE)
    page_parameter = forms.CharField(
        label=_("Parameter of the page"),
        max_length=60,
        required=False,
        help_text=_("Carries the page, the offset or the cursor, for example page."),
    )
    first_page = forms.IntegerField(
        label=_("First page"), min_value=0, max_value=1000, initial=1, required=False
    )
    size_parameter = forms.CharField(
        label=_("Parameter of the size"), max_length=60, required=False, help_text=_("For example limit.")
    )
    page_size = forms.IntegerField(label=_("Rows on a page"), min_value=1, max_value=100_000, required=False)
    next_path = forms.CharField(
        label=_("Where the next cursor is"),
        max_length=300,
        required=False,
        help_text=_("JMESPath, for example meta.next. A whole address needs no parameter of the page."),
    )
    since_parameter = forms.CharField(
        label=_("Parameter of what is new"),
        max_length=60,
        required=False,
        help_text=_("For example updated_since. Without it everything is read each time."),
    )
    since_format = forms.ChoiceField(
        label=_("A moment is written as"), choices=SinceFormat.choices, initial=SinceFormat.ISO
    )

    def clean_parameters(self) -> dict[str, str]:
        return rest.parameters_of(self.cleaned_data["parameters"])

    def clean_first_page(self) -> int:
        first = self.cleaned_data["first_page"]
        return 1 if first is None else int(first)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, XLSX, XLS, ODS or Parquet, up to 64 MB. The first row names the columns."),
        widget=forms.FileInput(attrs={"accept": ",".join(files.SUFFIXES)}),
    )


class FileSourceForm(NamesForm, UploadForm):
    """A new series of files, with the first one."""


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


class SampleForm(forms.Form):
    """A few rows as the system will send them; they say which columns there are."""

    name = forms.CharField(label=_("Kind of rows"), max_length=128, help_text=_("For example sales."))
    sample = forms.CharField(
        label=_("A few rows"),
        max_length=200_000,
        help_text=_(
            "JSON: a list of records, or one record a line. They only show the columns and are not loaded."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono", "spellcheck": "false"}),
    )


class PushTokenForm(forms.Form):
    name = forms.CharField(label=_("What it is for"), max_length=80)
    days = forms.TypedChoiceField(
        label=_("It lasts"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("one year"))],
        initial=365,
    )


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
