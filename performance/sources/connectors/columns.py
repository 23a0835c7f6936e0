"""Column types and the exact way into them: coerce a value or say why not (guessing.py proposes a type).

Nothing is guessed at load time: a column has one type and, for dates whose order is ambiguous, one
order. A value that does not fit raises `Rejected` with a code; the row is kept aside with that reason.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import cells

TYPES = ("text", "integer", "decimal", "date", "timestamp", "boolean")

MAX_INTEGER = 2**63 - 1
MAX_DIGITS = 60
MAX_TEXT = 64 * 1024
EARLIEST, LATEST = 1800, 2200
WIDE = Context(prec=250)
WIDEST = Decimal(10) ** MAX_DIGITS

#: What people type into a cell to say "nothing"; in a text column only the empty cell means that.
EMPTY_WORDS = frozenset({"", "-", "–", "—", "n/a", "na", "null", "none", "nan", "#n/a", "无"})
TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1", "是", "对", "真"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0", "否", "错", "假"})
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}

NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d{1,3})?\Z")
PLAIN_INTEGER = re.compile(r"[+-]?\d{1,19}\Z")
YMD = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\Z")
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
NUMBERS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\Z")
SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}\Z")
DAY_MONTH_NAME = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?,?[- ](\d{4})\Z")
MONTH_NAME_DAY = re.compile(r"([A-Za-z]{3,9})\.?[- ](\d{1,2}),?[- ](\d{4})\Z")
CLOCK = re.compile(
    r"(?P<day>.*?\S)(?:T|\s+)(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d{2}(?::?\d{2}){0,2})?\Z"
)
CURRENCY_SIGNS = "¥$€£￥"

REASONS: dict[str, Any] = {
    "not_integer": _("not a whole number"),
    "not_decimal": _("not a number"),
    "number_too_large": _("the number is too large"),
    "not_date": _("not a date"),
    "short_year": _("the year has two digits"),
    "ambiguous_date": _("day and month could be swapped: choose the order of dates for this column"),
    "year_out_of_range": _("the year lies out of range"),
    "not_timestamp": _("not a point in time"),
    "not_boolean": _("neither yes nor no"),
    "text_too_long": _("the text is too long"),
    "bad_characters": _("the text holds a character that cannot be stored"),
    "key_missing": _("a key column is empty"),
    "key_too_long": _("the key is longer than 500 characters"),
    "key_twice": _("this key appeared before in the same load"),
    "row_closed": _("the row belongs to a part that is closed to whoever sent it"),
    "key_closed": _("the row of this key belongs to a part that is closed to whoever sent it"),
}


@dataclass(frozen=True)
class TooLong:
    """Stands for a value that was too long to be fetched. `start`: its beginning, where the source could give it."""

    start: Any = None

    def __str__(self) -> str:
        return f"{'' if self.start is None else self.start}…"


class Rejected(ValueError):
    """A value that does not fit its column. `code` is a key of REASONS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Coercer = Callable[[Any], Any]


def coercer(type_: str, *, zone: tzinfo = UTC, date_order: str = "") -> Coercer:
    """A function from a raw value to None or exactly one of str, int, Decimal, date, aware datetime, bool.

    `zone`: where a timestamp without an offset belongs, and the zone in which an aware one becomes a date.
    `date_order`: "dmy" or "mdy" for dates such as 03/04/2026; "" rejects the ambiguous ones.
    """
    if type_ == "text":
        return _text
    if type_ == "integer":
        return _integer
    if type_ == "decimal":
        return _decimal
    if type_ == "boolean":
        return _boolean
    if type_ == "date":
        return lambda value: _date(value, zone, date_order)
    if type_ == "timestamp":
        return lambda value: _timestamp(value, zone, date_order)
    raise ValueError(f"Unknown column type {type_!r}")


def tidied(value: str) -> str:
    """In the usual width (a Chinese keyboard gives another) and with plain spaces; 10² stays what it is."""
    if not unicodedata.is_normalized("NFKC", value):
        value = "".join(" " if sign.isspace() else cells.narrowed(sign) for sign in value)
    return value.strip().replace("\u2212", "-")


def is_empty(tidy: str) -> bool:
    return tidy.lower() in EMPTY_WORDS


def shown(value: Any, most: int) -> str | None:
    """A raw value as text that can be kept and read, of `most` letters."""
    if value is None:
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)[: most // 2].hex()
    return str(value)[:most].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _unfit(value: Any, code: str) -> Rejected:
    return Rejected("text_too_long" if isinstance(value, TooLong) else code)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, bytes | bytearray | memoryview):
        try:
            text = bytes(value).decode()
        except UnicodeDecodeError as error:
            raise Rejected("bad_characters") from error
    elif isinstance(value, datetime | date | time):
        text = value.isoformat()
    elif isinstance(value, TooLong):
        raise Rejected("text_too_long")
    else:
        text = str(value)
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Rejected("bad_characters")
    if len(text) > MAX_TEXT:
        raise Rejected("text_too_long")
    return text or None


def _integer(value: Any) -> int | None:
    if value is None:
        return None
    if type(value) is int:
        number = value
    elif isinstance(value, bool):
        number = int(value)
    elif isinstance(value, str):
        tidy = tidied(value)
        if is_empty(tidy):
            return None
        number = int(tidy) if PLAIN_INTEGER.match(tidy) else _whole(_number(tidy, "not_integer"))
    else:
        decimal = _decimal(value)
        if decimal is None:
            return None
        number = _whole(decimal)
    if not -MAX_INTEGER - 1 <= number <= MAX_INTEGER:
        raise Rejected("number_too_large")
    return number


def _whole(number: Decimal) -> int:
    if number.adjusted() > 20:
        raise Rejected("number_too_large")
    if number != number.to_integral_value():
        raise Rejected("not_integer")
    return int(number)


def _decimal(value: Any) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, bool):
        raise Rejected("not_decimal")
    elif isinstance(value, int):
        number = Decimal(value)
    elif isinstance(value, float):
        if math.isnan(value):
            return None
        # repr is the shortest text that gives the same double back: 0.1 stays 0.1.
        number = Decimal(repr(value))
    elif isinstance(value, str):
        tidy = tidied(value)
        if is_empty(tidy):
            return None
        number = _number(tidy, "not_decimal")
    else:
        raise _unfit(value, "not_decimal")
    if number.is_nan():
        return None
    if not number.is_finite():
        raise Rejected("not_decimal")
    if len(number.as_tuple().digits) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise Rejected("number_too_large")
    return number


def _number(tidy: str, code: str) -> Decimal:
    """Plain, grouped (1,234.50), in accountants' brackets, with a currency sign or a percent sign."""
    text, sign, scale = tidy, 1, 0
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1].strip(), -1
    if text.endswith("%"):
        text, scale = text[:-1].rstrip(), -2
    if text[:1] in ("-", "+") and text[1:2] in CURRENCY_SIGNS and len(text) > 1:
        text, sign = text[2:].lstrip(), sign * (-1 if text[0] == "-" else 1)
    elif text[:1] in CURRENCY_SIGNS:
        text = text[1:].lstrip()
    if not NUMBER.match(text) or not any(letter.isdigit() for letter in text):
        raise Rejected(code)
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise Rejected(code) from error
    if len(text) > 200:
        raise Rejected("number_too_large")
    # copy_negate and a wide context: the usual 28 digits would round what the file says.
    return (number.copy_negate() if sign < 0 else number).scaleb(scale, context=WIDE)


def _boolean(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, bytes) and len(value) == 1:
        # BIT(1) of MySQL
        return value != b"\x00"
    if isinstance(value, str):
        tidy = tidied(value).lower()
        if tidy in TRUE_WORDS:
            return True
        if tidy in FALSE_WORDS:
            return False
        if is_empty(tidy):
            return None
    raise _unfit(value, "not_boolean")


def _date(value: Any, zone: tzinfo, order: str) -> date | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        day = _day_there(value, zone) if value.tzinfo else value.date()
    elif isinstance(value, date):
        day = value
    elif isinstance(value, str):
        tidy = tidied(value)
        if is_empty(tidy):
            return None
        clocked = CLOCK.match(tidy)
        if clocked:
            day = _day_there(_moment(clocked, zone, order), zone)
        else:
            day = _written_day(tidy, order)
    elif isinstance(value, int) and not isinstance(value, bool) and COMPACT.match(str(value)):
        day = _written_day(str(value), order)
    else:
        raise _unfit(value, "not_date")
    return _in_range(day)


def _day_there(moment: datetime, zone: tzinfo) -> date:
    """Judged first: beyond the first and the last year there is no day in another zone."""
    _in_range(moment.date())
    return moment.astimezone(zone).date()


def _in_range(day: date) -> date:
    if not EARLIEST <= day.year <= LATEST:
        raise Rejected("year_out_of_range")
    return day


def _written_day(tidy: str, order: str) -> date:
    for pattern in (YMD, COMPACT):
        found = pattern.match(tidy)
        if found:
            return _day(int(found[1]), int(found[2]), int(found[3]))
    found = NUMBERS.match(tidy)
    if found:
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        if order == "dmy" or (not order and first > 12):
            return _day(year, second, first)
        if order == "mdy" or (not order and second > 12):
            return _day(year, first, second)
        if first == second:
            return _day(year, first, second)
        raise Rejected("ambiguous_date")
    if SHORT_YEAR.match(tidy):
        raise Rejected("short_year")
    found = DAY_MONTH_NAME.match(tidy)
    if found and found[2].lower() in MONTHS:
        return _day(int(found[3]), MONTHS[found[2].lower()], int(found[1]))
    found = MONTH_NAME_DAY.match(tidy)
    if found and found[1].lower() in MONTHS:
        return _day(int(found[3]), MONTHS[found[1].lower()], int(found[2]))
    raise Rejected("not_date")


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Rejected("not_date") from error


def _timestamp(value: Any, zone: tzinfo, order: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=zone)
    elif isinstance(value, date):
        moment = datetime.combine(value, time(), zone)
    elif isinstance(value, str):
        tidy = tidied(value)
        if is_empty(tidy):
            return None
        clocked = CLOCK.match(tidy)
        if clocked:
            moment = _moment(clocked, zone, order)
        else:
            moment = datetime.combine(_written_day(tidy, order), time(), zone)
    else:
        raise _unfit(value, "not_timestamp")
    _in_range(moment.date())
    return moment.astimezone(UTC)


def _moment(clocked: re.Match[str], zone: tzinfo, order: str) -> datetime:
    day = _written_day(clocked["day"].rstrip(","), order)
    hour = int(clocked["h"])
    if clocked["half"]:
        if not 1 <= hour <= 12:
            raise Rejected("not_timestamp")
        hour = hour % 12 + (12 if clocked["half"].lower() == "pm" else 0)
    micro = int((clocked["f"] or "0")[:6].ljust(6, "0"))
    try:
        clock = time(hour, int(clocked["m"]), int(clocked["s"] or 0), micro)
        if clocked["zone"]:
            offset = clocked["zone"].replace(":", "")
            zone = datetime.strptime(offset + "00" if len(offset) == 3 else offset, "%z").tzinfo or UTC
    except ValueError as error:
        raise Rejected("not_timestamp") from error
    return datetime.combine(day, clock, zone)
