"""The API's documentation: under the policy of every other page, and the one who asks is the one who is signed in."""

from typing import Any

from django.urls import reverse

from tests.conftest import Cast


def test_the_documentation_stands_under_the_policy_of_every_page(cast: Cast, client_for: Any) -> None:
    client = client_for(cast.employee)
    response = client.get(reverse("api_docs"))
    page = client.get(reverse("people:directory"))
    assert response.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
    assert "https://" not in response.content.decode()


def test_the_schema_names_the_personal_token(cast: Cast, client_for: Any) -> None:
    schema = client_for(cast.employee).get(reverse("api_schema")).content.decode()
    assert "personalToken" in schema
