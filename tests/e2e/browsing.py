"""A browser without scripts: follows links, fills the forms that the pages really show, sends them.

What a person cannot see or choose, it cannot send: an unknown field or choice fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin

from django.test import Client

VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)


@dataclass
class Field:
    """A control: `choices` for selects, radios and groups of boxes; `values` is what would be sent now."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Form:
    """One form as it stands on the page."""

    action: str
    method: str
    id: str = ""
    place: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.outside: list[tuple[str, Field]] = []
        self.links: list[tuple[str, str]] = []
        self.language = ""
        self.heading = ""
        self.title = ""
        self.words: list[str] = []
        self._open: list[str] = []
        self._form: Form | None = None
        self._select: Field | None = None
        self._option: list[str] | None = None
        self._area: Field | None = None
        self._link: list[str] | None = None
        self._button: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "form":
            self._form = Form(
                given.get("action", ""),
                given.get("method", "get").lower(),
                given.get("id", ""),
                given.get("data-place", ""),
            )
            self.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self._link = [given["href"], ""]
        elif tag == "button":
            self._button = [given.get("name", ""), given.get("value", ""), "", given.get("type", "submit")]
        elif "disabled" not in given:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "option" and self._select is not None:
            self._option = [given.get("value", ""), "", "selected" if "selected" in given else ""]
        if not name:
            return
        if tag == "select":
            self._select = self._add(Field(name, "select-many" if "multiple" in given else "select"), given)
        elif tag == "textarea":
            self._area = self._add(Field(name, "textarea", [""]), given)
        elif tag == "input":
            self._input(name, given)

    def _input(self, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in ("submit", "button", "image"):
            return
        if kind not in ("radio", "checkbox"):
            self._add(Field(name, kind, [given.get("value", "")] if kind != "file" else []), given)
            return
        control = self._add(Field(name, kind), given)
        value = given.get("value", "on")
        control.choices.append((value, ""))
        if "checked" in given:
            control.values.append(value)

    def settle(self) -> None:
        """Controls that stand outside name their form by its id."""
        by_id = {form.id: form for form in self.forms if form.id}
        for form_id, control in self.outside:
            if form_id in by_id:
                by_id[form_id].fields[control.name] = control

    def _add(self, control: Field, given: dict[str, str]) -> Field:
        if given.get("form"):
            self.outside.append((given["form"], control))
            return control
        if self._form is None:
            return control
        known = self._form.fields.get(control.name)
        if known is not None and control.kind in ("radio", "checkbox"):
            return known
        if known is not None and known.kind == control.kind == "hidden":
            known.values += control.values
            return known
        self._form.fields[control.name] = control
        return control

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                continue
        if tag == "form":
            self._form = None
        elif tag == "option" and self._select is not None and self._option is not None:
            value, label, selected = self._option
            self._select.choices.append((value, label.strip()))
            if selected:
                self._select.values.append(value)
            self._option = None
        elif tag == "select" and self._select is not None:
            if self._select.kind == "select" and not self._select.values and self._select.choices:
                self._select.values = [self._select.choices[0][0]]
            self._select = None
        elif tag == "textarea":
            if self._area is not None:
                self._area.values = [self._area.values[0].removeprefix("\n")]
            self._area = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link[0], " ".join(self._link[1].split())))
            self._link = None
        elif tag == "button" and self._button is not None:
            name, value, label, kind = self._button
            if self._form is not None and kind == "submit":
                self._form.buttons.append((name, value, " ".join(label.split())))
            self._button = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            return
        self.words.append(data)
        if self._option is not None:
            self._option[1] += data
        if self._area is not None:
            self._area.values[0] += data
        if self._link is not None:
            self._link[1] += data
        if self._button is not None:
            self._button[2] += data
        if self._form is not None:
            self._form.text += data
        if "title" in self._open and "head" in self._open:
            self.title += data
        if "h1" in self._open:
            self.heading += data


@dataclass
class Page:
    """What the server answered, read like a person without scripts would."""

    browser: Browser
    url: str
    status: int
    html: str
    forms: list[Form]
    links: list[tuple[str, str]]
    language: str
    heading: str
    text: str

    def form(self, action: str) -> Form:
        """The first form whose address matches this pattern; "" or the page's own for one without."""
        found = self._forms(action)
        assert found, f"{self.url} has no form to {action!r}, only {[form.action for form in self.forms]}"
        return found[0]

    def _forms(self, action: str) -> list[Form]:
        return [
            form
            for form in self.forms
            if form.method != "dialog"
            and (re.search(action, form.action) or (not form.action and re.search(action, self.url)))
        ]

    def submit(
        self, action: str, values: dict[str, Any] | None = None, *, button: str = "", status: int | None = 200
    ) -> Page:
        """Fills the form and sends it. `button` is the name (or name=value) of the button that is pressed."""
        return self._send(self.form(action), values or {}, button, status)

    def submit_where(
        self, action: str, fits: Callable[[Form], bool], values: dict[str, Any], *, status: int | None = 200
    ) -> Page:
        """Like `submit`, where several forms go to such an address: the first one that fits."""
        found = [form for form in self._forms(action) if fits(form)]
        assert found, f"{self.url} has no such form to {action!r}"
        return self._send(found[0], values, "", status)

    def _send(self, form: Form, values: dict[str, Any], button: str, status: int | None) -> Page:
        return self.browser.send(self, form, values, button, status)

    def errors(self) -> list[str]:
        """What the page complains of."""
        pattern = r'(?s)<[^>]*class="[^"]*(?:note-bad|invalid-feedback|t-sm t-bad)[^"]*"[^>]*>(.*?)</(?:div|span|li)>'
        return [re.sub(r"<[^>]+>|\s+", " ", each).strip() for each in re.findall(pattern, self.html)]

    def link(self, pattern: str) -> str:
        """The address of the first link whose address matches."""
        found = [address for address, _text in self.links if re.search(pattern, address)]
        assert found, f"{self.url} has no link to {pattern!r}, only {sorted({a for a, _ in self.links})}"
        return urljoin(self.url, found[0])

    def follow(self, pattern: str) -> Page:
        return self.browser.open(self.link(pattern))

    def everything(self) -> str:
        """The words of the page and of the panels that it fetches by itself."""
        return self.browser.with_panels(self)

    def panels(self) -> list[str]:
        """Addresses of those panels."""
        pattern = r'hx-get="([^"]+)"[^>]*hx-trigger="[^"]*load|hx-trigger="[^"]*load[^>]*hx-get="([^"]+)"'
        return [
            urljoin(self.url, unescape(first or second)) for first, second in re.findall(pattern, self.html)
        ]


def filled(form: Form, values: dict[str, Any], url: str) -> dict[str, Any]:
    sent: dict[str, Any] = {name: list(control.values) for name, control in form.fields.items()}
    for name, value in values.items():
        control = form.fields.get(name)
        assert control is not None, f"{url}: no field {name!r} among {sorted(form.fields)}"
        if control.kind == "file":
            sent[name] = value
            continue
        chosen = [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
        if value is False:
            chosen = []
        if control.kind in ("select", "select-many", "radio", "checkbox"):
            known = [choice for choice, _label in control.choices]
            if value is True:
                chosen = known[:1]
            assert set(chosen) <= set(known), f"{url}: {name} offers {control.choices}, not {chosen}"
        sent[name] = chosen
    return {name: value for name, value in sent.items() if value != []}


class Browser:
    """Somebody's window."""

    def __init__(self, client: Client, language: str = "en") -> None:
        self.client = client
        self.language = language
        client.cookies["accord_language"] = language

    def open(self, url: str, query: dict[str, Any] | None = None, *, status: int | None = 200) -> Page:
        answer = self.client.get(url, query or {}, follow=True)
        return self._read(answer, url, status)

    def post(self, url: str, values: dict[str, Any], *, status: int | None = 200) -> Page:
        answer = self.client.post(url, values, follow=True)
        return self._read(answer, url, status)

    def send(self, page: Page, form: Form, values: dict[str, Any], button: str, status: int | None) -> Page:
        """Sends the form as the page shows it, with these values."""
        sent = filled(form, values, page.url)
        if button:
            name, _equals, value = button.partition("=")
            pressed = [each for each in form.buttons if each[0] == name and (not value or each[1] == value)]
            assert pressed, f"{page.url}: no button {button!r} among {form.buttons}"
            sent[name] = pressed[0][1]
        target = urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return self.open(target, sent, status=status)
        return self.post(target, sent, status=status)

    def with_panels(self, page: Page) -> str:
        return " ".join([page.text, *(self.open(address, status=None).text for address in page.panels())])

    def download(self, url: str) -> tuple[str, bytes]:
        """The content type and the bytes of a file."""
        answer = self.client.get(url)
        assert answer.status_code == 200, f"{url} answered {answer.status_code}"
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer["Content-Type"], body

    def _read(self, answer: Any, url: str, status: int | None) -> Page:
        chain = getattr(answer, "redirect_chain", [])
        if chain:
            url = urljoin(url, chain[-1][0])
        html = answer.content.decode() if "html" in answer.get("Content-Type", "") else ""
        page = self.read(html, url, answer.status_code)
        assert status in (None, page.status), (
            f"{url} answered {page.status}: {page.errors() or page.text[:1500]}"
        )
        return page

    def read(self, html: str, url: str, status: int) -> Page:
        """A page from its text. Whole pages must be in the reader's language."""
        reader = _Reader()
        reader.feed(html)
        reader.settle()
        if "<html" in html:
            assert reader.language.lower().startswith(self.language[:2]), f"{url} is in {reader.language}"
        return Page(
            browser=self,
            url=url,
            status=status,
            html=html,
            forms=reader.forms,
            links=reader.links,
            language=reader.language,
            heading=" ".join(reader.heading.split()),
            text=" ".join(" ".join(reader.words).split()),
        )


def encoded(query: dict[str, str]) -> str:
    return urlencode(query)
