"""The API's documentation in a real browser: it shows the endpoints, and asks nobody but us."""

from __future__ import annotations

from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from tests.conftest import PASSWORD, Cast
from tests.e2e.looking import AXE, RULES, RUN, WIDTHS
from tests.e2e.window import Watch, Window

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]

#: Swagger UI's own markup, which no stylesheet mends: the row that opens an operation is one button with a link and a
#: second button inside, its headings leave out a level, its title stands outside its main part, and on a phone an
#: example scrolls sideways under a finger alone.
THEIRS = ("nested-interactive", "heading-order", "region", "scrollable-region-focusable")


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


@pytest.mark.parametrize(("width", "high"), WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_on_it_that_is_ours_to_mend(
    width: int, high: int, cast: Cast, live_server: Any, chromium: playwright.Browser
) -> None:
    window = Window(chromium, live_server.url, "en", Watch())
    window.open(reverse("account_login")).submit(
        "^$|login", {"login": cast.employee.email, "password": PASSWORD}
    )
    window.tab.set_viewport_size({"width": width, "height": high})
    window.tab.goto(live_server.url + reverse("api_docs"))
    window.tab.locator("[data-path]").first.wait_for()
    window.tab.locator(".opblock-get .opblock-summary-control").first.click()
    window.tab.locator(".opblock-body .responses-wrapper").first.wait_for()
    window.tab.evaluate(AXE.read_text(encoding="utf-8"))
    found = window.tab.evaluate(RUN, RULES)
    window.close()
    assert [wrong for wrong in found if not wrong.startswith(THEIRS)] == []
