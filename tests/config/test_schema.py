"""The page of the API's documentation: ours alone, and it may style itself."""

from typing import Any

from django.urls import reverse

from tests.conftest import Cast


def test_the_documentation_styles_itself_and_every_script_is_ours(cast: Cast, client_for: Any) -> None:
    response = client_for(cast.employee).get(reverse("api_docs"))
    policy = response.headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy
    assert "worker-src blob:" in policy
    assert "https://" not in response.content.decode()


def test_no_other_page_styles_itself(cast: Cast, client_for: Any) -> None:
    response = client_for(cast.employee).get(reverse("people:directory"))
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
