"""What the installation tells allauth: who may sign up, where to go, which language to speak."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up is a switch of the installation; a signed-in browser speaks the account's language."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "cannot_remove_primary_email": _(
            "You sign in with this address. Make another one the primary one first."
        ),
        "duplicate_email": _("This address is yours already."),
        "email_password_mismatch": _("This address or password is not right."),
        "email_taken": _("There is an account with this address already."),
        "enter_current_password": _("Enter your present password."),
        "incorrect_code": _("This code is not right."),
        "incorrect_password": _("This password is not right."),
        "invalid_or_expired_key": _("This link was used or has expired."),
        "invalid_login": _("This address or password is not right."),
        "invalid_password_reset": _("This link was used or has expired."),
        "max_email_addresses": _("You cannot have more than %d addresses."),
        "rate_limited": _("Too many requests. Wait a minute and try again."),
        "same_as_current": _("That is what it is already."),
        "too_many_login_attempts": _("Too many attempts. Try again in fifteen minutes."),
        "unknown_email": _("No account has this address."),
        "unverified_primary_email": _("Confirm this address before you make it the primary one."),
    }

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Links in e-mails lead to the installation's own address, whatever host a request named."""
        return _own(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _own(super().get_email_confirmation_url(request, emailconfirmation))

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.ACCORD_SIGNUP_OPEN)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        if user.language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                user.language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                samesite=settings.LANGUAGE_COOKIE_SAMESITE,
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the reader's language, which may differ from that of whoever asked."""
        user = context.get("user")
        language = getattr(user, "language", "") or translation.get_language()
        with translation.override(language):
            super().send_mail(template_prefix, email, {**context, "accord_url": settings.ACCORD_URL})


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes are encrypted with the installation's rotatable keys."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "add_email_blocked": _("Switch two-step sign-in off before you add an address."),
        "cannot_delete_authenticator": _("You cannot switch two-step sign-in off."),
        "cannot_generate_recovery_codes": _("Switch two-step sign-in on first."),
        "incorrect_code": _("This code is not right."),
        "unverified_email": _("Confirm your e-mail address before you switch two-step sign-in on."),
    }

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _keys().decrypt(encrypted_text.encode()).decode()


def _own(url: str) -> str:
    return settings.ACCORD_URL + urlsplit(url).path


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
