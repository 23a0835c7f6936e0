"""The rows of a workbook or Parquet file, read in a process apart (apart.py). What happens to that process is a refusal.

A process and no thread or fork: it shares nothing with the web server's threads and the worker's pool, and dies alone.
Starting one takes some 0.1 seconds.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from performance.foundation.workbooks import apart
from performance.foundation.workbooks.inspection import MAX_UNPACKED, WorkbookRefused

#: None is not among those of a workbook: an empty cell is "".
Cell = str | float | int | bool | datetime.date | datetime.datetime | datetime.time | datetime.timedelta
#: Of all rows of a Parquet file on their way here. It is packed far better than a workbook.
MAX_COLUMNAR = 4 * 1024**3
#: What is held here at once.
LONGEST_LINE = 128 * 1024**2

ROOT = Path(__file__).resolve().parents[3]
#: What a Python needs to find itself; keys and passwords in our environment are none of its business.
ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def sheet_names(file: IO[bytes], *, is_inspected: bool = False) -> list[str]:
    """The names of all sheets. `file`: a file on disk. `is_inspected`: this file was read before, unchanged.

    Raises WorkbookRefused.
    """
    with _asked(file, "names", is_inspected=is_inspected) as answers:
        return list(next(answers)["sheets"])


def rows(
    file: IO[bytes],
    sheet: str | int,
    *,
    is_inspected: bool = False,
    from_first_column: bool = False,
    most_bytes: int = MAX_UNPACKED,
) -> Generator[list[Cell], None, None]:
    """The rows of one sheet, by name or place (from 0), from row 1 on, in bounded memory.

    `from_first_column`: empty columns on the left are there too. `most_bytes`: what all rows may take on their way
    here. Raises WorkbookRefused.
    """
    arguments = ("rows", json.dumps(sheet))
    with _asked(file, *arguments, is_inspected=is_inspected, most_bytes=most_bytes) as answers:
        first_column = next(answers)["first_column"]
        left: list[Cell] = [""] * (first_column if from_first_column else 0)
        for answer in answers:
            if isinstance(answer, dict):
                return
            for row in answer:
                yield left + [_decoded(cell) if type(cell) is list else cell for cell in row]


def parquet_columns(file: IO[bytes]) -> list[tuple[str, str]]:
    """Name and type (text, integer, decimal, date, timestamp, boolean) of each column. `file`: a file on disk.

    Raises WorkbookRefused.
    """
    with _asked(file, "parquet-columns", is_inspected=False) as answers:
        return [(str(name), str(type_)) for name, type_ in next(answers)["columns"]]


def parquet_rows(
    file: IO[bytes], places: Sequence[int], *, most_bytes: int = MAX_COLUMNAR
) -> Generator[list[Any], None, None]:
    """The rows, with the columns at `places` (from 0), in bounded memory. Raises WorkbookRefused."""
    arguments = ("parquet-rows", json.dumps(list(places)))
    with _asked(file, *arguments, is_inspected=False, most_bytes=most_bytes) as answers:
        for answer in answers:
            if isinstance(answer, dict):
                return
            for row in answer:
                yield [_decoded(value) if type(value) is list else value for value in row]


@contextmanager
def _asked(
    file: IO[bytes], command: str, *arguments: str, is_inspected: bool, most_bytes: int = MAX_UNPACKED
) -> Iterator[Iterator[Any]]:
    file.flush()
    # What the other process inherits is the system's place in the file, not that of our buffer.
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        [
            sys.executable,
            "-m",
            apart.__name__,
            f"inspected-{command}" if is_inspected else command,
            *arguments,
        ],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
    )
    with process, contextlib.ExitStack() as stack:
        # Also where nobody wants the rest: it must not be waited for.
        stack.callback(process.kill)
        yield _answers(process, most_bytes)


def _answers(process: subprocess.Popen[bytes], most_bytes: int) -> Iterator[Any]:
    """What the other process says, line by line; its death before the end as a refusal."""
    if process.stdout is None:
        raise AssertionError("asked without a pipe")
    left = most_bytes
    while line := process.stdout.readline(min(left, LONGEST_LINE) + 1):
        left -= len(line)
        if left < 0 or len(line) > LONGEST_LINE:
            raise WorkbookRefused("too_large")
        if not line.endswith(b"\n"):
            break
        answer = json.loads(line)
        if isinstance(answer, dict) and "refused" in answer:
            raise WorkbookRefused(answer["refused"])
        yield answer
    # A signal: no memory or no time was left to it.
    code = process.wait()
    raise WorkbookRefused("too_large" if code < 0 or code == apart.OUT_OF_MEMORY else "unreadable")


def _decoded(cell: list[Any]) -> Any:
    kind, *parts = cell
    if kind == "moment":
        return datetime.datetime.fromisoformat(parts[0])
    if kind == "day":
        return datetime.date.fromisoformat(parts[0])
    if kind == "clock":
        return datetime.time.fromisoformat(parts[0])
    if kind == "span":
        return datetime.timedelta(*parts)
    if kind == "number":
        return decimal.Decimal(parts[0])
    return bytes.fromhex(parts[0]) if kind == "bytes" else str(parts[0])
