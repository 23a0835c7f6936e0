"""Endpoints under /api/v1/, and the personal tokens that open them."""

from typing import Any

from django.db.models import Q
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from performance.people import actions
from performance.people.models import ApiToken, User


class PersonalToken(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>`. The token names its user, organisation and scopes."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme != self.keyword or not secret:
            return None
        now = timezone.now()
        token = (
            ApiToken.objects.select_related("user")
            .filter(
                Q(revoked_at=None), digest=actions.digest_of(secret), expires_at__gt=now, user__is_active=True
            )
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is not valid."))
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return self.keyword


urls: list[URLPattern] = []
