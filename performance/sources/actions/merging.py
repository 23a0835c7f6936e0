"""Rows into PostgreSQL: COPY into the stage, then set-based statements from the stage into the dataset.

Names of tables and columns come from queries.rows (ids and checked keys), so they may stand in SQL text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db import connection as database

from performance.sources import connectors, queries
from performance.sources.actions import shaping
from performance.sources.connectors import columns as typing_rules
from performance.sources.models import ColumnRole, ColumnType, Dataset, DatasetColumn, Load
from performance.sources.queries import rows as relations

COPY_TYPES = {
    "text": "text",
    "integer": "int8",
    "decimal": "numeric",
    "date": "date",
    "timestamp": "timestamptz",
    "boolean": "bool",
}


@dataclass(frozen=True)
class Aside:
    """Rows that were taken out of the stage, as far as they are kept."""

    count: int = 0
    kept: list[shaping.Rejection] = field(default_factory=list)


@dataclass(frozen=True)
class Merged:
    inserted: int
    updated: int
    deleted: int
    unchanged: int


def open_stage(dataset: Dataset, load: Load) -> None:
    """An empty stage for the rows of this load; what an earlier attempt left behind is thrown away."""
    with database.cursor() as cursor:
        cursor.execute("SELECT dataset_rows.open_stage(%s, %s)", [dataset.pk, load.pk])


def clear_stage(dataset: Dataset) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT dataset_rows.clear_stage(%s)", [dataset.pk])


def stage(
    dataset: Dataset,
    columns: Sequence[DatasetColumn],
    rows: Iterable[tuple[int, tuple[Any, ...]]],
    *,
    is_text: bool = False,
) -> None:
    """COPY rows into the stage, in the transaction of the caller: typed values, or text that PostgreSQL reads."""
    form = "TEXT" if is_text else "BINARY"
    statement = f"COPY {relations.gate_relation(dataset)} ({_names(columns)}) FROM STDIN (FORMAT {form})"
    with database.cursor() as cursor, cursor.copy(statement) as copy:
        if is_text:
            copy.write(_lines(rows))
            return
        copy.set_types(["int8", *(COPY_TYPES[column.type] for column in columns)])
        for number, values in rows:
            copy.write_row((number, *values))


def stage_lines(
    dataset: Dataset, columns: Sequence[DatasetColumn], lines: connectors.Lines, *, zone: ZoneInfo
) -> None:
    """COPY lines as they came. `zone`: where moments without an offset belong."""
    ordered = [columns[place] for place in lines.places]
    mark, quoted = lines.delimiter, ", ".join(relations.row_column(column) for column in ordered)
    # Two quotes with nothing between them are nothing, as in columns.coercer.
    form = f"FORMAT CSV, DELIMITER '{mark}', FORCE_NULL ({quoted})"
    statement = f"COPY {relations.gate_relation(dataset)} ({_names(ordered)}) FROM STDIN ({form})"
    has_moments = any(column.type == ColumnType.TIMESTAMP for column in columns)
    with database.cursor() as cursor:
        if has_moments:
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone.key])
        with cursor.copy(statement) as copy:
            copy.write(lines.text)
        if has_moments:
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [database.timezone_name])


def _names(columns: Sequence[DatasetColumn]) -> str:
    return ", ".join(["row_no", *(relations.row_column(column) for column in columns)])


#: What stands for itself in no line of COPY's text form.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _lines(rows: Iterable[tuple[int, tuple[Any, ...]]]) -> str:
    """COPY's text form: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS-TEXT"""
    numbers, records = zip(*rows, strict=True)
    columns = [_copied(values) for values in zip(*records, strict=True)]
    tails = map("\t".join, zip(*columns, strict=True))
    return "".join(f"{number}\t{tail}\n" for number, tail in zip(numbers, tails, strict=True))


def _copied(values: Sequence[str | None]) -> Sequence[str]:
    texts = ["" if value is None else value for value in values]
    if not ESCAPES.keys().isdisjoint(map(ord, "".join(texts))):
        texts = [text.translate(ESCAPES) for text in texts]
    return [r"\N" if value is None else text for value, text in zip(values, texts, strict=True)]


def stage_keys(
    dataset: Dataset,
    columns: Sequence[DatasetColumn],
    keys: Sequence[tuple[int, tuple[Any, ...]]],
) -> None:
    """Remembers, under negative numbers, which rows the source still has although they could not be taken: what we
    have of them is older, but not gone."""
    if keys:
        stage(dataset, columns, ((-number, values) for number, values in keys))


def set_doubles_aside(dataset: Dataset, columns: Sequence[DatasetColumn]) -> Aside:
    """Takes rows with a repeated key out of the stage: the first one counts."""
    keys = _keys(columns)
    if not keys:
        return Aside()
    staged = relations.stage_relation(dataset)
    names = ", ".join(relations.row_column(column) for column in columns)
    with database.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {staged} WHERE row_no IN (SELECT row_no FROM (SELECT row_no,"  # noqa: S608
            f" row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY row_no) AS nth FROM {staged}"
            f" WHERE row_no > 0) AS counted WHERE nth > 1) RETURNING row_no, {names}"
        )
        kept = cursor.fetchmany(shaping.MAX_KEPT)
        return Aside(count=cursor.rowcount, kept=[_aside(row, columns, "key_twice") for row in kept])


def set_closed_aside(dataset: Dataset, columns: Sequence[DatasetColumn], narrowed: queries.Narrowed) -> Aside:
    """Takes rows out of the stage that are closed to whoever sent them, or would take the place of a row that is."""
    kept, staged = queries.reading_of(dataset), queries.reading_of(dataset, is_staged=True)
    is_open = narrowed.condition({column.key for column in kept.columns})
    same_key = " AND ".join(f"s.{key} = d.{key}" for key in _keys(columns))
    names = ", ".join(f"s.{relations.row_column(column)}" for column in columns)
    stage = relations.stage_relation(dataset)
    given: list[Any] = [*is_open.params, *is_open.params]
    with database.cursor() as cursor:
        # As above, and a condition made of the same; every value is a parameter.
        cursor.execute(
            f"WITH mine AS (SELECT row_no FROM {staged.relation} AS shown WHERE {is_open.sql}),"  # noqa: S608
            f" closed AS (SELECT * FROM {kept.relation} AS shown WHERE NOT {is_open.sql})"
            f" DELETE FROM {stage} s WHERE row_no > 0 AND (row_no NOT IN (SELECT row_no FROM mine)"
            f" OR EXISTS (SELECT 1 FROM closed d WHERE {same_key}))"
            f" RETURNING s.row_no NOT IN (SELECT row_no FROM mine), s.row_no, {names}",
            given,
        )
        gone = [
            _aside(row, columns, "row_closed" if is_own else "key_closed")
            for is_own, *row in cursor.fetchall()
        ]
    return Aside(count=len(gone), kept=sorted(gone, key=lambda rejection: rejection.number))


def _aside(row: Sequence[Any], columns: Sequence[DatasetColumn], reason: str) -> shaping.Rejection:
    number, *values = row
    texts = {column.key: shaping.shown(value) for column, value in zip(columns, values, strict=True)}
    keys = [column.key for column in columns if column.is_key]
    return shaping.Rejection(
        number=number,
        reason=reason,
        column_key=keys[0],
        value=", ".join(str(texts[key]) for key in keys)[: shaping.MAX_SHOWN],
        row=texts,
    )


def adopt(dataset: Dataset) -> bool:
    """The first load of a dataset: nothing is there yet, so the stage itself becomes the table of rows. False: something
    is there, or a key comes twice, and nothing was done."""
    with database.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute("SELECT dataset_rows.adopt(%s)", [dataset.pk])
                (is_adopted,) = cursor.fetchone()
        except IntegrityError:
            return False
    return bool(is_adopted)


def merge(
    dataset: Dataset,
    columns: Sequence[DatasetColumn],
    start: connectors.Cursor | None,
    *,
    keeps_absent: bool = False,
) -> Merged:
    """Makes the dataset equal to the source: all of it, or from `start` on. Rows that did not change keep the
    load that brought them. `keeps_absent`: what did not come is not gone, for we cannot know what was asked for: a
    REST source has its own idea of what is new."""
    if not _keys(columns):
        return _replace(dataset, columns)
    return _merge_by_key(dataset, columns, start, keeps_absent=keeps_absent)


def _merge_by_key(
    dataset: Dataset, columns: Sequence[DatasetColumn], start: connectors.Cursor | None, *, keeps_absent: bool
) -> Merged:
    kept, staged = relations.row_relation(dataset), relations.stage_relation(dataset)
    keys = _keys(columns)
    names = ["organisation_id", "load_id", *(relations.row_column(column) for column in columns)]
    others = [relations.row_column(column) for column in columns if not column.is_key]
    same_key = " AND ".join(f"s.{key} = d.{key}" for key in keys)
    window, values = _window(dataset, columns, start)
    with database.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {staged} WHERE row_no > 0")  # noqa: S608
        (total,) = cursor.fetchone()
        deleted = 0
        if not keeps_absent:
            cursor.execute(
                f"DELETE FROM {kept} d WHERE {window} NOT EXISTS (SELECT 1 FROM {staged} s WHERE {same_key})",  # noqa: S608
                values,
            )
            deleted = cursor.rowcount
        change = "NOTHING"
        if others:
            sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in ["load_id", *others])
            before, after = (", ".join(f"{side}.{name}" for name in others) for side in ("d", "EXCLUDED"))
            change = f"UPDATE SET {sets} WHERE ROW({before}) IS DISTINCT FROM ROW({after})"
        cursor.execute(
            f"WITH written AS (INSERT INTO {kept} AS d ({', '.join(names)}) SELECT {', '.join(names)}"  # noqa: S608
            f" FROM {staged} WHERE row_no > 0 ON CONFLICT ({', '.join(keys)}) DO {change} RETURNING (xmax = 0) AS is_new)"
            " SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written"
        )
        inserted, updated = cursor.fetchone()
    return Merged(inserted, updated, deleted, total - inserted - updated)


def keys_gone(
    dataset: Dataset,
    columns: Sequence[DatasetColumn],
    start: connectors.Cursor,
    *,
    after: Sequence[Any],
    limit: int,
) -> list[tuple[Any, ...]]:
    """Keys of rows of ours that the load has spoken about and did not bring again, in order, from `after` on (() for the
    first ones)."""
    kept, staged, keys = relations.row_relation(dataset), relations.stage_relation(dataset), _keys(columns)
    names = ", ".join(f"d.{key}" for key in keys)
    same_key = " AND ".join(f"s.{key} = d.{key}" for key in keys)
    window, values = _window(dataset, columns, start)
    following = f"({names}) > ({', '.join(['%s'] * len(keys))}) AND" if after else ""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM {kept} d WHERE {window} {following}"  # noqa: S608
            f" NOT EXISTS (SELECT 1 FROM {staged} s WHERE {same_key}) ORDER BY {names} LIMIT %s",
            [*values, *after, limit],
        )
        return list(cursor.fetchall())


def _window(
    dataset: Dataset, columns: Sequence[DatasetColumn], start: connectors.Cursor | None
) -> tuple[str, list[Any]]:
    """Which rows of ours the load has spoken about: what it did not bring again is gone at the source."""
    if start is None:
        return "", []
    column = next(column for column in columns if column.source_name == start.column)
    coerce = typing_rules.coercer(column.type, zone=ZoneInfo(dataset.time_zone))
    return f"d.{relations.row_column(column)} >= %s AND", [coerce(start.start)]


def _replace(dataset: Dataset, columns: Sequence[DatasetColumn]) -> Merged:
    """Without a key rows cannot be matched: equal as a whole, or all new."""
    kept, staged = relations.row_relation(dataset), relations.stage_relation(dataset)
    names = ", ".join(relations.row_column(column) for column in columns)
    ours, theirs = f"SELECT {names} FROM {kept}", f"SELECT {names} FROM {staged}"  # noqa: S608
    with database.cursor() as cursor:
        cursor.execute(f"SELECT (SELECT count(*) FROM {kept}), (SELECT count(*) FROM {staged})")  # noqa: S608
        before, after = cursor.fetchone()
        if before == after:
            cursor.execute(f"SELECT EXISTS ({ours} EXCEPT ALL {theirs})")
            (differs,) = cursor.fetchone()
            if not differs:
                return Merged(0, 0, 0, before)
        cursor.execute(f"DELETE FROM {kept}")  # noqa: S608
        cursor.execute(
            f"INSERT INTO {kept} (organisation_id, load_id, {names})"  # noqa: S608
            f" SELECT organisation_id, load_id, {names} FROM {staged} ORDER BY row_no"
        )
    return Merged(inserted=after, updated=0, deleted=before, unchanged=0)


def forget_rows(dataset: Dataset) -> None:
    """Throws the copied rows away, where there are any: the dataset stays at its source now."""
    kept = relations.row_relation(dataset)
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [kept])
        (was_copied,) = cursor.fetchone()
        if was_copied:
            cursor.execute(f"DELETE FROM {kept}")  # noqa: S608


@dataclass(frozen=True)
class Counted:
    """The rows there are now. `undated`: key of a time column → rows without it, where there are some."""

    rows: int
    undated: dict[str, int]


def counted(dataset: Dataset, columns: Sequence[DatasetColumn]) -> Counted:
    """How many rows there are now, and how many no month will count; the planner hears of them too."""
    times = [column for column in columns if column.role == ColumnRole.TIME]
    dated = "".join(f", count({relations.row_column(column)})" for column in times)
    with database.cursor() as cursor:
        cursor.execute(f"SELECT count(*){dated} FROM {relations.row_relation(dataset)}")  # noqa: S608
        row_count, *with_date = cursor.fetchone()
        cursor.execute("SELECT dataset_rows.learn(%s)", [dataset.pk])
    missing = {column.key: row_count - number for column, number in zip(times, with_date, strict=True)}
    return Counted(int(row_count), {key: number for key, number in missing.items() if number})


def _keys(columns: Sequence[DatasetColumn]) -> list[str]:
    return [relations.row_column(column) for column in columns if column.is_key]
