"""The API's documentation: under the policy of every other page, and the one who asks is the one who is signed in."""

import inspect
from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator

from tests.conftest import Cast


def test_the_documentation_stands_under_the_policy_of_every_page(cast: Cast, client_for: Any) -> None:
    client = client_for(cast.employee)
    response = client.get(reverse("api_docs"))
    page = client.get(reverse("people:directory"))
    assert response.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
    html = response.content.decode()
    assert "https://" not in html
    assert f'<a href="{reverse("okr:home")}"' in html, "there is a way back to the product"


def test_the_schema_names_the_personal_token(cast: Cast, client_for: Any) -> None:
    schema = client_for(cast.employee).get(reverse("api_schema")).content.decode()
    assert "personalToken" in schema


def _operations() -> list[tuple[str, dict[str, Any]]]:
    """(method and address, operation) of the whole API."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_each_operation_says_in_its_own_words_what_it_does() -> None:
    operations = _operations()
    assert len(operations) > 200, "the operations were not found"
    bases = {
        inspect.getdoc(base)
        for view in _views(get_resolver().url_patterns)
        for base in view.__mro__[1:]
        if base is not object
    }
    told = {place: operation.get("description", "").strip() for place, operation in operations}
    assert [place for place, words in told.items() if not words or words in bases] == []
    brief = {place: operation.get("summary", "") for place, operation in operations}
    assert [place for place, words in brief.items() if not 5 < len(words) <= 220 or words.endswith(".")] == []
    assert brief["get /api/v1/goals/export.{form}"].startswith("Objectives that you may see"), (
        "its first sentence"
    )


def _views(patterns: Any) -> Iterator[type]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
        elif isinstance(view := getattr(pattern.callback, "view_class", None), type):
            yield view
