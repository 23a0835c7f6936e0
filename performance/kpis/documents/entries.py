"""A document of definitions: what stands in it, entry by entry, each word with its line."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.kpis import semantics
from performance.kpis.documents.reading import Branch, DocumentRefused, Items, Node, Text, tree_of
from performance.kpis.models import Accumulation, Aggregation, Direction, Kind, MissingPolicy
from performance.kpis.models.metrics import Additivity

#: What the first line of a document says.
FORMAT = "accord-metrics/1"
MAX_METRICS = 200
CHOSEN = 40
#: word of the document → the longest text that it may hold.
TEXTS = {
    "key": 60,
    "name_en": 120,
    "name_zh": 120,
    "description_en": 4000,
    "description_zh": 4000,
    "kind": CHOSEN,
    "dataset": 50,
    "aggregation": CHOSEN,
    "expression": 1000,
    "time_column": 80,
    "formula": 1000,
    "accumulation": CHOSEN,
    "accumulation_months": CHOSEN,
    "year_starts_in": CHOSEN,
    "unit": 120,
    "direction": CHOSEN,
    "decimals": CHOSEN,
    "additivity": CHOSEN,
    "missing_policy": CHOSEN,
    "currency_rule": CHOSEN,
    "tie_out": 60,
    "tie_out_reversed": CHOSEN,
    "tie_out_tolerance": 30,
    "tie_out_reason": 500,
    "effective_from": CHOSEN,
    "change_note": 500,
}
WORDS = frozenset(TEXTS) | {"filters", "dimensions", "allocations"}
CHOICES: dict[str, Iterable[str]] = {
    "kind": Kind.values,
    "aggregation": Aggregation.values,
    "direction": Direction.values,
    "additivity": Additivity.values,
    "accumulation": Accumulation.values,
    "missing_policy": MissingPolicy.values,
    "currency_rule": semantics.CURRENCY_RULES,
    "tie_out_reversed": ("true", "false"),
}
FILTER_WORDS = frozenset({"column", "op", "value"})
ALLOCATION_WORDS = frozenset({"way", "metric", "shares"})

OF_ROWS = ("dataset", "aggregation", "expression", "time_column", "filters", "currency_rule")


@dataclass(frozen=True)
class Entry:
    """One metric as written. `texts` holds only what stands there; `lines`: word → its line."""

    line: int
    texts: Mapping[str, str]
    filters: tuple[dict[str, Any], ...] = ()
    dimensions: Mapping[str, str] = field(default_factory=dict)
    allocations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.texts["key"]

    @property
    def is_base(self) -> bool:
        return not self.texts.get("formula")

    def text(self, word: str) -> str:
        return self.texts.get(word, "")

    def line_of(self, word: str | None) -> int:
        return self.lines.get(word or "", self.line)

    def definition(self, *, dataset: Any, day: datetime.date) -> semantics.Definition:
        """What a draft is made of. `day`: in force from then, where the document does not say."""
        given = self.text("effective_from")
        return semantics.Definition(
            kind=self.kind,
            unit=self.text("unit"),
            effective_from=datetime.date.fromisoformat(given) if given else day,
            direction=self.text("direction") or "up",
            decimals=int(self.text("decimals") or 2),
            description_en=self.text("description_en"),
            description_zh=self.text("description_zh"),
            dataset=dataset,
            aggregation=self.text("aggregation"),
            expression=self.text("expression"),
            filters=[dict(given) for given in self.filters],
            time_column=self.text("time_column"),
            formula=self.text("formula"),
            dimensions=dict(self.dimensions),
            missing_policy=self.text("missing_policy") or "null",
            change_note=self.text("change_note"),
            accumulation=self.text("accumulation"),
            accumulation_months=self._number("accumulation_months"),
            year_starts_in=self._number("year_starts_in"),
            currency_rule=self.text("currency_rule"),
            allocations={key: dict(given) for key, given in self.allocations.items()},
            tie_out=self.text("tie_out"),
            tie_out_reversed=self.text("tie_out_reversed") == "true",
            tie_out_tolerance=self.text("tie_out_tolerance"),
            tie_out_reason=self.text("tie_out_reason"),
        )

    @property
    def kind(self) -> str:
        if self.is_base:
            return Kind.BASE
        return Kind.CUMULATIVE if self.text("accumulation") else Kind.DERIVED

    def _number(self, word: str) -> int | None:
        return int(self.text(word)) if self.text(word) else None


def read(document: str) -> list[Entry]:
    """The entries of a document, in its order. Raises DocumentRefused with the line of what is wrong."""
    root = branch(tree_of(document))
    judge_words(root, frozenset({"accord", "metrics"}))
    if text(root.entries.get("accord", Text(root.line, "")), 40) != FORMAT:
        words = {"format": f"accord: {FORMAT}"}
        raise DocumentRefused(_("A document of definitions says “%(format)s”.") % words, line=root.line)
    listed = items(root.entries.get("metrics", Items(root.line, ())))
    if len(listed) > MAX_METRICS:
        raise DocumentRefused(
            _("A document holds at most %(limit)s metrics.") % {"limit": MAX_METRICS}, line=root.line
        )
    found: dict[str, Entry] = {}
    for node in listed:
        entry = entry_of(branch(node))
        if entry.key in found:
            words = {"name": entry.key}
            raise DocumentRefused(_("“%(name)s” stands here twice.") % words, line=entry.line_of("key"))
        found[entry.key] = entry
    if not found:
        raise DocumentRefused(_("No metric stands in this document."), line=root.line, code="empty")
    return list(found.values())


def entry_of(node: Branch, more: frozenset[str] = frozenset()) -> Entry:
    """One metric. `more`: other words that may stand there."""
    judge_words(node, WORDS | more)
    texts = {
        word: text(node.entries[word], most, is_null_text=word == "missing_policy")
        for word, most in TEXTS.items()
        if word in node.entries
    }
    lines = {word: child.line for word, child in node.entries.items()}
    entry = Entry(
        line=node.line,
        texts={word: given for word, given in texts.items() if given},
        filters=tuple(_filter(branch(each)) for each in items(node.entries.get("filters", _nothing(node)))),
        dimensions=_dimensions(node.entries.get("dimensions")),
        allocations=_allocations(node.entries.get("allocations")),
        lines=lines,
    )
    _judge(entry)
    return entry


def _judge(entry: Entry) -> None:
    def refuse(message: Any, word: str) -> None:
        raise DocumentRefused(message, line=entry.line_of(word))

    if not re.match(semantics.KEY_PATTERN, entry.text("key")):
        refuse(_("A metric has a key of small Latin letters, digits and underscores."), "key")
    for word, choices in CHOICES.items():
        given = entry.text(word)
        if given and given not in choices:
            words = {"given": given, "word": word, "choices": ", ".join(choices)}
            refuse(_("“%(given)s” is no %(word)s. You can use: %(choices)s.") % words, word)
    if entry.text("decimals") and not re.fullmatch("[0-8]", entry.text("decimals")):
        refuse(_("Between 0 and 8 decimals are shown."), "decimals")
    for word in ("accumulation_months", "year_starts_in"):
        if entry.text(word) and not re.fullmatch("[0-9]{1,3}", entry.text(word)):
            refuse(_("A whole number is expected here."), word)
    try:
        datetime.date.fromisoformat(entry.text("effective_from") or "2000-01-01")
    except ValueError:
        refuse(_("Write the day as 2026-05-01."), "effective_from")
    if not entry.is_base:
        extra = next((word for word in OF_ROWS if entry.lines.get(word)), None)
        if extra:
            words = {"word": extra}
            refuse(_("“%(word)s” goes with rows, not with a formula.") % words, extra)
    if entry.text("kind") and (entry.text("kind") == Kind.BASE) != entry.is_base:
        refuse(_("What is computed from rows is of the kind base, a formula is not."), "kind")
    if (entry.text("kind") == Kind.CUMULATIVE) != bool(entry.text("accumulation")) and (
        entry.text("kind") or entry.is_base
    ):
        refuse(_("A running total says what it runs over, and nothing else does."), "accumulation")


def _filter(node: Branch) -> dict[str, Any]:
    judge_words(node, FILTER_WORDS)
    found: dict[str, Any] = {
        word: text(node.entries[word], 80) for word in ("column", "op") if word in node.entries
    }
    value = node.entries.get("value")
    if isinstance(value, Items):
        found["value"] = [text(each, 200) for each in value.items]
    elif value is not None:
        found["value"] = text(value, 200)
    return found


def _dimensions(node: Node | None) -> dict[str, str]:
    """A list of keys is each called like its column."""
    if node is None or (isinstance(node, Text) and not node.text):
        return {}
    if isinstance(node, Items):
        return {key: key for key in (text(each, 60) for each in node.items)}
    return {key: text(child, 80) for key, child in branch(node).entries.items()}


def _allocations(node: Node | None) -> dict[str, dict[str, Any]]:
    """Input → how it is shared out: way, metric, shares."""
    if node is None or (isinstance(node, Text) and not node.text):
        return {}
    found: dict[str, dict[str, Any]] = {}
    for key, child in branch(node).entries.items():
        rule = branch(child)
        judge_words(rule, ALLOCATION_WORDS)
        given: dict[str, Any] = {
            word: text(rule.entries[word], 60) for word in ("way", "metric") if word in rule.entries
        }
        if "shares" in rule.entries:
            shares = branch(rule.entries["shares"])
            given["shares"] = {part: text(share, 40) for part, share in shares.entries.items()}
        found[key] = given
    return found


def judge_words(node: Branch, known: frozenset[str]) -> None:
    """Raises DocumentRefused for a word that nobody would read."""
    for word, child in node.entries.items():
        if word not in known:
            words = {"word": word[:40], "known": ", ".join(sorted(known))}
            raise DocumentRefused(
                _("“%(word)s” is not known here. You can use: %(known)s.") % words, line=child.line
            )


def branch(node: Node) -> Branch:
    if not isinstance(node, Branch):
        raise DocumentRefused(_("Names with values are expected here."), line=node.line)
    return node


def items(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Text) and not node.text:
        return ()
    if not isinstance(node, Items):
        raise DocumentRefused(_("A list is expected here."), line=node.line)
    return node.items


def text(node: Node, most: int, *, is_null_text: bool = False) -> str:
    """A plain text; what YAML calls null is nothing, except where null is a word of ours."""
    if not isinstance(node, Text):
        raise DocumentRefused(_("A plain text is expected here."), line=node.line)
    given = node.text.strip()
    if len(given) > most:
        raise DocumentRefused(
            _("This is longer than %(limit)s characters.") % {"limit": most}, line=node.line
        )
    return "" if given in ("null", "~") and not is_null_text else given


def _nothing(node: Branch) -> Items:
    return Items(node.line, ())
