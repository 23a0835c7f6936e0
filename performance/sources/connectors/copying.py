"""Rows of a database as its COPY writes them. The statement itself says which rows are odd: those that our database would
not read from their text as columns.coercer reads their values. So nobody here looks at any cell.

A told statement has one column before those that were asked for: nothing, or ODD and the places of values that were cut
(lengths), as "2 3". Lines come with the number of their row before that. Where a batch has an odd row, or a value with that
sign in it, the whole batch is taken apart, to be looked at value by value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from performance.sources.connectors.columns import MAX_TEXT, TooLong
from performance.sources.connectors.lengths import Length
from performance.sources.connectors.lines import MAX_KEY, Cell, rows_of
from performance.sources.connectors.protocol import Batch, Lines, Row

DELIMITER = ","
#: A sign that hardly any text holds.
ODD = "\x01"


@dataclass(frozen=True)
class Asked:
    """A statement, not yet guarded, and what is known of its columns. `names`: as the server quotes them."""

    sql: str
    parameters: tuple[Any, ...]
    names: Sequence[str]
    description: Sequence[Any]
    is_guarded: bool
    lengths: Sequence[Length]


def told(asked: Asked, cells: Sequence[Cell], oddities: Sequence[str], most_bytes: int, *, fence: str) -> str:
    """The statement, such that it says which rows are odd and gives no value of more than `most_bytes`. `oddities`: for each
    column the condition under which its text is not spelt as its values are, "" for never."""
    shown, cuts, odd = [], [], [oddity for oddity in oddities if oddity]
    for place, (name, cell, length) in enumerate(zip(asked.names, cells, asked.lengths, strict=True)):
        size = length.size.format(name)
        shown.append(name)
        if length.is_over(most_bytes):
            shown[-1] = (
                f"CASE WHEN {size} > {most_bytes} THEN {length.start.format(name)} ELSE {name} END AS {name}"
            )
            cuts.append(f"CASE WHEN {size} > {most_bytes} THEN '{place}' END")
        # A text has at least as many bytes as letters.
        most = min(MAX_TEXT, most_bytes) if cell.type == "text" else most_bytes
        if length.is_over(most):
            odd.append(f"{size} > {most}")
        if cell.is_key:
            odd.append(f"{name} IS NULL")
            if cell.type == "text" and size:
                odd.append(f"{size} NOT BETWEEN 1 AND {MAX_KEY}")
    mark = f"chr({ord(ODD)})" + (f" || CONCAT_WS(' ', {', '.join(cuts)})" if cuts else "")
    odd_rows = f"CASE WHEN {' OR '.join(odd)} THEN {mark} END" if odd else "NULL"
    return (
        f"SELECT {odd_rows} AS accord_odd, {', '.join(shown)}"  # noqa: S608 - quoted parts
        f" FROM ({asked.sql}{fence}) AS accord_told"
    )


def taken(data: bytes, count: int, first: int, width: int) -> Batch | Lines:
    """Numbered lines of a told statement with `width` columns, from the row `first` on."""
    text = data.decode()
    if ODD not in text:
        return Lines(text, count, DELIMITER, tuple(range(width)))
    return Batch([_row(cells) for cells in rows_of(text, DELIMITER, width + 1)], first)


def _row(cells: Row) -> Row:
    mark, *values = cells
    for place in str(mark).partition(ODD)[2].split():
        values[int(place)] = TooLong(values[int(place)])
    return tuple(values)
