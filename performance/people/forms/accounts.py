"""Forms of accounts: invitation, set-up link, sign-up, personal tokens."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from performance.people import actions
from performance.people.forms.settings import CURRENCIES, time_zones
from performance.people.models import Scope


class NewPassword(forms.Form):
    """A password, twice, by the installation's rules."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least ten characters. A short sentence is easy to remember."),
    )
    again = forms.CharField(
        label=_("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password and cleaned.get("again") and password != cleaned["again"]:
            self.add_error("again", _("The two passwords differ."))
        elif password:
            try:
                password_validation.validate_password(password)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class InvitationForm(NewPassword):
    """Accepting an invitation without an account: choose a password."""


class SetupForm(NewPassword):
    """The first organisation and its administrator."""

    name_en = forms.CharField(label=_("Organisation"), max_length=120)
    name_zh = forms.CharField(label=_("Organisation in Chinese"), max_length=120, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, initial="Asia/Shanghai")
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    person_name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Your work e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    field_order = ["name_en", "name_zh", "time_zone", "currency", "person_name", "email", "password", "again"]


class SignUpForm(forms.Form):
    """What sign-up asks beside e-mail and password: the organisation that begins with it."""

    name_en = forms.CharField(label=_("Organisation"), max_length=120)
    person_name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def signup(self, request: Any, user: Any) -> None:
        """Called by allauth with the saved account, in the transaction of the sign-up."""
        actions.found_organisation(
            name_en=self.cleaned_data["name_en"],
            user=user,
            person_name=self.cleaned_data["person_name"],
            at=timezone.now(),
            language=translation.get_language() or settings.LANGUAGE_CODE,
        )


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What it is for"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=_("It lasts"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("one year"))],
        initial=90,
    )
