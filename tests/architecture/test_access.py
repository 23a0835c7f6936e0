"""Every address says who may enter, and means it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from performance.foundation import access, middleware

OPEN_TO_EVERYBODY = ("allauth", "django", "performance.foundation", "performance.people")


def patterns(resolver: Any = None, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def test_each_address_declares_its_access_and_few_are_open_to_everybody() -> None:
    undeclared, open_doors = [], []
    for route, view in patterns():
        declared = access.declared_access(view)
        if declared is None:
            undeclared.append(f"{route} ({view.__module__})")
        elif declared.level == "public" and not view.__module__.startswith(OPEN_TO_EVERYBODY):
            open_doors.append(f"{route} ({view.__module__})")
    assert undeclared == []
    assert open_doors == []


def test_a_view_without_a_declaration_is_not_served() -> None:
    def forgotten(request: Any) -> None: ...

    gate = middleware.AccessDeclared(lambda request: pytest.fail("served"))  # type: ignore[arg-type, return-value]
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured):
        gate.process_view(RequestFactory().get("/"), forgotten, (), {})
