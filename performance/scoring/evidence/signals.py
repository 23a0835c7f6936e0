"""Market rules as plain data, what is wrong with them, and what they said when they were read."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.engine import errors, fixed, signals, weights
from performance.foundation import i18n
from performance.scoring.models import FACTOR_HIGHEST, FACTOR_LOWEST, MOST_MONTHS, Measure

MOST_RULES = 8
#: What a rule compares with lies within this, in micro: as many digits as the database keeps of it.
LARGEST_MICRO = 10**18
LONGEST_PART = 120
#: Why a rule says nothing.
NO_VALUES, NOT_FRESH = "no_values", "not_fresh"
RULE_PROBLEMS = {
    "too_many_rules": _("Eight market rules at most."),
    "duplicate_key": _("Two market rules have the same name."),
    "rule_unnamed": _("Name this rule."),
    "signal_unnamed": _("Say which metric this rule reads."),
    "signal_not_certified": _("Only a metric that both sides have certified moves weights."),
    "owner_is_scored": _(
        "An owner of this metric is scored by this policy. Somebody whom it does not score answers for what moves weights."
    ),
    "part_closed": _("You do not see this part of the metric. Somebody who sees it writes this rule."),
    "slice_not_flat": _("Name the part of the business as dimensions, each with one value."),
    "no_effects": _("Say which weights this rule moves, and by how much."),
    "unknown_component": _("This rule moves a component that the policy does not have."),
    "factor_out_of_range": _("A market multiplier lies between 0.5 and 2."),
    "no_ramp": _("A rule grows from where it begins to where it counts fully: the two differ, so that there is no cliff."),
    "ramp_reversed": _("Where a rule counts fully lies beyond where it begins: lower for below, higher for above."),
    "months_out_of_range": _("A number of months lies between 1 and 12."),
    "number_too_long": _("This number has too many digits."),
    "unknown_measure": _("A rule reads a value or its change."),
    "unknown_side": _("A rule counts below or above where it begins."),
}  # fmt: skip


@dataclass(frozen=True)
class RuleDraft:
    """One market rule as its author states it. `effects`: component key → multiplier in ppm once it counts fully."""

    key: str
    name_en: str
    metric_key: str
    starts_micro: int
    full_micro: int
    effects: Mapping[str, int]
    name_zh: str = ""
    slice: Mapping[str, str] = field(default_factory=dict)
    measure: str = "level"
    side: str = "below"
    months: int = 1
    until_months: int = 1
    span: int = 1

    @property
    def name(self) -> str:
        return i18n.local(self, "name")

    @property
    def for_engine(self) -> signals.Rule:
        return signals.Rule(
            key=self.key,
            measure=self.measure,  # type: ignore[arg-type]
            side=self.side,  # type: ignore[arg-type]
            starts_micro=self.starts_micro,
            full_micro=self.full_micro,
            months=self.months,
            until_months=self.until_months,
            span=self.span,
        )


@dataclass(frozen=True)
class RuleTrouble:
    """Why this is no market rule yet. `key` names the rule, None all of them together."""

    code: str
    key: str | None
    field: str = "name_en"

    @property
    def message(self) -> Any:
        return RULE_PROBLEMS[self.code]


@dataclass(frozen=True)
class Signal:
    """A rule with what it said when it was read.

    `read` are the months with their values, oldest first, None for one without. `since` is the month from which on the
    rule has counted without a break. `quiet` says why there is no reading; then the share is 0 and every factor × 1.
    """

    rule: RuleDraft
    metric_name_en: str = ""
    metric_name_zh: str = ""
    unit: str = "number"
    decimals: int = 2
    share_ppm: int = 0
    value_micro: int | None = None
    since: str | None = None
    read: tuple[tuple[str, int | None], ...] = ()
    metric_version: int | None = None
    as_of: str = ""
    quiet: str = NO_VALUES

    @property
    def metric_name(self) -> str:
        return i18n.local(self, "metric_name") or self.rule.metric_key

    @property
    def is_active(self) -> bool:
        return self.share_ppm > 0

    @property
    def is_full(self) -> bool:
        return self.share_ppm == fixed.ONE

    @property
    def factors(self) -> dict[str, int]:
        """component key → the multiplier that applies, in ppm."""
        return {key: signals.factor_ppm(self.share_ppm, full) for key, full in self.rule.effects.items()}

    @property
    def beyond_since(self) -> str | None:
        """The month from which on, without a break, every value has lain beyond where the rule begins; None where the
        last one does not. Of levels alone: a change lies between months."""
        if self.rule.measure != Measure.LEVEL:
            return None
        sign = 1 if self.rule.side == "above" else -1
        first = None
        for month, value in reversed(self.read):
            if value is None:
                continue
            if sign * (value - self.rule.starts_micro) <= 0:
                break
            first = month
        return first

    def kept(self) -> dict[str, Any]:
        """As a plan keeps it."""
        given = asdict(self)
        rule = given.pop("rule")
        return {**rule, **given, "read": [list(one) for one in self.read]}


def signals_from(kept: Sequence[Mapping[str, Any]]) -> tuple[Signal, ...]:
    """What a plan keeps of its market rules."""
    of_rule = RuleDraft.__dataclass_fields__
    return tuple(
        Signal(
            rule=RuleDraft(**{name: value for name, value in item.items() if name in of_rule}),
            **{name: value for name, value in item.items() if name not in of_rule and name != "read"},
            read=tuple((month, value) for month, value in item["read"]),
        )
        for item in kept
    )


def read_signal(
    rule: RuleDraft, months: Sequence[tuple[datetime.date, int | None]], *, quiet: str = "", **known: Any
) -> Signal:
    """What a rule says after these months, oldest first. One that cannot be read, or has nothing to read, is quiet."""
    shown = tuple((month.isoformat(), value) for month, value in months)
    found = signals.read(rule.for_engine, [value for _month, value in months])
    quiet = quiet or (NO_VALUES if found.value_micro is None else "")
    if quiet:
        return Signal(rule, value_micro=found.value_micro, read=shown, quiet=quiet, **known)
    since = None if found.since is None else shown[found.since][0]
    return Signal(
        rule,
        share_ppm=found.share_ppm,
        value_micro=found.value_micro,
        since=since,
        read=shown,
        quiet="",
        **known,
    )


def market_factors(component: str, given: Sequence[Signal]) -> tuple[weights.Factor, ...]:
    """The multipliers of a component, one for each rule that may move it."""
    return tuple(
        weights.Factor("market", signal.rule.key, signal.factors[component])
        for signal in given
        if component in signal.rule.effects
    )


def rule_troubles(rules: Sequence[RuleDraft], components: Collection[str]) -> list[RuleTrouble]:
    """Everything that keeps these rules from moving the weights of `components` (their keys); empty when they can."""
    found = [RuleTrouble("too_many_rules", None)] if len(rules) > MOST_RULES else []
    if len({rule.key for rule in rules}) != len(rules):
        found.append(RuleTrouble("duplicate_key", None))
    for rule in rules:
        found += [RuleTrouble(code, rule.key, place) for code, place in _troubles_of(rule, components)]
    return found


def metrics_named(plan: Mapping[str, Any]) -> set[str]:
    """The metrics behind the market rules of a plan."""
    return {item["metric_key"] for item in plan.get("market", ())}


def micro(value: Decimal) -> int:
    """As metric values become evidence: half to even."""
    return int(
        fixed.EXACT.multiply(value, Decimal(fixed.ONE)).quantize(Decimal(1), ROUND_HALF_EVEN, fixed.EXACT)
    )


def _troubles_of(rule: RuleDraft, components: Collection[str]) -> list[tuple[str, str]]:
    found = []
    if not rule.name_en.strip():
        found.append(("rule_unnamed", "name_en"))
    if not rule.metric_key:
        found.append(("signal_unnamed", "metric"))
    if not isinstance(rule.slice, Mapping) or not all(
        isinstance(part, str) and 0 < len(part) <= LONGEST_PART
        for item in rule.slice.items()
        for part in item
    ):
        found.append(("slice_not_flat", "slice"))
    if not rule.effects:
        found.append(("no_effects", "effects"))
    if set(rule.effects) - set(components):
        found.append(("unknown_component", "effects"))
    if not all(FACTOR_LOWEST <= full <= FACTOR_HIGHEST for full in rule.effects.values()):
        found.append(("factor_out_of_range", "effects"))
    if max(abs(rule.starts_micro), abs(rule.full_micro)) > LARGEST_MICRO:
        found.append(("number_too_long", "starts"))
    if max(rule.months, rule.until_months, rule.span) > MOST_MONTHS:
        found.append(("months_out_of_range", "months"))
        return found
    try:
        signals.read(rule.for_engine, ())
    except errors.InvalidInput as refusal:
        place = "full" if refusal.code in ("no_ramp", "ramp_reversed") else "months"
        found.append((refusal.code, place))
    return found
