"""One cell's text → a value, or a reason why not. Pure."""

import calendar
import datetime
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from performance.people.actions.names import is_chinese
from performance.people.models import Person

NOTHING = {"-", "–", "—", "/", "n/a", "na", "none", "null", "nil", "无", "#n/a", "(blank)", "空"}
FORMULA = re.compile(r"^[=+@]|^-\D")
# Excel counts days from here; its day 60 never existed.
EXCEL_BEGINS = datetime.date(1899, 12, 30)
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
NUMERIC_DATE = re.compile(r"^(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,4})\s*日?$")
WORDED_DATE = re.compile(r"^(\d{1,2})[-/ ]([A-Za-z]{3})[a-z]*[-/ ,]+(\d{2,4})$")
COMPACT_DATE = re.compile(r"^(19|20)(\d\d)(\d\d)(\d\d)$")
TIME_OF_DAY = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")


class CellError(Exception):
    """Why a cell cannot be used, in words for the person who mends it."""


def is_empty(text: str) -> bool:
    return not text or text.lower() in NOTHING


def plain_text(text: str, *, field: str) -> str:
    """Text as it stands, within the column's length. What a spreadsheet would calculate is no text."""
    if text.startswith("'"):
        text = text[1:].strip()
    if FORMULA.match(text):
        raise CellError(_("“%(text)s” looks like a formula. Write the value itself.") % {"text": text[:40]})
    longest = (
        int(getattr(Person._meta.get_field(field), "max_length", 120) or 120) if field in LENGTHS else 120
    )
    if len(text) > longest:
        raise CellError(_("This is longer than %(count)s characters.") % {"count": longest})
    return text


LENGTHS = frozenset({"number", "name_en", "name_zh", "email", "title_en", "title_zh", "level", "city"})


def person_name(text: str) -> str:
    """“Yue, Lin” is Lin Yue; a Chinese name has no comma to turn around."""
    name = plain_text(text, field="name_en")
    parts = [part.strip() for part in name.replace("，", ",").split(",")]
    if len(parts) == 2 and all(parts) and not is_chinese(name):
        return f"{parts[1]} {parts[0]}"
    return name


def email(text: str) -> str:
    address = plain_text(text, field="email").lower().removeprefix("mailto:")
    try:
        check_email(address)
    except ValidationError as error:
        raise CellError(_("“%(text)s” is not an e-mail address.") % {"text": text[:60]}) from error
    return address


def check_email(address: str) -> None:
    """An address as mail servers take it, with letters of any script before the @ (RFC 6531)."""
    name, at, host = address.rpartition("@")
    validate_email("".join("x" if letter.isalpha() else letter for letter in name) + at + host)


def day_comes_first(texts: list[str]) -> bool:
    """Whether 03/04/2021 in this column is 3 April. The column's own cells decide; day first when they do not."""
    month_first = 0
    for text in texts:
        parts = NUMERIC_DATE.match(text)
        if parts is None or len(parts[1]) == 4:
            continue
        if int(parts[1]) > 12:
            return True
        if int(parts[2]) > 12:
            month_first += 1
    return month_first == 0


def unsure_date(texts: list[str]) -> str:
    """A date that could be read both ways in a column where no cell decides, "" where there is none."""
    unsure = ""
    for text in texts:
        parts = NUMERIC_DATE.match(text)
        if parts is None or len(parts[1]) == 4:
            continue
        first, second = int(parts[1]), int(parts[2])
        if first > 12 or second > 12:
            return ""
        if first != second and not unsure:
            unsure = text
    return unsure


def date(text: str, *, day_first: bool, today: datetime.date) -> datetime.date:
    """2026-06-30, 2026/6/30, 2026年6月30日, 30.06.2026, 30/06/26, 30-Jun-26, 20260630, and a workbook's day count."""
    plain = TIME_OF_DAY.sub("", text).strip()
    compact = COMPACT_DATE.match(plain)
    if compact:
        return _date(int(compact[1] + compact[2]), int(compact[3]), int(compact[4]), text)
    if plain.isdigit() and 20000 <= int(plain) <= 60000:
        return EXCEL_BEGINS + datetime.timedelta(days=int(plain))
    worded = WORDED_DATE.match(plain)
    if worded and worded[2].lower() in MONTHS:
        return _date(_full_year(worded[3], today), MONTHS[worded[2].lower()], int(worded[1]), text)
    parts = NUMERIC_DATE.match(plain)
    if parts is None:
        raise CellError(_not_a_date(text))
    first, second, third = parts[1], parts[2], parts[3]
    if len(first) == 4 or (len(first) == 2 and int(first) > 31):
        return _date(_full_year(first, today), int(second), int(third), text)
    day, month = (first, second) if day_first else (second, first)
    return _date(_full_year(third, today), int(month), int(day), text)


def _full_year(text: str, today: datetime.date) -> int:
    """Two digits mean the last hundred years, up to two years from now."""
    year = int(text)
    if len(text) > 2:
        return year
    century = today.year // 100 * 100
    return year + century if year + century <= today.year + 2 else year + century - 100


def _date(year: int, month: int, day: int, text: str) -> datetime.date:
    if not 1940 <= year <= 2100 or not 1 <= month <= 12:
        raise CellError(_not_a_date(text))
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise CellError(
            _("“%(text)s” is not a date: that month has %(last)s days. Dates look like 2026-06-30.")
            % {"text": text[:40], "last": last}
        )
    return datetime.date(year, month, day)


def _not_a_date(text: str) -> str:
    return _("“%(text)s” is not a date. Dates look like 2026-06-30.") % {"text": text[:40]}


def value_of(field: str, text: str, *, day_first: bool, today: datetime.date) -> Any:
    """The cell as its field's value. Raises CellError."""
    if field in ("hired_on", "left_on"):
        return date(text, day_first=day_first, today=today)
    if field == "email":
        return email(text)
    if field in ("name_en", "name_zh"):
        return person_name(text)
    if field == "manager":
        return plain_text(text, field="email" if "@" in text else "name_en")
    return plain_text(text, field=field)
