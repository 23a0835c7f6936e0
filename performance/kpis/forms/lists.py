"""Lists in one line of a form: what stands between commas, in quotes where a comma is part of it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: One value of a list: plain, or in quotes where a comma is part of it.
LISTED = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,，]+))\s*(?:[,，]|$)')
#: One part with its share behind it; the part in quotes where a mark of the list is in it.
SHARED = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*([^\s,，;；"]*)|([^,，;；]+))\s*(?:[,，;；]|$)')


def split(text: str) -> list[str]:
    """Values with commas between them; in quotes a comma is part of the value."""
    found = LISTED.findall(text)
    values = [quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in found]
    return [value for value in values if value]


def joined(values: Iterable[Any]) -> str:
    """The text that split reads as these values."""
    return ", ".join(_quoted(str(value), ',，"') for value in values)


def split_shares(text: str) -> dict[str, str]:
    """“HZ01 60, "Shoes, bags" 40”: each part with its percent behind it."""
    shares: dict[str, str] = {}
    for found in SHARED.finditer(text):
        quoted, share, plain = found.groups()
        if quoted is not None:
            shares[quoted.replace('""', '"')] = share
        elif plain.strip():
            part, _space, share = plain.strip().rpartition(" ")
            shares[part.strip()] = share
    return shares


def joined_shares(shares: Mapping[str, str]) -> str:
    """The text that split_shares reads as these shares."""
    parts = ((_quoted(part, ',，;；"'), share) for part, share in shares.items())
    return ", ".join(f"{part} {share}" for part, share in parts)


def _quoted(text: str, marks: str) -> str:
    if not any(mark in text for mark in marks):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
