"""A query of a person, made safe to run at a source: one reading statement, rewritten from its parsed tree.

The text that runs is generated from the tree that was judged, so comments (MySQL executes some), a second
statement or a lexing difference between parser and server cannot smuggle anything past the judge. The
account's own rights and the read-only session are the other two locks.
"""

from __future__ import annotations

from functools import cache

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser

from performance.sources.connectors.protocol import ConnectorRefused

MAX_LENGTH = 20_000
MAX_BRACKETS = 60
#: Each one doubles back over all before it.
MAX_SQUARE_BRACKETS = 200
MAX_NODES = 5_000
#: A parser goes over a word once, or a few times where it has to try; nested guesses double with every level.
STEPS_PER_WORD = 30

DIALECTS = {"postgresql": "postgres", "mysql": "mysql"}

READING_ROOTS = (exp.Select, exp.SetOperation)
#: Anything that writes, locks, calls the server's own machinery or names a variable.
REFUSED_NODES = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.Command,
    exp.Set,
    exp.Into,
    exp.Lock,
    exp.Use,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Copy,
    exp.LoadData,
    exp.Parameter,
    exp.SessionParameter,
    exp.Placeholder,
)
REFUSED_FUNCTIONS = frozenset(
    {
        "sleep",
        "benchmark",
        "get_lock",
        "release_lock",
        "release_all_locks",
        "is_free_lock",
        "is_used_lock",
        "last_insert_id",
        "load_file",
        "sys_eval",
        "sys_exec",
        "ts_stat",
        "set_config",
        "setval",
        "nextval",
        "lastval",
        "current_setting",
        "xmlparse",
        "extractvalue",
        "updatexml",
        "notify",
        "http",
        "loread",
        "lowrite",
    }
)
REFUSED_PREFIXES = (
    "pg_",
    "lo_",
    "txid_",
    "http_",
    "spider_",
    "dblink",
    "sys_",
    "wsrep_",
    "plpy",
    "inet_server",
    "inet_client",
    "currval",
    # These run a query that is handed over as text, which nobody has judged; each has several endings.
    "query_to_xml",
    "table_to_xml",
    "schema_to_xml",
    "database_to_xml",
    "cursor_to_xml",
    "ts_rewrite",
    "crosstab",
    "connectby",
    "xpath_table",
    "run_command_on_",
    "query_export_to_",
    "table_import_from_",
    "master_",
    "source_pos_",
    "wait_for_",
    "wait_until_",
)


class _GoesTooFar(Exception):
    """The parser has gone over the words too often."""


def reading_statement(text: str, *, dialect: str) -> str:
    """The same query as one line of the dialect's SQL. Raises ConnectorRefused: query_*."""
    if not text.strip():
        raise ConnectorRefused("query_empty")
    if len(text) > MAX_LENGTH or text.count("(") > MAX_BRACKETS * 10 or _depth(text) > MAX_BRACKETS:
        raise ConnectorRefused("query_too_long")
    if text.count("[") > MAX_SQUARE_BRACKETS:
        raise ConnectorRefused("query_too_long")
    try:
        return _rewritten(text, Dialect.get_or_raise(DIALECTS[dialect]))
    except _GoesTooFar as error:
        raise ConnectorRefused("query_too_long") from error
    except (SqlglotError, RecursionError) as error:
        raise ConnectorRefused("query_unreadable") from error


def _rewritten(text: str, dialect: Dialect) -> str:
    words = dialect.tokenize(text)
    parser = _bounded(dialect.parser_class)(dialect=dialect)
    statements = [found for found in parser.parse(words, text) if found is not None]
    if len(statements) != 1:
        raise ConnectorRefused("query_not_one")
    root = statements[0]
    if not isinstance(root, READING_ROOTS):
        raise ConnectorRefused("query_not_select")
    for count, node in enumerate(root.walk(), start=1):
        if count > MAX_NODES:
            raise ConnectorRefused("query_too_long")
        if isinstance(node, REFUSED_NODES):
            raise ConnectorRefused("query_writes")
        if isinstance(node, exp.Func):
            _judge_function(node)
    for hint in list(root.find_all(exp.Hint)):
        # A comment for the planner, which may lift the limits of the session.
        hint.pop()
    return root.sql(dialect=dialect, comments=False)


@cache
def _bounded(parser: type[Parser]) -> type[Parser]:
    """The same parser, which gives up where it is made to guess again and again."""

    class Bounded(parser):  # type: ignore[misc, valid-type]
        _steps = 0

        def _advance(self, times: int = 1) -> None:
            self._steps += 1
            if self._steps > STEPS_PER_WORD * (self._tokens_size + 10):
                raise _GoesTooFar
            super()._advance(times)

    return Bounded


def _judge_function(node: exp.Func) -> None:
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
    if name in REFUSED_FUNCTIONS or name.startswith(REFUSED_PREFIXES):
        raise ConnectorRefused("query_function", name=name)


def _depth(text: str) -> int:
    depth = deepest = 0
    for letter in text:
        if letter == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif letter == ")":
            depth -= 1
    return deepest
