"""Somebody's hands at one tab: on the mouse, or on the keyboard alone. Both take the same steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import playwright.sync_api as playwright
import pytest

from tests.e2e.window import CALM

#: Where the focus stands: an id, a name, or an address.
FOCUSED = """() => { const at = document.activeElement;
    return [at.id, at.getAttribute('name'), at.getAttribute('href'), at.form?.getAttribute('action'),
        at.getAttribute('value'), at.tagName]; }"""
IS_FOCUSED = "selector => document.activeElement.matches(selector)"
#: So often Tab is pressed on the way to a place.
FAR = 160
#: Where the chosen hit of the palette leads, and whether the field in focus names it as the active one.
CHOSEN = """() => { const list = document.querySelector('#palette[open] [role="listbox"]');
    const hit = list?.querySelector('[role="option"][aria-selected="true"]');
    const field = document.activeElement;
    return [hit?.getAttribute('href'), !!hit && field.matches('[role="combobox"][aria-expanded="true"]')
        && field.getAttribute('aria-activedescendant') === hit.id]; }"""
YES = "dialog#confirm[open] button[value=yes]"


class Hands(ABC):
    """What can be done at a tab, however it is done. A place is named by its selector."""

    def __init__(self, tab: playwright.Page, base: str) -> None:
        self.tab, self.base = tab, base

    def open(self, path: str) -> None:
        self.tab.goto(self.base + path, wait_until="load")
        self.still()

    def still(self) -> None:
        self.tab.wait_for_load_state("load")
        self.tab.wait_for_function(CALM)
        self.tab.wait_for_timeout(60)

    def said(self) -> str:
        return self.tab.inner_text("body")

    @abstractmethod
    def press(self, selector: str) -> None:
        """A link or a button."""

    @abstractmethod
    def write(self, selector: str, text: str) -> None:
        """Into a field, instead of what stands there."""

    @abstractmethod
    def write_day(self, selector: str, year: int, month: int, day: int) -> None:
        """Into a field for a date."""

    @abstractmethod
    def slide_up(self, selector: str) -> None:
        """A slider, to its upper end."""

    def agree(self) -> None:
        """To what the page asks before it goes on."""
        self.tab.wait_for_selector(YES)
        self.press(YES)


class Mouse(Hands):
    """Somebody who points and clicks."""

    def press(self, selector: str) -> None:
        self.tab.locator(selector).locator("visible=true").first.click()
        self.tab.wait_for_timeout(150)
        self.still()

    def write(self, selector: str, text: str) -> None:
        self.tab.fill(selector, text)
        self.tab.locator(selector).blur()

    def write_day(self, selector: str, year: int, month: int, day: int) -> None:
        self.write(selector, f"{year}-{month:02}-{day:02}")

    def slide_up(self, selector: str) -> None:
        slider = self.tab.locator(selector)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box is not None, f"{selector} is not seen"
        self.tab.mouse.click(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)


class Keyboard(Hands):
    """Somebody at a keyboard, without a mouse: what Tab does not reach, they do not reach."""

    def to(self, fits: Callable[[list[str | None]], bool], what: str) -> None:
        """Tab until there."""
        for _press in range(FAR):
            if fits(self.tab.evaluate(FOCUSED)):
                return
            self.tab.keyboard.press("Tab")
        pytest.fail(f"Tab never reaches {what} on {self.tab.url}")

    def field(self, name: str) -> None:
        self.to(lambda at: at[1] == name, name)

    def type(self, name: str, text: str) -> None:
        self.field(name)
        self._instead(text)

    def button(self, action: str, name: str = "", value: str = "") -> None:
        """Presses the button of the form with this address, with Enter."""
        self.to(
            lambda at: (
                at[5] == "BUTTON"
                and action in (at[3] or "")
                and (not name or at[1] == name)
                and (not value or at[4] == value)
            ),
            f"the button of {action}",
        )
        self._enter()

    def jump(self, words: str, path: str) -> None:
        """By the palette: its first hit is chosen from the start, and the field says which one it is."""
        self.tab.keyboard.press("Control+k")
        assert self.tab.evaluate(CHOSEN)[0], "nothing is chosen in the palette as it opens"
        self.tab.keyboard.type(words)
        self.tab.wait_for_function(f"() => ({CHOSEN})()[0] === '{path}'")
        self.tab.keyboard.press("ArrowUp")
        self.tab.keyboard.press("ArrowDown")
        address, is_said = self.tab.evaluate(CHOSEN)
        assert (address, is_said) == (path, True)
        self.tab.keyboard.press("Enter")
        self.tab.wait_for_url(f"{self.base}{path}")
        self.still()

    def press(self, selector: str) -> None:
        self._reach(selector)
        self._enter()

    def write(self, selector: str, text: str) -> None:
        self._reach(selector)
        self._instead(text)
        self.tab.keyboard.press("Tab")

    def write_day(self, selector: str, year: int, month: int, day: int) -> None:
        """Part by part, in the order of the browser's own language, whatever the page's is: here the month comes first."""
        self._reach(selector)
        self.tab.keyboard.type(f"{month:02}{day:02}{year}")

    def slide_up(self, selector: str) -> None:
        self._reach(selector)
        self.tab.keyboard.press("End")

    def _reach(self, selector: str) -> None:
        for _press in range(FAR):
            if self.tab.evaluate(IS_FOCUSED, selector):
                return
            self.tab.keyboard.press("Tab")
        pytest.fail(f"Tab never reaches {selector} on {self.tab.url}")

    def _instead(self, text: str) -> None:
        self.tab.keyboard.press("Control+a")
        self.tab.keyboard.type(text)

    def _enter(self) -> None:
        self.tab.keyboard.press("Enter")
        self.tab.wait_for_timeout(150)
        self.still()
