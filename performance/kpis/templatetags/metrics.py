"""`{% load metrics %}`: values in the unit of their metric."""

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.utils.translation import gettext as _

from performance.foundation import access
from performance.foundation.components import formats
from performance.kpis import queries, rules, units
from performance.kpis.models import PointNote, RateKind
from performance.kpis.queries import months, uses
from performance.kpis.semantics import RATES_OF

register = template.Library()
RATE_PLACES_SHOWN = 10


@register.filter
def measured(value: Decimal | None, metric: Any) -> str:
    """`{{ value|measured:metric }}`: ¥187.4M, 37.2%, 4.62. `metric` has unit and decimals."""
    return units.measured(value, metric)


@register.filter
def measured_exact(value: Decimal | None, metric: Any) -> str:
    """The same without shortening: ¥187,402,113.20."""
    unit = units.parse(metric.unit)
    if unit.currency and unit.has_money:
        return formats.money_exact(value, unit.currency)
    return measured(value, metric)


@register.filter
def rate(value: Decimal | None) -> str:
    """A rate of exchange: 7.8125, 0.1375; what was turned over has more digits than anybody reads, and shows ten."""
    if value is None:
        return formats.MISSING
    places = -int(formats.trimmed(value).normalize().as_tuple().exponent)
    return formats.number(value, min(max(places, 0), RATE_PLACES_SHOWN))


@register.filter
def rate_day(day: datetime.date, kind: str) -> str:
    """The day of a rate; of an average, its month."""
    return months.name(day) if kind == RateKind.AVERAGE else formats.day(day, "year")


register.filter("month_name", months.name)
register.filter("month_days", months.days_in_words)
register.filter("month_choice", months.choice)
register.filter("month_key", months.key)


@register.filter
def rates_used(numbers: Iterable[int]) -> str:
    """The versions that a value was converted by: 3; 3, 4 for a quarter whose months were."""
    return formats.listed(numbers)


@register.filter
def lacking_words(lacking: Mapping[str, Any], version: Any) -> str:
    """Which currencies have no rate, and when: GBP, EUR, 3 – 28 Jan 2026."""
    kind = RATES_OF.get(version.currency_rule, "")
    first, last = (rate_day(datetime.date.fromisoformat(lacking[end]), kind) for end in ("first", "last"))
    codes = formats.listed(code or _("no currency") for code in lacking["currencies"])
    return f"{codes}{formats.mark(',')}{first if first == last else f'{first} – {last}'}"


@register.filter
def turned(value: Decimal) -> Decimal:
    """The same rate the other way round, for people to recognise."""
    return (1 / value).quantize(Decimal("1e-6"))


@register.filter
def difference(value: Decimal | None, metric: Any) -> str:
    """A difference in the metric's unit, with its sign: +¥0.6M, −0.9 pp."""
    unit = units.parse(metric.unit)
    if value is None or value == 0:
        return formats.signed(value)
    if unit.currency and unit.has_money:
        shown = formats.money(abs(value), unit.currency)
        return f"{'+' if value > 0 else formats.MINUS}{shown}"
    if unit.is_dimensionless and unit.shown == "percent":
        return formats.percentage_points(value, metric.decimals)
    return formats.signed(value, metric.decimals)


@register.filter
def difference_exact(value: Decimal | None, metric: Any) -> str:
    """The same without shortening: +¥2,113.20."""
    unit = units.parse(metric.unit)
    if value and unit.currency and unit.has_money:
        shown = formats.money_exact(abs(value), unit.currency)
        return f"{'+' if value > 0 else formats.MINUS}{shown}"
    return difference(value, metric)


@register.filter
def relative_of(given: Any, metric: Any) -> str:
    """The `relative` change of something in per cent; nothing for what is in per cent already: it has points."""
    unit = units.parse(metric.unit)
    if given.relative is None or (unit.is_dimensionless and unit.shown == "percent"):
        return ""
    return moved_by(given.relative)


@register.filter
def moved_by(percent: Decimal | None) -> str:
    """A relative change: −3.1%, +0.04%. What is too small for one decimal shows two; what two do not show is "="."""
    if percent is None or abs(percent) < Decimal("0.005"):
        return formats.signed(percent, 2)
    places = 1 if abs(percent) >= Decimal("0.1") else 2
    shown = formats.number(abs(percent), places)
    return f"{'+' if percent > 0 else formats.MINUS}{shown}%"


@register.filter
def decimal(text: str | None) -> Decimal | None:
    """A value that is kept as text."""
    return formats.decimal_of(text)


@register.filter
def month_of_text(text: str) -> datetime.date:
    """The month that a signature or a value keeps by its key: 2026-05, or the first day of one of weeks."""
    return datetime.date.fromisoformat(text if len(text) > len("2026-05") else f"{text}-01")


@register.filter
def uses_words(numbers: Mapping[str, int]) -> list[str]:
    """What read a metric, by kind and number, as a signature keeps it; a kind that an earlier version knew is left out."""
    return [queries.Uses(kind, number).words for kind, number in numbers.items() if kind in uses.WORDS]


@register.filter
def unit_words(metric: Any) -> str:
    """What stands beside the number: "per customer", "days"; nothing for money, per cent and plain numbers."""
    unit = units.parse(metric.unit)
    if unit.is_dimensionless or unit.is_money:
        return ""
    beside = units.Unit(powers=tuple(each for each in unit.powers if each[0][0] != "money" or each[1] != 1))
    return str(beside.label)


@register.filter
def named(keys: Iterable[str], labels: queries.Labels) -> str:
    """Dimensions by name: 城市、门店."""
    return formats.listed(labels.dimension(key) for key in keys)


@register.filter
def unit_label(text: str) -> str:
    """A stored unit in words."""
    return str(units.parse(text).label)


@register.filter
def at(given: Mapping[Any, Any] | None, key: Any) -> Any:
    """`{{ marks|at:point.month }}`: what a mapping has there."""
    return (given or {}).get(key)


@register.filter
def may_take_back(note: PointNote, actor: access.Actor) -> bool:
    return rules.can_withdraw_note(actor, note)


@register.filter
def cell(value: Any) -> str:
    """A source value as it is: days and numbers by locale, nothing shortened."""
    if value is None:
        return formats.MISSING
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return formats.number(value, max(-exponent, 0) if isinstance(exponent, int) else None)
    if isinstance(value, datetime.datetime):
        return formats.daytime(value)
    return formats.day(value, "year") if isinstance(value, datetime.date) else str(value)


@register.filter
def is_figure(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


@register.filter
def plain(value: Decimal | None) -> float | None:
    """For a chart, which draws and does not count."""
    return None if value is None else float(value)


@register.simple_tag
def kind_words(kind: str, is_fused: bool) -> str:
    """What sort of number it is."""
    if is_fused:
        return _("Fused")
    told = {"base": _("From data"), "ratio": _("Ratio"), "cumulative": _("Running total")}
    return told.get(kind, _("Formula"))


@register.filter
def chip_of(status: str) -> str:
    """The chip of a status of rules.status_of."""
    return {rules.ON_TRACK: "good", rules.AT_RISK: "warn", rules.OFF_TRACK: "bad"}.get(status, "none")


@register.simple_tag
def slice_query(slice: Mapping[str, str], month: datetime.date | None = None, **more: str) -> str:
    """Query parameters of a slice in a month."""
    given = {"month": months.key(month)} if month else {}
    return urlencode({**given, **more, **slice})


@register.simple_tag(takes_context=True)
def querystring_with(context: Context, **changes: Any) -> str:
    """The address's own parameters with some of them changed."""
    given = context["request"].GET.copy()
    for name, value in changes.items():
        given[name] = str(value)
    return str(given.urlencode())


@register.filter
def share(value: Decimal | int | None) -> str:
    """A share in per cent with two decimals: 8.33%."""
    return formats.percent(value, 2)


#: How far lines of a tree are set in at most.
DEEPEST = 4


@register.filter
def depth(value: int) -> int:
    """How far a line of a tree is set in: 0 for the result, at most 4."""
    return min(value, DEEPEST)


@register.filter
def volume_help(told: Any) -> str:
    """What grows with the volume, by name; nothing where no volume is chosen."""
    if not told.moves.volume:
        return ""
    names = [line.metric.name for line in told.tree if line.metric.key in told.riders]
    return str(_("Grows with it: %(names)s.")) % {"names": formats.listed(names)}
