"""A title as long as a title may be, without a space to break at, stays within its place on a wide screen and a phone."""

from __future__ import annotations

from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.okr.conftest import content

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

#: How far the line of crumbs reaches over the buttons beside it, in pixels.
OVERLAP = """() => {
    const edges = [...document.querySelectorAll('.top .crumbs li')].map((each) => each.getBoundingClientRect());
    const buttons = document.querySelector('.top-end').getBoundingClientRect();
    const shown = [...document.querySelectorAll('.top .crumbs li')].every((each) =>
        getComputedStyle(each).display === 'none' || getComputedStyle(each).overflow === 'hidden'
        || each.scrollWidth <= each.clientWidth);
    return [Math.max(...edges.map((each) => each.right)) - buttons.left, shown];
}"""


@pytest.mark.parametrize("language", screen.WIDE_FIRST)
@pytest.mark.parametrize("title", ["W" * 200, "🚀" * 200], ids=["letters", "emoji"])
def test_a_long_title_never_runs_over_the_buttons_of_the_bar(
    title: str,
    language: str,
    proposed: Any,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    goal = proposed(content(title))
    tab = screen.tab_of(chromium, live_server.url, language, cast.employee, watch)
    for name in ("okr:objective", "okr:change"):
        tab.goto(live_server.url + reverse(name, args=[goal.pk]), wait_until="load")
        beyond, is_clipped = tab.evaluate(OVERLAP)
        assert beyond <= 0, name
        assert is_clipped, name
        assert tab.evaluate(screen.WIDER) <= 0, name
        goals = tab.locator(".top .crumbs li").first
        if language == "en":
            assert goals.evaluate("each => each.scrollWidth <= each.clientWidth"), "the way back is whole"
