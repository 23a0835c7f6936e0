"""Accounts: invitation, set-up link, switching organisations, language, own profile and tokens."""

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language as set_language_cookie

from performance.foundation import access, tenancy
from performance.people import actions, forms, queries
from performance.people.actions import invitations
from performance.people.models import ApiToken, Invitation, User
from performance.people.views import frame

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password", "again")
@access.public
def accept_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Whoever holds the link joins: with the account they are signed in with, or with a new password."""
    organisation_id = invitations.organisation_of(secret)
    if organisation_id is None:
        return _dead_link(request)
    with tenancy.acting_for(organisation_id):
        invitation = invitations.open_invitation(secret=secret, at=timezone.now())
        if invitation is None:
            return _dead_link(request)
        has_account = User.objects.filter(email__iexact=invitation.email).exists()
        if has_account:
            return _join_with_account(request, secret, invitation)
        return _join_with_password(request, secret, invitation)


def _join_with_account(request: HttpRequest, secret: str, invitation: Invitation) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    is_theirs = user is not None and user.email.lower() == invitation.email.lower()
    if request.method == "POST" and is_theirs:
        actions.accept_invitation(secret=secret, user=user, at=timezone.now())
        request.session[access.SESSION_KEY] = str(invitation.organisation_id)
        return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"invitation": invitation, "has_account": True, "is_theirs": is_theirs}
    return render(request, "people/accept_invitation.html", context)


def _join_with_password(request: HttpRequest, secret: str, invitation: Invitation) -> HttpResponse:
    form = forms.InvitationForm(request.POST or None)
    joined: list[User] = []

    def write() -> None:
        joined.append(
            actions.accept_invitation(
                secret=secret,
                password=form.cleaned_data["password"],
                language=translation.get_language() or "",
                at=timezone.now(),
            )
        )

    if request.method == "POST" and frame.attempt(form, write):
        login(request, joined[0], backend=BACKEND)
        request.session[access.SESSION_KEY] = str(invitation.organisation_id)
        return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"invitation": invitation, "form": form}
    return render(request, "people/accept_invitation.html", context, status=422 if form.is_bound else 200)


def _dead_link(request: HttpRequest) -> HttpResponse:
    return render(request, "people/dead_link.html", status=410)


@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password", "again")
@access.public
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """The one-time link of a new installation: the first organisation and its administrator."""
    if not actions.setup_link_is_alive(secret=secret, at=timezone.now()):
        return _dead_link(request)
    form = forms.SetupForm(request.POST or None)
    founded: list[Any] = []

    def write() -> None:
        given = {key: value for key, value in form.cleaned_data.items() if key != "again"}
        language = translation.get_language() or settings.LANGUAGE_CODE
        founded.append(actions.use_setup_link(secret=secret, at=timezone.now(), language=language, **given))

    if request.method == "POST" and frame.attempt(form, write):
        login(request, founded[0][1], backend=BACKEND)
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "people/setup.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@access.signed_in
def no_organisation(request: HttpRequest) -> HttpResponse:
    """An account that belongs nowhere (any more)."""
    if queries.memberships_of(request.user):
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "people/no_organisation.html")


@require_POST
@access.signed_in
def switch_organisation(request: HttpRequest) -> HttpResponse:
    """Another organisation of this account becomes the active one of this session."""
    chosen = request.POST.get("organisation", "")
    if chosen in {str(organisation.pk) for organisation in queries.memberships_of(request.user)}:
        access.choose_organisation(request, chosen)
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_POST
@access.public
def set_language(request: HttpRequest) -> HttpResponse:
    """The language of this browser, and of the account when somebody is signed in."""
    if request.user.is_authenticated:
        actions.choose_language(user=request.user, language=request.POST.get("language", ""))
    return set_language_cookie(request)


def _profile(request: HttpRequest) -> dict[str, Any]:
    actor = request.actor
    return frame.settings_frame(request, "profile") | {
        "person": actor.person,
        "tokens": queries.tokens_of(actor.user, actor.organisation),
        "now": timezone.now(),
    }


@require_GET
@access.member
def profile(request: HttpRequest) -> HttpResponse:
    """My own account: language, sign-in, personal tokens."""
    return render(request, "people/profile.html", _profile(request) | {"form": forms.TokenForm()})


@never_cache
@require_POST
@access.member(auditor_may_write=True)
def create_token(request: HttpRequest) -> HttpResponse:
    """A personal token. Its secret stands in this one answer and nowhere else."""
    form = forms.TokenForm(request.POST)
    made: list[tuple[ApiToken, str]] = []

    def write() -> None:
        now = timezone.now()
        made.append(
            actions.create_token(
                actor=request.actor,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=now + datetime.timedelta(days=form.cleaned_data["days"]),
                at=now,
            )
        )

    if frame.attempt(form, write):
        context = _profile(request) | {"form": forms.TokenForm(), "token": made[0][0], "secret": made[0][1]}
        return render(request, "people/profile.html", context)
    return render(request, "people/profile.html", _profile(request) | {"form": form}, status=422)


@require_POST
@access.member(auditor_may_write=True)
def revoke_token(request: HttpRequest, token_id: uuid.UUID) -> HttpResponse:
    actor = request.actor
    token = access.get_or_404(queries.tokens_of(actor.user, actor.organisation), pk=token_id)
    actions.revoke_token(token=token, by=actor, at=timezone.now())
    return frame.saved(request, _("The token opens nothing any more"), "people:profile")
