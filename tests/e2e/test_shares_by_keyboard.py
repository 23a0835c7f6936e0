"""The bar on which the weights of key results are shared out, by keyboard: exact, never beyond the whole."""

from __future__ import annotations

from typing import Any

import playwright.sync_api as playwright
import pytest
from django.urls import reverse

from okr.models import Objective
from performance.foundation import tenancy
from tests.conftest import Cast
from tests.e2e import screen
from tests.e2e.window import Watch
from tests.okr.conftest import content, key_result

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e, pytest.mark.slow]


class Shares:
    """The form of an objective with three key results."""

    def __init__(self, tab: playwright.Page) -> None:
        self.tab = tab

    def now(self) -> list[str]:
        return [self.tab.input_value(f"[name=kr-{place}-weight]") for place in range(3)]

    def type(self, place: int, text: str) -> None:
        self.tab.fill(f"[name=kr-{place}-weight]", text)
        self.tab.keyboard.press("Tab")

    def keep(self, place: int) -> None:
        self.tab.focus(f"[name=kr-{place}-locked]")
        self.tab.keyboard.press("Space")

    def sign(self) -> str:
        """The drawing in the chip of the sum, and of which of the two that it may be."""
        return str(
            self.tab.evaluate(
                """() => { const place = document.querySelector('[data-sum-chip]');
                const drawn = place.querySelector('.chip svg').innerHTML;
                return [...place.querySelectorAll('template')]
                    .find((each) => each.content.querySelector('svg').innerHTML === drawn).dataset.sumIcon; }"""
            )
        )


def test_shares_moved_and_typed_by_keyboard_stay_exact_and_within_the_whole(
    proposed: Any,
    live_server: Any,
    chromium: playwright.Browser,
    cast: Cast,
    watch: Watch,
) -> None:
    rows = [key_result("yes_no", title, weight) for title, weight in (("A", 34), ("B", 33), ("C", 33))]
    goal = proposed(content("Shared", *rows))
    tab = screen.tab_of(chromium, live_server.url, "en", cast.employee, watch)
    tab.goto(live_server.url + reverse("okr:change", args=[goal.pk]), wait_until="load")
    shares = Shares(tab)

    shares.type(0, "33.34")
    assert shares.now() == ["33.34", "33.33", "33.33"]
    tab.focus("[data-handle='1']")
    for _press in range(5):
        tab.keyboard.press("ArrowLeft")
    assert shares.now() == ["28.34", "38.33", "33.33"]
    assert shares.sign() == "right"
    tab.keyboard.press("End")
    assert shares.now() == ["66.67", "0", "33.33"]
    tab.keyboard.press("Home")
    assert shares.now() == ["0", "66.67", "33.33"]
    shares.type(0, "28.34")

    shares.type(1, "40")
    shares.type(2, "30")
    assert sum(round(float(share) * 10_000) for share in shares.now()) == 1_000_000
    assert shares.now()[2] == "30"

    shares.keep(0)
    shares.type(0, "60")
    shares.type(1, "70")
    assert shares.now() == ["60", "40", "0"]
    assert "Set to 40%" in tab.inner_text("body")
    shares.keep(2)
    shares.type(1, "10")
    assert shares.now() == ["60", "10", "0"]
    assert shares.sign() == "wrong"
    shares.keep(2)
    shares.type(1, "12.34567")
    assert shares.now() == ["60", "12.34567", "0"]

    shares.type(1, "25.5")
    assert shares.now() == ["60", "25.5", "14.5"]
    tab.fill("[name=title]", "Shared out")
    tab.click("button.btn-primary[name=propose]")
    tab.wait_for_url("**" + reverse("okr:objective", args=[goal.pk]))
    with tenancy.acting_for(cast.organisation):
        standing = Objective.objects.get(pk=goal.pk).versions.get(state="proposed").as_content
        assert [each.weight_ppm for each in standing.key_results] == [600_000, 255_000, 145_000]
