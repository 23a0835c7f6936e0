"""The imported rows. Table and column names are made here from ids and checked keys, never from typed text."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from psycopg import sql

from performance.sources.models import ColumnRole, Dataset, DatasetColumn

SCHEMA = "dataset_rows"
#: Comparisons of a drill-down.
OPERATORS = {"=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "!=": "IS DISTINCT FROM"}


@dataclass(frozen=True)
class Narrowing:
    """The rows that a reader may see: `sql` over the columns of `relation`, which may have more than the dataset."""

    relation: str
    sql: str
    params: list[object]


@dataclass(frozen=True)
class SourceRows:
    """Rows as tuples in the order of `columns`; `total` counts all that match, `limit` or not."""

    columns: tuple[DatasetColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int


def row_relation(dataset: Dataset | uuid.UUID) -> str:
    """The quoted SQL name of the dataset's rows. RLS shows those of the organisation we act for."""
    return f'"{SCHEMA}"."d_{_id(dataset).hex}"'


def stage_relation(dataset: Dataset | uuid.UUID) -> str:
    """The quoted SQL name of rows on their way in."""
    return f'"{SCHEMA}"."s_{_id(dataset).hex}"'


def gate_relation(dataset: Dataset | uuid.UUID) -> str:
    """The quoted SQL name of the table that COPY writes into; `stage_relation` reads from it."""
    return f'"{SCHEMA}"."g_{_id(dataset).hex}"'


def row_column(column: DatasetColumn | str) -> str:
    """The quoted SQL name of a column, by its key."""
    key = column if isinstance(column, str) else column.key
    return sql.Identifier(key).as_string(None)


def source_rows(
    dataset: Dataset,
    where: Mapping[str, Any] | None = None,
    *,
    limit: int = 100,
    offset: int = 0,
    order_by: Sequence[str] = (),
    within: Narrowing | None = None,
) -> SourceRows:
    """Rows for a drill-down. `where`: column key -> value, [values], None (is empty), or (operator, value),
    or a list of (operator, value) pairs for a range. `order_by`: column keys, "-" before a key for descending. `within`:
    only rows that a reader may see.

    Raises KeyError for a column that the dataset does not have.
    """
    columns = {
        column.key: column for column in dataset.columns.exclude(role=ColumnRole.IGNORED).order_by("number")
    }
    conditions, values = _conditions(columns, where or {})
    relation = row_relation(dataset)
    if within is not None:
        relation = within.relation
        conditions.append(within.sql)
        values += within.params
    clause = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    names = ", ".join(row_column(column) for column in columns.values())
    order = ", ".join(_ordering(columns, key) for key in order_by) or _default_order(columns)
    with database.cursor() as cursor:
        # The parts are quoted identifiers of checked columns; every value is a parameter.
        cursor.execute(f"SELECT count(*) FROM {relation} AS shown{clause}", values)  # noqa: S608
        (total,) = cursor.fetchone()
        cursor.execute(
            f"SELECT {names} FROM {relation} AS shown{clause} ORDER BY {order} LIMIT %s OFFSET %s",  # noqa: S608
            [*values, limit, offset],
        )
        rows = tuple(tuple(row) for row in cursor.fetchall())
    return SourceRows(columns=tuple(columns.values()), rows=rows, total=total)


def rows_by_key(
    dataset: Dataset, *, after: Sequence[str] = (), limit: int = 100, within: Narrowing | None = None
) -> tuple[SourceRows, list[str] | None]:
    """A page of rows in the order of their key, and the key of its last row where more rows follow.

    `after`: the key of the row before the page, as text; () for the first page. Rows without a key are read in the
    order in which they are stored. The same cost on every page; `total` counts this page. `within`: only rows that a
    reader may see.

    Raises ValueError for a key of another length, DataError for a text that the key's type does not know.
    """
    columns = tuple(dataset.columns.exclude(role=ColumnRole.IGNORED).order_by("number"))
    keys = [row_column(column) for column in columns if column.is_key] or ["ctid"]
    if after and len(after) != len(keys):
        raise ValueError("not a key of these rows")
    names = ", ".join(
        [*map(row_column, columns), *(f'{key}::text AS "key {n}"' for n, key in enumerate(keys))]
    )
    order, marks = ", ".join(keys), ", ".join(["%s"] * len(after))
    relation, conditions = row_relation(dataset), []
    values: list[Any] = [*after]
    if after:
        conditions.append(f"({order}) > ({marks})")
    if within is not None:
        relation = within.relation
        conditions.append(within.sql)
        values += within.params
    clause = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    with database.cursor() as cursor:
        # As above: quoted identifiers of checked columns; every value is a parameter.
        cursor.execute(
            f"SELECT {names} FROM {relation} AS shown {clause} ORDER BY {order} LIMIT %s",  # noqa: S608
            [*values, limit + 1],
        )
        found = cursor.fetchall()
    rows = tuple(tuple(row[: len(columns)]) for row in found[:limit])
    last = list(found[limit - 1][len(columns) :]) if len(found) > limit else None
    return SourceRows(columns=columns, rows=rows, total=len(rows)), last


def _conditions(
    columns: Mapping[str, DatasetColumn], where: Mapping[str, Any]
) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for key, wanted in where.items():
        name = row_column(columns[key])
        for operator, value in _comparisons(wanted):
            if value is None:
                conditions.append(f"{name} IS {'NOT ' if operator == '!=' else ''}NULL")
            elif operator == "in":
                conditions.append(f"{name} = ANY(%s)")
                values.append(list(value))
            else:
                conditions.append(f"{name} {OPERATORS[operator]} %s")
                values.append(value)
    return conditions, values


def _comparisons(wanted: Any) -> list[tuple[str, Any]]:
    if isinstance(wanted, tuple):
        return [wanted]
    if isinstance(wanted, list):
        pairs = wanted and all(isinstance(entry, tuple) for entry in wanted)
        return list(wanted) if pairs else [("in", wanted)]
    return [("=", wanted)]


def _ordering(columns: Mapping[str, DatasetColumn], key: str) -> str:
    descending = key.startswith("-")
    return row_column(columns[key.lstrip("-")]) + (" DESC NULLS LAST" if descending else " NULLS LAST")


def _default_order(columns: Mapping[str, DatasetColumn]) -> str:
    """Newest first where the rows have a time, then by key, so that paging is stable."""
    times = [key for key, column in columns.items() if column.role == ColumnRole.TIME][:1]
    keys = [key for key, column in columns.items() if column.is_key]
    names = [f"{row_column(key)} DESC NULLS LAST" for key in times] + [row_column(key) for key in keys]
    return ", ".join(names) or "1"


def _id(dataset: Dataset | uuid.UUID) -> uuid.UUID:
    return dataset if isinstance(dataset, uuid.UUID) else dataset.pk
