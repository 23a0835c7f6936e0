"""What people type about sources. Rules and refusals are elsewhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from performance.sources import connectors
from performance.sources.connectors import files, rest
from performance.sources.models import Auth, Paging, SinceFormat, Tls


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
        widget=forms.FileInput(attrs={"accept": ",".join(files.SUFFIXES)}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"limit": settings.ACCORD_UPLOAD_MB}
        said = _("CSV, XLSX, XLS, ODS or Parquet, up to %(limit)s MB. The first row names the columns.")
        self.fields["file"].help_text = said % words


class FileSourceForm(NamesForm, UploadForm):
    """A new series of files, with the first one."""


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
