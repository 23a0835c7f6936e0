"""The columns and rows of a Parquet file, in the process apart: whoever made the file may harm only that. Plain Python.

Rows are unpacked a batch at a time, so memory follows the widest batch and not the file. A file that unpacks into more
than this process may hold ends the process.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import IO, Any

from performance.foundation.workbooks.inspection import WorkbookRefused

MAX_COLUMNS = 500
ROWS_A_LINE = 200


def columns(file: IO[bytes]) -> list[list[str]]:
    """Name and type of each column; a type is one of text, integer, decimal, date, timestamp, boolean."""
    schema = _opened(file).schema
    if len(schema) > MAX_COLUMNS:
        raise WorkbookRefused("too_large")
    return [[schema.field(place).name, _type(schema.field(place).type)] for place in range(len(schema))]


def rows(file: IO[bytes], places: Sequence[int]) -> Iterator[list[list[Any]]]:
    """Batches of rows with the columns at `places`, in their order."""
    try:
        for batch in _opened(file):
            values = [_values(batch.columns[place]) for place in places]
            rows = zip(*values, strict=True)
            while chunk := [list(row) for row in itertools.islice(rows, ROWS_A_LINE)]:
                yield chunk
    except IndexError as error:
        raise WorkbookRefused("no_sheet") from error


def _opened(file: IO[bytes]) -> Any:
    import arro3.io

    file.seek(0)
    return arro3.io.read_parquet(file)


def _type(native: Any) -> str:
    from arro3.core import DataType

    for named, is_it in (
        ("boolean", DataType.is_boolean),
        ("integer", DataType.is_integer),
        ("decimal", DataType.is_decimal),
        ("decimal", DataType.is_floating),
        ("date", DataType.is_date),
        ("timestamp", DataType.is_timestamp),
    ):
        if is_it(native):
            return named
    return "text"


def _values(column: Any) -> list[Any]:
    values = [scalar.as_py() for scalar in column]
    if values.count(None) > column.null_count:
        # A time beyond the years that Python knows comes as None. It is a value all the same, and to be rejected.
        values = [
            "beyond every calendar" if value is None and scalar.is_valid else value
            for value, scalar in zip(values, column, strict=True)
        ]
    return [_plain(value) for value in values] if _needs_care(column.type) else values


def _needs_care(native: Any) -> bool:
    from arro3.core import DataType

    return any(is_it(native) for is_it in (DataType.is_nested, DataType.is_float32))


def _plain(value: Any) -> Any:
    """Half a double shown as it was meant (0.1, not 0.10000000149); lists and records as JSON."""
    if isinstance(value, float):
        import numpy

        return float(str(numpy.float32(value)))
    return value if value is None else json.dumps(value, ensure_ascii=False, default=str)
