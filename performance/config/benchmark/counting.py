"""How many statements one request sends to the database: counted where they leave, told in a header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

HEADER = "X-Benchmark-Queries"


class QueryCount:
    """The outermost middleware: it also sees what sessions, sign-in and transactions cost."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = 0

        def count(execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: Any) -> Any:
            nonlocal sent
            sent += 1
            return execute(statement, params, many, context)

        with connection.execute_wrapper(count):
            response = self.get_response(request)
        response[HEADER] = str(sent)
        return response
