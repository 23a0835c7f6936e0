"""The letters of our documents: one font for both languages, what it cannot write, and where lines break."""

import functools
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from fontTools.ttLib import TTFont

from performance.foundation import i18n

FONT = Path(__file__).parent / "fonts" / "NotoSansSC.woff"
#: Stands in print for a character that the font does not have.
MISSING_SORT = "〓"
#: Quotation marks that this font draws as wide as a Chinese character, as Latin text takes them.
NARROW = str.maketrans("‘’“”", "''\"\"")
#: What no line begins with, and what none ends with.
NEVER_FIRST = frozenset("，。、；：？！）》」』】〉”’…—·,.;:?!)]}%")
NEVER_LAST = frozenset("（《「『【〈“‘([{¥$€£")
#: Characters that are nothing to see: joiners, selectors of variants, marks of direction.
UNSEEN = frozenset({"Cf", "Cc"})
VARIANTS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


@functools.cache
def letters() -> frozenset[int]:
    """The code points that the font can write."""
    with TTFont(FONT, lazy=True) as font:
        return frozenset(font.getBestCmap())


def legible(text: object) -> str:
    """The text as the font can write it: on one line, in composed letters, without what is nothing to see. A letter
    whose mark the font lacks is written without it; in place of any other character that it lacks stands 〓, as printers
    mark a sort that is missing."""
    spaced = " ".join(str(text).split())
    composed = unicodedata.normalize("NFC", spaced)
    if not i18n.is_chinese():
        composed = composed.translate(NARROW)
    return "".join(_written(letter) for letter in composed if _is_seen(letter))


def broken(text: str, width: float, measured: Callable[[str], float]) -> list[str]:
    """Lines no wider than `width`, unless a single word is: Latin words stay whole where they fit on a line, Chinese
    breaks between any two characters, and no line begins with a closing mark or ends with an opening one."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and measured(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
        while measured(line.rstrip()) > width and len(line) > 1:
            fitting = next((end for end in range(len(line) - 1, 1, -1) if measured(line[:end]) <= width), 1)
            lines.append(line[:fitting])
            line = line[fitting:]
    return [*lines, line.rstrip()]


def _written(letter: str) -> str:
    bare = unicodedata.normalize("NFD", letter)[0]
    return next((each for each in (letter, bare) if ord(each) in letters()), MISSING_SORT)


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in UNSEEN and not any(ord(letter) in each for each in VARIANTS)


def _pieces(text: str) -> Iterator[str]:
    """What stays on one line, with the space behind it."""
    piece = ""
    for place, letter in enumerate(text):
        piece += letter
        following = text[place + 1 : place + 2]
        if not following or _may_break(letter, following):
            yield piece
            piece = ""


def _may_break(before: str, after: str) -> bool:
    if after in NEVER_FIRST or after == " " or before in NEVER_LAST:
        return False
    return before == " " or _is_wide(before) or _is_wide(after)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in ("W", "F")
