"""Whole columns told at once, at the speed of C, where value by value would only say the same.

Both ways may always say "look value by value" (columns.coercer); neither ever says anything else than that would.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from performance.sources.connectors.columns import EARLIEST, LATEST, MAX_INTEGER, MAX_TEXT, WIDEST

#: Values that are already what the column wants, if the check of the whole column agrees.
AS_THEY_ARE: dict[str, type] = {
    "text": str,
    "integer": int,
    "decimal": Decimal,
    "date": date,
    "boolean": bool,
}


def fit_as_they_are(type_: str, values: Sequence[Any]) -> bool:
    """True when coercing each of these values would change nothing: the usual case of a database, told for a
    whole column at the speed of C. False says nothing: then look value by value."""
    wanted = AS_THEY_ARE.get(type_)
    kinds = set(map(type, values)) - {type(None)}
    if wanted is None or not kinds <= {wanted}:
        return False
    present = [value for value in values if value is not None]
    if not present or type_ == "boolean":
        return True
    if type_ == "text":
        return "" not in present and max(map(len, present)) <= MAX_TEXT and _is_clean("".join(present))
    try:
        least, most = min(present), max(present)
        if type_ == "date":
            return least.year >= EARLIEST and most.year <= LATEST
        if type_ == "integer":
            return least >= -MAX_INTEGER - 1 and most <= MAX_INTEGER
        return least > -WIDEST and most < WIDEST
    except InvalidOperation:
        # NaN does not compare.
        return False


#: A column of text, one value a line, in the plainest spelling of its type.
PLAINLY: dict[str, re.Pattern[str]] = {
    "integer": re.compile(r"(?:[+-]?[0-9]{1,18}\n)*\Z"),
    "decimal": re.compile(r"(?:[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?\n)*\Z"),
    "date": re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\n)*\Z"),
}
READ: dict[str, Callable[[str], Any]] = {
    "text": str,
    "integer": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
}


def is_plain(type_: str, values: Sequence[Any]) -> bool:
    """True when every value of a column of text is spelt so plainly that a database reads it as we would: then the text
    itself can go on. Told by one expression for the whole column. False says nothing: then look value by value."""
    if not set(map(type, values)) <= {str, type(None)}:
        return False
    if type_ == "text":
        return fit_as_they_are(type_, values)
    if type_ not in PLAINLY:
        return False
    present = [value for value in values if value is not None]
    lines = "\n".join([*present, ""])
    # A value may hold a line end itself.
    if not PLAINLY[type_].match(lines) or lines.count("\n") != len(present):
        return False
    return type_ != "date" or all(map(_is_day, set(present)))


def read_plainly(type_: str, values: Sequence[Any]) -> list[Any]:
    """The values of a column that is_plain. Dates, quantities and prices come again and again."""
    known: dict[Any, Any] = {value: READ[type_](value) for value in set(values) - {None}}
    return [None if value is None else known[value] for value in values]


def _is_day(text: str) -> bool:
    try:
        return EARLIEST <= date.fromisoformat(text).year <= LATEST
    except ValueError:
        # A month of 99.
        return False


def _is_clean(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
