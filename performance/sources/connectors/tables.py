"""The columns of a table of a SQL database, in the words of this house."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import types as sql_types

from performance.sources.connectors.protocol import ColumnInfo


def columns_of(inspector: sqlalchemy.Inspector, schema: str | None, table: str) -> tuple[ColumnInfo, ...]:
    keys = set(inspector.get_pk_constraint(table, schema=schema)["constrained_columns"])
    return tuple(
        ColumnInfo(
            name=column["name"],
            type=_column_type(column["type"]),
            nullable=bool(column.get("nullable", True)),
            native_type=str(column["type"]).lower(),
            in_primary_key=column["name"] in keys,
        )
        for column in inspector.get_columns(table, schema=schema)
    )


def _column_type(native: sql_types.TypeEngine[Any]) -> str:
    """One of columns.TYPES for a type of SQLAlchemy; anything unknown travels as text."""
    if isinstance(native, sql_types.Boolean):
        return "boolean"
    if type(native).__name__ == "TINYINT" and getattr(native, "display_width", None) == 1:
        return "boolean"
    if isinstance(native, sql_types.Integer):
        return "integer"
    if isinstance(native, sql_types.Numeric | sql_types.Float):
        return "decimal"
    if isinstance(native, sql_types.DateTime):
        return "timestamp"
    if isinstance(native, sql_types.Date):
        return "date"
    if type(native).__name__ == "YEAR":
        return "integer"
    return "text"
