"""Amounts of many currencies as one: aggregated currency by currency and day by day of the rate, each converted exactly,
and only then put together. The same statement for rows that are here and for what a source answered."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from performance.kpis.semantics import composing
from performance.kpis.semantics.calendars import Calendar
from performance.kpis.semantics.sheets import Sheet, Statement
from performance.kpis.semantics.wording import AVERAGE, CLOSING, TRANSACTION, Wording

#: Which rates a rule reads.
RATES_OF = {AVERAGE: "average", TRANSACTION: "daily", CLOSING: "closing"}
#: How an amount is aggregated within one currency and day: what multiplying by a rate above zero does not disturb.
WITHIN = {
    "sum": "sum(amount)",
    "avg": "sum(amount)",
    "last": "sum(amount)",
    "min": "min(amount)",
    "max": "max(amount)",
}


@dataclass(frozen=True)
class Money:
    """What a metric's amounts are in: `fixed` for all rows, or as the column `column` says; both "" where the dataset
    says nothing."""

    fixed: str = ""
    column: str = ""

    @property
    def is_said(self) -> bool:
        return bool(self.fixed or self.column)


@dataclass(frozen=True)
class Conversion:
    """Into `currency` by the rates that version `number` knows; 0: there are none yet."""

    organisation_id: uuid.UUID
    rule: str
    currency: str
    money: Money
    number: int
    calendar: Calendar


def rate_day(conversion: Conversion, day: str) -> str:
    """The day that a row's rate is of, as SQL: averages are kept by the first day of their month."""
    return conversion.calendar.start_sql("month", day) if conversion.rule == AVERAGE else day


def written_sql(conversion: Conversion, sheet: Sheet) -> Statement:
    """The currency of a row as it is written there."""
    if conversion.money.column:
        return Statement(sheet.columns[conversion.money.column].sql)
    return Statement("%s::text", [conversion.money.fixed])


def known_rates(*, organisation_id: uuid.UUID, kind: str, currency: str, number: int) -> Statement:
    """SELECT source, day, rate, is_carried: the newest of each currency and day up to the version."""
    return Statement(
        "SELECT DISTINCT ON (r.source, r.day) r.source, r.day, r.rate, r.is_carried FROM kpis_rate AS r"
        " JOIN kpis_rateversion AS v ON v.organisation_id = r.organisation_id AND v.id = r.version_id"
        " WHERE r.organisation_id = %s AND v.kind = %s AND v.currency = %s AND v.number <= %s"
        " ORDER BY r.source, r.day, v.number DESC",
        [organisation_id, kind, currency, number],
    )


def covered_rates(known: Statement, *, kind: str, calendar: Calendar, most: int) -> Statement:
    """SELECT source, first, last, newest, count, missing, days: what there is of each currency among `known` rates, how
    many days (of averages and closing rates: months, by their first day) between its first and its last have none, and
    the first `most` of those."""
    by_day = kind == RATES_OF[TRANSACTION]
    step, there = "day", "(SELECT generate_series(step, following, interval '1 day')::date)"
    if not by_day:
        step, there = calendar.start_sql("month", "day"), calendar.starts_sql("month", "step", "following")
    return Statement(
        f"WITH known AS MATERIALIZED ({known.sql}), steps AS MATERIALIZED (SELECT source, step,"
        " lead(step) OVER (PARTITION BY source ORDER BY step) AS following"
        f" FROM (SELECT DISTINCT source, {step} AS step FROM known) AS every),"
        " missing AS (SELECT source, lacked, row_number() OVER (PARTITION BY source ORDER BY lacked) AS place FROM steps,"
        f" LATERAL {there} AS within(lacked) WHERE lacked > step AND lacked < following),"
        " counted AS (SELECT source, count(*) AS missing,"
        " array_agg(lacked ORDER BY place) FILTER (WHERE place <= %s) AS days FROM missing GROUP BY source),"
        " there AS (SELECT source, min(day) AS first, max(day) AS last, count(*) AS count FROM known GROUP BY source)"
        " SELECT t.source, t.first, t.last, k.rate, t.count, coalesce(c.missing, 0), coalesce(c.days, ARRAY[]::date[])"
        " FROM there AS t JOIN known AS k ON k.source = t.source AND k.day = t.last"
        " LEFT JOIN counted AS c ON c.source = t.source ORDER BY t.source",
        [*known.params, most],
    )


#: A closing rate is the last one of the month of the balance, and none from after the period: markets close on the last
#: workday. The others are of their very day or month.
CLOSING_KEYED = (
    "SELECT DISTINCT ON (w.code, w.rate_on, w.period_end) w.code, w.rate_on, w.period_end, r.rate"
    " FROM (SELECT DISTINCT code, rate_on, period_end FROM parts) AS w JOIN rates AS r ON r.source = w.code"
    " AND {rate_month} = {balance_month}"
    " AND r.day <= w.period_end ORDER BY w.code, w.rate_on, w.period_end, r.day DESC"
)
KEYED = "SELECT source AS code, day AS rate_on, rate FROM rates"


def rated(given: Statement, conversion: Conversion) -> Statement:
    """SELECT p.*, code, rate: the rows of `given` (with period_end, written, rate_on) beside their rates, NULL where there
    is none. One's own currency is worth one."""
    rates = known_rates(
        organisation_id=conversion.organisation_id,
        kind=RATES_OF[conversion.rule],
        currency=conversion.currency,
        number=conversion.number,
    )
    is_closing = conversion.rule == CLOSING
    same_period = " AND k.period_end = p.period_end" if is_closing else ""
    keyed = KEYED
    if is_closing:
        rate_month, balance_month = (
            conversion.calendar.start_sql("month", day) for day in ("r.day", "w.rate_on")
        )
        keyed = CLOSING_KEYED.format(rate_month=rate_month, balance_month=balance_month)
    return Statement(
        f"WITH rates AS MATERIALIZED ({rates.sql}), parts AS MATERIALIZED (SELECT given.*,"
        f" upper(btrim(coalesce(written, ''))) AS code FROM ({given.sql}) AS given),"
        f" keyed AS MATERIALIZED ({keyed})"
        " SELECT p.*, CASE WHEN p.code = %s THEN 1 ELSE k.rate END AS rate FROM parts AS p"
        f" LEFT JOIN keyed AS k ON k.code = p.code AND k.rate_on = p.rate_on{same_period}",
        [*rates.params, *given.params, conversion.currency],
    )


def converted(wording: Wording, parts: Statement, conversion: Conversion, names: str = "") -> Statement:
    """SELECT period_start, period_end{names}, row_count, with_value, with_amount, amount and what lacks a rate. An amount
    without a rate counts as one that is missing."""
    found = rated(parts, conversion)
    is_filled = wording.missing_policy == "zero"
    amount = "coalesce(amount * rate, 0)" if is_filled else "amount * rate"
    with_amount = "row_count" if is_filled else "CASE WHEN rate IS NULL THEN 0 ELSE with_amount END"
    return Statement(
        f"SELECT period_start, period_end{names}, row_count, {with_amount} AS with_amount, {amount} AS amount,"
        " CASE WHEN rate IS NULL THEN 0 ELSE with_value END AS with_value,"
        " with_value AS told, code, rate_on, rate IS NULL AND with_value > 0 AS lacks"
        f" FROM ({found.sql}) AS found",
        found.params,
    )


def of_parts(wording: Wording, parts: Statement, conversion: Conversion, keys: Sequence[str]) -> Statement:
    """The columns of base_values from parts by currency and day; `inputs` names the version of the rates and what has
    none: which currencies, how many rows, from which day to which."""
    names = "".join(f", d{place}" for place in range(len(keys)))
    found = converted(wording, parts, conversion, names)
    number = f"{conversion.number:d}" if conversion.number else ""
    more = (
        f" || jsonb_build_object('rates', jsonb_build_array({number})) || CASE WHEN bool_or(lacks) THEN"
        " jsonb_build_object('lacking', jsonb_build_object("
        "'currencies', jsonb_agg(DISTINCT code) FILTER (WHERE lacks),"
        " 'rows', (sum(told) FILTER (WHERE lacks))::bigint,"
        " 'first', min(rate_on) FILTER (WHERE lacks), 'last', max(rate_on) FILTER (WHERE lacks))) ELSE '{}' END"
    )
    return Statement(composing.cubed(wording, keys, found.sql, more), found.params)
