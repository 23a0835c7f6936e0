"""Numbers, money and days as people read them, in the language that is active.

Every function takes None and answers "–". Minus is U+2212, so that columns of figures line up. Amounts may be
Decimal, int, float or a string of digits; days may be date, datetime (shown in the active time zone) or ISO text.
"""

import datetime
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TypeAlias

from django.utils import dateformat, timezone
from django.utils import formats as django_formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance.foundation import i18n

MISSING = "–"
EQUAL = "="
MINUS = "−"
MILLION = 1_000_000

Amount: TypeAlias = Decimal | int | float | str | None
Day: TypeAlias = datetime.date | datetime.datetime | str | None

SYMBOLS = {
    "CNY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "JPY": "JP¥",
    "SGD": "S$",
    "TWD": "NT$",
}
CHINESE_CURRENCIES = {
    "CNY": "元",
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "HKD": "港元",
    "JPY": "日元",
    "SGD": "新加坡元",
    "TWD": "新台币元",
}
# What stands between two pieces of a line: in English, in Chinese.
MARKS = {
    ",": (", ", "，"),
    "list": (", ", "、"),
    ";": ("; ", "；"),
    ":": (": ", "："),
    ".": (".", "。"),
    "(": (" (", "（"),
    ")": (")", "）"),
    # Between two sentences.
    " ": (" ", ""),
}
#: Digits before the point: no column holds as many.
LONGEST = 60
CHINESE_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
CHINESE_QUARTERS = ("一", "二", "三", "四")


def decimal_of(value: Amount) -> Decimal | None:
    """The amount as Decimal; None for None, empty text, what is no number and what is longer than any that we keep."""
    if value is None or value == "":
        return None
    if isinstance(value, float):
        value = repr(value)
    try:
        amount = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    return amount if amount.is_finite() and amount.adjusted() < LONGEST else None


def rounded(amount: Decimal, places: int) -> Decimal:
    """Half up, as people round by hand."""
    # As many digits as it takes: those of the context are fewer than a metric keeps.
    digits = Context(prec=max(amount.adjusted(), 0) + max(places, 0) + 2)
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=digits)


def trimmed(amount: Decimal) -> Decimal:
    """Without the zeros that say nothing: 2.90 becomes 2.9, 100 stays 100."""
    text = f"{amount:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _figures(amount: Decimal) -> str:
    """Digits in groups of three with the separators of the locale. Chinese accounts group by comma as well."""
    text = f"{amount.copy_abs():f}"
    whole, _point, fraction = text.partition(".")
    comma = "," if i18n.is_chinese() else django_formats.get_format("THOUSAND_SEPARATOR")
    grouped = f"{int(whole):,}".replace(",", str(comma))
    point = str(django_formats.get_format("DECIMAL_SEPARATOR"))
    shown = f"{grouped}{point}{fraction}" if fraction else grouped
    return f"{MINUS}{shown}" if amount < 0 else shown


def number(value: Amount, places: int | None = None) -> str:
    """4.62, 1,874, −0.5. Without `places`: up to two decimals, zeros at the end dropped."""
    amount = decimal_of(value)
    if amount is None:
        return MISSING
    shown = trimmed(rounded(amount, 2)) if places is None else rounded(amount, int(places))
    return _figures(shown)


def signed(value: Amount, places: int | None = None) -> str:
    """+0.6, −0.6; "=" where nothing changed, "–" where nothing is known."""
    amount = decimal_of(value)
    if amount is None:
        return MISSING
    shown = trimmed(rounded(amount, 2)) if places is None else rounded(amount, int(places))
    if shown == 0:
        return EQUAL
    return f"+{_figures(shown)}" if shown > 0 else _figures(shown)


def percent(value: Amount, places: int | None = None) -> str:
    """67 is "67%". The value is in percent already; without `places` up to one decimal."""
    amount = decimal_of(value)
    if amount is None:
        return MISSING
    shown = trimmed(rounded(amount, 1)) if places is None else rounded(amount, int(places))
    return f"{_figures(shown)}%"


def points(value: Amount, places: int | None = 1) -> str:
    """A difference of percentages in a sentence: "+0.6 pt"."""
    shown = signed(value, places)
    return shown if shown in (MISSING, EQUAL) else _("%(value)s pt") % {"value": shown}


def percentage_points(value: Amount, places: int | None = 1) -> str:
    """The same in a column: "+0.6 pp"."""
    shown = signed(value, places)
    return shown if shown in (MISSING, EQUAL) else f"{shown} pp"


def _scaled(amount: Decimal, steps: tuple[tuple[Decimal, str], ...], digits: int) -> tuple[str, str]:
    """The amount in the largest unit it reaches, with at most `digits` figures that mean something."""
    for size, unit in steps:
        part = amount / size
        places = max(0, digits - max(1, part.copy_abs().adjusted() + 1))
        shown = rounded(part, places)
        if abs(shown) >= 1:
            return _figures(trimmed(shown)), unit
    shown = amount if amount == amount.to_integral_value() else rounded(amount, 2)
    return _figures(trimmed(shown) if shown == shown.to_integral_value() else shown), ""


WESTERN_STEPS = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"))
THOUSANDS = (Decimal(10) ** 3, "K")
CHINESE_STEPS = ((Decimal(10) ** 8, "亿"), (Decimal(10) ** 4, "万"))


def money(value: Amount, currency: str = "CNY") -> str:
    """Short: ¥2.9M or 290 万元, ¥187.4M or 1.874 亿元. Up to four figures."""
    amount = decimal_of(value)
    if amount is None:
        return MISSING
    if i18n.is_chinese():
        figures, unit = _scaled(amount, CHINESE_STEPS, 4)
        return f"{figures} {unit}{currency_name(currency)}"
    steps = (*WESTERN_STEPS, THOUSANDS) if abs(amount) >= 10_000 else WESTERN_STEPS
    figures, unit = _scaled(amount, steps, 4)
    return _with_symbol(figures, currency) + unit


def money_exact(value: Amount, currency: str = "CNY", places: int = 2) -> str:
    """To the cent: ¥2,900,000.00 or 2,900,000.00 元."""
    amount = decimal_of(value)
    if amount is None:
        return MISSING
    figures = _figures(rounded(amount, places))
    if i18n.is_chinese():
        return f"{figures} {currency_name(currency)}"
    return _with_symbol(figures, currency)


def currency_name(currency: str) -> str:
    """The word beside a figure: CNY, or 元."""
    return CHINESE_CURRENCIES.get(currency, currency) if i18n.is_chinese() else currency


def _with_symbol(figures: str, currency: str) -> str:
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{MINUS}{symbol}{figures[1:]}" if figures.startswith(MINUS) else f"{symbol}{figures}"


def micro(value: int | None) -> Decimal | None:
    """Fixed point of the engine (10⁻⁶) as Decimal."""
    return None if value is None else Decimal(value) / MILLION


def ppm(value: int | None) -> Decimal | None:
    """Parts per million as percent."""
    return None if value is None else Decimal(value) / 10_000


def _date(value: Day) -> datetime.date | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = (
            datetime.datetime.fromisoformat(value) if len(value) > 10 else datetime.date.fromisoformat(value)
        )
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def _moment(value: datetime.datetime | str | None) -> datetime.datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    return timezone.localtime(value) if timezone.is_aware(value) else value


def day(value: Day, style: str = "") -> str:
    """Fri 15 May, or 5月15日 周五; with the year when it is not the current one.

    `style` "short" leaves out the weekday, "year" always has the year, "full" is "short" with the year.
    """
    date = _date(value)
    if date is None:
        return MISSING
    with_year = style in ("year", "full") or date.year != timezone.localdate().year
    with_weekday = style in ("", "year")
    if i18n.is_chinese():
        text = f"{date.year}年{date.month}月{date.day}日" if with_year else f"{date.month}月{date.day}日"
        return f"{text} {CHINESE_WEEKDAYS[date.weekday()]}" if with_weekday else text
    pattern = ("D " if with_weekday else "") + "j M" + (" Y" if with_year else "")
    return dateformat.format(date, pattern)


def clock(value: datetime.datetime | str | None) -> str:
    """18:00"""
    moment = _moment(value)
    return MISSING if moment is None else f"{moment:%H:%M}"


def daytime(value: datetime.datetime | str | None) -> str:
    """Fri 15 May, 18:00 or 5月15日 周五 18:00"""
    moment = _moment(value)
    if moment is None:
        return MISSING
    return f"{day(moment)}{' ' if i18n.is_chinese() else ', '}{moment:%H:%M}"


def day_range(start: Day, end: Day) -> str:
    """11–17 May 2026 or 2026年5月11日—17日; what both ends share is said once."""
    first, last = _date(start), _date(end)
    if first is None or last is None:
        return day(first or last, "full")
    if first == last:
        return day(first, "full")
    if i18n.is_chinese():
        return f"{first.year}年{_chinese_span(first, last)}"
    tail = dateformat.format(last, "j M Y")
    if first.year != last.year:
        return f"{dateformat.format(first, 'j M Y')} – {tail}"
    if first.month != last.month:
        return f"{dateformat.format(first, 'j M')} – {tail}"
    return f"{first.day}–{tail}"


def _chinese_span(first: datetime.date, last: datetime.date) -> str:
    tail = f"{last.day}日"
    if first.month != last.month or first.year != last.year:
        tail = f"{last.month}月{tail}"
    if first.year != last.year:
        tail = f"{last.year}年{tail}"
    return f"{first.month}月{first.day}日—{tail}"


def week(value: Day) -> str:
    """Week 20, 11–17 May 2026 or 2026年第20周，5月11日—17日. Weeks are ISO weeks, Monday first."""
    date = _date(value)
    if date is None:
        return MISSING
    first = date - datetime.timedelta(days=date.weekday())
    last = first + datetime.timedelta(days=6)
    year, ordinal, _weekday = date.isocalendar()
    if i18n.is_chinese():
        return f"{year}年第{ordinal}周，{_chinese_span(first, last)}"
    return f"{week_number(date)}, {day_range(first, last)}"


def week_number(value: Day) -> str:
    """Week 20 or 第20周"""
    date = _date(value)
    if date is None:
        return MISSING
    ordinal = date.isocalendar().week
    return f"第{ordinal}周" if i18n.is_chinese() else _("Week %(number)s") % {"number": ordinal}


def month(value: Day) -> str:
    """May 2026 or 2026年5月"""
    date = _date(value)
    if date is None:
        return MISSING
    return f"{date.year}年{date.month}月" if i18n.is_chinese() else dateformat.format(date, "M Y")


def quarter(value: Day) -> str:
    """Q2 2026 or 2026年二季度, of the calendar year."""
    date = _date(value)
    if date is None:
        return MISSING
    ordinal = (date.month - 1) // 3
    if i18n.is_chinese():
        return f"{date.year}年{CHINESE_QUARTERS[ordinal]}季度"
    return f"Q{ordinal + 1} {date.year}"


def ago(value: datetime.datetime | str | None) -> str:
    """just now, 5 minutes ago, 3 hours ago, yesterday; older moments as a day."""
    moment = _moment(value)
    if moment is None:
        return MISSING
    now = timezone.localtime()
    if timezone.is_naive(moment):
        now = timezone.make_naive(now)
    minutes = int((now - moment).total_seconds() // 60)
    days = (now.date() - moment.date()).days
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", minutes) % {"count": minutes}
    if days == 0:
        hours = minutes // 60
        return ngettext("%(count)s hour ago", "%(count)s hours ago", hours) % {"count": hours}
    return _("yesterday") if days == 1 else day(moment)


def mark(name: str) -> str:
    """The punctuation between two pieces, one of MARKS, as the language writes it."""
    return MARKS[name][i18n.is_chinese()]


def listed(items: Iterable[object]) -> str:
    """Shenzhen, Hangzhou or 深圳、杭州"""
    return mark("list").join(str(item) for item in items)


def person_name(person: object) -> str:
    """The name in the reader's language; "–" for nobody."""
    if person is None or person == "":
        return MISSING
    if isinstance(person, str):
        return person
    return i18n.local(person, "name") or str(person)
