"""A real browser with the same handles as the one without scripts: the same steps drive both.

Values are typed and chosen in the real controls, buttons are clicked, dialogs are answered; what the page's
scripts do in between (htmx, confirmations, autosave) happens as for anybody.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urljoin

import playwright.sync_api as playwright

from tests.e2e import browsing

MARK = "() => document.querySelectorAll('form').forEach((form, n) => form.setAttribute('data-place', n))"
OPEN_AROUND = """element => {
    for (let around = element.parentElement; around; around = around.parentElement)
        if (around.tagName === 'DETAILS') around.open = true;
}"""
ACKNOWLEDGE = """form => form.querySelectorAll('input[type=checkbox][required]:not([name])').forEach(
    box => { if (!box.checked) box.click(); })"""
CALM = "() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"
#: What scripts start on load has started; waiting for an idle network would cost every page half a second, and a
#: page that polls a worker would never be idle.
NEXT_FRAME = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))"
#: Where htmx sends it, "" for a form that the browser sends.
FRAGMENT_ADDRESS = """button => {
    for (const one of [button, button.form])
        for (const name of ['hx-post', 'hx-get'])
            if (one && one.hasAttribute(name)) return one.getAttribute(name);
    return '';
}"""
SET_HIDDEN = "(element, value) => { element.value = value; }"
#: What htmx says of a request that a person cut short by going on to another page.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest")
#: How long a page may go on loading before the test goes on without it.
SETTLE_MS = 15_000


class Window(browsing.Browser):
    """One person's own browser context: own cookies, own storage."""

    def __init__(
        self, browser: playwright.Browser, base: str, language: str, watch: Watch, **options: Any
    ) -> None:
        self.base = base
        self.language = language
        locale = "zh-CN" if language == "zh-hans" else "en-GB"
        self.context = browser.new_context(locale=locale, reduced_motion="reduce", **options)
        self.context.add_cookies([{"name": "accord_language", "value": language, "url": base}])
        self.tab = self.context.new_page()
        watch.over(self.tab, base)

    def open(
        self, url: str, query: dict[str, Any] | None = None, *, status: int | None = 200
    ) -> browsing.Page:
        address = urljoin(self.base, url)
        if query:
            given = {name: str(value) for name, value in query.items()}
            address += ("&" if "?" in address else "?") + browsing.encoded(given)
        answer = self._go(address)
        assert status in (None, answer.status), f"{url} answered {answer.status}"
        return self._seen(answer.status)

    def send(
        self,
        page: browsing.Page,
        form: browsing.Form,
        values: dict[str, Any],
        button: str,
        status: int | None,
    ) -> browsing.Page:
        """Fills the form on the screen and clicks its button."""
        browsing.filled(form, values, page.url)
        shown = self._live(form)
        for name, value in values.items():
            self._fill(shown, form, name, value)
        shown.evaluate(ACKNOWLEDGE)
        pressed = self._button(shown, form, button)
        pressed.evaluate(OPEN_AROUND)
        before = self.tab.url
        asked = pressed.evaluate(FRAGMENT_ADDRESS)
        with self._answered(asked):
            pressed.click()
            self._confirm()
        seen = self._seen(None)
        assert status != 200 or not seen.errors(), f"{before}: {seen.errors()}"
        return seen

    def with_panels(self, page: browsing.Page) -> str:
        """The page's own scripts have fetched them."""
        return page.text

    def download(self, url: str) -> tuple[str, bytes]:
        answer = self.context.request.get(urljoin(self.base, url))
        assert answer.ok, f"{url} answered {answer.status}"
        return answer.headers["content-type"], answer.body()

    def close(self) -> None:
        self.context.close()

    def _live(self, form: browsing.Form) -> playwright.Locator:
        """The form as it stands now: a card may have been swapped since the page was read."""
        self.tab.evaluate(MARK)
        now = self.read(self.tab.content(), self.tab.url, 200)
        same = [
            each
            for each in now.forms
            if each.action == form.action and each.fields.keys() == form.fields.keys()
        ]
        near = same or [each for each in now.forms if each.action == form.action]
        assert near, f"{self.tab.url} no longer has the form to {form.action!r}"
        best = next((each for each in near if each.fields == form.fields), near[0])
        return self.tab.locator(f"form[data-place='{best.place}']")

    def _go(self, address: str) -> playwright.Response:
        """A page that just now loads itself again (a worker has finished) may cut an attempt short, or take its
        place."""
        for _attempt in range(3):
            try:
                answer = self.tab.goto(address, wait_until="domcontentloaded")
            except playwright.Error as error:
                if "ERR_ABORTED" not in str(error):
                    raise
                answer = None
            if answer is not None:
                return answer
            self.tab.wait_for_load_state("domcontentloaded")
        raise AssertionError(f"{address} never opened")

    # -- Parts --------------------------------------------------------------------------------------------

    def _fill(self, shown: playwright.Locator, form: browsing.Form, name: str, value: Any) -> None:
        control = form.fields[name]
        outside = self.tab.locator(f"[name='{name}']")
        found = shown.locator(f"[name='{name}']")
        found = found if found.count() else outside
        found.first.evaluate(OPEN_AROUND)
        if control.kind == "file":
            found.set_input_files(
                {"name": value.name, "mimeType": value.content_type, "buffer": value.read()}
            )
        elif control.kind in ("radio", "checkbox"):
            self._choose(found, control, value)
        elif control.kind in ("select", "select-many"):
            found.select_option([str(each) for each in value] if isinstance(value, list) else str(value))
        elif control.kind == "hidden":
            found.first.evaluate(SET_HIDDEN, str(value))
        else:
            found.fill(str(value))

    def _choose(self, found: playwright.Locator, control: browsing.Field, value: Any) -> None:
        """Clicks each box that is not as wanted; the click reaches inputs that are drawn by their label."""
        first = [choice for choice, _label in control.choices][:1]
        wanted = first if value is True else [] if value is False else value
        texts = [str(each) for each in wanted] if isinstance(wanted, list | tuple) else [str(wanted)]
        for place in range(found.count()):
            box = found.nth(place)
            is_wanted = box.get_attribute("value") in texts or (value is True and control.kind == "checkbox")
            if box.is_checked() != is_wanted and (is_wanted or control.kind == "checkbox"):
                box.evaluate("element => element.click()")

    def _button(self, shown: playwright.Locator, form: browsing.Form, button: str) -> playwright.Locator:
        name, _equals, value = button.partition("=")
        if name:
            wanted = f"button[name='{name}']" + (f"[value='{value}']" if value else "")
        else:
            wanted = "button:not([type='button'])"
        found = shown.locator(wanted).locator("visible=true")
        if not found.count() and form.id:
            found = self.tab.locator(f"button[form='{form.id}']").locator("visible=true")
        return found.last if found.count() else shown.locator(wanted).last

    def _answered(self, fragment: str) -> AbstractContextManager[Any]:
        """Until the server has answered: with a fragment for a form that scripts send, else with a page."""
        if not fragment:
            return self.tab.expect_navigation(wait_until="domcontentloaded")
        address = urljoin(self.tab.url, fragment)
        return self.tab.expect_response(lambda response: response.url == address)

    def _confirm(self) -> None:
        """Answers the page's own question with yes."""
        yes = self.tab.locator("dialog#confirm[open] button[value='yes']")
        if yes.count():
            yes.click()

    def _seen(self, status: int | None) -> browsing.Page:
        """The page once it is still. One that a script sends elsewhere meanwhile is read again where it arrives."""
        for _attempt in range(5):
            try:
                return self._still(status)
            except playwright.TimeoutError:
                raise
            except playwright.Error:
                self.tab.wait_for_load_state("domcontentloaded")
        return self._still(status)

    def _still(self, status: int | None) -> browsing.Page:
        self.tab.wait_for_load_state("load", timeout=SETTLE_MS)
        self.tab.evaluate(NEXT_FRAME)
        self.tab.wait_for_function(CALM, timeout=SETTLE_MS)
        self.tab.evaluate(MARK)
        return self.read(self.tab.content(), self.tab.url, status or 200)


class Watch:
    """What no page may do: ask another host, break the content policy, throw."""

    def __init__(self) -> None:
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []

    def over(self, tab: playwright.Page, base: str) -> None:
        tab.on("request", lambda request: self._asked(request.url, base))
        tab.on("console", lambda message: self._said(message))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, url: str, base: str) -> None:
        if not url.startswith((base, "data:", "blob:")):
            self.elsewhere.append(url)

    def _said(self, message: playwright.ConsoleMessage) -> None:
        if message.text.startswith(ABORTED):
            return
        is_policy = "Content Security Policy" in message.text
        if is_policy or (message.type == "error" and "Failed to load resource" not in message.text):
            self.complaints.append(message.text)
