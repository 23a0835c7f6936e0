"""What a column looks like: a proposal for people to confirm, never a decision at load time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from performance.sources.connectors import columns

#: "12.00" is an amount that happens to be whole; "12.0" is a whole number written by a spreadsheet.
CENTS = re.compile(r"\.(\d{2,}|[1-9])\s*%?\)?\s*\Z")


@dataclass(frozen=True)
class Guess:
    """What a column looks like. `filled_ppm`: millionths of values that are not empty; `examples`: three."""

    type: str
    date_order: str
    filled_ppm: int
    examples: tuple[str, ...]


def guess(values: Iterable[Any]) -> Guess:
    """The narrowest type that every given value fits; text when nothing narrower does.

    Digits with a leading zero (store 010, postal codes) and very long digit strings are identifiers: text.
    """
    seen = list(values)
    filled = [value for value in seen if not _blank(value)]
    share = len(filled) * 1_000_000 // len(seen) if seen else 0
    examples = tuple(dict.fromkeys(columns.shown(value, 60) or "" for value in filled[:200]))[:3]
    type_, order = _narrowest(filled)
    return Guess(type=type_, date_order=order, filled_ppm=share, examples=examples)


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and columns.is_empty(columns.tidied(value)))


def _looks_like_identifier(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    tidy = columns.tidied(value).lstrip("+-")
    return tidy.isdigit() and (len(tidy) > 15 or (len(tidy) > 1 and tidy[0] == "0"))


def _narrowest(filled: list[Any]) -> tuple[str, str]:
    if not filled:
        return "text", ""
    identifiers = any(_looks_like_identifier(value) for value in filled)
    words = all(
        isinstance(value, bool) or (isinstance(value, str) and not value.strip().isdigit())
        for value in filled
    )
    if words and _fits(filled, "boolean"):
        return "boolean", ""
    if not identifiers:
        moments = any(
            isinstance(value, datetime) or (isinstance(value, str) and ":" in value) for value in filled
        )
        if not moments:
            cents = any(isinstance(value, str) and CENTS.search(value) for value in filled)
            if not cents and _fits(filled, "integer"):
                return "integer", ""
            if _fits(filled, "decimal"):
                return "decimal", ""
        for order in ("", "dmy", "mdy"):
            if not moments and _fits(filled, "date", order):
                return "date", order
            if moments and _fits(filled, "timestamp", order):
                return "timestamp", order
    return "text", ""


def _fits(values: list[Any], type_: str, order: str = "") -> bool:
    coerce = columns.coercer(type_, date_order=order)
    for value in values:
        if type_ == "date" and isinstance(value, int):
            return False
        try:
            coerce(value)
        except columns.Rejected:
            return False
    return True
