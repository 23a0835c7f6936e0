"""Where an answer leads after a write."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url


def done(request: HttpRequest, text: Any, to: str, *args: Any) -> HttpResponse:
    """After a write: a toast, and the page that shows the result."""
    messages.success(request, text)
    return go_to(request, to, *args)


def go_to(request: HttpRequest, to: str, *args: Any) -> HttpResponse:
    """To another page (a name or an address), also from a script, which would follow a redirect by itself and never show
    the page."""
    if not request.headers.get("HX-Request"):
        return redirect(to, *args)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = resolve_url(to, *args)
    return response
