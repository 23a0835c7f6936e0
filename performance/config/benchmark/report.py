"""What a benchmark found: rows for people, one JSON object for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import OutputWrapper

Cell = str | int | float | None


@dataclass
class Report:
    """`figures` is what `--json` prints; `problems` are what a release must not have."""

    subject: str
    columns: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def print(self, out: OutputWrapper, *, as_json: bool) -> None:
        """The table, the notes, the problems; with `as_json` one JSON object as the last line."""
        texts = [[_text(cell) for cell in row] for row in self.rows]
        widths = [
            max(len(column), *(len(row[place]) for row in texts)) if texts else len(column)
            for place, column in enumerate(self.columns)
        ]
        numeric = [
            all(not isinstance(row[place], str) for row in self.rows) for place in range(len(self.columns))
        ]
        for line in [list(self.columns), ["-" * width for width in widths], *texts]:
            out.write(
                "  ".join(
                    cell.rjust(width) if is_number else cell.ljust(width)
                    for cell, width, is_number in zip(line, widths, numeric, strict=True)
                ).rstrip()
            )
        for note in self.notes:
            out.write(note)
        for problem in self.problems:
            out.write(f"PROBLEM: {problem}")
        if as_json:
            out.write(json.dumps({"subject": self.subject, **self.figures, "problems": self.problems}))


def _text(cell: Cell) -> str:
    if cell is None:
        return "–"
    return f"{cell:,.1f}" if isinstance(cell, float) else f"{cell:,}" if isinstance(cell, int) else cell
