"""The question to a source: one SELECT whose rows are the aggregates of a metric, and nothing finer."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp

from performance.kpis import formulas
from performance.kpis.semantics import base, filters
from performance.kpis.semantics.calendars import Calendar, Span
from performance.kpis.semantics.currencies import Money
from performance.kpis.semantics.live import grouping
from performance.kpis.semantics.live.arithmetic import computed
from performance.kpis.semantics.live.places import LiveColumn, Place
from performance.kpis.semantics.live.stretches import Stretches, stretches_of
from performance.kpis.semantics.live.tongues import EARLIEST, TONGUES, Tongue, called, date, whole, within
from performance.kpis.semantics.sheets import Column
from performance.kpis.semantics.wording import AVERAGE, Wording
from performance.sources import connectors
from performance.sources.connectors.columns import TooLong

PLAIN = {"=": exp.EQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


@dataclass(frozen=True)
class Part:
    """One aggregated row. `cuts` are the values of the sorted dimensions, None for those that are not told apart."""

    grain: str
    start: datetime.date
    end: datetime.date
    cuts: tuple[str | None, ...]
    row_count: int
    with_value: int
    with_amount: int
    amount: str | None
    #: Where amounts are converted: the currency as it is written, and the day that its rate is of.
    currency: str | None = None
    rate_on: datetime.date | None = None


@dataclass(frozen=True)
class Question:
    """`text` runs as one judged SELECT and gives `columns`; `part` reads a row of it."""

    text: str
    columns: tuple[str, ...]
    _parts: tuple[tuple[str, tuple[int, ...]], ...]
    _spans: tuple[Span, ...]
    _places: Stretches
    _rule: str = ""

    def part(self, row: Sequence[Any]) -> Part:
        """Raises ConnectorRefused("live_long") for a dimension that no page could show."""
        number, bucket, *found, row_count, with_value, with_amount, amount = row
        rated = self._rated(found) if self._rule else {}
        grain, chosen = self._parts[int(number)]
        start, end = self._days(grain, int(bucket))
        cuts = tuple(_cut(value) if place in chosen else None for place, value in enumerate(found))
        exact = None if amount is None else f"{Decimal(amount):f}"
        return Part(
            grain, start, end, cuts, int(row_count), int(with_value), int(with_amount), exact, **rated
        )

    def _rated(self, found: list[Any]) -> dict[str, Any]:
        """Takes what goes before the numbers off the row."""
        rate_on, currency = found.pop(), found.pop()
        day = self._days("month", int(rate_on))[0] if self._rule == AVERAGE else rate_on
        return {"currency": None if currency is None else _cut(currency), "rate_on": day}

    def _days(self, grain: str, bucket: int) -> Span:
        if grain == "period":
            return self._spans[bucket]
        return self._places.days(bucket, grain)


def _cut(value: Any) -> str:
    if isinstance(value, TooLong):
        raise connectors.ConnectorRefused("live_long")
    return value.decode() if isinstance(value, bytes | bytearray) else str(value)


def asked(
    wording: Wording,
    place: Place,
    *,
    grains: Sequence[str],
    calendar: Calendar,
    spans: Sequence[Span] = (),
    money: Money | None = None,
) -> Question:
    """Compiles a checked definition. `grains`: "month", "quarter", "period"; the last one asks for `spans`. `money`: what
    the amounts are in, where they are converted: they are told apart by currency and by the day of the rate.

    Raises ConnectorRefused: live_type, bad_name, query_*.
    """
    tongue: Tongue = TONGUES[place.kind]
    places: Stretches = stretches_of(calendar)
    keys = sorted(wording.dimensions)
    asked_for = [grain for grain in grains if grain != "period" or spans]
    parts = [(grain, chosen) for grain in asked_for for chosen in grouping.combinations(wording)]
    more = ("written", "rate_on") if money else ()
    selects = [
        grouping.grouped(
            wording,
            tongue,
            number=number,
            grain=grain,
            places=places,
            chosen=chosen,
            dimensions=len(keys),
            more=more,
        )
        for number, (grain, chosen) in enumerate(parts)
    ]
    whole_text = grouping.together(selects)
    whole_text = whole_text.with_("accord_rows", as_=_rows(wording, place, tongue, keys, money, places))
    if "period" in asked_for:
        whole_text = whole_text.with_("accord_spans", as_=grouping.spans_relation(spans))
    names = ("part", "bucket", *(f"d{place}" for place in range(len(keys))), *more, *grouping.NUMBERS)
    rule = wording.currency_rule if money else ""
    return Question(whole_text.sql(dialect=place.dialect), names, tuple(parts), tuple(spans), places, rule)


def _rows(
    wording: Wording,
    place: Place,
    tongue: Tongue,
    keys: Sequence[str],
    money: Money | None,
    places: Stretches,
) -> exp.Select:
    """day, amount, given, d0…: one line for each row that counts; where amounts are converted also written and rate_on."""
    names = {key: f"c{number}" for number, key in enumerate(_values_used(wording, money))}
    values = {key: exp.column(name) for key, name in names.items()}
    read = [exp.alias_(tongue.value(place.columns[key], place.zone), name) for key, name in names.items()]
    read.append(exp.alias_(tongue.day(place.columns[wording.time_column], place.zone), "day"))
    given = _given(wording, values, tongue)
    is_filled = wording.missing_policy == "zero" and wording.aggregation not in base.OF_A_COLUMN
    amount = called("COALESCE", given.copy(), tongue.number(Decimal(0))) if is_filled else given.copy()
    cuts = [
        exp.alias_(
            called(
                "COALESCE",
                tongue.words(
                    values[wording.dimensions[key]].copy(), place.columns[wording.dimensions[key]].type
                ),
                tongue.text(""),
            ),
            f"d{number}",
        )
        for number, key in enumerate(keys)
    ]
    if money:
        code = values[money.column].copy() if money.column else tongue.nothing()
        cuts.append(exp.alias_(code, "written"))
    is_dated = within(exp.column("day"), EARLIEST)
    conditions = [_condition(dict(one), place, values, tongue) for one in wording.filters]
    rows = (
        exp.select(exp.column("day"), exp.alias_(amount, "amount"), exp.alias_(given, "given"), *cuts)
        .from_(exp.select(*read).from_(place.relation()).subquery("accord_read"))
        .where(is_dated, *conditions)
    )
    dated = places.dated(rows, tongue)
    if not money:
        return dated
    day = exp.column("day")
    rate_on = places.numbered(day, "month") if wording.currency_rule == AVERAGE else day
    return places.beside(dated, exp.alias_(rate_on, "rate_on"))


def columns_used(wording: Wording, money: Money | None = None) -> list[str]:
    """The keys of the columns that the source has to have."""
    return list(dict.fromkeys([*_values_used(wording, money), wording.time_column]))


def _values_used(wording: Wording, money: Money | None) -> list[str]:
    used = [wording.dimensions[key] for key in sorted(wording.dimensions)]
    used += [str(one["column"]) for one in wording.filters]
    if wording.aggregation in base.OF_A_COLUMN:
        used += [wording.expression] if wording.expression else []
    else:
        used += formulas.parse(wording.expression).references
    if money and money.column:
        used.append(money.column)
    return list(dict.fromkeys(used))


def _given(wording: Wording, values: Mapping[str, exp.Expr], tongue: Tongue) -> exp.Expr:
    if wording.aggregation in base.OF_A_COLUMN:
        return values[wording.expression].copy() if wording.expression else whole(1)
    return computed(formulas.parse(wording.expression).root, values, tongue)


def _condition(
    given: Mapping[str, Any], place: Place, values: Mapping[str, exp.Expr], tongue: Tongue
) -> exp.Expr:
    """One filter. Its words were judged by filters.conditions when the definition was checked."""
    key, op = str(given["column"]), str(given["op"])
    column, value = place.columns[key], values[key]
    is_null = exp.Is(this=value.copy(), expression=exp.Null())
    if op in filters.NULLNESS:
        return is_null if op == "is_null" else exp.Not(this=is_null)
    wanted = [_literal(one, key, column, place.zone, tongue) for one in filters.choices(given)]
    if op in filters.MEMBERSHIP:
        inside = exp.In(this=value.copy(), expressions=wanted)
        return inside if op == "in" else exp.Not(this=inside)
    if op == "!=":
        return exp.Paren(this=exp.or_(is_null, exp.NEQ(this=value.copy(), expression=wanted[0])))
    return PLAIN[op](this=value.copy(), expression=wanted[0])


def _literal(value: Any, key: str, column: LiveColumn, zone: str, tongue: Tongue) -> exp.Expr:
    typed = filters.typed(value, Column(key=key, sql="", type=column.type))
    if isinstance(typed, bool):
        return whole(int(typed))
    if isinstance(typed, Decimal):
        return tongue.number(typed)
    if isinstance(typed, datetime.datetime):
        # Without an offset it is read as UTC, as the statement over copied rows reads it.
        moment = typed if typed.tzinfo else typed.replace(tzinfo=datetime.UTC)
        return tongue.moment(moment, column.native, zone)
    return date(typed) if isinstance(typed, datetime.date) else tongue.text(str(typed))
