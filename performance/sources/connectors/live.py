"""Columns of datasets that stay at the source: which types of a server can be computed there as they would be copied.

A copied value goes through columns.coercer, value by value; SQL that runs at the source has no such reader. So a live
column takes only types whose every value has one exact form in SQL, and says no to the rest in words.
"""

from __future__ import annotations

from pymysql.constants import FIELD_TYPE

from performance.sources.connectors.protocol import ConnectorRefused

#: "timestamp" is a wall clock, "timestamptz" an instant; "float" is a binary fraction.
NATIVES = (
    "boolean", "integer", "numeric", "float", "date", "timestamp", "timestamptz", "text", "other",
)  # fmt: skip

#: By type oids of the server's catalogue; what is not here has a text form.
POSTGRESQL = {
    16: "boolean",
    20: "integer",
    21: "integer",
    23: "integer",
    1700: "numeric",
    700: "float",
    701: "float",
    1082: "date",
    1114: "timestamp",
    1184: "timestamptz",
    17: "other",
    790: "other",
    1083: "other",
    1186: "other",
    1266: "other",
}
MYSQL = {
    FIELD_TYPE.TINY: "integer",
    FIELD_TYPE.SHORT: "integer",
    FIELD_TYPE.LONG: "integer",
    FIELD_TYPE.LONGLONG: "integer",
    FIELD_TYPE.INT24: "integer",
    FIELD_TYPE.YEAR: "integer",
    FIELD_TYPE.DECIMAL: "numeric",
    FIELD_TYPE.NEWDECIMAL: "numeric",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "float",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.NEWDATE: "date",
    FIELD_TYPE.DATETIME: "timestamp",
    FIELD_TYPE.TIMESTAMP: "timestamptz",
    FIELD_TYPE.VARCHAR: "text",
    FIELD_TYPE.VAR_STRING: "text",
    FIELD_TYPE.STRING: "text",
    FIELD_TYPE.TINY_BLOB: "text",
    FIELD_TYPE.BLOB: "text",
    FIELD_TYPE.MEDIUM_BLOB: "text",
    FIELD_TYPE.LONG_BLOB: "text",
}

#: column type → the types of a server that it may stand for at the source
FITTING = {
    "text": frozenset({"text", "integer"}),
    "integer": frozenset({"integer", "boolean"}),
    "decimal": frozenset({"numeric", "integer", "float"}),
    "boolean": frozenset({"boolean", "integer"}),
    "date": frozenset({"date", "timestamp", "timestamptz"}),
    "timestamp": frozenset({"timestamp", "timestamptz", "date"}),
}
#: The same, for what a connector says of a column when somebody looks at the table.
CHOICES = {
    "text": frozenset({"text"}),
    "integer": frozenset({"integer", "decimal", "boolean", "text"}),
    "decimal": frozenset({"decimal"}),
    "boolean": frozenset({"boolean", "integer"}),
    "date": frozenset({"date", "timestamp"}),
    "timestamp": frozenset({"timestamp", "date"}),
}


def judge(name: str, type_: str, native: str) -> None:
    """Raises ConnectorRefused("live_type") for a column that SQL at the source would read otherwise than a copy."""
    if native not in FITTING[type_]:
        raise ConnectorRefused("live_type", column=name)
