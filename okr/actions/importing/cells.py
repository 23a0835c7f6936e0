"""One cell's text → a value, or a reason why not. Pure."""

import datetime
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from okr import rules
from okr.models import CheckpointContent, contents
from performance.foundation import cells

#: Letters of a cell that is mended in place: as many as a description takes.
LONGEST = 4_000
UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u2060\x00"))
NUMBER = re.compile(r"[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?(e[-+]?\d{1,2})?|[-+]?\.\d+", re.IGNORECASE)
MONEY_SIGNS = "¥$€£￥"
CURRENCIES = {"¥": "CNY", "￥": "CNY", "元": "CNY", "人民币": "CNY", "rmb": "CNY", "$": "USD", "美元": "USD"}
CURRENCIES |= {"€": "EUR", "欧元": "EUR", "£": "GBP", "英镑": "GBP", "港元": "HKD", "日元": "JPY"}
DECIMALS = 8
#: A workbook keeps numbers to so many figures; what follows is noise of the machine.
FIGURES = 15
CHECKPOINT = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?:\s*日)?\s*[:=]\s*(?P<value>\S.*)"
)


class CellError(Exception):
    """Why a cell cannot be used, in words for the person who mends it."""


def tidy(text: str) -> str:
    """Text as it was written, without what nobody sees around it. Lines end as ours do."""
    return text.translate(UNSEEN).replace("\r\n", "\n").replace("\r", "\n").strip()


def same(written: str, standing: str) -> bool:
    """Whether a cell says what stands already, as our export writes it, or written plainly."""
    return written in (tidy(cells.neutral(standing)), tidy(standing))


def text_of(written: str, *, longest: int) -> str:
    """Text within the length of its field. What a spreadsheet would calculate is no text, unless its apostrophe
    says so."""
    text = written
    if text.startswith("'") and cells.looks_like_formula(text[1:]):
        text = text[1:].strip()
    elif text.startswith(("=", "＝")):
        raise CellError(_("“%(text)s” looks like a formula. Write the value itself.") % {"text": text[:40]})
    if len(text) > longest:
        raise CellError(_("This is longer than %(count)s characters.") % {"count": longest})
    return text


def line_of(written: str, *, longest: int) -> str:
    return " ".join(text_of(written, longest=longest).split())


def amount(written: str, *, from_workbook: bool = False) -> Decimal:
    """1,234.5, １２３４, −3, ¥800,000, 12 %: exactly what is written."""
    text = _in_figures(written).replace("−", "-").lstrip("'").rstrip("%")
    sign = "-" if text.startswith("-") else ""
    text = sign + text.removeprefix("-").lstrip(MONEY_SIGNS)
    if not NUMBER.fullmatch(text):
        raise CellError(_("“%(text)s” is not a number. Numbers look like 1,234.5.") % {"text": written[:40]})
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise CellError(_("“%(text)s” is not a number.") % {"text": written[:40]}) from error
    if from_workbook and len(value.as_tuple().digits) > FIGURES:
        value = Decimal(f"{value:.{FIGURES - 1}e}")
    if abs(value) >= rules.LARGEST_AMOUNT:
        raise CellError(_("This number is too large."))
    text = contents.plain(value) or "0"
    if len(text.partition(".")[2]) > DECIMALS:
        raise CellError(_("A number has at most %(count)s decimals.") % {"count": DECIMALS})
    return Decimal(text)


def _in_figures(written: str) -> str:
    """Without spaces and in the usual width. What stands for a figure in another way than by its width is refused
    rather than read: 10² is not 102, and 1½ is not 11⁄2."""
    text = "".join(cells.narrowed(each) for each in written if not each.isspace())
    odd = next((each for each in text if not each.isascii() and _stands_for_figures(each)), "")
    if odd:
        raise CellError(
            _("“%(text)s” holds “%(sign)s”. Write the number out in plain figures.")
            % {"text": written[:40], "sign": odd}
        )
    return text


def _stands_for_figures(sign: str) -> bool:
    """², ½, ①, Ⅻ: what is no figure of any script, and yet counts."""
    return not sign.isdecimal() and sign.isnumeric()


def is_same_amount(written: str, standing: Decimal | None, *, from_workbook: bool) -> bool:
    """A cell of a workbook holds a float: it says the same as the decimal that the float was made of."""
    if standing is None:
        return False
    try:
        if from_workbook and float(written) == float(standing):
            return True
        return amount(written) == standing
    except (ValueError, CellError):
        return False


def choice(written: str, choices: Any) -> str:
    """A choice by its code, or by its label in any language."""
    wanted = _plain(written)
    for code in choices.values:
        if wanted in (code, code.replace("_", " ")):
            return str(code)
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            for code, label in choices.choices:
                if wanted == _plain(str(label)):
                    return str(code)
    listed = " · ".join(str(label) for _code, label in choices.choices)
    raise CellError(
        _("“%(text)s” is none of these: %(choices)s.") % {"text": written[:40], "choices": listed}
    )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def currency(written: str) -> str:
    plain = _plain(written)
    code = CURRENCIES.get(plain, plain.upper())
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise CellError(_("Use the three letters of the currency, for example CNY."))
    return code


def steps(written: str) -> list[str]:
    """Milestones: one in each line, or parted by semicolons."""
    parts = written.splitlines() if "\n" in written else re.split(r"[;；]", written)
    titles = [" ".join(part.split()) for part in parts]
    for title in titles:
        if len(title) > 200:
            raise CellError(_("This is longer than %(count)s characters.") % {"count": 200})
    return list(dict.fromkeys(title for title in titles if title))


def checkpoints(written: str) -> tuple[CheckpointContent, ...]:
    """ "2026-01-31: 40", one in each line or parted by semicolons, in the order of their days."""
    found = []
    for part in filter(None, map(str.strip, re.split(r"[\n;；]", written.removeprefix("'")))):
        read = CHECKPOINT.fullmatch("".join(map(cells.narrowed, part)))
        if read is None:
            raise CellError(
                _("“%(text)s” is no checkpoint. One looks like 2026-01-31: 40.") % {"text": part[:40]}
            )
        try:
            on = datetime.date(int(read["year"]), int(read["month"]), int(read["day"]))
        except ValueError as error:
            raise CellError(_("“%(text)s” is no day of the calendar.") % {"text": part[:40]}) from error
        found.append(CheckpointContent(on, amount(read["value"])))
    return tuple(sorted(found, key=lambda point: point.on))


def shares(given: Iterable[Decimal | None]) -> list[int]:
    """Weights in percent → ppm. Those that are empty share what is left in equal parts, to exactly 100 %; weights
    that a workbook keeps as fractions of one are taken as such."""
    weights = list(given)
    told = [each for each in weights if each is not None]
    if told and len(told) == len(weights) and sum(told) == 1 and len(told) > 1:
        weights = [each * 100 for each in told]
    whole = [None if each is None else int((each * 10_000).to_integral_value()) for each in weights]
    places = [place for place, each in enumerate(whole) if each is None]
    rest = max(1_000_000 - sum(each for each in whole if each is not None), 0)
    part, over = divmod(rest, len(places)) if places else (0, 0)
    for number, place in enumerate(places):
        whole[place] = part + (1 if number < over else 0)
    return [each or 0 for each in whole]


def key(text: str) -> str:
    """What two ways to write a name have in common."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
