"""The words of a formula, read in one pass over bounded text before any parser sees it.

Everything a formula may hold is spelt out here; what is not on the list is refused with its position. The
words are handed on as SQL whose names are quoted and whose functions carry a prefix of ours, so that no
keyword, built-in function or dialect of the SQL parser can be reached from what a person types.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from performance.kpis.formulas.tree import FormulaRefused

MAX_LENGTH = 1000
MAX_WORDS = 300
MAX_DEPTH = 20
MAX_DIGITS = 30
MAX_NAME = 80

#: name -> (fewest, most) arguments
FUNCTIONS: dict[str, tuple[int, int]] = {
    "ratio": (2, 2),
    "nullif": (2, 2),
    "coalesce": (2, 8),
    "abs": (1, 1),
    "min": (2, 8),
    "max": (2, 8),
    "round": (1, 2),
}
SPELLINGS: dict[str, str] = {
    **{name: name for name in FUNCTIONS},
    "least": "min",
    "greatest": "max",
    "比率": "ratio",
    "空若等": "nullif",
    "空值替代": "coalesce",
    "绝对值": "abs",
    "最小": "min",
    "最大": "max",
    "四舍五入": "round",
}
#: What a Chinese keyboard or a word processor gives for the plain signs.
SIGNS = str.maketrans(
    {
        "（": "(",
        "）": ")",
        "，": ",",
        "＋": "+",
        "－": "-",
        "−": "-",
        "×": "*",
        "＊": "*",
        "÷": "/",
        "／": "/",
    }
)

SPACE = re.compile(r"[ \t\r\n\u00a0\u3000]+")
NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
NAME = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff]*")
QUOTED = re.compile(r'"([^"\x00-\x1f]*)"')
KEY = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff]*\Z")
FUNCTION_PREFIX = "accord_fn_"


@dataclass(frozen=True)
class Word:
    kind: str  # number | name | quoted | sign
    text: str
    position: int


@dataclass(frozen=True)
class Neutral:
    """A formula as SQL for the parser. `places`: offset of a word in the SQL → its position in the typed text."""

    sql: str
    places: Mapping[int, int]


def neutral(text: str, names: Mapping[str, str] | None) -> Neutral:
    """Raises FormulaRefused."""
    words = _words(text)
    functions = {
        place: _function(word)
        for place, (word, following) in enumerate(pairwise(words))
        if word.kind == "name" and following.text == "(" and following.kind == "sign"
    }
    _judge_order(words)
    parts: list[str] = []
    places: dict[int, int] = {}
    offset = 0
    for place, word in enumerate(words):
        if place in functions:
            parts.append(FUNCTION_PREFIX + functions[place])
        elif word.kind in ("name", "quoted"):
            parts.append(f'"{_key(word, names)}"')
        else:
            parts.append(word.text)
        places[offset] = word.position
        offset += len(parts[-1]) + 1
    return Neutral(" ".join(parts), places)


def _words(text: str) -> list[Word]:
    if not text.strip():
        raise FormulaRefused("empty")
    if len(text) > MAX_LENGTH:
        raise FormulaRefused("too_long", limit=MAX_LENGTH)
    plain = text.translate(SIGNS)
    words: list[Word] = []
    position = 0
    while position < len(plain):
        space = SPACE.match(plain, position)
        if space:
            position = space.end()
            continue
        word = _word_at(plain, position)
        words.append(word)
        if len(words) > MAX_WORDS:
            raise FormulaRefused("too_many_parts", limit=MAX_WORDS)
        position += len(word.text) + (2 if word.kind == "quoted" else 0)
    return words


def _word_at(plain: str, position: int) -> Word:
    if plain.startswith(("--", "/*", "*/", "//", "#"), position):
        raise FormulaRefused("comment", position=position)
    letter = plain[position]
    if letter in "+-*/(),":
        return Word("sign", letter, position)
    found = NUMBER.match(plain, position)
    if found and letter.isascii():
        if len(found[0]) > MAX_DIGITS:
            raise FormulaRefused("number_too_long", position=position, given=found[0][:12])
        return Word("number", found[0], position)
    found = NAME.match(plain, position)
    if found:
        if len(found[0]) > MAX_NAME:
            raise FormulaRefused("name_too_long", position=position, given=found[0][:12])
        return Word("name", found[0], position)
    found = QUOTED.match(plain, position)
    if found:
        if len(found[1]) > MAX_NAME:
            raise FormulaRefused("name_too_long", position=position, given=found[1][:12])
        return Word("quoted", found[1], position)
    if letter in "'\"`“”‘’":
        raise FormulaRefused("text_literal", position=position)
    if unicodedata.category(letter)[0] in "LNM":
        raise FormulaRefused("look_alike", position=position, given=letter)
    given = letter if letter.isprintable() else f"U+{ord(letter):04X}"
    raise FormulaRefused("bad_character", position=position, given=given)


def _judge_order(words: list[Word]) -> None:
    """Nesting and runs of signs, so that the parser's recursion is bounded before it starts."""
    depth = 0
    previous = Word("sign", "(", 0)
    for word in words:
        if word.text == "(" and word.kind == "sign":
            depth += 1
        elif word.text == ")" and word.kind == "sign":
            depth -= 1
        if depth > MAX_DEPTH:
            raise FormulaRefused("too_deep", limit=MAX_DEPTH, position=word.position)
        if depth < 0:
            raise FormulaRefused("unreadable", position=word.position)
        both_signs = word.kind == "sign" and previous.kind == "sign"
        if both_signs and word.text in "+-*/" and previous.text in "+-*/":
            raise FormulaRefused("two_signs", position=word.position)
        if word.kind != "sign" and previous.kind != "sign":
            raise FormulaRefused("unreadable", position=word.position)
        previous = word
    if depth:
        raise FormulaRefused("unreadable", position=words[-1].position)


def _function(word: Word) -> str:
    function = SPELLINGS.get(word.text.lower())
    if function is None:
        raise FormulaRefused(
            "unknown_function", position=word.position, given=word.text, functions=", ".join(FUNCTIONS)
        )
    return function


def _key(word: Word, names: Mapping[str, str] | None) -> str:
    if names is None:
        key = word.text
    else:
        key = names.get(word.text) or names.get(word.text.strip()) or ""
    if not KEY.match(key):
        raise FormulaRefused("unknown_name", position=word.position, given=word.text)
    return key
