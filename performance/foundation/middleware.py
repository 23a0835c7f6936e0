"""The gate: request ids, the check that a view declares its access, refusals as answers, security headers."""

import logging
import re
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from performance.foundation import access, health, logs, refusals

logger = logging.getLogger(__name__)

Next = Callable[[HttpRequest], HttpResponse]
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContext:
    """Gives each request an id: the proxy's when it sends a plausible one, else a new one."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        identifier = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        # What is logged about the request after this block, by Django itself, still finds it here.
        request.identifier = identifier  # type: ignore[attr-defined]
        with logs.request(identifier):
            response = self.get_response(request)
        response["X-Request-ID"] = identifier
        return response


class Probes:
    """Answers health checks before anything looks at the host: a probe calls a process by its address, which
    stands in no ALLOWED_HOSTS. The answers name neither hosts nor organisations."""

    VIEWS: ClassVar[dict[str, Next]] = {"/health/live": health.live, "/health/ready": health.ready}

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.VIEWS.get(request.path_info, self.get_response)(request)


class AccessDeclared:
    """Refuses to serve a view that does not say who may enter; turns an uncaught refusal, or a value
    that no column can hold, into an answer."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        declared = access.declared_access(view)
        if declared is None:
            raise ImproperlyConfigured(f"{view.__module__}.{view.__qualname__} does not declare its access.")
        if (
            declared.level != "public"
            and not request.user.is_authenticated
            and not request.path.startswith("/api/")
        ):
            return access.to_sign_in(request)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DataError):
            # What no column can hold: a NUL letter, a number beyond every bound. Asked wrongly, not broken; the
            # trace is kept, because a calculation of our own may be to blame.
            logger.warning("The database could not take a value.", exc_info=exception)
            return render(request, "400.html", status=400)
        if not isinstance(exception, refusals.Refused):
            return None
        template = "errors/_refused.html" if request.headers.get("HX-Request") else "errors/refused.html"
        return render(request, template, {"refusal": exception}, status=exception.status)


class LanguageOfAccount:
    """A signed-in person reads their own language on every device; others the browser's (LocaleMiddleware)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class SecurityHeaders:
    """A strict policy: nothing inline, nothing from another host."""

    POLICY = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.POLICY)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.user.is_authenticated and not request.path.startswith(settings.STATIC_URL):
            response.setdefault("Cache-Control", "private, no-store")
        return response
