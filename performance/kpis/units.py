"""Units of measure and their algebra: money − count is an error, money ÷ customers is money per customer.

A unit is a product of atoms with whole exponents. Atoms: money (with an optional currency), count (with an
optional noun), day, hour, month, year, point. Ratio, percent and number are all dimensionless; how a
dimensionless value is shown is remembered ("percent") but never part of the algebra.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from performance.foundation import refusals
from performance.foundation.components import formats

MAX_LENGTH = 120
MAX_EXPONENT = 3
MAX_ATOMS = 6
#: Places of money.
CENTS = 2

ATOMS: dict[str, Any] = {
    "money": _("money"),
    "count": _("count"),
    "hour": _("hour"),
    "day": _("day"),
    "month": _("month"),
    "year": _("year"),
    "point": _("point"),
}
NOUNS: dict[str, Any] = {
    "customer": _("customer"),
    "order": pgettext_lazy("unit", "order"),
    "item": _("item"),
    "piece": _("piece"),
    "store": _("store"),
    "person": _("person"),
    "visit": _("visit"),
    "invoice": _("invoice"),
    "product": _("product"),
    "batch": _("batch"),
}
DIMENSIONLESS = {"ratio": _("ratio"), "percent": _("percent"), "number": _("number")}

FACTOR = re.compile(r"(?P<name>[a-z]+)(?::(?P<qualifier>[A-Za-z][A-Za-z_]{0,29}))?(?:\^(?P<power>\d))?\Z")


class UnitRefused(refusals.Refused):
    """Two units that do not go together, or a text that is no unit."""

    def __init__(self, message: Any, *, code: str) -> None:
        super().__init__(message, code=code)


Atom = tuple[str, str]


@dataclass(frozen=True)
class Unit:
    """`powers`: ((name, qualifier), exponent) sorted; `shown`: how a dimensionless value is written."""

    powers: tuple[tuple[Atom, int], ...] = ()
    shown: str = "number"

    @property
    def is_dimensionless(self) -> bool:
        return not self.powers

    @property
    def is_money(self) -> bool:
        """A plain amount of money, to be shown with a currency."""
        return len(self.powers) == 1 and self.powers[0][0][0] == "money" and self.powers[0][1] == 1

    @property
    def has_money(self) -> bool:
        """An amount of money, maybe per something: shown with a currency sign."""
        return any(atom[0] == "money" and power == 1 for atom, power in self.powers)

    @property
    def currency(self) -> str:
        return next((atom[1] for atom, _power in self.powers if atom[0] == "money"), "")

    @property
    def label(self) -> Label:
        return Label(self)

    def __str__(self) -> str:
        if not self.powers:
            return self.shown
        above = "*".join(_spelt(atom, power) for atom, power in self.powers if power > 0)
        below = "".join("/" + _spelt(atom, -power) for atom, power in self.powers if power < 0)
        return f"{above or 'number'}{below}"


class Label:
    """The unit in words, said in the language of whoever reads: "money per customer"."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    def __str__(self) -> str:
        if self.unit.is_dimensionless:
            return str(DIMENSIONLESS[self.unit.shown])
        above = " × ".join(_named(atom, power) for atom, power in self.unit.powers if power > 0)
        below = " × ".join(_named(atom, -power) for atom, power in self.unit.powers if power < 0)
        if not below:
            return above
        if not above:
            return str(_("per %(below)s")) % {"below": below}
        return str(_("%(above)s per %(below)s")) % {"above": above, "below": below}


NUMBER = Unit()
PERCENT = Unit(shown="percent")
RATIO = Unit(shown="ratio")


def parse(text: str) -> Unit:
    """ "money:CNY / count:customer" as a Unit. Nouns may stand alone: "customer" is "count:customer".

    Raises UnitRefused("unit_unknown").
    """
    tidy = re.sub(r"\s+", "", text)
    if not tidy or len(tidy) > MAX_LENGTH:
        raise _unknown(text)
    if tidy in DIMENSIONLESS:
        return Unit(shown=tidy)
    powers: dict[Atom, int] = {}
    for sign, factor in re.findall(r"([*/]?)([^*/]+)", tidy if tidy[0] not in "*/" else ""):
        found = FACTOR.match(factor)
        if not found:
            raise _unknown(text)
        atom = _atom(found["name"], found["qualifier"] or "", text)
        if atom is not None:
            powers[atom] = powers.get(atom, 0) + int(found["power"] or 1) * (-1 if sign == "/" else 1)
    if tidy[0] in "*/" or tidy[-1] in "*/" or re.search(r"[*/]{2}", tidy):
        raise _unknown(text)
    return _unit(powers.items())


def add(first: Unit, second: Unit) -> Unit:
    """The unit of a sum, difference, minimum or maximum. Raises UnitRefused("unit_mismatch").

    An unnamed currency or noun takes the name of the other side.
    """
    if len(first.powers) == len(second.powers):
        merged = []
        for (atom_a, power_a), (atom_b, power_b) in zip(first.powers, second.powers, strict=True):
            same_name = atom_a[0] == atom_b[0] and power_a == power_b
            if not same_name or (atom_a[1] and atom_b[1] and atom_a[1] != atom_b[1]):
                break
            merged.append((atom_a if atom_a[1] else atom_b, power_a))
        else:
            shown = first.shown if first.shown == second.shown else "number"
            return Unit(powers=tuple(merged), shown=shown)
    raise UnitRefused(_Mismatch(first, second), code="unit_mismatch")


def in_currency(unit: Unit, currency: str) -> Unit:
    """Money that names no currency is money of this one."""
    powers: dict[Atom, int] = {}
    for atom, power in unit.powers:
        named = ("money", currency) if atom == ("money", "") else atom
        powers[named] = powers.get(named, 0) + power
    return _unit(powers.items()) if powers else unit


def multiply(first: Unit, second: Unit) -> Unit:
    return _combined(first, second, 1)


def divide(first: Unit, second: Unit) -> Unit:
    """The unit of a quotient; like by like is a ratio."""
    return _combined(first, second, -1)


def _combined(first: Unit, second: Unit, direction: int) -> Unit:
    if second.is_dimensionless and not first.is_dimensionless:
        return first
    powers = dict(first.powers)
    for atom, power in second.powers:
        powers[atom] = powers.get(atom, 0) + power * direction
    unit = _unit(_unnamed_cancelled(powers).items())
    if unit.is_dimensionless and direction < 0:
        return RATIO
    return unit


def _unnamed_cancelled(powers: dict[Atom, int]) -> dict[Atom, int]:
    """Money without a currency cancels against money with one; so do counts. Two named ones never do."""
    for name in ("money", "count"):
        plain = powers.get((name, ""), 0)
        named = [atom for atom, power in powers.items() if atom[0] == name and atom[1] and power * plain < 0]
        if plain and len(named) == 1:
            powers[named[0]] += plain
            powers[(name, "")] = 0
    return powers


def _unit(powers: Iterable[tuple[Atom, int]]) -> Unit:
    kept = tuple(sorted((atom, power) for atom, power in powers if power))
    if len(kept) > MAX_ATOMS or any(abs(power) > MAX_EXPONENT for _atom_, power in kept):
        raise UnitRefused(_("This unit has too many parts."), code="unit_too_complex")
    return Unit(powers=kept)


def _atom(name: str, qualifier: str, text: str) -> Atom | None:
    if name in DIMENSIONLESS and not qualifier:
        return None
    if name in NOUNS and not qualifier:
        return ("count", name)
    if name == "money" and (not qualifier or re.fullmatch(r"[A-Z]{3}", qualifier)):
        return ("money", qualifier)
    if name == "count":
        return ("count", qualifier.lower())
    if name in ATOMS and not qualifier:
        return (name, "")
    raise _unknown(text)


def _unknown(text: str) -> UnitRefused:
    return UnitRefused(_Unknown(text), code="unit_unknown")


def _spelt(atom: Atom, power: int) -> str:
    name = f"{atom[0]}:{atom[1]}" if atom[1] else atom[0]
    return f"{name}^{power}" if power > 1 else name


def _named(atom: Atom, power: int) -> str:
    name, qualifier = atom
    if name == "money":
        word = formats.currency_name(qualifier) if qualifier else str(ATOMS["money"])
    elif name == "count" and qualifier:
        word = str(NOUNS.get(qualifier, qualifier.replace("_", " ")))
    else:
        word = str(ATOMS[name])
    return word if power == 1 else f"{word}^{power}"


class _Mismatch:
    def __init__(self, first: Unit, second: Unit) -> None:
        self.first, self.second = first, second

    def __str__(self) -> str:
        return str(_("%(first)s and %(second)s cannot be added, subtracted or compared.")) % {
            "first": self.first.label,
            "second": self.second.label,
        }


class _Unknown:
    def __init__(self, text: str) -> None:
        self.given = text[:MAX_LENGTH]

    def __str__(self) -> str:
        return str(_("“%(text)s” is not a unit.")) % {"text": self.given}


def places_of(metric: Any) -> int:
    """As many as its pages show: cents of money, what was chosen of anything else."""
    unit = parse(metric.unit)
    return CENTS if unit.currency and unit.has_money else int(metric.decimals)


def measured(value: Any, metric: Any) -> str:
    """A value as it is read in its metric's unit, shortened: ¥187.4M, 37.2%, 4.62."""
    unit = parse(metric.unit)
    if unit.currency and unit.has_money:
        return formats.money(value, unit.currency)
    if unit.is_dimensionless and unit.shown == "percent":
        return formats.percent(value, metric.decimals)
    return formats.number(value, metric.decimals)
