"""Rows of a source into rows of ours: every value into the type of its column, or the row aside with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from performance.sources import connectors
from performance.sources.connectors import columns as typing_rules
from performance.sources.connectors import lines
from performance.sources.connectors import plain as plain_columns
from performance.sources.models import DatasetColumn

#: Rejected rows kept with their values; more are only counted.
MAX_KEPT = 1000
MAX_SHOWN = 200


@dataclass(frozen=True)
class Rejection:
    """`number` counts the rows of the load from 1; `row` maps column keys to what the source gave, as text."""

    number: int
    reason: str
    column_key: str
    value: str
    row: dict[str, str | None]


@dataclass(frozen=True)
class Shaped:
    """`rows`: (row number, typed values in the order of the columns). `keys`: the same of rejected rows whose key
    could be read, with nothing but the key in them. `is_text`: the values are text still, so plainly spelt that the
    database reads it as we would."""

    rows: list[tuple[int, tuple[Any, ...]]]
    rejected: list[Rejection]
    keys: list[tuple[int, tuple[Any, ...]]]
    is_text: bool = False


class Shape:
    """The columns of a dataset as coercers, ready for batch after batch."""

    def __init__(self, columns: Sequence[DatasetColumn], *, zone: ZoneInfo) -> None:
        self._columns = tuple(columns)
        self._types = [column.type for column in columns]
        self._coercers = [
            typing_rules.coercer(column.type, zone=zone, date_order=column.date_order) for column in columns
        ]
        self._keys = [place for place, column in enumerate(columns) if column.is_key]
        is_steady = lines.is_steady(zone)
        #: What a connector may leave as it stands; none where there are too many to say it.
        self.cells = [lines.Cell(column.type, column.is_key, is_steady) for column in columns]
        if len(columns) > lines.MAX_CELLS:
            self.cells = []

    def of(self, batch: connectors.Batch) -> Shaped:
        """Column by column where all goes well, as it came where it is spelt plainly; value by value only in columns that
        hold something odd."""
        if not batch.rows:
            return Shaped([], [], [])
        problems: dict[int, tuple[int, str]] = {}
        given = list(zip(*batch.rows, strict=True))
        plain = [
            plain_columns.is_plain(type_, values) for type_, values in zip(self._types, given, strict=True)
        ]
        for place in self._keys:
            if all(plain) and not _are_keys(given[place]):
                plain[place] = False
        if all(plain):
            return Shaped(list(enumerate(batch.rows, start=batch.first_row)), [], [], is_text=True)
        typed = [
            plain_columns.read_plainly(self._types[place], values)
            if plain[place]
            else self._column(place, values, problems)
            for place, values in enumerate(given)
        ]
        for place in self._keys:
            self._judge_keys(place, typed[place], problems)
        rows: list[tuple[int, tuple[Any, ...]]] = []
        rejected: list[Rejection] = []
        keys: list[tuple[int, tuple[Any, ...]]] = []
        for index, values in enumerate(zip(*typed, strict=True)):
            number = batch.first_row + index
            if index in problems:
                rejected.append(self._rejection(number, batch.rows[index], *problems[index]))
                if self._names_a_row(values):
                    keys.append((number, self._only_key(values)))
            else:
                rows.append((number, values))
        return Shaped(rows, rejected, keys)

    def _names_a_row(self, values: Sequence[Any]) -> bool:
        found = [values[place] for place in self._keys]
        return bool(found) and not any(
            value is None or (isinstance(value, str) and len(value) > lines.MAX_KEY) for value in found
        )

    def _only_key(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(value if place in self._keys else None for place, value in enumerate(values))

    def _column(self, place: int, values: Sequence[Any], problems: dict[int, tuple[int, str]]) -> list[Any]:
        if plain_columns.fit_as_they_are(self._types[place], values):
            return list(values)
        coerce = self._coercers[place]
        try:
            return [coerce(value) for value in values]
        except typing_rules.Rejected:
            found = []
            for index, value in enumerate(values):
                try:
                    found.append(coerce(value))
                except typing_rules.Rejected as rejected:
                    problems.setdefault(index, (place, rejected.code))
                    found.append(None)
            return found

    def _judge_keys(self, place: int, values: Sequence[Any], problems: dict[int, tuple[int, str]]) -> None:
        for index, value in enumerate(values):
            if value is None:
                problems.setdefault(index, (place, "key_missing"))
            elif isinstance(value, str) and len(value) > lines.MAX_KEY:
                problems.setdefault(index, (place, "key_too_long"))

    def _rejection(self, number: int, row: connectors.Row, place: int, reason: str) -> Rejection:
        return Rejection(
            number=number,
            reason=reason,
            column_key=self._columns[place].key,
            value=shown(row[place]) or "",
            row={column.key: shown(value) for column, value in zip(self._columns, row, strict=True)},
        )


def _are_keys(texts: Sequence[str | None]) -> bool:
    present = [text for text in texts if text is not None]
    return len(present) == len(texts) and max(map(len, present)) <= lines.MAX_KEY


def shown(value: Any) -> str | None:
    """A raw value as it is kept beside a rejected row."""
    return typing_rules.shown(value, MAX_SHOWN)


def drift(found: Iterable[connectors.ColumnInfo], promised: Iterable[DatasetColumn]) -> list[dict[str, str]]:
    """What changed at the source since the dataset was modelled: columns gone, new, or of another type."""
    there = {info.name: info for info in found}
    known = {column.source_name: column for column in promised}
    changes = [
        {"column": name, "change": "gone", "before": column.source_type or column.type, "after": ""}
        for name, column in known.items()
        if name not in there and column.role != "ignored"
    ]
    changes += [
        {"column": name, "change": "type", "before": column.source_type, "after": there[name].type}
        for name, column in known.items()
        if name in there and column.source_type and column.source_type != there[name].type
    ]
    changes += [
        {"column": name, "change": "new", "before": "", "after": info.type}
        for name, info in there.items()
        if name not in known
    ]
    return changes
