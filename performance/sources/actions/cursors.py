"""How far a dataset has been read: the largest value of its cursor column, kept as the source writes it.

Kept raw, so that a wall-clock column stays a wall clock and an instant an instant; the next load starts some
days earlier, for rows that arrive late or are corrected. Only rows that were taken count, and no day after the
load itself: one 9999-12-31 among them would end the reading for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from performance.sources import connectors
from performance.sources.connectors import columns as typing_rules
from performance.sources.models import ColumnType, Dataset, DatasetColumn, JobState, Load

Position = datetime | date | Decimal | int
#: Values of a source with types, from the plain spelling of lines.
AS_SPELT: dict[str, Callable[[str], Position]] = {
    ColumnType.INTEGER: int,
    ColumnType.DATE: date.fromisoformat,
    ColumnType.TIMESTAMP: datetime.fromisoformat,
}


def start_of(dataset: Dataset, load: Load, columns: Sequence[DatasetColumn]) -> connectors.Cursor | None:
    """Where this load begins to read; None to read everything."""
    column = _cursor_column(dataset, columns)
    if load.is_full or column is None or not load.cursor_from:
        return None
    position = decoded(load.cursor_from)
    latest = _latest(position, dataset, load, column)
    if latest is not None and position > latest:
        # Kept before days to come were no longer counted: what was passed over since is not known.
        return None
    if isinstance(position, date):
        position -= timedelta(days=dataset.overlap_days)
    else:
        earlier = _reached_before(dataset, load)
        if earlier is None or _kind(earlier) != _kind(position):
            return None
        position = min(position, earlier)
    if isinstance(position, datetime) and column.type == ColumnType.DATE:
        position = _midnight(position, ZoneInfo(dataset.time_zone))
    return connectors.Cursor(column=column.source_name, start=position)


def _reached_before(dataset: Dataset, load: Load) -> Position | None:
    """How far the dataset had been read as many days ago as are read again: numbers tell no days, the log of loads
    does. A number that was given out before and committed late is found this way too. None while there is no such load.
    """
    at = (load.started_at or load.asked_at) - timedelta(days=dataset.overlap_days)
    done = Load.objects.filter(dataset=dataset, state=JobState.DONE, finished_at__lte=at).exclude(
        cursor_to={}
    )
    reached = done.order_by("-finished_at").values_list("cursor_to", flat=True).first()
    return decoded(reached) if reached else None


def _midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    """We keep the day and the source the moment: a day that is read again is read from its beginning, else the
    merge would take its earlier rows for gone."""
    if moment.tzinfo is None:
        return datetime.combine(moment.date(), time())
    return datetime.combine(moment.astimezone(zone).date(), time(), zone)


class Furthest:
    """The largest cursor value among the rows that were taken, up to the start of the load; never before where the
    dataset already was. `has_types`: of a source without types, moments come as texts and are told by the column."""

    def __init__(
        self, dataset: Dataset, load: Load, columns: Sequence[DatasetColumn], *, has_types: bool = True
    ) -> None:
        self._dataset, self._load = dataset, load
        self._column = _cursor_column(dataset, columns)
        self._place = list(columns).index(self._column) if self._column is not None else None
        self._told: typing_rules.Coercer | None = None
        if self._column is not None and not has_types:
            self._told = typing_rules.coercer(
                self._column.type, zone=ZoneInfo(dataset.time_zone), date_order=self._column.date_order
            )
        self._furthest: Position | None = decoded(dataset.cursor) if dataset.cursor else None

    @property
    def reads_lines(self) -> bool:
        """Whether the cursor can be told from texts as from values: the source spells a type of its own."""
        return self._column is None or (
            self._told is None
            and self._column.type in AS_SPELT
            and self._column.source_type == self._column.type
        )

    def see_lines(self, lines: connectors.Lines) -> None:
        """All of them were taken."""
        if self._place is not None and self._column is not None:
            spelt = AS_SPELT[self._column.type]
            self._consider([spelt(cell) for cell in lines.cells(self._place) if cell])

    def see(self, batch: connectors.Batch, taken: Iterable[int]) -> None:
        """`taken`: the numbers of the rows of this batch that became rows of ours."""
        if self._place is None:
            return
        given = (batch.rows[number - batch.first_row][self._place] for number in taken)
        if self._told is not None:
            given = (self._told(value) for value in given)
        elif self._column is not None and self.reads_lines:
            spelt = AS_SPELT[self._column.type]
            given = (spelt(value) if isinstance(value, str) else value for value in given)
        self._consider([value for value in given if isinstance(value, Position)])

    def _consider(self, values: Sequence[Any]) -> None:
        if values:
            largest = max(values)
            comparable = self._furthest is None or _kind(self._furthest) == _kind(largest)
            if not comparable or self._furthest is None or largest > self._furthest:
                self._furthest = largest

    @property
    def value(self) -> dict[str, str]:
        if self._furthest is None:
            return {}
        latest = _latest(self._furthest, self._dataset, self._load, self._column)
        return encoded(self._furthest if latest is None else min(self._furthest, latest))


def encoded(position: Position) -> dict[str, str]:
    text = position.isoformat() if isinstance(position, date) else str(position)
    return {"type": _kind(position), "value": text}


def decoded(kept: Mapping[str, str]) -> Position:
    text = kept["value"]
    if kept["type"].startswith("timestamp"):
        return datetime.fromisoformat(text)
    if kept["type"] == "date":
        return date.fromisoformat(text)
    return Decimal(text) if kept["type"] == "decimal" else int(text)


def _latest(position: Position, dataset: Dataset, load: Load, column: DatasetColumn | None) -> Any:
    """The start of the load, in the kind of the position; None for numbers that are no days."""
    now = (load.started_at or load.asked_at).astimezone(ZoneInfo(dataset.time_zone))
    if isinstance(position, datetime):
        return now if position.tzinfo else now.replace(tzinfo=None)
    if isinstance(position, date):
        return now.date()
    is_day = column is not None and column.type == ColumnType.DATE
    return int(f"{now:%Y%m%d}") if is_day else None


def _kind(position: Position) -> str:
    if isinstance(position, datetime):
        return "timestamp" if position.tzinfo else "timestamp_wall"
    if isinstance(position, date):
        return "date"
    return "decimal" if isinstance(position, Decimal) else "integer"


def _cursor_column(dataset: Dataset, columns: Sequence[DatasetColumn]) -> DatasetColumn | None:
    return next((column for column in columns if column.key == dataset.cursor_column), None)
