"""The API's base: the same access as pages, one transaction, problems as application/problem+json (RFC 9457)."""

import logging
from contextlib import ExitStack
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions, pagination, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from performance.foundation import access, once, refusals, tenancy

logger = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
ROOT = "/api/"
LARGEST_TEXT = 5 * 1024**2
#: Of what makes a row: sent again with the same key and text, it answers with the first one's row.
ONCE = OpenApiParameter(
    once.HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Any text of yours: a repeated call makes nothing new.",
)


class TenantView(APIView):
    """An endpoint inside one organisation.

    Subclasses set `access` and the token scopes: `scope_read` for safe methods, `scope_write` for the others.
    A session needs no scope; a personal token needs the one that the method asks for.
    """

    access = access.Access("member")
    scope_read = ""
    scope_write = ""
    is_inside = False

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.organisation_scope:
            response = super().dispatch(request, *args, **kwargs)
            if isinstance(response, Response) and not response.is_rendered:
                response.render()
            return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, enters the organisation, and asks the same declaration as a page would."""
        _refuse_endless(request)
        super().initial(request, *args, **kwargs)
        organisation_id = getattr(request.auth, "organisation_id", None) or access.active_organisation_id(
            request
        )
        if organisation_id is None:
            raise exceptions.PermissionDenied
        self.organisation_scope.enter_context(tenancy.acting_for(organisation_id))
        self.is_inside = True
        actor = access.enter(request, organisation_id)
        method = request.method or "GET"
        if actor is None or not self.access.admits(actor, method) or not self._token_allows(request, method):
            raise exceptions.PermissionDenied

    def _token_allows(self, request: Request, method: str) -> bool:
        scopes = getattr(request.auth, "scopes", None)
        if scopes is None:
            return True
        wanted = self.scope_read if method in access.SAFE_METHODS else self.scope_write
        return bool(wanted) and wanted in scopes


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("This is more than the API takes at once.")


def _refuse_endless(request: Request) -> None:
    """A text is read into memory as a whole, so it is measured first; files come in parts and are counted there."""
    is_file = str(request.content_type).startswith("multipart/")
    if not is_file and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_TEXT:
        raise TooLarge


class NewestFirst(pagination.CursorPagination):
    """Cursor paging: stable while rows are added, constant cost on every page. UUIDv7 keys sort by time."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class InOrder(pagination.PageNumberPagination):
    """Numbered pages of rows that never change and have an order of their own, which no key follows."""

    page_size = 200
    page_size_query_param = "page_size"
    max_page_size = 1000


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as problem+json: type, title, status, detail, and `errors` by field."""
    refused = _refusal_of(error)
    response = refused or exception_handler(_known(error), context)
    if response is None:
        return None
    if refused is not None or getattr(context.get("view"), "is_inside", False):
        _roll_back()
    if refused is not None:
        return refused
    body: dict[str, Any] = {"type": "about:blank", "status": response.status_code}
    detail = response.data
    if isinstance(error, exceptions.ValidationError | ValidationError):
        body |= {"title": "invalid", "errors": detail}
    else:
        body |= {
            "title": getattr(_known(error), "default_code", "error"),
            "detail": str(detail.get("detail", "")),
        }
    response.data = body
    response.content_type = PROBLEM
    return response


def _known(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, DataError):
        # A NUL letter, a number beyond every bound: what no column can hold.
        logger.warning("The database could not take a value.", exc_info=error)
        return exceptions.ParseError()
    if isinstance(error, RecursionError):
        # JSON nested a thousand times deep.
        return exceptions.ParseError()
    if isinstance(error, ValidationError):
        return exceptions.ValidationError(getattr(error, "message_dict", None) or error.messages)
    return error


def _refusal_of(error: Exception) -> Response | None:
    if not isinstance(error, refusals.Refused):
        return None
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.code,
        "status": error.status,
        "detail": str(error.message),
    }
    if error.field:
        body["errors"] = {error.field: [str(error.message)]}
    if error.position is not None:
        body["position"] = error.position
    answer = status.HTTP_409_CONFLICT if error.status == 409 else status.HTTP_422_UNPROCESSABLE_ENTITY
    return Response(body, status=answer, content_type=PROBLEM)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere, in the words of whoever asked: a program or a browser."""
    if not request.path.startswith(ROOT):
        return defaults.page_not_found(request, exception)
    return _unanswered("not_found", status.HTTP_404_NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(ROOT):
        return defaults.server_error(request)
    return _unanswered("error", status.HTTP_500_INTERNAL_SERVER_ERROR)


def _unanswered(title: str, code: int) -> HttpResponse:
    body = {"type": "about:blank", "title": title, "status": code}
    return JsonResponse(body, status=code, content_type=PROBLEM)


def _roll_back() -> None:
    """What the endpoint wrote before it declined is undone with it."""
    if transaction.get_connection().in_atomic_block:
        transaction.set_rollback(True)
