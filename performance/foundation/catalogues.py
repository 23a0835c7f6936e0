"""Reading gettext's source catalogues (.po) without gettext's tools, and finding their faults."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLACEHOLDER = re.compile(
    r"%\([A-Za-z_]\w*\)[#0\- +]*[\d.]*[sdfir]|\{[A-Za-z_]\w*(?:![rs])?(?::[^{}]*)?\}|%[sdf]"
)
KEYWORD = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d+)\])?)\s+(".*")$')


@dataclass
class Entry:
    """One text and its translations: one, or one for each plural form."""

    line: int
    msgctxt: str | None = None
    msgid: str = ""
    msgid_plural: str | None = None
    msgstr: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def key(self) -> tuple[str | None, str, str | None]:
        return (self.msgctxt, self.msgid, self.msgid_plural)

    @property
    def is_translated(self) -> bool:
        return bool(self.msgstr) and all(self.msgstr.values())

    def agrees_with(self, catalogue: Mapping[Any, str]) -> bool:
        """Whether a compiled catalogue, as the standard library reads it, has the same translations."""
        name = self.msgid if self.msgctxt is None else f"{self.msgctxt}\x04{self.msgid}"
        if self.msgid_plural is None:
            return catalogue.get(name) == self.msgstr.get(0)
        return all(catalogue.get((name, number)) == text for number, text in self.msgstr.items())

    def lost_placeholders(self) -> set[str]:
        """Placeholders of the source that a translation lacks or made up. A plural form may drop the number."""
        wanted = set(PLACEHOLDER.findall(self.msgid)) | set(PLACEHOLDER.findall(self.msgid_plural or ""))
        allowed_away = wanted if self.msgid_plural is not None else set()
        differing: set[str] = set()
        for text in self.msgstr.values():
            found = set(PLACEHOLDER.findall(text))
            differing |= (found - wanted) | (wanted - found - allowed_away)
        return differing


def read(path: Path) -> list[Entry]:
    """The entries of a catalogue in their order, without obsolete ones; the first one, without a text, is its header."""
    entries: list[Entry] = []
    current: Entry | None = None
    fuzzy = False
    part: tuple[str, int] | None = None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if line.startswith("#~"):
            continue
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            part = None
            continue
        match = KEYWORD.match(line)
        if match:
            keyword = match.group(1).partition("[")[0]
            if keyword == "msgctxt" or (keyword == "msgid" and (part is None or part[0] != "msgctxt")):
                current = Entry(line=number, is_fuzzy=fuzzy)
                entries.append(current)
                fuzzy = False
            part = (keyword, int(match.group(2) or 0))
            line = match.group(3)
        if line.startswith('"') and current is not None and part is not None:
            _append(current, part, ast.literal_eval(line))
        elif not line:
            part = None
    return entries


def _append(entry: Entry, part: tuple[str, int], text: str) -> None:
    keyword, index = part
    if keyword == "msgstr":
        entry.msgstr[index] = entry.msgstr.get(index, "") + text
    else:
        setattr(entry, keyword, (getattr(entry, keyword) or "") + text)


def faults(entries: list[Entry]) -> list[str]:
    """One line for each fault, beginning with the line number in the file."""
    found = []
    for entry in entries:
        if not entry.msgid:
            continue
        if entry.is_fuzzy:
            found.append(f"{entry.line}: fuzzy: {entry.msgid!r}")
        elif not entry.is_translated:
            found.append(f"{entry.line}: not translated: {entry.msgid!r}")
        elif entry.lost_placeholders():
            names = ", ".join(sorted(entry.lost_placeholders()))
            found.append(f"{entry.line}: placeholders differ ({names}): {entry.msgid!r}")
    return found
