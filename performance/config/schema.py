"""What drf-spectacular cannot see by itself in our API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularRedocView

from performance.foundation import middleware


class ApiDocumentation(SpectacularRedocView):
    """Redoc from our own files. It writes its styles into the page and searches in a worker of its own
    making, so this page alone allows both; scripts still come from us only."""

    POLICY = (
        middleware.SecurityHeaders.POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
        + "; worker-src blob:"
    )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = self.POLICY
        return response


class PersonalToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer <token>`: registered with the library by being defined."""

    target_class = "performance.people.api.PersonalToken"
    name = "personalToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal token with scopes and an expiry.",
        }
