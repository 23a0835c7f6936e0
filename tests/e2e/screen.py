"""One signed-in person at one screen: wide in English, a phone in Chinese.

Where ``ACCORD_TEST_PICTURES`` names a folder, whatever is looked at is kept there as a picture, for people to look at.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import playwright.sync_api as playwright
import pytest
from django.conf import settings
from django.test import Client

from performance.people import models as people
from tests.e2e import looking
from tests.e2e.window import CALM, Watch

SCREENS = {"en": (1440, 900), "zh-hans": (390, 844)}
#: The same where one way through is enough for every run: the phone in Chinese waits for `make test-long`.
WIDE_FIRST = ["en", pytest.param("zh-hans", marks=pytest.mark.long)]
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def tab_of(
    browser: playwright.Browser,
    base: str,
    language: str,
    person: people.Person,
    watch: Watch,
    *,
    touch: bool = False,
) -> playwright.Page:
    """An empty tab in which this person is signed in; with `touch` a finger is what points."""
    width, height = SCREENS[language]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
        locale=language[:2],
        has_touch=touch,
        is_mobile=touch,
    )
    client = Client()
    client.force_login(person.user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [
            {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base},
            {"name": "accord_language", "value": language, "url": base},
        ]
    )
    tab = context.new_page()
    watch.over(tab, base)
    return tab


@dataclass(frozen=True)
class Look:
    """Opens pages in a tab and looks at them."""

    tab: playwright.Page
    base: str

    def at(self, path: str) -> None:
        self.tab.goto(self.base + path, wait_until="load")
        self.here(path)

    def here(self, what: str) -> None:
        """Nothing is wider than the screen, and axe finds nothing, light and dark."""
        self.tab.wait_for_function(CALM)
        assert self.tab.evaluate(WIDER) <= 0, what
        self.tab.evaluate(looking.AXE.read_text(encoding="utf-8"))
        for theme in ("light", "dark"):
            self.tab.evaluate(looking.SWITCH, theme)
            self._keep_picture(f"{what} {self.tab.get_attribute('html', 'lang')} {theme}")
            assert self.tab.evaluate(looking.RUN, looking.RULES) == [], (what, theme)

    def _keep_picture(self, name: str) -> None:
        if folder := os.environ.get("ACCORD_TEST_PICTURES"):
            path = Path(folder) / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
            self.tab.screenshot(path=path, full_page=True)
