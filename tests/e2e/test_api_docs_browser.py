"""The API's documentation in a real browser: it shows the endpoints, and asks nobody but us."""

from __future__ import annotations

from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from tests.conftest import PASSWORD, Cast
from tests.e2e.window import Watch, Window

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


def test_the_documentation_is_drawn_from_our_own_files(
    cast: Cast, live_server: Any, chromium: playwright.Browser
) -> None:
    watch = Watch()
    window = Window(chromium, live_server.url, "en", watch)
    window.open(reverse("account_login")).submit(
        "^$|login", {"login": cast.employee.email, "password": PASSWORD}
    )
    window.tab.goto(live_server.url + reverse("api_docs"))
    window.tab.locator("[data-path]").first.wait_for()
    # What is out of sight is not drawn: the last endpoints appear when one scrolls down to them.
    window.tab.mouse.wheel(0, 100_000)
    window.tab.locator('[data-path^="/api/v1/weight-policies/"]').first.wait_for()
    assert not watch.elsewhere, "the page asked another host"
    assert not watch.complaints, "the page broke its policy or threw"
    window.close()
