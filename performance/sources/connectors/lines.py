"""Lines of CSV that a database may read as they are: told by one expression for many lines, without a look at any cell.

A line is plain when every cell is spelt such that PostgreSQL reads it as columns.coercer would. What is not plain says
nothing: then look value by value. It never says anything else than that would (tests/sources/test_connectors_lines.py).
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TextIO
from zoneinfo import ZoneInfo

from performance.sources.connectors.columns import MAX_TEXT

#: Before 3.11.5 Python matches possessive groups wrongly (python/cpython#106052): there no line is plain, and loads take the
#: longer way.
IS_SOUND = sys.version_info >= (3, 11, 5)
MAX_KEY = 500
#: With more cells, the expression would take seconds to build.
MAX_CELLS = 100
#: Days that exist, from 1800 to 2199; those that every month has first.
DAY = (
    r"(?:(?:1[89]|2[01])[0-9]{2}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|(?:2000|(?:1[89]|2[01])(?:0[48]|[2468][048]|[13579][26]))-02-29)"
)
CLOCK = r"[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"
SPELT = {
    "integer": r"[+-]?[0-9]{1,18}+",
    "decimal": r"[+-]?[0-9]{1,30}+(?:\.[0-9]{1,30}+)?+",
    "date": DAY,
    "timestamp": DAY + CLOCK + OFFSET,
    "boolean": r"(?ai:true|false|yes|no|[tfyn10])",
}


#: So many characters are looked at at once, in half a millisecond: meanwhile nothing else runs in this process, and whoever
#: sends the lines before these to our database waits at each of its answers.
PIECE = 1 << 15


#: Letters of a file in memory before anybody counts its lines.
MOST_AT_ONCE = 1 << 23


@dataclass(frozen=True)
class Cell:
    """What a column wants of its cells. `is_steady`: moments without an offset lie in a zone with the same offset all
    through this century."""

    type: str
    is_key: bool
    is_steady: bool = False


class Plain:
    """Lines with these cells. None: a cell that nobody asked for. White space around a text is no part of it, and a line
    without anything is no row."""

    def __init__(self, cells: Sequence[Cell | None], *, delimiter: str) -> None:
        self._delimiter = delimiter
        mark = re.escape(delimiter)
        forms = [_unasked(mark) if cell is None else _form(cell, mark) for cell in cells]
        nothing = rf'(?!(?:"")?(?:{mark}(?:"")?)*+\n)'
        # Possessive throughout: nothing is tried twice, and no memory is held to do so.
        line = f"{nothing}{mark.join(forms)}\n"
        self._lines = re.compile(f"(?:{line})++")
        #: Where a line may be longer than any text.
        self._long_lines = re.compile(rf"(?:(?![^\n]{{{MAX_TEXT + 1}}}){line})++")
        self._asked: re.Pattern[str] | None = None
        if None in cells:
            any_cell = rf'(?:"(?:[^"]|"")*+"|[^{mark}"\n]*+)'
            self._asked = re.compile(
                mark.join(any_cell if cell is None else f"({any_cell})" for cell in cells) + "\n"
            )
            kept = len(cells) - list(cells).count(None)
            self._line = delimiter.join(rf"\{number}" for number in range(1, kept + 1)) + r"\n"

    def numbered(self, text: str, first: int) -> tuple[str, int] | None:
        """The lines of a text with the asked cells alone, each behind its number from `first` on; and how many. None
        where a line is not plain."""
        if not IS_SOUND:
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if not text.endswith("\n"):
            text += "\n"
        if "\x00" in text:
            return None
        found, count = list[str](), 0
        for piece in _pieces(text):
            lines = self._lines if len(piece) <= MAX_TEXT else self._long_lines
            if not lines.fullmatch(piece):
                return None
            asked = piece if self._asked is None else self._asked.sub(self._line, piece)
            found.append(_numbered(asked, self._delimiter, first + count))
            count += piece.count("\n")
        return "".join(found), count


def _numbered(lines: str, mark: str, first: int) -> str:
    """Each line behind its number: written by the one formatting, not line by line."""
    count = lines.count("\n")
    form = lines.replace("%", "%%") if "%" in lines else lines
    form = form.replace("\n", f"\n%d{mark}", count - 1)
    return f"%d{mark}{form}" % tuple(range(first, first + count))


class Reader:
    """The rows of a CSV, with the choice to look at its lines first. `stream`: text with the line ends that it has."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self.delimiter = delimiter
        self._stream = stream
        self._held: deque[str] = deque()
        self._rows = csv.reader(iter(self._next_line, None), delimiter=delimiter, strict=False)
        #: Lines that were never parsed.
        self._passed = 0
        self._mean_length = 80

    def __iter__(self) -> Iterator[list[str]]:
        return self._rows

    @property
    def line_number(self) -> int:
        return self._passed + self._rows.line_num

    def raw(self, size: int) -> str:
        """The next lines, about so many, where a row begins. Not parsed, they are passed by."""
        text = self._stream.read(min((size - 1) * self._mean_length, MOST_AT_ONCE)) + self._stream.readline()
        self._passed += (count := _count(text))
        self._mean_length = len(text) // max(count, 1) or 1
        return text

    def parsed(self, raw: str) -> list[list[str]]:
        """The rows that begin in these lines; the last of them may end in a later one."""
        self._passed -= _count(raw)
        self._held.extend(io.StringIO(raw, newline=""))
        rows = []
        while self._held:
            rows.append(next(self._rows))
        return rows

    def _next_line(self) -> str | None:
        return self._held.popleft() if self._held else next(self._stream, None)


def _count(lines: str) -> int:
    return lines.count("\n") + (lines != "" and not lines.endswith("\n"))


def rows_of(text: str, delimiter: str, width: int) -> list[tuple[str | None, ...]]:
    """The rows of well-formed CSV with so many cells each; None where a cell is empty."""
    mark = re.escape(delimiter)
    found = re.findall(rf'(?:"([^"]*+(?:""[^"]*+)*)"|([^{mark}\n]*+))[{mark}\n]', text)
    cells = [quoted.replace('""', '"') or bare or None for quoted, bare in found]
    return [tuple(cells[place : place + width]) for place in range(0, len(cells), width)]


def _unasked(mark: str) -> str:
    return rf'(?:[^{mark}"\r\n]++|"(?:[^"\r\n]|"")*+")?+'


def _form(cell: Cell, mark: str) -> str:
    if cell.type == "text":
        form = _key_text(mark) if cell.is_key else _text(mark, '""')
    else:
        spelt = SPELT[cell.type]
        if cell.type == "timestamp" and cell.is_steady:
            # Any day of this century, or with an offset.
            spelt = rf"(?=20|[0-9-]{{10}}[ T][0-9:.]++[Z+-]){DAY}(?:{CLOCK}(?:{OFFSET})?+)?+"
        form = rf'(?:{spelt}|"{spelt}")' if cell.is_key else rf'(?:{spelt}|"(?:{spelt})?+")'
    return form if cell.is_key else f"(?:{form})?+"


def _text(mark: str, quote: str) -> str:
    """`quote`: how a quote is written within quotes."""
    forms = (rf'[^{mark}"\r\n]++', rf'(?:[^"\r\n]++|{quote})++')
    bare, word = (rf"(?!\s){form}(?<!\s)" for form in forms)
    return rf'(?:{bare}|"(?:{word})?+")'


def _key_text(mark: str) -> str:
    """Something, and not too much of it; without quotes within quotes, so that what is counted is what there is."""
    too_much = rf'(?![^{mark}"\n]{{{MAX_KEY + 1}}}|"(?:"|[^"\n]{{{MAX_KEY + 1}}}))'
    return too_much + _text(mark, "(?!)")


def _pieces(text: str) -> Iterator[str]:
    """Whole lines, about PIECE characters at once."""
    begun = 0
    while begun < len(text):
        end = text.find("\n", begun + PIECE) + 1 or len(text)
        yield text[begun:end]
        begun = end


@lru_cache(maxsize=64)
def is_steady(zone: ZoneInfo) -> bool:
    """Whether this zone has one offset all through this century."""
    months = (datetime(year, month, 1, tzinfo=zone) for year in range(2000, 2100) for month in range(1, 13))
    return len({moment.utcoffset() for moment in months}) == 1
