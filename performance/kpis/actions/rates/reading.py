"""What a file, a dataset or a person says that currencies are worth: rows of text, read exactly, each with its place."""

import datetime
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NoReturn

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from performance.foundation import access, sheets
from performance.foundation.components import formats
from performance.kpis import queries
from performance.kpis.actions.refused import MetricRefused, refuse_narrowed
from performance.kpis.models import RateKind, RateOrigin
from performance.kpis.models.rates import RATE_DIGITS, RATE_PLACES
from performance.kpis.queries import months
from performance.sources.connectors import columns as cells
from performance.sources.models import Dataset

#: How files call these columns, in small letters. The pair is from the first to the second.
CALLED = {
    "day": ("day", "date", "month", "period", "日期", "日", "月份", "月", "期间"),
    "currency": (
        "currency",
        "currency_code",
        "code",
        "from",
        "from_currency",
        "source",
        "币种",
        "货币",
        "原币",
    ),
    "other": ("to", "to_currency", "into", "target", "目标币种", "本币"),
    "rate": ("rate", "exchange", "exchange_rate", "value", "汇率"),
}
MONTH = re.compile(r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?月?\Z|(\d{4})(\d{2})\Z")
CODE = re.compile(r"[A-Z]{3}")
#: Digits enough to turn a rate over and lose nothing of what is kept.
WIDE = Context(prec=80, rounding=ROUND_HALF_EVEN)
STEP = Decimal(1).scaleb(-RATE_PLACES)
MOST = Decimal(10) ** (RATE_DIGITS - RATE_PLACES)
MOST_ROWS = sheets.MAX_ROWS
#: Wrong rows that are told one by one; the others are counted.
MOST_TOLD = 10
#: Day, currency and rate of a line that has another shape.
NOTHING = ("", "", "")


@dataclass(frozen=True)
class RateColumns:
    """The names of the columns; "" is found by how columns are usually called. `other` is the second currency of a pair;
    a table without it is all about the organisation's own."""

    day: str = ""
    currency: str = ""
    rate: str = ""
    other: str = ""


@dataclass(frozen=True)
class Given:
    """`rows`: (number of the row, day, currency, the other currency or "", rate), all as text."""

    origin: str
    name: str
    rows: Sequence[tuple[int, str, str, str, str]]


@dataclass(frozen=True)
class Quote:
    """One unit of `source` is worth `rate` units of the organisation's currency."""

    source: str
    day: datetime.date
    rate: Decimal
    is_carried: bool = False


def given_in_file(content: bytes, file_name: str, columns: RateColumns, *, is_inverse: bool) -> Given:
    """The rows of a CSV file or workbook. Raises SheetRefused, MetricRefused("columns")."""
    table = sheets.read_sheet(content, file_name)
    places = _places(table.headers, columns, is_inverse)
    rows = [(number, *_picked(row, places)) for number, row in table.rows]
    return Given(RateOrigin.FILE, file_name[:200], rows)


def given_in_dataset(dataset: Dataset, columns: RateColumns, *, is_inverse: bool, by: access.Actor) -> Given:
    """The rows of a dataset whose rows are here, for somebody who sees all of them. Raises MetricRefused: live, narrowed,
    columns, too_many."""
    if dataset.is_live:
        message = _("Rates are read from a dataset that is copied. This one stays at its source.")
        raise MetricRefused(message, code="live", field="dataset")
    refuse_narrowed(by, dataset)
    sheet = queries.sheet_of(dataset)
    keys = list(sheet.columns)
    places = _places(keys, columns, is_inverse)
    chosen = [sheet.columns[keys[place]] for place in places if place is not None]
    names = ", ".join(
        f"({one.sql} AT TIME ZONE %s)::date::text" if one.type == "timestamp" else f"{one.sql}::text"
        for one in chosen
    )
    zones = [dataset.time_zone for one in chosen if one.type == "timestamp"]
    with connection.cursor() as cursor:
        # Quoted columns of the dataset; what is alike, such as the rate of a day on each sale, is read once.
        cursor.execute(
            f"SELECT DISTINCT {names} FROM {sheet.relation} AS given_rows LIMIT %s",  # noqa: S608
            [*zones, MOST_ROWS + 1],
        )
        found = cursor.fetchall()
    if len(found) > MOST_ROWS:
        words = {"limit": f"{MOST_ROWS:,}"}
        raise MetricRefused(
            _("There are more than %(limit)s rates.") % words, code="too_many", field="dataset"
        )
    at = iter(range(len(chosen)))
    packed = [None if place is None else next(at) for place in places]
    rows = [
        (number, *_picked(["" if cell is None else cell for cell in row], packed))
        for number, row in enumerate(sorted(found, key=str), 1)
    ]
    return Given(RateOrigin.DATASET, str(dataset)[:200], rows)


def given_in_text(text: str) -> Given:
    """Lines of day, currency and rate, with spaces, tabs or semicolons between. A line of another shape is a row of
    nothing, which is refused with whatever else is wrong. Raises MetricRefused("text")."""
    rows: list[tuple[int, str, str, str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = [part for part in re.split(r"[\s;,，；]+", sheets.clean(line)) if part]
        day, code, rate = parts if len(parts) == 3 else NOTHING
        rows.append((number, day, code, "", rate))
    if not rows:
        raise MetricRefused(_("Write at least one rate."), code="text", field="text")
    return Given(RateOrigin.HAND, "", rows)


def quotes(given: Given, *, kind: str, currency: str, is_inverse: bool) -> tuple[list[Quote], int]:
    """What the rows say of this currency, in the order of currency and day, and how many are about other pairs. The same
    rate twice is one; two for one day are an error. Raises MetricRefused with the rows."""
    found: dict[tuple[str, datetime.date], tuple[Decimal, int]] = {}
    left_out, wrong = 0, _Wrong()
    for number, day_text, code_text, other_text, rate_text in given.rows:
        code, other = code_text.strip().upper(), other_text.strip().upper()
        if (other and other != currency) or code == currency:
            left_out += 1
            continue
        try:
            if (day_text, code_text, rate_text) == NOTHING:
                message = _("Row %(row)s: write a day, a currency and a rate, such as 2026-01-31 EUR 7.8125.")
                raise MetricRefused(message % {"row": number}, code="text")
            if not CODE.fullmatch(code):
                _refuse(
                    number, _("“%(text)s” is not a currency. Write three letters, such as EUR."), code_text
                )
            day = _day(number, day_text, kind)
            rate = _rate(number, rate_text, is_inverse)
        except MetricRefused as refused:
            wrong.add(refused)
            continue
        earlier = found.setdefault((code, day), (rate, number))
        if earlier[0] != rate:
            words = {"first": earlier[1], "second": number, "currency": code, "day": _told_day(day, kind)}
            message = _("Rows %(first)s and %(second)s say different rates for %(currency)s in %(day)s.")
            wrong.add(MetricRefused(message % words, code="twice"))
    if wrong.count:
        raise wrong.as_one(field=_field_of(given))
    if not found:
        words = {"currency": formats.currency_name(currency)}
        message = _("There is no rate into %(currency)s among these rows.")
        raise MetricRefused(message % words, code="empty", field=_field_of(given))
    ordered = [Quote(code, day, rate) for (code, day), (rate, _number) in sorted(found.items())]
    return ordered, left_out


def carried_over(
    found: Sequence[Quote], known: Mapping[tuple[str, datetime.date], tuple[Decimal, bool]], days: int
) -> list[Quote]:
    """With the days between two rates on which the earlier one goes on to count, where there are at most `days` of them
    and one of the two is new; and with the days that were carried over before and now rest on a new rate. `known`: the
    rates of before, each with whether it was carried over."""
    new = {(one.source, one.day): one.rate for one in found}
    given = {place: rate for place, (rate, is_carried) in known.items() if not is_carried} | new
    carried: dict[tuple[str, datetime.date], Decimal] = {}
    for (source, day), (other, following) in itertools.pairwise(sorted(given)):
        gap = (following - day).days - 1
        is_touched = (source, day) in new or (source, following) in new
        if source == other and is_touched and 0 < gap <= days:
            between = (day + datetime.timedelta(days=step) for step in range(1, gap + 1))
            carried |= {(source, each): given[source, day] for each in between}
    rests_on: tuple[str, datetime.date] | None = None
    for place in sorted({*known, *new}):
        if place in given:
            rests_on = place
        elif rests_on in new and rests_on[0] == place[0]:
            carried[place] = new[rests_on]
    more = [Quote(source, day, rate, is_carried=True) for (source, day), rate in carried.items()]
    return sorted([*found, *more], key=lambda one: (one.source, one.day))


def _field_of(given: Given) -> str:
    return {RateOrigin.FILE: "file", RateOrigin.DATASET: "dataset"}.get(RateOrigin(given.origin), "text")


def _places(headers: Sequence[str], columns: RateColumns, is_inverse: bool) -> list[int | None]:
    """Where day, currency, other and rate stand. Of a pair "from, to", the foreign one comes first, unless the rates say
    what one unit of the own currency buys."""
    plain = [header.strip().lower() for header in headers]
    found: dict[str, int | None] = {}
    for name, usual in CALLED.items():
        asked = getattr(columns, name).strip().lower()
        known = [word for word in ((asked,) if asked else usual) if word in plain]
        found[name] = plain.index(known[0]) if known else None
        if asked and not known:
            words = {"name": asked, "found": formats.listed(headers)}
            message = _("There is no column “%(name)s”. There are: %(found)s.") % words
            raise MetricRefused(message, code="columns", field=f"{name}_column")
    if is_inverse and found["other"] is not None and not (columns.currency or columns.other):
        found["currency"], found["other"] = found["other"], found["currency"]
    for name in ("day", "currency", "rate"):
        if found[name] is None:
            words = {"found": formats.listed(headers)}
            message = (
                _("Name the columns of the day, the currency and the rate. There are: %(found)s.") % words
            )
            raise MetricRefused(message, code="columns", field=f"{name}_column")
    return [found["day"], found["currency"], found["other"], found["rate"]]


def _picked(row: Sequence[str], places: Iterable[int | None]) -> tuple[str, str, str, str]:
    day, currency, other, rate = ("" if place is None else row[place] for place in places)
    return day, currency, other, rate


def _day(number: int, text: str, kind: str) -> datetime.date:
    if kind == RateKind.AVERAGE:
        found = MONTH.match(text.strip())
        if found:
            year, month = int(found[1] or found[3]), int(found[2] or found[4])
            if 1900 <= year <= 2200 and 1 <= month <= 12:
                named = months.named_by_calendar(year, month)
                if named is None:
                    _refuse(
                        number,
                        _("“%(text)s” is no period of the fiscal calendar. Write its first day."),
                        text,
                    )
                return named
    try:
        day: Any = cells.coercer("date")(text)
    except cells.Rejected:
        day = None
    if day is None:
        if kind == RateKind.AVERAGE:
            _refuse(number, _("“%(text)s” is not a month. Months look like 2026-01."), text)
        _refuse(number, _("“%(text)s” is not a date. Dates look like 2026-06-30."), text)
    return months.first_of(day) if kind == RateKind.AVERAGE else day


def _rate(number: int, text: str, is_inverse: bool) -> Decimal:
    try:
        rate: Any = cells.coercer("decimal")(text)
    except cells.Rejected:
        rate = None
    if rate is None or rate <= 0:
        _refuse(number, _("“%(text)s” is not a rate: a number above zero is."), text)
    kept: Decimal = WIDE.divide(Decimal(1), rate) if is_inverse else rate
    kept = kept.quantize(STEP, context=WIDE)
    if not 0 < kept < MOST:
        _refuse(number, _("“%(text)s” is too large or too small for a rate."), text)
    return kept


def _told_day(day: datetime.date, kind: str) -> str:
    return months.key(day) if kind == RateKind.AVERAGE else f"{day}"


@dataclass
class _Wrong:
    """What is wrong in all rows, so that a file is mended once: the first are told, the others counted."""

    told: list[MetricRefused] = field(default_factory=list)
    count: int = 0

    def add(self, refused: MetricRefused) -> None:
        self.count += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(refused)

    def as_one(self, *, field: str) -> MetricRefused:
        said = [str(refused) for refused in self.told]
        if more := self.count - len(self.told):
            words = ngettext("%(number)s more row is wrong.", "%(number)s more rows are wrong.", more)
            said.append(words % {"number": more})
        return MetricRefused(" ".join(said), code=self.told[0].code, field=field)


def _refuse(number: int, message: Any, text: str) -> NoReturn:
    words = {"row": number, "reason": message % {"text": text[:40]}}
    raise MetricRefused(_("Row %(row)s: %(reason)s") % words, code="row")
