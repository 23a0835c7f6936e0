"""Personal tokens as a way into the API. Apart from the endpoints, because the framework loads it with itself."""

import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from performance.people import actions
from performance.people.models import ApiToken, User

# A stamp of a token's last use needs no second's precision; one write a minute is enough.
STAMP_EVERY = datetime.timedelta(minutes=1)


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
                digest=actions.digest_of(secret),
                revoked_at=None,
                expires_at__gt=now,
                user__is_active=True,
                # Whoever belongs there no more has no way in by an older token either.
                organisation__closed_at=None,
                user__memberships__is_active=True,
                user__memberships__organisation=F("organisation"),
            )
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is not valid."))
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - STAMP_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return self.keyword
