"""The validated formula: our own small tree. Whatever is in it has passed the whitelist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals


def _place() -> Any:
    """Where the word stands in the typed text, from 0; None for what nobody typed. Two formulas that mean the same are
    the same, wherever their words stand."""
    return field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Number:
    value: Decimal
    place: int | None = _place()


@dataclass(frozen=True)
class Reference:
    """The value of another metric, by its key."""

    key: str
    place: int | None = _place()


@dataclass(frozen=True)
class Negated:
    operand: Node


@dataclass(frozen=True)
class Binary:
    """`operator` is one of + - * /. Division by zero is missing."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    """`function` is one of lexicon.FUNCTIONS."""

    function: str
    arguments: tuple[Node, ...]
    place: int | None = _place()


Node = Number | Reference | Negated | Binary | Call


@dataclass(frozen=True)
class Formula:
    root: Node
    #: The same formula spelt one way: English function names, metric keys, as few brackets as possible.
    text: str
    #: Metric keys in order of first use.
    references: tuple[str, ...]

    def place_of(self, key: str) -> int | None:
        """Where this metric is named first in the typed text."""
        found = (node for node in walk(self.root) if isinstance(node, Reference) and node.key == key)
        return next((node.place for node in found), None)


REASONS: dict[str, Any] = {
    "empty": _("Write a formula, for example: revenue − cost."),
    "too_long": _("The formula is longer than %(limit)s characters."),
    "too_many_parts": _("The formula has more than %(limit)s parts."),
    "too_deep": _("Brackets or functions are nested more than %(limit)s deep."),
    "bad_character": _("“%(given)s” has no meaning in a formula."),
    "look_alike": _("“%(given)s” looks like a Latin letter but is another one. Type it again."),
    "comment": _("Comments have no place in a formula. Write a − (−b) for two minus signs."),
    "text_literal": _("Text in quotes has no place in a formula, only numbers and metrics."),
    "number_too_long": _("The number %(given)s… has too many digits."),
    "name_too_long": _("The name %(given)s… is too long."),
    "two_signs": _("Two signs follow each other. Put the second one in brackets."),
    "unreadable": _("The formula cannot be read: something is missing or stands in the wrong place."),
    "not_arithmetic": _("Only + − × ÷, brackets, numbers, metrics and the listed functions may be used."),
    "unknown_function": _("There is no function %(given)s. You can use: %(functions)s."),
    "arguments": _("%(given)s takes %(expected)s values in its brackets."),
    "round_digits": _("The second value of round is a whole number from 0 to 8."),
    "unknown_name": _("There is no metric called “%(given)s”."),
    "no_metric": _("The formula uses no metric."),
    "unit_mismatch": _("%(first)s and %(second)s cannot be added, subtracted or compared."),
    "unit_missing": _("The unit of “%(given)s” is not known."),
}


class FormulaRefused(refusals.Refused):
    """Why a formula is not accepted. `position`: where in the typed text, from 0, or None."""

    def __init__(self, code: str, *, position: int | None = None, **params: Any) -> None:
        super().__init__(_Said(REASONS[code], params), code=code)
        self.params = params
        self.position = position


class _Said:
    """The sentence in the language of whoever reads it."""

    def __init__(self, message: Any, params: Mapping[str, Any]) -> None:
        self.message, self.params = message, params

    def __str__(self) -> str:
        return str(self.message) % self.params if self.params else str(self.message)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, without recursion."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if isinstance(current, Negated):
            waiting.append(current.operand)
        elif isinstance(current, Binary):
            waiting += [current.right, current.left]
        elif isinstance(current, Call):
            waiting += reversed(current.arguments)
