"""YAML as branches, lists and texts that know their line. Nothing is built from it: no tags, anchors or aliases, and
every scalar is the text that was written, so that 010 stays a store's code and `no` a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext_lazy as _

from performance.foundation import refusals

MAX_BYTES = 256 * 1024
MAX_DEPTH = 7
MAX_NODES = 20_000


class DocumentRefused(refusals.Refused):
    """A document that cannot be read. `line` counts from 1; 0 where there is no place to name."""

    def __init__(self, reason: Any, *, line: int = 0, code: str = "document") -> None:
        placed = _("Line %(line)s: %(reason)s") % {"line": line, "reason": reason} if line else reason
        super().__init__(placed, code=code, field="document")
        self.reason, self.line = reason, line


@dataclass(frozen=True)
class Text:
    line: int
    text: str


@dataclass(frozen=True)
class Items:
    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Branch:
    line: int
    entries: dict[str, Node]


Node = Text | Items | Branch


def tree_of(document: str) -> Node:
    """The one document in the text. Work is bounded by the caps above. Raises DocumentRefused."""
    if len(document.encode()) > MAX_BYTES:
        words = {"limit": MAX_BYTES // 1024}
        raise DocumentRefused(_("The document is larger than %(limit)s KB.") % words, code="too_large")
    try:
        events = [event for event in _judged(document) if not isinstance(event, _FRAME)]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else _line_at(document, getattr(error, "position", None))
        raise DocumentRefused(_("This is not readable as YAML."), line=line, code="unreadable") from error
    if not events:
        raise DocumentRefused(_("The document is empty."), code="empty")
    following = iter(events)
    return _node(next(following), following)


_FRAME = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)


def _judged(document: str) -> Iterator[yaml.Event]:
    """The events of the parser, stopped at the first thing that has no place here, before anything is nested."""
    depth = nodes = documents = 0
    for event in yaml.parse(document, Loader=yaml.SafeLoader):
        line = _line_of(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DocumentRefused(_("Anchors and aliases (&, *) have no place here."), line=line)
        if getattr(event, "tag", None):
            raise DocumentRefused(_("Types (!) have no place here."), line=line)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise DocumentRefused(_("A second document starts here. Keep one in a file."), line=line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH:
            raise DocumentRefused(_("This is nested too deep."), line=line)
        if nodes > MAX_NODES:
            raise DocumentRefused(_("The document has too many parts."), line=line, code="too_large")
        yield event


def _node(event: yaml.Event, following: Iterator[yaml.Event]) -> Node:
    line = _line_of(event)
    if isinstance(event, yaml.SequenceStartEvent):
        return Items(line, tuple(_node(each, following) for each in _until(yaml.SequenceEndEvent, following)))
    if isinstance(event, yaml.MappingStartEvent):
        entries: dict[str, Node] = {}
        for each in _until(yaml.MappingEndEvent, following):
            name = _name(_node(each, following))
            if name.text in entries:
                words = {"name": name.text[:40]}
                raise DocumentRefused(_("“%(name)s” stands here twice.") % words, line=name.line)
            entries[name.text] = _node(next(following), following)
        return Branch(line, entries)
    return Text(line, event.value if isinstance(event, yaml.ScalarEvent) else "")


def _line_of(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _until(end: type[yaml.Event], following: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    for event in following:
        if isinstance(event, end):
            return
        yield event


def _name(node: Node) -> Text:
    if not isinstance(node, Text):
        raise DocumentRefused(_("A plain name is expected here."), line=node.line)
    return node


def _line_at(document: str, position: int | None) -> int:
    return 0 if position is None else document.count("\n", 0, position) + 1
