"""From text to a validated tree: our lexicon, then sqlglot, then an exact whitelist of node classes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from performance.kpis.formulas import lexicon, spelling
from performance.kpis.formulas.tree import (
    Binary,
    Call,
    Formula,
    FormulaRefused,
    Negated,
    Node,
    Number,
    Reference,
    walk,
)

MAX_NODES = 200
MAX_CALL_DEPTH = 5

OPERATORS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


def parse(text: str, names: Mapping[str, str] | None = None) -> Formula:
    """The formula behind `text`. `names`: accepted spellings -> metric keys (None: each name is a key).

    Work is bounded by the length of the text (caps in lexicon.py). Raises FormulaRefused.
    """
    given = lexicon.neutral(text, names)
    try:
        tree = sqlglot.parse_one(given.sql, dialect="postgres")
    except (SqlglotError, RecursionError) as error:
        raise FormulaRefused("unreadable", position=_stopped_at(error, given)) from error
    root = _Reader(given.places).node(tree, calls=0)
    nodes = list(walk(root))
    if len(nodes) > MAX_NODES:
        raise FormulaRefused("too_many_parts", limit=MAX_NODES)
    references = tuple(dict.fromkeys(node.key for node in nodes if isinstance(node, Reference)))
    if not references:
        raise FormulaRefused("no_metric")
    return Formula(root=root, text=spelling.text_of(root), references=references)


def _stopped_at(error: Exception, given: lexicon.Neutral) -> int | None:
    """The word at which the parser stopped, where it says so."""
    told = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    return given.places.get((told.get("col") or 0) - len(told.get("highlight") or ""))


class _Reader:
    """What the parser understood as our own tree; each word keeps its place in the typed text."""

    def __init__(self, places: Mapping[int, int]) -> None:
        self.places = places

    def node(self, tree: exp.Expr, *, calls: int) -> Node:
        # `type(...) is`, never isinstance: a subclass that a later version of the parser invents is refused.
        kind = type(tree)
        if kind is exp.Paren:
            return self.node(_only(tree, "this"), calls=calls)
        if kind is exp.Literal and not tree.is_string:
            _only(tree, "this", "is_string")
            return Number(Decimal(str(tree.args["this"])), self._place(tree))
        if kind is exp.Column:
            return self._reference(tree)
        if kind is exp.Neg:
            return Negated(self.node(_only(tree, "this"), calls=calls))
        if kind in OPERATORS:
            _only(tree, "this", "expression", "typed", "safe")
            left = self.node(tree.args["this"], calls=calls)
            return Binary(OPERATORS[kind], left, self.node(tree.args["expression"], calls=calls))
        if kind is exp.Anonymous:
            return self._call(tree, calls=calls)
        raise FormulaRefused("not_arithmetic")

    def _place(self, tree: exp.Expr) -> int | None:
        return self.places.get(tree.meta.get("start", -1))

    def _reference(self, tree: exp.Expr) -> Reference:
        identifier = _only(tree, "this")
        if type(identifier) is not exp.Identifier or not lexicon.KEY.match(str(identifier.args["this"])):
            raise FormulaRefused("not_arithmetic")
        return Reference(str(identifier.args["this"]), self._place(identifier))

    def _call(self, tree: exp.Expr, *, calls: int) -> Call:
        _only(tree, "this", "expressions")
        name, place = str(tree.args["this"]), self._place(tree)
        function = name.lower().removeprefix(lexicon.FUNCTION_PREFIX)
        if function == name.lower() or function not in lexicon.FUNCTIONS:
            raise FormulaRefused("not_arithmetic", position=place)
        if calls >= MAX_CALL_DEPTH:
            raise FormulaRefused("too_deep", limit=MAX_CALL_DEPTH, position=place)
        given = tree.args.get("expressions") or ()
        arguments = tuple(self.node(argument, calls=calls + 1) for argument in given)
        fewest, most = lexicon.FUNCTIONS[function]
        if not fewest <= len(arguments) <= most:
            expected = str(fewest) if fewest == most else f"{fewest}–{most}"
            raise FormulaRefused("arguments", given=function, expected=expected, position=place)
        if function == "round" and len(arguments) == 2:
            _judge_digits(arguments[1], place)
        return Call(function, arguments, place)


def _only(tree: exp.Expr, *allowed: str) -> exp.Expr:
    """The main child, after making sure that the node carries nothing beside what we know."""
    if any(value for name, value in tree.args.items() if name not in allowed):
        raise FormulaRefused("not_arithmetic")
    child: exp.Expr = tree.args["this"]
    return child


def _judge_digits(node: Node, place: int | None) -> None:
    if (
        not isinstance(node, Number)
        or node.value != node.value.to_integral_value()
        or not 0 <= node.value <= 8
    ):
        raise FormulaRefused("round_digits", position=place)
