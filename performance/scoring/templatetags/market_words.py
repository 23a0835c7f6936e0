"""`{% load market_words %}`: market rules and what they said, in plain words."""

import datetime
from decimal import Decimal

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance.foundation.components import formats
from performance.kpis import units
from performance.kpis.queries import months
from performance.scoring import evidence
from performance.scoring.evidence import NOT_FRESH, Signal
from performance.scoring.models import WHOLE, MarketSide, Measure, PolicyVersion

register = template.Library()
#: So many of the latest months are told.
TOLD = 2


@register.filter
def signal_state(signal: Signal) -> str:
    """active, partly, quiet or no_data."""
    if signal.quiet:
        return "no_data"
    if not signal.is_active:
        return "quiet"
    return "active" if signal.is_full else "partly"


@register.filter
def signal_condition(signal: Signal) -> str:
    """When the rule begins to count: "is below 95 for 2 months", "rises by more than 0.5 within 3 months"."""
    rule = signal.rule
    words = _bound_words(signal)
    if rule.months == 1:
        return words
    return ngettext(
        "%(condition)s for %(number)s month", "%(condition)s for %(number)s months", rule.months
    ) % {"condition": words, "number": rule.months}


@register.filter
def signal_ramp(signal: Signal) -> str:
    """How its effect grows, and when it ends."""
    rule = signal.rule
    bounds = {"starts": _bound(signal, rule.starts_micro), "full": _bound(signal, rule.full_micro)}
    grows = _("It begins at %(starts)s and counts fully at %(full)s, in a straight line between.") % bounds
    ends = ngettext(
        "It ends after %(number)s month that does not fulfil this.",
        "It ends after %(number)s months in a row that do not fulfil this.",
        rule.until_months,
    ) % {"number": rule.until_months}
    return f"{grows}{formats.mark(' ')}{ends}"


@register.filter
def signal_now(signal: Signal) -> str:
    """The latest months with their values, or why there is no reading."""
    known = [(month, value) for month, value in signal.read if value is not None][-TOLD:]
    told = formats.mark(",").join(f"{_month(month)} {_value(signal, value)}" for month, value in known)
    if signal.quiet == NOT_FRESH:
        return _("%(values)s: too old, so nothing is read and every multiplier is 1.") % {
            "values": told or "–"
        }
    if signal.quiet:
        return _("No closed month has a value, so nothing is read and every multiplier is 1.")
    # Without months the values are of a part that the reader does not see.
    return f"{told}{formats.mark('.')}" if signal.read else ""


@register.filter
def signal_line(signal: Signal) -> str:
    """One line of a scorecard: "Demand index 94.2, below 95 since March"."""
    rule, named = signal.rule, signal.metric_name
    if signal.quiet:
        return _("%(metric)s: no reading") % {"metric": named}
    words = {
        "metric": named,
        "value": _value(signal, signal.value_micro),
        "bound": _bound(signal, rule.starts_micro),
    }
    if rule.measure == Measure.CHANGE:
        words["value"] = formats.signed(Decimal(signal.value_micro or 0) / WHOLE)
        words["span"] = _span(rule.span)
        if not signal.is_active:
            return _("%(metric)s %(value)s within %(span)s, quiet") % words
        return _("%(metric)s %(value)s within %(span)s, counts since %(month)s") % {
            **words,
            "month": _month(signal.since),
        }
    if signal.beyond_since is None:
        if signal.is_active:
            return _("%(metric)s %(value)s, has not ended yet") % words
        return _("%(metric)s %(value)s, quiet") % words
    words["month"] = _month(signal.beyond_since)
    if rule.side == MarketSide.BELOW:
        return _("%(metric)s %(value)s, below %(bound)s since %(month)s") % words
    return _("%(metric)s %(value)s, above %(bound)s since %(month)s") % words


@register.filter
def active_signals(version: PolicyVersion) -> list[Signal]:
    """What moved the weights of a locked version."""
    kept = evidence.signals_from((version.plan or {}).get("market", ()))
    return [signal for signal in kept if signal.is_active]


@register.filter
def signal_chart(signal: Signal) -> str:
    """What the sparkline shows, for who does not see it."""
    shown = [
        f"{_month(month)} {_value(signal, value)}" for month, value in signal.read[-13:] if value is not None
    ]
    return f"{signal.metric_name}{formats.mark(':')}{formats.listed(shown)}"


def _bound_words(signal: Signal) -> str:
    rule = signal.rule
    if rule.measure == Measure.LEVEL:
        words = {"bound": _bound(signal, rule.starts_micro)}
        return (
            _("is below %(bound)s") % words
            if rule.side == MarketSide.BELOW
            else _("is above %(bound)s") % words
        )
    words = {"bound": _bound(signal, abs(rule.starts_micro)), "span": _span(rule.span)}
    rises, falls = (
        (_("rises by more than %(bound)s within %(span)s"), _("falls by less than %(bound)s within %(span)s"))
        if rule.side == MarketSide.ABOVE
        else (
            _("rises by less than %(bound)s within %(span)s"),
            _("falls by more than %(bound)s within %(span)s"),
        )
    )
    is_rise = rule.starts_micro > 0 or (rule.starts_micro == 0 and rule.side == MarketSide.ABOVE)
    return (rises if is_rise else falls) % words


def _span(number: int) -> str:
    return ngettext("%(number)s month", "%(number)s months", number) % {"number": number}


def _bound(signal: Signal, micro: int) -> str:
    """Where a rule begins or is full: with as many decimals as it was stated."""
    value, unit = Decimal(micro) / WHOLE, units.parse(signal.unit)
    if unit.currency and unit.has_money:
        return formats.money(value, unit.currency)
    if unit.is_dimensionless and unit.shown == "percent" and signal.rule.measure == Measure.LEVEL:
        return formats.percent(value)
    return formats.number(value)


def _value(signal: Signal, micro: int | None) -> str:
    return units.measured(None if micro is None else Decimal(micro) / WHOLE, signal)


def _month(text: str | None) -> str:
    return months.name(datetime.date.fromisoformat(text)) if text else formats.MISSING
