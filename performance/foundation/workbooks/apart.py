"""Inspects and reads a workbook or Parquet file in a process of its own, which may die of it. Plain Python.

    python -m performance.foundation.workbooks.apart names|inspected-names
    python -m performance.foundation.workbooks.apart rows|inspected-rows SHEET     (SHEET in JSON: a name or a place)
    python -m performance.foundation.workbooks.apart parquet-columns
    python -m performance.foundation.workbooks.apart parquet-rows PLACES           (PLACES in JSON: of columns, from 0)

The file comes as the standard input, a file. The answer is JSON, one value a line: {"refused": reason};
{"sheets": […]}; {"columns": [[name, type], …]}; or {"first_column": …} for a sheet, lists of rows, and
{"ended": true}. A cell that JSON does not know is a list of its kind and its parts. See reading.py for the other end.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import io
import itertools
import json
import resource
import sys
from pathlib import Path
from typing import IO, Any

from performance.foundation.workbooks import columnar
from performance.foundation.workbooks.inspection import WorkbookRefused, inspect

#: Bytes of address space: about what the largest sheet that passes the inspection takes.
MEMORY = 2 * 1024**3
#: Of a processor. A process that only waits for its reader uses none.
SECONDS = 180
ROWS_A_LINE = 200
#: What the old binary workbooks begin with, and packed ones that are locked by a password.
COMPOUND = b"\xd0\xcf\x11\xe0"
OUT_OF_MEMORY = 3


def main(arguments: list[str], file: IO[bytes], answer: IO[bytes]) -> int:
    """Returns the code to exit with."""
    try:
        is_columnar = arguments[0].startswith("parquet-")
        answers = _columnar_answers(arguments, file) if is_columnar else _answers(arguments, file.read())
        for value in answers:
            answer.write(json.dumps(value, ensure_ascii=False, default=_coded).encode() + b"\n")
            # Whoever wants only the first rows shall have them at once.
            answer.flush()
    except WorkbookRefused as refused:
        answer.write(json.dumps({"refused": refused.reason}).encode() + b"\n")
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def _answers(arguments: list[str], content: bytes) -> Any:
    import python_calamine

    command = arguments[0].removeprefix("inspected-")
    if command == arguments[0] and not content.startswith(COMPOUND):
        inspect(io.BytesIO(content))
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        if command == "names":
            yield {"sheets": list(workbook.sheet_names)}
            return
        wanted = json.loads(arguments[1])
        if wanted not in (
            workbook.sheet_names if isinstance(wanted, str) else range(len(workbook.sheet_names))
        ):
            raise WorkbookRefused("no_sheet")
        by_name = isinstance(wanted, str)
        sheet = workbook.get_sheet_by_name(wanted) if by_name else workbook.get_sheet_by_index(wanted)
        rows = sheet.iter_rows()
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        if isinstance(error, WorkbookRefused):
            raise
        raise WorkbookRefused("unreadable") from error
    yield {"first_column": sheet.start[1] if sheet.start else 0}
    while chunk := list(itertools.islice(rows, ROWS_A_LINE)):
        yield chunk
    yield {"ended": True}


def _columnar_answers(arguments: list[str], file: IO[bytes]) -> Any:
    try:
        if arguments[0] == "parquet-columns":
            yield {"columns": columnar.columns(file)}
            return
        yield from columnar.rows(file, json.loads(arguments[1]))
    except (WorkbookRefused, MemoryError, GeneratorExit):
        raise
    except BaseException as error:
        # The reader is written in Rust and says that a file is broken by a panic, which is no Exception.
        raise WorkbookRefused("unreadable") from error
    yield {"ended": True}


def _coded(value: Any) -> list[Any]:
    if isinstance(value, datetime.datetime):
        return ["moment", value.isoformat()]
    if isinstance(value, datetime.date):
        return ["day", value.isoformat()]
    if isinstance(value, datetime.time):
        return ["clock", value.isoformat()]
    if isinstance(value, datetime.timedelta):
        return ["span", value.days, value.seconds, value.microseconds]
    if isinstance(value, decimal.Decimal):
        return ["number", str(value)]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    return ["text", str(value)]


def bound() -> None:
    """From here on this process cannot take more than its share, nor leave its memory behind on disk."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        # Not every system knows every bound, and a stricter one of the system's own stays.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    # Where the machine itself runs out of memory, this process goes first.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    bound()
    sys.exit(main(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer))
