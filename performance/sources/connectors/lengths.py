"""Values that are too long for us stay at the source: the statement asks for their beginning and says which they are.

A guarded statement has one column more than was asked for: the places of values that were cut, as "0,3", or nothing.
Rows with such a value are rejected with a reason; the load goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from performance.sources.connectors.columns import TooLong
from performance.sources.connectors.protocol import Row

#: Letters of a value that is too long, to recognise it by.
SHOWN = 200
#: What a fetch or a batch may hold at once.
BATCH_BYTES = 16 * 1024**2
SMALL = frozenset({type(None), bool, int, float, Decimal, date, datetime, time, timedelta, UUID})


@dataclass(frozen=True)
class Length:
    """How long the values of one column may be: `most` bytes, None where nothing is promised. `size`, `start`: SQL
    for a value's bytes and for its beginning, of the column's own type, with {} for the column's name."""

    most: int | None
    size: str = ""
    start: str = "NULL"

    def is_over(self, most_bytes: int) -> bool:
        return self.most is None or self.most > most_bytes


def guarded(sql: str, names: Sequence[str], lengths: Sequence[Length], most_bytes: int, *, fence: str) -> str:
    """The statement `sql`, which selects the quoted `names`, such that no column gives more than `most_bytes`.

    `fence`: what keeps the server from taking the statement apart and computing a column once for each use.
    """
    shown, marks = [], []
    for place, (name, length) in enumerate(zip(names, lengths, strict=True)):
        if not length.is_over(most_bytes):
            shown.append(name)
            continue
        is_long = f"{length.size.format(name)} > {most_bytes}"
        shown.append(f"CASE WHEN {is_long} THEN {length.start.format(name)} ELSE {name} END AS {name}")
        marks.append(f"CASE WHEN {is_long} THEN '{place}' END")
    # It leaves NULLs out: a row without a long value is marked "".
    shown.append(f"CONCAT_WS(',', {', '.join(marks)}) AS accord_marks")
    return f"SELECT {', '.join(shown)} FROM ({sql}{fence}) AS accord_guarded"  # noqa: S608 - quoted parts


def unmarked(row: Row) -> Row:
    """A row of a guarded statement as it was asked for, with TooLong where a value was cut."""
    *values, marks = row
    for place in map(int, marks.split(",")) if marks else ():
        values[place] = TooLong(values[place])
    return tuple(values)


def rows_at_once(lengths: Sequence[Length], most_bytes: int, asked: int) -> int:
    """How many rows may be fetched before anybody weighs them, were each as long as can be."""
    longest = sum(min(length.most or most_bytes, most_bytes) for length in lengths)
    return max(1, min(asked, BATCH_BYTES // max(longest, 1)))


def size_of(rows: Sequence[Row]) -> int:
    """About how many bytes these rows hold: letters of texts, eight for what is small, and generously for lists and
    documents; column by column, in C."""
    total = 0
    for values in zip(*rows, strict=True):
        kinds = set(map(type, values)) - {type(None)}
        if kinds <= {str} or kinds <= {bytes}:
            total += sum(map(len, filter(None, values)))
        elif kinds <= SMALL:
            total += 8 * len(values)
        else:
            total += sum(_weight(value) for value in values)
    return total


def _weight(value: Any) -> int:
    if type(value) in SMALL:
        return 8
    return len(value) if isinstance(value, str | bytes) else 16 * len(str(value))
