"""Writes: accounts, the set-up link of a new installation, personal tokens, the language of a user."""

import datetime
import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from performance.foundation import access, audit
from performance.people import queries
from performance.people.actions import organisations
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import ApiToken, Organisation, Scope, SetupLink, User

SETUP_LINK_LASTS = datetime.timedelta(days=7)
TOKEN_LASTS_AT_MOST = datetime.timedelta(days=366)


def digest_of(secret: str) -> str:
    """How a token is kept: SHA-256 of 256 random bits needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_account(*, email: str, password: str, language: str = "") -> User:
    """An account whose e-mail address was proved by the link that led here, or by the console."""
    organisations.refuse_taken_email(email)
    user = User.objects.create_user(email, password, language=language)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def offer_setup_link(*, at: datetime.datetime) -> str | None:
    """The secret of a fresh one-time link; None as soon as somebody administers the installation.

    Earlier links die with it.
    """
    if queries.has_administrator():
        return None
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        SetupLink.objects.filter(used_at=None).update(used_at=at)
        SetupLink.objects.create(digest=digest_of(secret))
    return secret


def setup_link_is_alive(*, secret: str, at: datetime.datetime) -> bool:
    return not queries.has_administrator() and _living_links(secret, at).exists()


def use_setup_link(
    *,
    secret: str,
    email: str,
    password: str,
    person_name: str,
    name_en: str,
    at: datetime.datetime,
    **fields: Any,
) -> tuple[Organisation, User]:
    """Founds the first organisation with its administrator. Works once, and never beside an administrator."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('people_setup_link', 0))")
        if queries.has_administrator() or not _living_links(secret, at).update(used_at=at):
            raise PeopleRefused(_("This link was used, or a newer one was printed."), code="dead_link")
        user = open_account(email=email, password=password, language=fields.get("language", ""))
        user.is_installation_admin = True
        user.save(update_fields=["is_installation_admin"])
        organisation = organisations.found_organisation(
            name_en=name_en, user=user, person_name=person_name, at=at, **fields
        )
    return organisation, user


def _living_links(secret: str, at: datetime.datetime) -> Any:
    return SetupLink.objects.filter(
        digest=digest_of(secret), used_at=None, created_at__gt=at - SETUP_LINK_LASTS
    )


def choose_language(*, user: User, language: str) -> None:
    """The language follows the account to every device."""
    if language in dict(settings.LANGUAGES) and user.language != language:
        user.language = language
        user.save(update_fields=["language"])


def create_token(
    *,
    actor: access.Actor,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime.datetime,
    at: datetime.datetime,
) -> tuple[ApiToken, str]:
    """A personal token and its secret, which is shown now and never again."""
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(Scope.values):
        raise PeopleRefused(_("Choose what the token may do."), field="scopes")
    return _token_made(actor=actor, name=name, scopes=wanted, expires_at=expires_at, at=at)


def create_bound_token(
    *, actor: access.Actor, name: str, scope: str, expires_at: datetime.datetime, at: datetime.datetime
) -> tuple[ApiToken, str]:
    """A token for one thing of another app, which `scope` names ("push:<dataset>"): it opens that and nothing else.

    It acts as its maker, and ends with their membership or rights.
    """
    return _token_made(actor=actor, name=name, scopes=[scope], expires_at=expires_at, at=at)


def _token_made(
    *,
    actor: access.Actor,
    name: str,
    scopes: list[str],
    expires_at: datetime.datetime,
    at: datetime.datetime,
) -> tuple[ApiToken, str]:
    if not name.strip():
        raise PeopleRefused(_("Give the token a name."), field="name")
    if not at < expires_at <= at + TOKEN_LASTS_AT_MOST:
        raise PeopleRefused(_("A token lasts at most one year."), field="expires_at")
    secret = f"acc_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=actor.user,
            organisation=actor.organisation,
            name=name.strip()[:80],
            prefix=secret[:8],
            digest=digest_of(secret),
            scopes=scopes,
            expires_at=expires_at,
        )
        audit.record(
            by=actor,
            action="people.create_token",
            subject=token,
            at=at,
            changes={"scopes": scopes, "expires_at": expires_at},
        )
    return token, secret


def revoke_token(*, token: ApiToken, by: Any, at: datetime.datetime) -> None:
    """The token opens nothing from now on."""
    if token.revoked_at is not None:
        raise PeopleRefused(_("This token was revoked before."), code="no_change")
    with transaction.atomic():
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        audit.record(by=by, action="people.revoke_token", subject=token, at=at)
