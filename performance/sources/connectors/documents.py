"""Documents of JSON as rows: what a REST source answers, what a system sends.

Numbers keep the digits that they were written with. A record inside a record becomes columns with a dotted name; a list,
and what lies deeper than three records, stays JSON text.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from performance.sources.connectors import guessing
from performance.sources.connectors.protocol import ColumnInfo, ConnectorRefused

MAX_COLUMNS = 500
MAX_DEPTH = 3
LONGEST_NAME = 128
LONGEST_PATH = 300
#: Records and lists of one document: each takes many times the two letters that it is written with.
MAX_PARTS = 2_000_000
#: What only picks: what comes out is part of what went in. Lists and functions made in a path could multiply it.
PICKING = frozenset(
    {
        *("field", "subexpression", "index", "index_expression", "slice", "projection", "value_projection"),
        *("filter_projection", "flatten", "comparator", "and_expression", "or_expression", "not_expression"),
        *("literal", "identity", "current", "pipe", "key_val_pair", "multi_select_dict"),
    }
)


def parsed(content: bytes) -> Any:
    """The document. Raises ConnectorRefused: not_json, too_many_rows."""
    if content.count(b"{") + content.count(b"[") > MAX_PARTS:
        raise ConnectorRefused("too_many_rows", rows=MAX_PARTS)
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=lambda _word: None)
    except (ValueError, RecursionError) as error:
        raise ConnectorRefused("not_json") from error


def records_of(content: bytes) -> list[dict[str, Any]]:
    """The flat records of a batch: a list in JSON, {"rows": [...]}, or one record a line (NDJSON).

    Raises ConnectorRefused: not_json, line_not_json, records_expected.
    """
    try:
        document = parsed(content)
    except ConnectorRefused as refused:
        if refused.code != "not_json":
            raise
        document = _lines(content)
    if isinstance(document, dict):
        document = document["rows"] if isinstance(document.get("rows"), list) else [document]
    if not isinstance(document, list) or not all(isinstance(record, dict) for record in document):
        raise ConnectorRefused("records_expected")
    return [flat(record) for record in document]


def _lines(content: bytes) -> list[Any]:
    """Raises ConnectorRefused: not_json where not even the first line is, line_not_json for a later one."""
    records = []
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            try:
                records.append(parsed(line))
            except ConnectorRefused as refused:
                if not records:
                    raise
                raise ConnectorRefused("line_not_json", line=number) from refused
    return records


def picked(document: Any, path: str) -> Any:
    """What the JMESPath finds in the document; all of it for "". Raises ConnectorRefused("bad_path")."""
    if not path:
        return document
    try:
        return compiled(path).search(document)
    except (JMESPathError, RecursionError, TypeError, ValueError) as error:
        raise ConnectorRefused("bad_path", path=path) from error


def compiled(path: str) -> Any:
    """The expression, if it only picks. Raises ConnectorRefused("bad_path")."""
    try:
        if len(path) > LONGEST_PATH:
            raise ConnectorRefused("bad_path", path=path[:60])
        with warnings.catch_warnings():
            # A literal in the syntax of long ago; it is read all the same.
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            expression = jmespath.compile(path)
        kinds = list(_kinds(expression.parsed))
    except (JMESPathError, RecursionError, ValueError) as error:
        raise ConnectorRefused("bad_path", path=path[:60]) from error
    if not set(kinds) <= PICKING or kinds.count("multi_select_dict") > 1:
        raise ConnectorRefused("bad_path", path=path[:60])
    return expression


def _kinds(node: Mapping[str, Any]) -> Iterable[str]:
    yield str(node["type"])
    for child in node.get("children", ()):
        if isinstance(child, Mapping):
            yield from _kinds(child)


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record by the names of their columns."""
    values: dict[str, Any] = {}
    _flatten(record, "", 1, values)
    return values


def _flatten(record: Mapping[str, Any], before: str, depth: int, into: dict[str, Any]) -> None:
    for key, value in record.items():
        name = _named(f"{before}{key}")
        if isinstance(value, Mapping) and value and depth < MAX_DEPTH:
            _flatten(value, f"{name}.", depth + 1, into)
        elif name.strip():
            into.setdefault(name, _text(value) if isinstance(value, list | dict) else value)


def _named(key: str) -> str:
    """With a sign in the place of letters that nothing of ours could keep: NUL, and half of a surrogate pair."""
    return key[:LONGEST_NAME].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def column_infos(records: Sequence[Mapping[str, Any]]) -> tuple[ColumnInfo, ...]:
    """The columns of flat records, in the order in which they were first seen, with guessed types."""
    names = list(dict.fromkeys(name for record in records for name in record))
    if len(names) > MAX_COLUMNS:
        raise ConnectorRefused("too_many_columns")
    found = []
    for name in names:
        guess = guessing.guess([record.get(name) for record in records])
        found.append(ColumnInfo(name=name, type=guess.type, native_type=guess.date_order))
    return tuple(found)
