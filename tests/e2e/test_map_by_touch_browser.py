"""The strategy map on a phone: whole at first, moved by one finger, enlarged by two; and by keys on a desk."""

from __future__ import annotations

from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from okr import actions
from performance.foundation import tenancy
from performance.people import models as people
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.okr.conftest import content

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]

#: Widths of the drawing and of the pane, how large it is drawn, and where it stands.
SEEN = """() => { const pane = document.querySelector('[data-map]');
    const canvas = pane.querySelector('[data-map-canvas]'), drawn = canvas.getBoundingClientRect();
    return {drawn: drawn.width, pane: pane.clientWidth, zoom: drawn.width / canvas.viewBox.baseVal.width,
        left: pane.scrollLeft, page: visualViewport.scale}; }"""


class Fingers:
    """Fingers on the map, at points of the screen."""

    def __init__(self, tab: playwright.Page) -> None:
        self.session = tab.context.new_cdp_session(tab)

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    def move(self, *paths: tuple[tuple[float, float], tuple[float, float]], steps: int = 8) -> None:
        """Each from where to where, together."""
        self._touch("touchStart", *(start for start, _end in paths))
        for step in range(1, steps + 1):
            part = step / steps
            points = [(a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part) for a, b in paths]
            self._touch("touchMove", *points)
        self._touch("touchEnd")


@pytest.fixture
def served(
    empty_database: None, cast: Cast, quarter: people.Period, actor: Any, now: Any
) -> tuple[Any, Any, Any]:
    """Three goals, each serving the one before."""
    with tenancy.acting_for(cast.organisation):
        chain = []
        for title, person in (("Above", cast.hr), ("Between", cast.manager), ("Below", cast.employee)):
            one = actions.propose_objective(period=quarter, content=content(title), by=actor(person), at=now)
            if chain:
                actions.align_objectives(
                    child=one, parent=chain[-1], kind="supports", by=actor(person), at=now
                )
            chain.append(one)
    first, second, third = chain
    return first, second, third


def test_a_map_opens_readable_on_a_phone_and_follows_fingers(
    served: Any, live_server: Any, chromium: playwright.Browser, cast: Cast, watch: Watch
) -> None:
    tab = screen.tab_of(chromium, live_server.url, "zh-hans", cast.employee, watch, touch=True)
    screen.Look(tab, live_server.url).at(reverse("okr:strategy"))
    at_first = tab.evaluate(SEEN)
    assert at_first["zoom"] == pytest.approx(0.7, abs=0.01)
    assert not tab.is_visible(".only-fine")
    assert tab.is_visible(".only-touch")
    tab.locator("[data-map]").scroll_into_view_if_needed()
    box = tab.locator("[data-map]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 60
    fingers = Fingers(tab)
    fingers.move(((x - 20, y), (x - 100, y)), ((x + 20, y), (x + 100, y)))
    enlarged = tab.evaluate(SEEN)
    assert enlarged["drawn"] > 2 * at_first["drawn"]
    assert enlarged["page"] == pytest.approx(1), "the page was enlarged instead"
    fingers.move(((x + 90, y), (x - 90, y)))
    tab.wait_for_function(
        "left => document.querySelector('[data-map]').scrollLeft > left + 40", arg=enlarged["left"]
    )
    # What is flung goes on for a moment, and is the browser's until then.
    tab.wait_for_timeout(800)
    fingers.move(((x - 120, y), (x - 10, y)), ((x + 120, y), (x + 10, y)))
    assert tab.evaluate(SEEN)["drawn"] < enlarged["drawn"]


def test_keys_go_from_goal_to_goal_on_a_map_that_opens_in_its_own_size(
    served: Any, live_server: Any, chromium: playwright.Browser, cast: Cast, watch: Watch
) -> None:
    first, second, third = served
    tab = screen.tab_of(chromium, live_server.url, "en", cast.employee, watch)
    tab.goto(live_server.url + reverse("okr:strategy"), wait_until="load")
    assert tab.is_visible(".only-fine")
    assert not tab.is_visible(".only-touch")
    tab.focus(f"#goal-{first.pk}")
    for key, goal in (("ArrowRight", second), ("ArrowRight", third), ("ArrowLeft", second)):
        tab.keyboard.press(key)
        assert tab.evaluate("document.activeElement.id") == f"goal-{goal.pk}"
    before = tab.evaluate(SEEN)["drawn"]
    tab.click("[data-map-zoom='1']")
    assert tab.evaluate(SEEN)["drawn"] > before
