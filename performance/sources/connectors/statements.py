"""A query of a person, made safe to run at a source: one reading statement, rewritten from its parsed tree.

The text that runs is generated from the tree that was judged, so comments (MySQL executes some), a second
statement or a lexing difference between parser and server cannot smuggle anything past the judge. The
account's own rights and the read-only session are the other two locks.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from performance.sources.connectors.protocol import ConnectorRefused

MAX_LENGTH = 20_000
MAX_BRACKETS = 60
MAX_NODES = 5_000

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
        "txid_current",
        "notify",
    }
)
REFUSED_PREFIXES = (
    "pg_",
    "lo_",
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
    "master_",
    "wait_for_",
)


def reading_statement(text: str, *, dialect: str) -> str:
    """The same query as one line of the dialect's SQL. Raises ConnectorRefused: query_*."""
    if not text.strip():
        raise ConnectorRefused("query_empty")
    if len(text) > MAX_LENGTH or text.count("(") > MAX_BRACKETS * 10 or _depth(text) > MAX_BRACKETS:
        raise ConnectorRefused("query_too_long")
    try:
        statements = [found for found in sqlglot.parse(text, dialect=DIALECTS[dialect]) if found is not None]
    except (SqlglotError, RecursionError) as error:
        raise ConnectorRefused("query_unreadable") from error
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
    return root.sql(dialect=DIALECTS[dialect], comments=False)


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
