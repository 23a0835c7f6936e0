"""Market signals: how much of a rule's multiplier applies, read from monthly values, with ramps instead of cliffs.

A rule says from which value on it begins to count and at which it counts fully; between the two its share rises in a
straight line. A month's share is that of its value, or of its change over a number of months.

The rule takes hold once its condition has held for `months` months in a row, and ends once it has not for
`until_months` in a row: two thresholds in time, as a Schmitt trigger has them in height. For shares between 0 and 1
this is said for each level apart: at a level the rule is on where all of the last `months` shares reach it, or it was on
and one of the last `until_months` shares still does. The share of a month is then

    share_t = max(min of the last `months` ramps, min(share_t−1, max of the last `until_months` ramps))

the highest level at which the rule is on (threshold decomposition; Wendt, Coyle & Gallagher 1986, "Stack filters", IEEE
Trans. ASSP 34:898–911). Made of minima and maxima alone, it moves with each value as the ramp does: never against it,
and never further.

Source of ramps, months and limits: DOMAIN, "Weights". Everything is in whole micro and ppm; a series has few months.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from performance.engine import errors, fixed, weights

Measure: TypeAlias = Literal["level", "change"]
Side: TypeAlias = Literal["below", "above"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a signal moves weights.

    measure: the value itself, or its change (a difference, in the value's own unit) over `span` months.
    side: whether the rule counts below or above. starts_micro: where its share leaves 0; full_micro: where it
    reaches 1. months: so many in a row until it takes hold; until_months: so many in a row until it ends.
    """

    key: str
    measure: Measure
    side: Side
    starts_micro: int
    full_micro: int
    months: int = 1
    until_months: int = 1
    span: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule says at the end of a series.

    share_ppm: how much of the multiplier applies, 0…1_000_000. value_micro: the last level or change that is known.
    since: the place in the series from which on the rule has been active without a break; None while it is not.
    """

    share_ppm: int
    value_micro: int | None
    since: int | None


def read(rule: Rule, series_micro: Sequence[int | None]) -> Reading:
    """What `rule` says after a series of monthly values, the oldest first.

    A month without a value (for a change: without one now or then) is passed over: it keeps the last share and
    neither adds to a run of months nor breaks it. How old a value may be is for the caller to judge.
    Raises InvalidInput, with the rule in `key`: "unknown_measure", "unknown_side", "no_ramp" (a rule that starts where
    it is full is a cliff), "ramp_reversed" (it is full on the wrong side of its start), "months_out_of_range".
    """
    _check(rule)
    ramps: list[int] = []
    share, value, since = 0, None, None
    for place in range(len(series_micro)):
        measured = _measured(rule, series_micro, place)
        if measured is None:
            continue
        value = measured
        ramps.append(_ramp(rule, measured))
        held = min(ramps[-rule.months :]) if len(ramps) >= rule.months else 0
        share = max(held, min(share, max(ramps[-rule.until_months :])))
        since = None if share == 0 else place if since is None else since
    return Reading(share, value, since)


def factor_ppm(share_ppm: int, full_ppm: int) -> int:
    """The multiplier at a share of the full one: 1 + share·(full − 1), to the nearest ppm.

    Raises InvalidInput: "share_out_of_range" (outside 0…1_000_000), "factor_out_of_range" (a full multiplier outside
    the limits of every single one, ×0.5…×2).
    """
    limits = weights.DEFAULT_LIMITS
    if not 0 <= share_ppm <= fixed.ONE:
        raise errors.InvalidInput("A share lies between 0 and 1.", code="share_out_of_range")
    if not limits.low_ppm <= full_ppm <= limits.high_ppm:
        raise errors.InvalidInput("A multiplier lies between ×0.5 and ×2.", code="factor_out_of_range")
    return fixed.ONE + fixed.round_divide(share_ppm * (full_ppm - fixed.ONE), fixed.ONE)


def _check(rule: Rule) -> None:
    if rule.measure not in ("level", "change"):
        raise errors.InvalidInput(f"Unknown measure {rule.measure!r}.", code="unknown_measure", key=rule.key)
    if rule.side not in ("below", "above"):
        raise errors.InvalidInput(f"Unknown side {rule.side!r}.", code="unknown_side", key=rule.key)
    if rule.starts_micro == rule.full_micro:
        raise errors.InvalidInput("A rule grows from its start to its full.", code="no_ramp", key=rule.key)
    if (rule.full_micro < rule.starts_micro) != (rule.side == "below"):
        raise errors.InvalidInput(
            f"A rule that counts {rule.side} is full {rule.side} its start.",
            code="ramp_reversed",
            key=rule.key,
        )
    if min(rule.months, rule.until_months, rule.span) < 1:
        raise errors.InvalidInput(
            "A number of months is at least 1.", code="months_out_of_range", key=rule.key
        )


def _measured(rule: Rule, series: Sequence[int | None], place: int) -> int | None:
    now = series[place]
    if rule.measure == "level" or now is None:
        return now
    then = series[place - rule.span] if place >= rule.span else None
    return None if then is None else now - then


def _ramp(rule: Rule, measured: int) -> int:
    """The share of one value in ppm: 0 at the start, 1_000_000 at the full, straight between, flat beyond."""
    sign = 1 if rule.side == "above" else -1
    gone, whole = sign * (measured - rule.starts_micro), sign * (rule.full_micro - rule.starts_micro)
    return fixed.round_divide(min(max(gone, 0), whole) * fixed.ONE, whole)
